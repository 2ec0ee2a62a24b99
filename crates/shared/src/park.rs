//! Waiting for a word of shared memory to change, for the short time in which somebody is inside of a latch.

#[cfg_attr(target_os = "linux", path = "park/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "park/elsewhere.rs")]
mod system;

pub(crate) use system::{wait, wake_one};
