//! Memory that holds the state of one object, with the latch and the journal that keep it whole.
//!
//! A process that changes the state is alone with it from [`Region::enter`] on, for nanoseconds to microseconds. Each word that
//! it changes it first writes down in the journal. Whoever finds the latch of a process that has ended takes it over and undoes
//! what stands in the journal: so each change happens as a whole or not at all, at whatever instruction a process is killed.
//!
//! The journal needs no memory barriers for that: a killed process has executed some first part of its program, and what that
//! stored is there. Only the compiler must not change the order.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, compiler_fence};
use std::time::Duration;

use crate::identity::ProcessId;
use crate::inside::{self, Alone};
use crate::memory::{Access, Mapping, Memory};
use crate::{Error, Result, park, peers};

const MAGIC: u64 = u64::from_le_bytes(*b"zygoteRG");

/// Of the layout of everything in regions, whatever they hold.
const VERSION: u32 = 1;

/// At the begin of the memory.
#[repr(C)]
#[derive(Debug)]
struct Header {
    magic: AtomicU64,
    version: AtomicU32,
    kind: AtomicU32,
    /// Entries of the journal, which follow this.
    capacity: AtomicU64,
    /// Where the object's own state begins.
    body: AtomicU64,
    /// Entries that stand in the journal.
    changes: AtomicU64,
    /// How often a dead process's latch was taken over.
    recoveries: AtomicU64,
    _reserved: [u64; 2],
    /// 0, or who is inside, shifted by one, and whether somebody waits. On a cache line of its own.
    word: AtomicU64,
    _padding: [u64; 7],
}

/// A change to undo.
#[repr(C)]
#[derive(Debug)]
struct Entry {
    offset: AtomicU64,
    before: AtomicU64,
}

const _: () = assert!(size_of::<Header>() == 128 && std::mem::offset_of!(Header, word) == 64);
const _: () = assert!(size_of::<Entry>() == 16);

/// What begins on a line of its own is not slowed by its neighbours.
const LINE: usize = 64;

/// In the word: somebody is parked, or may be.
const CONTENDED: u64 = 1;

/// How often one looks again before one parks.
const SPINS: u32 = 100;

/// After this time one looks whether who is inside still lives; and again after twice the time, and so on up to the longest.
const FIRST_PATIENCE: Duration = Duration::from_millis(1);
const LONGEST_PATIENCE: Duration = Duration::from_millis(16);

/// The state of one object. It lives as long as any process has it.
#[derive(Debug)]
pub struct Region {
    memory: Memory,
    mapping: Mapping,
    capacity: usize,
    body: usize,
}

impl Region {
    /// A new one, whose state of `size` bytes is all zeros. `kind` tells kinds of objects apart; one change of the state
    /// changes `changes` words at most.
    ///
    /// # Errors
    /// As [`Memory::create`] and [`Memory::map`].
    pub fn create(kind: u32, changes: usize, size: usize) -> Result<Self> {
        let body = (size_of::<Header>() + changes * size_of::<Entry>()).next_multiple_of(LINE);
        let memory = Memory::create(body + size)?;
        let region = Self { mapping: memory.map(Access::Shared)?, memory, capacity: changes, body };
        let header = region.header();
        header.version.store(VERSION, Ordering::Relaxed);
        header.kind.store(kind, Ordering::Relaxed);
        header.capacity.store(changes as u64, Ordering::Relaxed);
        header.body.store(body as u64, Ordering::Relaxed);
        header.magic.store(MAGIC, Ordering::Release);
        Ok(region)
    }

