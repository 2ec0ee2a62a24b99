//! A queue of messages between any number of processes: each is taken by one of them, whole, or stays.
//!
//! The messages lie one after the other in a ring of memory that all processes have. A small one is copied inside of the latch. For
//! a large one an entry is reserved, filled from outside of the latch, and then made a message; and taken likewise. Whoever dies in
//! the midst of it leaves an entry with its name: an unfinished message is nothing any more, and one that was not completely
//! read is a message again.
//!
//! A ring, and not a descriptor that travels for each large message: shared memory cannot carry descriptors, and a socket that does gives no exact
//! size, no limit in bytes and no place for a message that a dead process was just reading.

mod ring;
mod tasks;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::bell::Bell;
use crate::identity::ProcessId;
use crate::inside;
use crate::memory::Memory;
use crate::peers::has_ended;
use crate::region::{Region, Session};
use crate::wait::Wait;
use crate::waits::Step;
use crate::{Error, Result};
use ring::{Entry, Is, Marks, Ring};
use tasks::Tasks;

const KIND: u32 = 16;
const NAME: &str = "a queue";

/// Where the ring begins in the region: at the begin of a page, whatever size pages have.
const ALIGNED: usize = 1 << 16;

/// Words that one change of the state changes at most.
const CHANGES: usize = 64 + tasks::CHANGES;

/// Bytes of a number in a message of several pieces.
const WORD: u64 = size_of::<u64>() as u64;

/// Bytes from which on a message is copied from outside of the latch, as is one of several pieces.
pub const LARGE: usize = 64 * 1024;

#[repr(C)]
#[derive(Debug)]
struct State {
    marks: Marks,
    /// Messages that the queue holds at most; 0 for any number.
    most: AtomicU64,
    /// Messages that can be taken.
    ready: AtomicU64,
    /// These, and those that are being written.
    claimed: AtomicU64,
    closed: AtomicU64,
    /// Whether it counts what is done.
    joinable: AtomicU64,
    /// Whether somebody waits: for a message, for room, for all to be done. Whoever rings the bell clears it, and who still has to wait
    /// sets it again: so nobody who died is counted.
    getters: AtomicU64,
    putters: AtomicU64,
    joiners: AtomicU64,
    tasks: Tasks,
}

/// See the [module](self).
#[derive(Debug)]
pub struct Queue {
    region: Region,
    bell: Arc<Bell>,
    /// Of the ring.
    begin: usize,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is in the queue.
    Done,
    /// There is no room now.
    Full,
}

/// What there is to be taken.
#[derive(Debug)]
pub enum Take<'queue> {
    /// A small message of this length: it is in the buffer, and this process's.
    Small(usize),
    /// A large one.
    Large(Claim<'queue>),
    /// Nothing now.
    Empty,
    /// Nothing, and nothing to come: the queue is closed.
    End,
}

/// What a queue is made with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Messages; 0 for any number.
    pub messages: u64,
    /// Bytes that they take, rounded up: each message takes up to 32 more than it has.
    pub bytes: u64,
    /// Whether [`Queue::done`] is called for each message that was taken.
    pub joinable: bool,
}

