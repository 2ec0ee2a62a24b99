//! Objects that processes share, and waiting for them.

pub mod barrier;
pub mod condition;
pub mod event;
mod held;
pub mod lock;
mod object;
pub mod queue;
pub mod semaphore;
mod wait;
pub mod waits;
pub mod words;
