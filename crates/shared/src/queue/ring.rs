//! The bytes of a queue: entries one after the other in a ring. Positions count on from 0, also past the ring's end, where the next
//! byte is the ring's first; when the ring is empty they begin at 0 again.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::identity::ProcessId;
use crate::region::{Region, Session};
use crate::{Error, Result};

/// What entries are aligned to, and the size of their heads: so that none lies across the ring's end.
const UNIT: u64 = 16;

/// What may stay in memory although nothing is in it, to be used again: it is quicker than memory that the system has to clear.
const KEPT: u64 = 16 << 20;

/// Entries that are looked at where there is no room: in a queue that is simply full there is no use in it.
pub(super) const MOST_MOVED: usize = 64;

/// Bytes that the system takes back at once: a multiple of any page.
const PAGE: u64 = 1 << 16;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Is {
    /// Nothing any more.
    Free,
    /// Being written by its owner: what comes after it has to wait, or its order would be lost.
    Filling,
    /// A message.
    Ready,
    /// Being read by its owner. If that dies it is a message again: nobody has seen it.
    Taking,
}

impl Is {
    const ALL: [Self; 4] = [Self::Free, Self::Filling, Self::Ready, Self::Taking];

    fn bits(self) -> u64 {
        Self::ALL.iter().position(|is| *is == self).unwrap_or(0) as u64
    }
}

/// Before the bytes of each message.
#[repr(C)]
#[derive(Debug)]
struct Head {
    /// The length, shifted by three; whether it is large; and what it is.
    word: AtomicU64,
    /// Who writes or reads it.
    owner: AtomicU64,
}

const _: () = assert!(size_of::<Head>() as u64 == UNIT);

/// Where the ring begins and ends. The words are journaled.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Marks {
    /// Bytes of the ring; a multiple of [`PAGE`].
    pub(super) capacity: AtomicU64,
    /// Of the first entry that is not free.
    head: AtomicU64,
    /// Of the next entry.
    tail: AtomicU64,
    /// Before it no memory is taken, but for the ring's first bytes that are kept.
    clean: AtomicU64,
}

/// An entry, seen from inside of the latch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) position: u64,
    pub(super) length: u64,
    /// Of several pieces, or copied from outside of the latch.
    pub(super) is_large: bool,
    pub(super) is: Is,
    pub(super) owner: Option<ProcessId>,
}

impl Entry {
    pub(super) fn end(&self) -> u64 {
        self.position + taken_by(self.length)
    }

    /// What stands in its head if it is that.
    fn word(&self, is: Is) -> u64 {
        self.length << 3 | u64::from(self.is_large) << 2 | is.bits()
    }
}

/// Bytes of the ring that a message of this length takes.
pub(super) fn taken_by(length: u64) -> u64 {
    (length + UNIT).next_multiple_of(UNIT)
}

/// Bytes of a ring for so many bytes of messages.
pub(super) fn capacity_for(bytes: u64) -> Option<u64> {
    bytes.max(1).checked_next_multiple_of(PAGE)
}

/// The ring of one queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ring<'a> {
    region: &'a Region,
    marks: &'a Marks,
    /// Of its bytes, in the region's state.
    begin: usize,
}

impl<'a> Ring<'a> {
    pub(super) fn new(region: &'a Region, marks: &'a Marks, begin: usize) -> Self {
        Self { region, marks, begin }
    }

    fn capacity(self) -> u64 {
        self.marks.capacity.load(Ordering::Relaxed)
    }