impl Queue {
    /// A new one. It takes memory only for what is in it.
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::Unsupported`].
    pub fn create(limits: Limits) -> Result<Self> {
        let too_large = || Error::Call { call: "memory of that size", source: std::io::ErrorKind::OutOfMemory.into() };
        let capacity = ring::capacity_for(limits.bytes).ok_or_else(too_large)?;
        let state = (size_of::<State>() + ALIGNED) as u64;
        let size = usize::try_from(capacity.checked_add(state).ok_or_else(too_large)?).map_err(|_| too_large())?;
        let queue = Self::with(Region::create(KIND, CHANGES, size)?, Arc::new(Bell::create()?))?;
        let state = queue.state();
        state.marks.capacity.store(capacity, Ordering::Relaxed);
        state.most.store(limits.messages, Ordering::Relaxed);
        state.joinable.store(u64::from(limits.joinable), Ordering::Relaxed);
        Ok(queue)
    }

    /// One that has arrived.
    ///
    /// # Errors
    /// [`Error::Foreign`], [`Error::Call`].
    pub fn open(memory: Memory, bell: Bell) -> Result<Self> {
        let queue = Self::with(Region::open(memory, KIND, NAME)?, Arc::new(bell))?;
        let capacity = queue.state().marks.capacity.load(Ordering::Relaxed);
        let end = usize::try_from(capacity).ok().and_then(|capacity| queue.begin.checked_add(capacity));
        if capacity == 0 || end.is_none_or(|end| end > queue.region.size()) {
            return Err(Error::Foreign(NAME));
        }
        Ok(queue)
    }

    fn with(region: Region, bell: Arc<Bell>) -> Result<Self> {
        // SAFETY: a state consists of atomics.
        unsafe { region.at::<State>(0) }.map_err(|_| Error::Foreign(NAME))?;
        let end = region.offset_of(size_of::<State>());
        let begin = size_of::<State>() + end.next_multiple_of(ALIGNED) - end;
        Ok(Self { region, bell, begin })
    }

    #[expect(clippy::cast_ptr_alignment, reason = "a region's state begins on a line of its own")]
    fn state(&self) -> &State {
        // SAFETY: a state consists of atomics; `with` has seen to it that it is there.
        unsafe { &*self.region.bytes(0).cast::<State>() }
    }

    fn ring(&self) -> Ring<'_> {
        Ring::new(&self.region, &self.state().marks, self.begin)
    }

    /// Its memory.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Its bell.
    pub fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }

    /// Messages that can be taken now.
    pub fn size(&self) -> u64 {
        self.region.enter().get(&self.state().ready)
    }

    /// Whether nothing can be put into it any more.
    pub fn is_closed(&self) -> bool {
        self.region.enter().get(&self.state().closed) != 0
    }

    /// Messages that were put and are not done.
    pub fn unfinished(&self) -> u64 {
        self.region.enter().get(&self.state().tasks.unfinished)
    }

    /// Nothing can be put into it from now on. What is in it can be taken.
    pub fn close(&self) {
        let state = self.state();
        let session = self.region.enter();
        session.set(&state.closed, 1);
        self.ring_for(&session, &[&state.getters, &state.putters]);
        session.commit();
    }

    /// Wakes those who wait for one of these.
    fn ring_for(&self, session: &Session<'_>, whom: &[&AtomicU64]) {
        let mut any = false;
        for flag in whom {
            any |= session.get(flag) != 0;
            session.set(flag, 0);
        }
        if any {
            self.bell.ring();
        }
    }

    /// Whether a message of this length can be put now.
    fn has_room(&self, session: &Session<'_>, length: u64) -> Result<bool> {
        let state = self.state();
        let most = session.get(&state.most);
        if most != 0 && session.get(&state.claimed) >= most {
            return Ok(false);
        }
        Ok(self.ring().has_room(session, length)
            || (self.ring().compact(session)? && self.ring().has_room(session, length)))
    }

    /// Puts a message of one or several pieces.
    ///
    /// # Errors
    /// [`Error::Closed`]; [`Error::TooLarge`] if it never finds room; [`Error::Call`] if there is no memory for it.
    pub fn put(&self, pieces: &[&[u8]]) -> Result<Put> {
        let state = self.state();
        let length = length_of(pieces.iter().map(|piece| piece.len()));
        let capacity = state.marks.capacity.load(Ordering::Relaxed);
        if ring::taken_by(length) > capacity {
            return Err(Error::TooLarge { bytes: length, most: capacity });
        }
        let [piece] = pieces else { return self.put_large(length, pieces) };
        if piece.len() >= LARGE {
            return self.put_large(length, pieces);
        }
        let session = self.region.enter();
        if session.get(&state.closed) != 0 {
            return Err(Error::Closed);
        }
        if !self.has_room(&session, length)? {
            session.commit();
            return Ok(Put::Full);
        }
        let entry = self.ring().append(&session, length, false, Is::Ready)?;
        self.ring().write(entry, piece);
        session.add(&state.claimed, 1);
        self.note_ready(&session);
        session.commit();
        Ok(Put::Done)
    }

    fn put_large(&self, length: u64, pieces: &[&[u8]]) -> Result<Put> {
        let state = self.state();
        // From here to the end: a thread that a fork has copied in the midst of it would write where its original does.
        let _copying = inside::copying();
        let session = self.region.enter();
        if session.get(&state.closed) != 0 {
            return Err(Error::Closed);
        }
        if !self.has_room(&session, length)? {
            session.commit();
            return Ok(Put::Full);
        }
        let entry = self.ring().append(&session, length, true, Is::Filling)?;
        session.add(&state.claimed, 1);
        session.commit();
        let written = self.write_pieces(entry, pieces);
        let session = self.region.enter();
        // It is there as long as this process lives.
        if let Some(entry) = self.ring().own(&session, entry.position, Is::Filling)? {
            if written.is_ok() {
                self.ring().change(&session, entry, Is::Ready)?;
                self.note_ready(&session);
            } else {
                self.drop_filling(&session, entry)?;
            }
        }
        session.commit();
        written.map_err(Error::call("writing a message into the queue's memory"))?;
        Ok(Put::Done)
    }

    /// Their number and their lengths come first.
    fn write_pieces(&self, entry: Entry, pieces: &[&[u8]]) -> std::io::Result<()> {
        let words = std::iter::once(pieces.len()).chain(pieces.iter().map(|piece| piece.len()));
        let table: Vec<u8> = words.flat_map(|word| (word as u64).to_ne_bytes()).collect();
        let mut offset = 0;
        for part in std::iter::once(&table[..]).chain(pieces.iter().copied()) {
            self.ring().write_large(entry, offset, part)?;
            offset += part.len() as u64;
        }
        Ok(())
    }

    /// There is one more message.
    fn note_ready(&self, session: &Session<'_>) {
        let state = self.state();
        session.add(&state.ready, 1);
        session.add(&state.tasks.unfinished, session.get(&state.joinable));
        self.ring_for(session, &[&state.getters]);
    }

    /// An entry that will not become a message.
    fn drop_filling(&self, session: &Session<'_>, entry: Entry) -> Result<()> {
        let state = self.state();
        session.add(&state.claimed, u64::MAX);
        self.ring().change(session, entry, Is::Free)?;
        self.ring().advance(session)?;
        self.ring_for(session, &[&state.getters, &state.putters]);
        Ok(())
    }

    /// An entry as it is when what the dead were doing with it is undone.
    fn mended(&self, session: &Session<'_>, entry: Entry, ended: impl Fn(ProcessId) -> bool) -> Result<Entry> {
        let is_orphan = || entry.owner.is_none_or(|owner| owner != ProcessId::own() && ended(owner));
        let is = match entry.is {
            Is::Taking if is_orphan() => {
                // Nobody has seen it.
                let state = self.state();
                self.ring().change(session, entry, Is::Ready)?;
                session.add(&state.ready, 1);
                session.add(&state.claimed, 1);
                self.ring_for(session, &[&state.getters]);
                Is::Ready
            }
            Is::Filling if is_orphan() => {
                self.drop_filling(session, entry)?;
                Is::Free
            }
            is => is,
        };
        Ok(Entry { is, ..entry })
    }

    /// Undoes what the dead were doing with messages that take room; gives the others who do something with them.
    fn who_takes_room(&self, session: &Session<'_>, ended: impl Fn(ProcessId) -> bool) -> Result<Vec<ProcessId>> {
        let mut others = Vec::new();
        for entry in self.ring().entries(session).take(ring::MOST_MOVED) {
            let entry = self.mended(session, entry?, &ended)?;
            if matches!(entry.is, Is::Taking | Is::Filling) {
                others.extend(entry.owner);
            }
        }
        Ok(others)
    }

    /// The first message that can be taken, and who holds up what comes before or after it.
    fn first(
        &self,
        session: &Session<'_>,
        ended: impl Fn(ProcessId) -> bool,
    ) -> Result<(Option<Entry>, Vec<ProcessId>)> {
        let mut others = Vec::new();
        let mut hole: Option<Entry> = None;
        for entry in self.ring().entries(session) {
            let entry = self.mended(session, entry?, &ended)?;
            if let Some(first) = hole {
                if entry.is == Is::Free {
                    self.ring().merge(session, first, entry.end())?;
                    continue;
                }
                hole = None;
            }
            match entry.is {
                Is::Free => hole = Some(entry),
                Is::Ready => return Ok((Some(entry), others)),
                Is::Taking => others.extend(entry.owner),
                Is::Filling => {
                    others.extend(entry.owner);
                    return Ok((None, others));
                }
            }
        }
        Ok((None, others))
    }

    /// Takes the first message. A small one is copied into `into`, which has room for [`LARGE`] bytes.
    ///
    /// # Errors
    /// [`Error::Foreign`] if the memory is not what it should be; [`Error::Full`] if too many processes have taken messages that are
    /// not done.
    pub fn take(&self, into: &mut [u8]) -> Result<Take<'_>> {
        let state = self.state();
        let session = self.region.enter();
        let (found, others) = self.first(&session, has_ended)?;
        let Some(entry) = found else {
            let is_over = session.get(&state.closed) != 0 && others.is_empty();
            session.commit();
            return Ok(if is_over { Take::End } else { Take::Empty });
        };
        session.add(&state.ready, u64::MAX);
        session.add(&state.claimed, u64::MAX);
        if !entry.is_large {
            let length = entry.length as usize;
            self.ring().read(entry, 0, into.get_mut(..length).ok_or(Error::TooLarge { bytes: entry.length, most: 0 })?);
            self.free(&session, entry)?;
            session.commit();
            return Ok(Take::Small(length));
        }
        self.ring().change(&session, entry, Is::Taking)?;
        // There is room for one more message, though not for more bytes.
        self.ring_for(&session, &[&state.putters]);
        session.commit();
        Ok(Take::Large(Claim { queue: self, entry, is_over: false }))
    }

    /// A message has been taken.
    fn free(&self, session: &Session<'_>, entry: Entry) -> Result<()> {
        let state = self.state();
        self.ring().change(session, entry, Is::Free)?;
        self.ring().advance(session)?;
        if session.get(&state.joinable) != 0 {
            state.tasks.take(session)?;
        }
        self.ring_for(session, &[&state.putters]);
        if session.get(&state.closed) != 0 {
            // Those who have waited for whether it would come back.
            self.ring_for(session, &[&state.getters]);
        }
        Ok(())
    }

    /// A message that this process has taken is done.
    ///
    /// # Errors
    /// [`Error::NotHeld`] if there is none.
    pub fn done(&self) -> Result<()> {
        let state = self.state();
        let session = self.region.enter();
        state.tasks.done(&session)?;
        if session.get(&state.tasks.unfinished) == 0 {
            self.ring_for(&session, &[&state.joiners]);
        }
        session.commit();
        Ok(())
    }

    /// Waits until there is something to take, or the end. Somebody else may take it first.
    pub fn wait_for_message(self: &Arc<Self>) -> QueueWait {
        QueueWait { queue: Arc::clone(self), what: What::Message }
    }

    /// Waits until there is room for a message with pieces of these lengths, or the queue is closed. Somebody else may take the room
    /// first.
    pub fn wait_for_room(self: &Arc<Self>, pieces: &[usize]) -> QueueWait {
        QueueWait { queue: Arc::clone(self), what: What::Room(length_of(pieces.iter().copied())) }
    }

    /// Waits until every message is done or lost: how many are lost since the last time.
    pub fn wait_for_done(self: &Arc<Self>) -> QueueWait {
        QueueWait { queue: Arc::clone(self), what: What::Done }
    }
}

/// A large message that is this process's to read. Dropped, it is a message again.
#[derive(Debug)]
pub struct Claim<'queue> {
    queue: &'queue Queue,
    entry: Entry,
    is_over: bool,
}

impl Claim<'_> {
    /// The pieces that were put: where each begins, and its length.
    ///
    /// # Errors
    /// [`Error::Foreign`] if that is not what stands there.
    pub fn pieces(&self) -> Result<Vec<(u64, usize)>> {
        let word_at = |index: u64| {
            let mut word = [0; WORD as usize];
            self.queue.ring().read(self.entry, index * WORD, &mut word);
            u64::from_ne_bytes(word)
        };
        let count = word_at(0);
        if count >= self.entry.length / WORD {
            return Err(Error::Foreign(NAME));
        }
        let mut begin = (count + 1) * WORD;
        let pieces = (1..=count).map(|index| {
            let (at, length) = (begin, word_at(index));
            begin = at.checked_add(length).filter(|end| *end <= self.entry.length).ok_or(Error::Foreign(NAME))?;
            Ok((at, length as usize))
        });
        pieces.collect()
    }

    /// Copies bytes of a piece that begins there.
    pub fn read(&self, begin: u64, into: &mut [u8]) {
        self.queue.ring().read(self.entry, begin, into);
    }

    /// It has been read, and is this process's.
    ///
    /// # Errors
    /// As [`Queue::take`].
    pub fn take(mut self) -> Result<()> {
        let session = self.queue.region.enter();
        if let Some(entry) = self.queue.ring().own(&session, self.entry.position, Is::Taking)? {
            self.queue.free(&session, entry)?;
        }
        session.commit();
        self.is_over = true;
        Ok(())
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let (queue, state) = (self.queue, self.queue.state());
        let session = queue.region.enter();
        if let Ok(Some(entry)) = queue.ring().own(&session, self.entry.position, Is::Taking)
            && queue.ring().change(&session, entry, Is::Ready).is_ok()
        {
            session.add(&state.ready, 1);
            session.add(&state.claimed, 1);
            queue.ring_for(&session, &[&state.getters]);
            session.commit();
        }
    }
}

/// Bytes that a message of pieces of these lengths has in the ring.
fn length_of(lengths: impl ExactSizeIterator<Item = usize>) -> u64 {
    let count = lengths.len() as u64;
    let table = if count == 1 { 0 } else { (count + 1) * WORD };
    let bytes: u64 = lengths.map(|length| length as u64).sum();
    if count == 1 && bytes >= LARGE as u64 { bytes + 2 * WORD } else { bytes + table }
}

#[derive(Clone, Copy, Debug)]
enum What {
    Message,
    Room(u64),
    Done,
}

/// Waiting for something to change in a [`Queue`]. Its outcome is a number: see what makes it.
#[derive(Debug)]
pub struct QueueWait {
    queue: Arc<Queue>,
    what: What,
}

impl Wait for QueueWait {
    type Outcome = u64;

    fn bell(&self) -> &Arc<Bell> {
        &self.queue.bell
    }

    fn look(&mut self, ended: &dyn Fn(ProcessId) -> bool) -> Result<Step<u64>> {
        let (queue, state) = (&*self.queue, self.queue.state());
        let session = queue.region.enter();
        let (outcome, flag, others) = match self.what {
            What::Message => {
                let (found, others) = queue.first(&session, ended)?;
                let is_over = session.get(&state.closed) != 0 && others.is_empty();
                ((found.is_some() || is_over).then_some(1), &state.getters, others)
            }
            What::Room(length) => {
                let is_over = session.get(&state.closed) != 0 || queue.has_room(&session, length)?;
                let others = if is_over { Vec::new() } else { queue.who_takes_room(&session, ended)? };
                let is_over = is_over || queue.has_room(&session, length)?;
                (is_over.then_some(1), &state.putters, others)
            }
            What::Done => {
                state.tasks.collect(&session, ended);
                let is_over = session.get(&state.tasks.unfinished) == 0;
                let lost = session.get(&state.tasks.lost);
                if is_over {
                    session.set(&state.tasks.lost, 0);
                    // The others who wait.
                    queue.ring_for(&session, &[&state.joiners]);
                }
                (is_over.then_some(lost), &state.joiners, state.tasks.takers(&session))
            }
        };
        let step = if let Some(outcome) = outcome {
            Step::Ready(outcome)
        } else {
            session.set(flag, 1);
            Step::Pending(others)
        };
        session.commit();
        Ok(step)
    }

    fn cancel(&mut self) {
        // The mark that somebody waits stays until the bell is rung once for nothing.
    }
}
