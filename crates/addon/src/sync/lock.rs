//! Locks.

use std::sync::Arc;

use napi::Env;
use napi_derive::napi;
use zygote_shared::lock::{Acquirer, Grant, Lock};

use super::held;
use super::object::{Kept, take_over};
use super::wait::SharedWait;
use crate::error::{Result, shared_failed};

/// See `zygote_shared::lock`. Tickets are numbers above 0; the outcome of a wait is the ticket, and 1 if who had the lock has ended
/// without giving it back.
#[napi]
pub struct SharedLock(Kept<Lock>);

#[napi]
impl SharedLock {
    /// A new one; or what has arrived in form of `descriptors`, which are its own from here on.
    #[napi(constructor)]
    pub fn new(descriptors: Option<Vec<i32>>) -> Result<Self> {
        let lock = match descriptors {
            None => Lock::create(),
            Some(descriptors) => take_over(descriptors).map(|(memory, bell)| Lock::from_memory(memory, bell))?,
        };
        Ok(Self(Kept::new(lock.map_err(shared_failed)?, Lock::bell)))
    }

    /// How many wait, of all processes.
    #[napi]
    pub fn waiting(&self) -> f64 {
        self.0.object.waiting() as f64
    }

    /// They stay its own.
    #[napi]
    pub fn descriptors(&self) -> Vec<i32> {
        self.0.descriptors(Lock::region)
    }

    /// The ticket, negative if who had the lock has ended without giving it back; 0 if it is not to be had at once.
    #[napi]
    pub fn try_acquire(&self, env: Env, again: bool, thoroughly: bool) -> f64 {
        let by = Acquirer { agent: held::agent(env), again };
        self.0.object.try_acquire(by, thoroughly).map_or(0.0, |grant| {
            note(env, &self.0.object, grant);
            if grant.abandoned { -(grant.ticket as f64) } else { grant.ticket as f64 }
        })
    }

    /// Waits for it.
    #[napi]
    pub fn wait(&self, env: Env, again: bool) -> SharedWait {
        let by = Acquirer { agent: held::agent(env), again };
        let lock = Arc::clone(&self.0.object);
        SharedWait::new(self.0.object.wait(by), move |grant| {
            note(env, &lock, grant);
            [grant.ticket as f64, f64::from(grant.abandoned)]
        })
    }

    /// Gives it back once, or entirely: how many times that was.
    #[napi]
    pub fn release(&self, env: Env, ticket: f64, entirely: bool) -> Result<f64> {
        let released = self.0.object.release(ticket as u64, entirely).map_err(shared_failed)?;
        if released.entirely {
            held::released(env, &self.0.object, ticket as u64);
        }
        Ok(released.times as f64)
    }

    /// Has it so often.
    #[napi]
    pub fn deepen(&self, ticket: f64, depth: f64) -> Result<()> {
        self.0.object.deepen(ticket as u64, depth as u64).map_err(shared_failed)
    }

    /// Whether anybody has it.
    #[napi]
    pub fn is_locked(&self) -> bool {
        self.0.object.is_locked()
    }

    /// Whether this thread has it.
    #[napi]
    pub fn is_held(&self, env: Env) -> bool {
        self.0.object.is_held_by(Acquirer { agent: held::agent(env), again: false })
    }
}

fn note(env: Env, lock: &Arc<Lock>, grant: Grant) {
    held::acquired(env, lock, grant.ticket);
}
