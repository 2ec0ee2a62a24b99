//! Other processes, and whether they still live.

#[cfg_attr(target_os = "linux", path = "peers/linux.rs")]
#[cfg_attr(target_vendor = "apple", path = "peers/macos.rs")]
#[cfg_attr(windows, path = "peers/windows.rs")]
mod system;

pub use system::Peer;

use crate::identity::ProcessId;

/// What is known of a process.
#[derive(Debug)]
pub enum Standing {
    /// It lives, and its end can be waited for.
    Lives(Peer),
    /// It has ended: none of its threads runs any more.
    Ended,
    /// It seems to live, and its end cannot be waited for (no descriptors are left): ask again.
    Unknown,
}

/// Whether a process has ended, so that none of its threads runs any more. In doubt it has not.
pub fn has_ended(process: ProcessId) -> bool {
    matches!(Peer::open(process), Standing::Ended)
}
