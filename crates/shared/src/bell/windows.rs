//! Windows: a small memory object with the events of those who wait, which who rings sets one by one.

use std::os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::identity::ProcessId;
use crate::memory::{Access, Mapping, Memory};
use crate::windows::{Event, set_event};
use crate::{Error, Result, peers};

const MAGIC: u64 = u64::from_le_bytes(*b"zygoteB1");

/// As many threads can wait for a bell.
const SLOTS: usize = 1020;

#[repr(C)]
#[derive(Debug)]
struct Table {
    magic: AtomicU64,
    /// How often the bell was rung.
    rings: AtomicU64,
    /// Slots from here on were never used.
    used: AtomicU64,
    _padding: [u64; 5],
    slots: [Slot; SLOTS],
}

/// A thread that waits.
#[repr(C)]
#[derive(Debug)]
struct Slot {
    /// 0, or its process; with [`TAKING`] while the event is not that of this process yet.
    who: AtomicU64,
    /// Its event, as its process knows it.
    event: AtomicU64,
}

const _: () = assert!(size_of::<Table>() == 16 * 1024);

/// A bit that identities of processes leave free.
const TAKING: u64 = 1 << 63;

/// See the [module](self).
#[derive(Debug)]
pub struct Bell {
    memory: Memory,
    shared: Arc<Shared>,
}

/// What a thread that waits keeps.
#[derive(Debug)]
pub(crate) struct Shared {
    mapping: Mapping,
    token: u32,
}

impl Bell {
    /// A new one.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn create() -> Result<Self> {
        let memory = Memory::create(size_of::<Table>())?;
        let bell = Self { shared: Arc::new(Shared::new(memory.map(Access::Shared)?)), memory };
        bell.shared.table()?.magic.store(MAGIC, Ordering::Release);
        Ok(bell)
    }

    /// One that has arrived.
    ///
    /// # Errors
    /// [`Error::Foreign`] if it is none; [`Error::Call`].
    pub fn from_descriptors([handle]: [OwnedHandle; 1]) -> Result<Self> {
        let memory = Memory::from_descriptor(handle)?;
        let shared = Shared::new(memory.map(Access::Shared)?);
        if shared.table()?.magic.load(Ordering::Acquire) != MAGIC {
            return Err(Error::Foreign("a bell"));
        }
        Ok(Self { memory, shared: Arc::new(shared) })
    }

    /// What has to arrive elsewhere, for [`from_descriptors`](Self::from_descriptors).
    pub fn descriptors(&self) -> [BorrowedHandle<'_>; 1] {
        [self.memory.as_handle()]
    }

    /// Wakes everybody who waits.
    pub fn ring(&self) {
        self.shared.ring();
    }

    /// Tells it from others of this process, while it lives.
    pub fn token(&self) -> u32 {
        self.shared.token
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl AsHandle for Bell {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.memory.as_handle()
    }
}

impl Shared {
    fn new(mapping: Mapping) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        Self { mapping, token: COUNT.fetch_add(1, Ordering::Relaxed) }
    }

    fn table(&self) -> Result<&Table> {
        // SAFETY: atomics.
        unsafe { self.mapping.at(0) }
    }

    pub(crate) fn token(&self) -> u32 {
        self.token
    }

    /// How often it was rung.
    pub(crate) fn rings(&self) -> u64 {
        self.table().map_or(0, |table| table.rings.load(Ordering::SeqCst))
    }

    fn ring(&self) {
        let Ok(table) = self.table() else { return };
        table.rings.fetch_add(1, Ordering::SeqCst);
        let used = table.used.load(Ordering::SeqCst) as usize;
        for slot in table.slots.iter().take(used) {
            let who = slot.who.load(Ordering::SeqCst);
            let event = slot.event.load(Ordering::SeqCst);
            // Who takes a slot in the meantime looks at the state later, and sees what this is rung for.
            if who & TAKING != 0 || who != slot.who.load(Ordering::SeqCst) {
                continue;
            }
            if let Some(process) = ProcessId::from_raw(who)
                && !set_event(process, event)
            {
                let _ = slot.who.compare_exchange(who, 0, Ordering::SeqCst, Ordering::Relaxed);
            }
        }
    }

    /// From now on the event is set when the bell rings. Gives the number of the slot.
    pub(crate) fn enter(&self, event: &Event) -> Result<usize> {
        let table = self.table()?;
        if let Some(slot) = take_slot(table, event) {
            return Ok(slot);
        }
        for slot in &table.slots {
            let who = slot.who.load(Ordering::SeqCst);
            if ProcessId::from_raw(who & !TAKING).is_some_and(peers::has_ended) {
                let _ = slot.who.compare_exchange(who, 0, Ordering::SeqCst, Ordering::Relaxed);
            }
        }
        take_slot(table, event).ok_or(Error::Full(SLOTS))
    }

    /// Takes that back.
    pub(crate) fn leave(&self, slot: usize) {
        if let Ok(table) = self.table()
            && let Some(slot) = table.slots.get(slot)
        {
            slot.who.store(0, Ordering::SeqCst);
        }
    }
}

fn take_slot(table: &Table, event: &Event) -> Option<usize> {
    let own = ProcessId::own().raw();
    let free = |slot: &Slot| slot.who.compare_exchange(0, own | TAKING, Ordering::SeqCst, Ordering::Relaxed).is_ok();
    let index = table.slots.iter().position(free)?;
    let slot = table.slots.get(index)?;
    slot.event.store(event.raw(), Ordering::SeqCst);
    table.used.fetch_max(index as u64 + 1, Ordering::SeqCst);
    slot.who.store(own, Ordering::SeqCst);
    Some(index)
}