    fn head_at(self, position: u64) -> Result<&'a Head> {
        let offset = self.begin + (position % self.capacity()) as usize;
        // SAFETY: a head consists of atomics.
        unsafe { self.region.at(offset) }
    }

    fn entry_at(self, position: u64) -> Result<Entry> {
        let head = self.head_at(position)?;
        let word = head.word.load(Ordering::Relaxed);
        let is = Is::ALL.get((word & 3) as usize).copied().unwrap_or(Is::Free);
        let owner = ProcessId::from_raw(head.owner.load(Ordering::Relaxed));
        let entry = Entry { position, length: word >> 3, is_large: word & 4 != 0, is, owner };
        // What others have written there could be anything.
        if entry.length > self.capacity() { Err(Error::Foreign("a queue")) } else { Ok(entry) }
    }

    /// The entries in their order, free ones included.
    pub(super) fn entries(self, session: &Session<'_>) -> impl Iterator<Item = Result<Entry>> + use<'a> {
        let (mut position, tail) = (session.get(&self.marks.head), session.get(&self.marks.tail));
        std::iter::from_fn(move || {
            if position >= tail {
                return None;
            }
            let entry = self.entry_at(position);
            // After an error there is nothing.
            position = entry.as_ref().map_or(tail, Entry::end);
            Some(entry)
        })
    }

    /// Makes one free entry of several that follow each other: the next ones need not be looked at again.
    pub(super) fn merge(self, session: &Session<'_>, first: Entry, end: u64) -> Result<()> {
        let merged = Entry { length: end - first.position - UNIT, is_large: false, ..first };
        session.set(&self.head_at(first.position)?.word, merged.word(Is::Free));
        Ok(())
    }

    /// Moves the messages at the head behind the free entry that follows them, if there is so much room in it: then what is free can be
    /// used. For a message that came back late, while those after it were taken. True if it could be done.
    pub(super) fn compact(self, session: &Session<'_>) -> Result<bool> {
        let head = session.get(&self.marks.head);
        let mut hole = None;
        for entry in self.entries(session).take(MOST_MOVED) {
            let entry = entry?;
            match (entry.is, hole) {
                (Is::Ready, None) => {}
                (Is::Free, None) => hole = Some((entry, entry.end())),
                (Is::Free, Some((first, _))) => hole = Some((first, entry.end())),
                _ => break,
            }
        }
        let Some((hole, end)) = hole else { return Ok(false) };
        self.merge(session, hole, end)?;
        // From here on nobody looks at what is inside of it, also if this process dies in the midst of what follows.
        session.commit_and_go_on();
        let length = hole.position - head;
        if length == 0 || end - hole.position < length + UNIT {
            return Ok(false);
        }
        self.copy(head, end - length, length);
        session.set(&self.marks.head, end - length);
        Ok(true)
    }

    /// Copies bytes of the ring, heads included, to others.
    fn copy(self, from: u64, to: u64, length: u64) {
        let capacity = self.capacity();
        let mut done = 0;
        while done < length {
            let (source, target) = ((from + done) % capacity, (to + done) % capacity);
            let part = (length - done).min(capacity - source).min(capacity - target);
            let at = |offset: u64| self.region.bytes(self.begin + offset as usize);
            // SAFETY: inside of the ring, and inside of the latch; the two do not overlap.
            unsafe { std::ptr::copy_nonoverlapping(at(source), at(target), part as usize) };
            done += part;
        }
    }

    /// The entry of this process at a position, if it still is what it was.
    pub(super) fn own(self, session: &Session<'_>, position: u64, is: Is) -> Result<Option<Entry>> {
        if !(session.get(&self.marks.head)..session.get(&self.marks.tail)).contains(&position) {
            return Ok(None);
        }
        let entry = self.entry_at(position)?;
        Ok((entry.is == is && entry.owner == Some(ProcessId::own())).then_some(entry))
    }

    /// Whether a message of this length finds room now.
    pub(super) fn has_room(self, session: &Session<'_>, length: u64) -> bool {
        let used = session.get(&self.marks.tail) - session.get(&self.marks.head);
        used + taken_by(length) <= self.capacity()
    }

    /// Appends an entry. There must be room for it.
    pub(super) fn append(self, session: &Session<'_>, length: u64, is_large: bool, is: Is) -> Result<Entry> {
        let position = session.get(&self.marks.tail);
        let head = self.head_at(position)?;
        let owner = ProcessId::own();
        let entry = Entry { position, length, is_large, is, owner: Some(owner) };
        // Not journaled: nobody looks behind the tail.
        head.word.store(entry.word(is), Ordering::Relaxed);
        head.owner.store(owner.raw(), Ordering::Relaxed);
        session.set(&self.marks.tail, entry.end());
        Ok(entry)
    }

    /// Makes something else of an entry; it is this process's from then on.
    pub(super) fn change(self, session: &Session<'_>, entry: Entry, is: Is) -> Result<()> {
        let head = self.head_at(entry.position)?;
        session.set(&head.word, entry.word(is));
        session.set(&head.owner, ProcessId::own().raw());
        Ok(())
    }

    /// Passes over what is free at the head. True if there is more room now.
    pub(super) fn advance(self, session: &Session<'_>) -> Result<bool> {
        let (head, tail) = (session.get(&self.marks.head), session.get(&self.marks.tail));
        let mut position = head;
        while position < tail {
            let entry = self.entry_at(position)?;
            if entry.is != Is::Free {
                break;
            }
            position = entry.end();
        }
        if position == head {
            return Ok(false);
        }
        let is_empty = position == tail;
        session.set(&self.marks.head, if is_empty { 0 } else { position });
        if is_empty {
            session.set(&self.marks.tail, 0);
        }
        self.clean(session, position, is_empty);
        Ok(true)
    }

    /// Gives memory before the head back to the system if it is much. It is gone also if this session is not committed: nobody needs it.
    fn clean(self, session: &Session<'_>, head: u64, is_empty: bool) {
        let clean = session.get(&self.marks.clean);
        let dirty = head - clean;
        if dirty > KEPT {
            let capacity = self.capacity();
            let (first, last) = (clean % capacity, head % capacity);
            if first < last {
                self.punch(first, last);
            } else {
                self.punch(first, capacity);
                self.punch(0, last);
            }
        }
        if is_empty {
            session.set(&self.marks.clean, 0);
        } else if dirty > KEPT {
            session.set(&self.marks.clean, head / PAGE * PAGE);
        }
    }

    /// Offsets in the ring.
    fn punch(self, first: u64, last: u64) {
        let (first, last) = (first.max(KEPT).next_multiple_of(PAGE), last / PAGE * PAGE);
        if first < last {
            // Where it is not possible, the memory stays until it is used again.
            let _ = self.region.punch(self.begin + first as usize, (last - first) as usize);
        }
    }

    /// The two parts of the ring's memory that bytes from a position on lie in, as offsets and lengths.
    fn parts(self, position: u64, length: usize) -> [(usize, usize); 2] {
        let capacity = self.capacity() as usize;
        let offset = ((position + UNIT) % self.capacity()) as usize;
        let first = length.min(capacity - offset);
        [(offset, first), (0, length - first)]
    }

    /// Copies the bytes of a message into an entry: through the mapping.
    pub(super) fn write(self, entry: Entry, bytes: &[u8]) {
        let mut rest = bytes;
        for (offset, length) in self.parts(entry.position, bytes.len()) {
            let (part, others) = rest.split_at(length);
            let into = self.region.bytes(self.begin + offset);
            // SAFETY: inside of the ring, whose bytes from `into` on are the entry's, which nobody else touches.
            unsafe { std::ptr::copy_nonoverlapping(part.as_ptr(), into, length) };
            rest = others;
        }
    }

    /// Copies bytes into an entry from `offset` on by system calls: memory that was not there is neither cleared first nor faulted in page
    /// by page, and where there is none left it is an error, not the end of the process.
    pub(super) fn write_large(self, entry: Entry, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        for (offset, length) in self.parts(entry.position + offset, bytes.len()) {
            let (part, others) = rest.split_at(length);
            self.region.write_at(self.begin + offset, part)?;
            rest = others;
        }
        Ok(())
    }

    /// Copies the bytes of an entry from `offset` on.
    pub(super) fn read(self, entry: Entry, offset: u64, into: &mut [u8]) {
        let length = into.len().min(entry.length.saturating_sub(offset) as usize);
        let mut rest = into.get_mut(..length).unwrap_or_default();
        for (at, length) in self.parts(entry.position + offset, length) {
            let (part, others) = rest.split_at_mut(length);
            let from = self.region.bytes(self.begin + at);
            // SAFETY: inside of the ring; nobody writes to the bytes of an entry that is there.
            unsafe { std::ptr::copy_nonoverlapping(from, part.as_mut_ptr(), length) };
            rest = others;
        }
    }
}

impl Region {
    /// Gives memory of the object's state back to the system, in whole pages.
    fn punch(&self, offset: usize, length: usize) -> Result<()> {
        self.memory().punch(self.offset_of(offset), length)
    }

    #[cfg(target_os = "linux")]
    fn write_at(&self, offset: usize, bytes: &[u8]) -> io::Result<()> {
        use std::os::fd::AsFd;

        use rustix::io::Errno;

        let mut place = self.offset_of(offset) as u64;
        let mut rest = bytes;
        while !rest.is_empty() {
            match rustix::io::pwrite(self.as_fd(), rest, place) {
                Ok(0) => return Err(Errno::NOSPC.into()),
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    place += written as u64;
                }
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    /// Where memory objects cannot be written to by system calls.
    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::unnecessary_wraps, reason = "same signature as on Linux, where it can fail")]
    fn write_at(&self, offset: usize, bytes: &[u8]) -> io::Result<()> {
        // SAFETY: inside of the state, as on Linux; nobody else touches these bytes.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.bytes(offset), bytes.len()) };
        Ok(())
    }
}
