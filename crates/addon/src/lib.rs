//! The Node-API addon of zygote: the list of its modules.
//!
//! Nothing here but conversion and errors; the work is done by the other crates.

#[cfg(unix)]
mod callback;
pub mod error;
#[cfg(unix)]
mod fork;
#[cfg(unix)]
mod isolate_random;
mod metrics;
#[cfg(unix)]
mod pool;
#[cfg(unix)]
mod process;
#[cfg(unix)]
mod random;
#[cfg(unix)]
mod uv;
pub mod version;
#[cfg(unix)]
mod watch;
