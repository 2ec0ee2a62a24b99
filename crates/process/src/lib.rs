//! Children of this process: wait for them, signal them, talk to them, and what a new child does to itself first.

#[cfg(target_os = "linux")]
pub mod blob;
#[cfg(unix)]
pub mod channel;
#[cfg(target_os = "linux")]
mod copy;
#[cfg(unix)]
pub mod descriptor;
#[cfg(unix)]
pub mod entropy;
#[cfg(target_os = "linux")]
pub mod frame;
#[cfg(windows)]
pub mod handle;
#[cfg(unix)]
pub mod inherited;
#[cfg(unix)]
pub mod lifetime;
#[cfg(unix)]
pub mod message;
#[cfg(unix)]
pub mod pages;
#[cfg(unix)]
#[cfg_attr(not(target_os = "linux"), path = "slab/elsewhere.rs")]
pub mod slab;
#[cfg(unix)]
pub mod standard;
#[cfg(windows)]
pub mod tether;
#[cfg(unix)]
pub mod wait;

#[cfg(unix)]
#[cfg_attr(target_vendor = "apple", path = "system/apple.rs")]
#[cfg_attr(not(target_vendor = "apple"), path = "system/posix.rs")]
mod system;
