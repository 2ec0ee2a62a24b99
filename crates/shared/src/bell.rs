//! "Something has changed": heard by everybody who waits. Hearing it takes it away from nobody, so that a process that is
//! killed takes no wake-up with it.

#[cfg_attr(target_os = "linux", path = "bell/linux.rs")]
#[cfg_attr(target_vendor = "apple", path = "bell/macos.rs")]
#[cfg_attr(windows, path = "bell/windows.rs")]
mod system;

pub use system::Bell;
#[cfg(windows)]
pub(crate) use system::Shared;
