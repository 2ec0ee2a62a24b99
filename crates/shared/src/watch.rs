//! One set of bells and processes of which a thread hears.

#[cfg_attr(target_os = "linux", path = "watch/linux.rs")]
#[cfg_attr(target_vendor = "apple", path = "watch/macos.rs")]
#[cfg_attr(windows, path = "watch/windows.rs")]
mod system;

pub(crate) use system::Watch;

use crate::identity::ProcessId;

/// What was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The bell with this token was rung, once or more.
    Bell(u32),
    /// This process has ended.
    End(ProcessId),
}
