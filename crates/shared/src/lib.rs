//! Memory that processes share, and what synchronizes them over it. Any of them may be killed at any instant: none of the
//! others hangs, and none sees half of a change.
//!
//! An object (a lock, a queue) is one piece of [`memory`] and, where somebody may have to wait, one [`bell`].
//!
//! - [`region`]: who changes an object's state is alone with it, for nanoseconds. It is taken over from a process that died
//!   inside, and the [`journal`](region::Session) then undoes what that one had begun.
//! - [`bell`]: "something has changed", heard by everybody who waits; nobody can take it away from another.
//! - [`identity`] and [`peers`]: processes, known by their id and the time of their start, and the news of their end.
//! - [`waits`]: what one thread waits for: bells and ends of processes.
//!
//! What is made of them: [`lock`], [`semaphore`], [`event`], [`condition`], [`barrier`]. A [`wait`] for one of them has a slot in its
//! region, first come, first served; whoever gets something finds it under its name, and who dies with it is found out by
//! those who wait.
//!
//! The rule that makes it whole: a bell is rung *inside* the latch and *before* the commit. Killed before the commit, nothing
//! has happened and somebody woke for nothing; killed after it, those who woke find the latch of a dead process, take it
//! over, and see what was committed.

pub mod barrier;
pub mod bell;
pub mod condition;
pub mod error;
pub mod event;
pub mod identity;
pub mod inside;
pub mod lock;
pub mod memory;
mod object;
mod park;
pub mod peers;
pub mod queue;
pub mod region;
pub mod semaphore;
pub mod template;
pub mod wait;
mod waiters;
pub mod waits;
mod watch;
#[cfg(windows)]
mod windows;
pub mod words;

pub use error::{Error, Result};