    /// One that another process has made.
    ///
    /// # Errors
    /// [`Error::Foreign`] if it is not of that kind; as [`Memory::map`].
    pub fn open(memory: Memory, kind: u32, what: &'static str) -> Result<Self> {
        let mapping = memory.map(Access::Shared)?;
        // SAFETY: a header consists of atomics.
        let header = unsafe { mapping.at::<Header>(0) }.map_err(|_| Error::Foreign(what))?;
        let known = header.magic.load(Ordering::Acquire) == MAGIC
            && header.version.load(Ordering::Relaxed) == VERSION
            && header.kind.load(Ordering::Relaxed) == kind;
        let capacity = header.capacity.load(Ordering::Relaxed) as usize;
        let body = header.body.load(Ordering::Relaxed) as usize;
        let journal = capacity.checked_mul(size_of::<Entry>()).and_then(|bytes| bytes.checked_add(size_of::<Header>()));
        if !known || journal.is_none_or(|end| end > body) || body > memory.size() {
            return Err(Error::Foreign(what));
        }
        Ok(Self { memory, mapping, capacity, body })
    }

    /// The memory itself, as it is given to others.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Bytes of the object's state.
    pub fn size(&self) -> usize {
        self.memory.size() - self.body
    }

    /// A part of the object's state, `offset` bytes from its begin.
    ///
    /// # Safety
    /// `T` consists of atomics.
    ///
    /// # Errors
    /// [`Error::Foreign`] where it is not inside of it, aligned.
    pub unsafe fn at<T>(&self, offset: usize) -> Result<&T> {
        // SAFETY: per the caller.
        unsafe { self.mapping.at(self.body.saturating_add(offset)) }
    }

    /// As [`at`](Self::at), of a row of them.
    ///
    /// # Safety
    /// `T` consists of atomics.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub unsafe fn slice_at<T>(&self, offset: usize, count: usize) -> Result<&[T]> {
        // SAFETY: per the caller.
        unsafe { self.mapping.slice_at(self.body.saturating_add(offset), count) }
    }

    /// The object's state from `offset` on, as bytes that are no part of what is journaled.
    pub fn bytes(&self, offset: usize) -> *mut u8 {
        // Inside of the mapping, or at its end.
        self.mapping.address().as_ptr().wrapping_add(self.body + offset.min(self.size()))
    }

    /// Where in the memory a part of the object's state lies.
    pub fn offset_of(&self, offset: usize) -> usize {
        self.body + offset.min(self.size())
    }

    /// How often the latch of a dead process was taken over.
    pub fn recoveries(&self) -> u64 {
        self.header().recoveries.load(Ordering::Relaxed)
    }

    /// Waits until this thread is alone with the state. Not from inside of this or another region: one at a time. No system
    /// call where nobody else is inside.
    pub fn enter(&self) -> Session<'_> {
        let alone = inside::alone();
        let taken_over = self.take();
        let session = Session { region: self, _alone: alone };
        if taken_over {
            session.undo();
            self.header().recoveries.fetch_add(1, Ordering::Relaxed);
        }
        session
    }

    fn header(&self) -> &Header {
        // SAFETY: the mapping begins with one, as `create` and `open` have seen to; pages are aligned.
        unsafe { self.mapping.address().cast::<Header>().as_ref() }
    }

    fn journal(&self) -> &[Entry] {
        // SAFETY: it follows the header; `create` and `open` have seen to its length.
        unsafe {
            let first = self.mapping.address().add(size_of::<Header>()).cast::<Entry>();
            std::slice::from_raw_parts(first.as_ptr(), self.capacity)
        }
    }

    /// True if it was taken from a process that has ended.
    fn take(&self) -> bool {
        let word = &self.header().word;
        let own = ProcessId::own().raw() << 1;
        if word.compare_exchange(0, own, Ordering::Acquire, Ordering::Relaxed).is_ok() {
            return false;
        }
        let (mut mine, mut spins, mut patience) = (own, 0, FIRST_PATIENCE);
        let mut last_owner = 0;
        loop {
            let seen = word.load(Ordering::Relaxed);
            if seen == 0 {
                if word.compare_exchange(0, mine, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                    return false;
                }
                continue;
            }
            let owner = seen & !CONTENDED;
            if owner == own {
                // No thread of this process is inside, as `Alone` tells: one has forgotten its session.
                word.store(mine, Ordering::Relaxed);
                return true;
            }
            if spins < SPINS {
                spins += 1;
                std::hint::spin_loop();
                continue;
            }
            if owner != last_owner {
                (last_owner, patience) = (owner, FIRST_PATIENCE);
            }
            let marked = seen | CONTENDED;
            if seen != marked && word.compare_exchange(seen, marked, Ordering::Relaxed, Ordering::Relaxed).is_err() {
                continue;
            }
            // Others may be parked too: who was parked leaves the mark.
            mine = own | CONTENDED;
            park::wait(word, marked, patience);
            if word.load(Ordering::Relaxed) != marked {
                continue;
            }
            if ProcessId::from_raw(owner >> 1).is_none_or(peers::has_ended)
                && word.compare_exchange(marked, mine, Ordering::Acquire, Ordering::Relaxed).is_ok()
            {
                return true;
            }
            patience = LONGEST_PATIENCE.min(patience * 2);
        }
    }

    fn leave(&self) {
        let word = &self.header().word;
        if word.swap(0, Ordering::Release) & CONTENDED != 0 {
            park::wake_one(word);
        }
    }
}

