//! The Node-API addon of zygote: the list of its modules.
//!
//! Nothing here but conversion and errors; the work is done by the other crates.

#![allow(clippy::missing_errors_doc, reason = "users meet these errors, and their documentation, in src/")]
#![allow(missing_debug_implementations, reason = "values on their way to JavaScript")]
#![allow(unreachable_pub, reason = "what the exported modules share is public among them")]

#[cfg_attr(unix, path = "attention/unix.rs")]
#[cfg_attr(windows, path = "attention/windows.rs")]
pub mod attention;
mod callback;
#[cfg(unix)]
pub mod channel;
#[cfg(unix)]
#[cfg_attr(not(target_os = "linux"), path = "connection/elsewhere.rs")]
pub mod connection;
#[cfg_attr(unix, path = "descriptor/unix.rs")]
#[cfg_attr(windows, path = "descriptor/windows.rs")]
pub mod descriptor;
pub mod error;
#[cfg(windows)]
mod event_watch;
#[cfg(unix)]
pub mod fork;
#[cfg(unix)]
pub mod isolate_random;
#[cfg(unix)]
#[cfg_attr(target_os = "linux", path = "main_thread/linux.rs")]
#[cfg_attr(target_vendor = "apple", path = "main_thread/apple.rs")]
#[cfg_attr(not(any(target_os = "linux", target_vendor = "apple")), path = "main_thread/other.rs")]
mod main_thread;
pub mod memory;
pub mod metrics;
#[cfg(unix)]
pub mod pages;
#[cfg(unix)]
mod pool;
#[cfg(unix)]
pub mod process;
#[cfg(unix)]
pub mod random;
pub mod sync;
#[cfg(windows)]
pub mod tether;
pub mod this_process;
#[cfg(unix)]
mod uv;
pub mod version;
#[cfg(unix)]
pub mod watch;
