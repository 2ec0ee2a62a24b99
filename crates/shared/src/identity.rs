//! Processes, known by their id and the time of their start: an id alone is given to another process after the first has
//! ended.

use std::num::NonZeroU64;

#[cfg_attr(target_os = "linux", path = "identity/linux.rs")]
#[cfg_attr(target_vendor = "apple", path = "identity/macos.rs")]
#[cfg_attr(windows, path = "identity/windows.rs")]
mod system;

/// Bits of the process id; Linux has ids below 2^22, and Windows and macOS smaller ones in practice.
const ID_BITS: u32 = 22;

/// Bits of the start time, so that a whole [`ProcessId`] leaves the highest bit of a word free.
const START_BITS: u32 = 41;

/// A process: its id and when it started. Never 0, and below 2^63.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProcessId(NonZeroU64);

impl ProcessId {
    /// This process, also right after a fork. No system call but at the first use.
    pub fn own() -> Self {
        system::cached(|| {
            let pid = std::process::id();
            Self::new(pid, system::start_of(pid).unwrap_or(0))
        })
    }

    pub(crate) fn new(pid: u32, start: u64) -> Self {
        let value = (start & ((1 << START_BITS) - 1)) << ID_BITS | u64::from(pid) & ((1 << ID_BITS) - 1);
        Self(NonZeroU64::new(value).unwrap_or(NonZeroU64::MAX))
    }

    /// What stands in shared memory: 0 is nobody.
    pub fn from_raw(raw: u64) -> Option<Self> {
        NonZeroU64::new(raw).map(Self)
    }

    /// What stands in shared memory.
    pub fn raw(self) -> u64 {
        self.0.get()
    }

    /// The system's number of the process.
    pub fn pid(self) -> u32 {
        (self.raw() & ((1 << ID_BITS) - 1)) as u32
    }

    /// Whether the process that has this number now started at another time. False where the system does not tell.
    #[cfg(not(windows))]
    pub(crate) fn is_reused(self) -> bool {
        let start = self.raw() >> ID_BITS;
        start != 0 && system::start_of(self.pid()).is_some_and(|now| now & ((1 << START_BITS) - 1) != start)
    }
}