#[cfg(unix)]
impl std::os::fd::AsFd for Region {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.memory.as_fd()
    }
}

#[cfg(windows)]
impl std::os::windows::io::AsHandle for Region {
    fn as_handle(&self) -> std::os::windows::io::BorrowedHandle<'_> {
        self.memory.as_handle()
    }
}

/// Alone with the state of an object. Dropped without [`commit`](Self::commit), nothing has changed.
#[derive(Debug)]
#[must_use]
pub struct Session<'region> {
    region: &'region Region,
    _alone: Alone,
}

impl Session<'_> {
    /// What a word of the state is now.
    pub fn get(&self, word: &AtomicU64) -> u64 {
        word.load(Ordering::Relaxed)
    }

    /// Changes a word of the state, once the session is committed.
    ///
    /// # Panics
    /// If the journal is full: the region was made for fewer changes.
    pub fn set(&self, word: &AtomicU64, value: u64) {
        let before = word.load(Ordering::Relaxed);
        if before == value {
            return;
        }
        let header = self.region.header();
        let count = header.changes.load(Ordering::Relaxed);
        let entry = self.region.journal().get(count as usize).expect("a journal with room for one more change");
        let offset = std::ptr::from_ref(word).addr().wrapping_sub(self.region.mapping.address().addr().get());
        debug_assert!(offset < self.region.mapping.length(), "a word of the region");
        entry.offset.store(offset as u64, Ordering::Relaxed);
        entry.before.store(before, Ordering::Relaxed);
        compiler_fence(Ordering::SeqCst);
        header.changes.store(count + 1, Ordering::Relaxed);
        compiler_fence(Ordering::SeqCst);
        word.store(value, Ordering::Relaxed);
    }

    /// Adds to a word of the state, wrapping: the new value.
    pub fn add(&self, word: &AtomicU64, difference: u64) -> u64 {
        let value = self.get(word).wrapping_add(difference);
        self.set(word, value);
        value
    }

    /// Makes all changes valid, and leaves.
    pub fn commit(self) {
        compiler_fence(Ordering::SeqCst);
        self.region.header().changes.store(0, Ordering::Release);
        compiler_fence(Ordering::SeqCst);
    }

    /// Makes all changes so far valid, and goes on.
    pub fn commit_and_go_on(&self) {
        compiler_fence(Ordering::SeqCst);
        self.region.header().changes.store(0, Ordering::Release);
        compiler_fence(Ordering::SeqCst);
    }

    /// Undoes what stands in the journal. Killed in the midst of it, the next one does it again.
    fn undo(&self) {
        let header = self.region.header();
        let count = header.changes.load(Ordering::Relaxed) as usize;
        if count == 0 {
            return;
        }
        for entry in self.region.journal().iter().take(count).rev() {
            let offset = entry.offset.load(Ordering::Relaxed) as usize;
            // SAFETY: words are atomics.
            if let Ok(word) = unsafe { self.region.mapping.at::<AtomicU64>(offset) } {
                word.store(entry.before.load(Ordering::Relaxed), Ordering::Relaxed);
            }
        }
        self.commit_and_go_on();
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.undo();
        self.region.leave();
    }
}
