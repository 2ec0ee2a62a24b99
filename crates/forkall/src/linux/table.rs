//! The parking table: one slot a thread, and the two words that all of them wait on or count down.
//!
//! It lives in memory that is mapped once and never freed, because a signal that was queued for a parking that was given
//! up may still arrive much later.

use core::ffi::c_void;
use core::mem::offset_of;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, AtomicU64, Ordering};

use super::sys::{self, Scheduling};

/// Most threads that one process can bring along.
pub(super) const CAPACITY: usize = 4096;

/// Where a thread is between being asked to park and being told to go on.
#[repr(u32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// Asked by a signal that it has not taken yet.
    Asked = 1,
    /// In the handler, waiting; its slot is filled.
    Parked = 2,
    /// Ended before it took the signal, or is one of the kernel's own threads.
    Gone = 3,
    /// No longer wanted: the signal, when it arrives, does nothing.
    Dismissed = 4,
}

/// What the child must know to go on with one thread.
#[repr(C)]
pub(super) struct Slot {
    /// Written by `park`; first, because the assembly reads and writes it at offset 0.
    pub stack_pointer: usize,
    /// Generation in the upper half, [`Stage`] in the lower: a signal of an old generation finds another tag.
    tag: AtomicU64,
    /// Generation that this slot's thread was released for last: it waits until that reaches its own.
    pub go: AtomicU32,
    /// Place in the table's order.
    pub rank: AtomicU32,
    pub tid: i32,
    pub scheduling: Scheduling,
    /// Room for what the revived thread finds.
    pub present: Scheduling,
    /// Where the kernel clears the thread's id when it ends: `pthread_join` waits there.
    pub tid_address: *mut i32,
    pub thread_pointer: usize,
    pub robust_list: [usize; 2],
    /// Third argument of the signal handler.
    pub context: *mut c_void,
    pub name: [u8; 16],
}

const _: () = assert!(offset_of!(Slot, stack_pointer) == 0, "the assembly relies on it");

const fn tag(generation: u32, stage: Stage) -> u64 {
    (generation as u64) << 32 | stage as u64
}

impl Slot {
    pub(super) fn ask(&self, generation: u32) {
        self.tag.store(tag(generation, Stage::Asked), Ordering::Release);
    }

    /// Moves the slot from `Asked` to `stage`; false if the other side was faster.
    pub(super) fn advance(&self, generation: u32, stage: Stage) -> bool {
        self.tag
            .compare_exchange(
                tag(generation, Stage::Asked),
                tag(generation, stage),
                Ordering::AcqRel,
                Ordering::Acquire,
            )
            .is_ok()
    }

    pub(super) fn is(&self, generation: u32, stage: Stage) -> bool {
        self.tag.load(Ordering::Acquire) == tag(generation, stage)
    }
}

/// The table itself.
#[repr(C)]
pub(super) struct Table {
    /// Threads of the present generation that have not parked yet.
    pub remaining: AtomicU32,
    /// Number of the present parking.
    pub generation: AtomicU32,
    /// Threads that the last fork started in this process and that are not yet out of their slots.
    pub reviving: AtomicI32,
    /// Slots in the order in which their threads wake each other: see `park::release`.
    order: [AtomicU32; CAPACITY],
    /// Entries of `order`.
    pub ordered: AtomicU32,
    /// Slots that were ever in use.
    pub used: AtomicU32,
    slots: [Slot; CAPACITY],
}

static TABLE: AtomicPtr<Table> = AtomicPtr::new(ptr::null_mut());

impl Table {
    /// Maps the table at the first use.
    pub(super) fn get() -> Result<&'static Self, i32> {
        if let Some(table) = Self::existing() {
            return Ok(table);
        }
        let address = sys::reserve(size_of::<Self>())? as usize as *mut Self;
        // All-zero memory is a valid table: no generation is 0, so no tag matches.
        TABLE.store(address, Ordering::Release);
        // SAFETY: mapped just now, never unmapped, zeroed by the kernel.
        Ok(unsafe { &*address })
    }

    /// The table, if there is one: for the signal handler.
    pub(super) fn existing() -> Option<&'static Self> {
        // SAFETY: either null or the mapping that `get` made, which lives for ever.
        NonNull::new(TABLE.load(Ordering::Acquire)).map(|table| unsafe { table.as_ref() })
    }

    pub(super) fn slot(&self, index: usize) -> Option<&Slot> {
        self.slots.get(index)
    }

    /// The slots of the first `count` threads.
    pub(super) fn slots(&self, count: usize) -> &[Slot] {
        self.slots.get(..count).unwrap_or(&[])
    }

    /// Slot number of a place in the order.
    pub(super) fn ordered(&self, rank: usize) -> Option<&AtomicU32> {
        self.order.get(rank)
    }

    /// A slot's address for the one who owns it at this moment.
    pub(super) fn slot_address(&self, index: usize) -> *mut Slot {
        ptr::from_ref(&self.slots).cast_mut().cast::<Slot>().wrapping_add(index)
    }
}
