//! This process itself, on every system.

use napi_derive::napi;

#[cfg_attr(unix, path = "this_process/unix.rs")]
#[cfg_attr(windows, path = "this_process/windows.rs")]
mod system;

/// The process id as the system knows it, whatever `process.pid` says.
#[napi]
pub fn process_id() -> u32 {
    std::process::id()
}

/// Ends this process at once: no listener, no destructor, nothing flushed.
#[napi]
pub fn exit_now(code: i32) {
    system::exit(code)
}
