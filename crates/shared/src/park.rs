//! Waiting for a word of shared memory to change, for the short time in which somebody is inside of a latch.

#[cfg_attr(target_os = "linux", path = "park/linux.rs")]
#[cfg_attr(target_vendor = "apple", path = "park/macos.rs")]
#[cfg_attr(windows, path = "park/windows.rs")]
mod system;

pub(crate) use system::{wait, wake_one};
