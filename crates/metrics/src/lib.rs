//! What a process costs: its memory, shared and private, clean and dirty, and its page faults.
//!
//! [`process_memory`] looks at any process of the same user from outside, in one cheap read of each source: nothing is
//! allocated in that process and no code runs in it.
//!
//! ```
//! # #[cfg(target_os = "linux")] {
//! let memory = zygote_metrics::process_memory(std::process::id())?;
//! assert!(memory.uss() <= memory.pss && memory.pss <= memory.rss);
//! # }
//! # Ok::<(), zygote_metrics::Error>(())
//! ```

mod error;

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(target_os = "macos", path = "macos.rs")]
#[cfg_attr(target_os = "windows", path = "windows.rs")]
#[cfg_attr(not(any(target_os = "linux", target_os = "macos", target_os = "windows")), path = "other.rs")]
mod system;

pub use error::Error;

/// The memory of one process at one moment. Sizes are in bytes, and whole pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProcessMemory {
    /// Resident set size: every page that is in RAM and mapped by the process, whoever else maps it too. On Windows the
    /// working set.
    pub rss: u64,
    /// Proportional set size: like `rss`, but a page that n processes map counts as 1/n. The sum over a family of
    /// forked processes is what they cost together. Windows does not tell: there it is `rss`.
    pub pss: u64,
    /// Mapped by others too, and not changed since it was read from its file. On Windows all that is shared.
    pub shared_clean: u64,
    /// Mapped by others too, and without a file behind it that has the same content: the heap that a fork inherits.
    pub shared_dirty: u64,
    /// Mapped by this process alone, and not changed since it was read from its file.
    pub private_clean: u64,
    /// Mapped by this process alone, and changed: what a fork has written to and the kernel has therefore copied. On Windows
    /// all that is private; before Windows 10 22H2 with what was promised to the process and not yet used, up to `rss`.
    pub private_dirty: u64,
    /// In swap.
    pub swap: u64,
    /// Page faults since the process began that were served without reading from a disk: first touches, and copies on
    /// write. On Windows all of them: it does not distinguish.
    pub minor_faults: u64,
    /// Page faults since the process began that had to read from a disk.
    pub major_faults: u64,
}

impl ProcessMemory {
    /// Unique set size: what would become free if this process ended.
    pub fn uss(&self) -> u64 {
        self.private_clean + self.private_dirty
    }
}

/// The memory of the process `pid` as it is now.
///
/// # Errors
///
/// [`Error::NotFound`] where there is no such process or it has ended, [`Error::PermissionDenied`] where it belongs to
/// somebody else, [`Error::Unsupported`] where the system cannot tell.
pub fn process_memory(pid: u32) -> Result<ProcessMemory, Error> {
    system::process_memory(pid)
}

/// Gives memory that the allocator keeps for later back to the system, where the allocator can be told to. What a
/// process takes after that is new, so that its growth shows what it needed.
pub fn release_free_memory() {
    system::release_free_memory();
}
