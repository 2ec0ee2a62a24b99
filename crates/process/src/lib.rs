//! Children of this process: wait for them, signal them, talk to them, and what a new child does to itself first.

#[cfg(unix)]
pub mod channel;
#[cfg(unix)]
pub mod lifetime;
#[cfg(unix)]
pub mod standard;
#[cfg(unix)]
pub mod wait;
