//! Semaphores.

use std::sync::Arc;

use napi::Env;
use napi_derive::napi;
use zygote_shared::semaphore::{Back, Semaphore};

use super::held;
use super::object::{Kept, take_over};
use super::wait::SharedWait;
use crate::error::{Result, shared_failed};

/// See `zygote_shared::semaphore`. The outcome of a wait has no meaning but that there is one.
#[napi]
pub struct SharedSemaphore(Kept<Semaphore>);

#[napi]
impl SharedSemaphore {
    /// A new one with so many permits, and never more than `bound`; or what has arrived in form of `descriptors`, which are its own
    /// from here on.
    #[napi(constructor)]
    pub fn new(value: f64, bound: f64, descriptors: Option<Vec<i32>>) -> Result<Self> {
        let semaphore = match descriptors {
            None => Semaphore::create(value as u64, bound as u64),
            Some(descriptors) => take_over(descriptors).map(|(memory, bell)| Semaphore::from_memory(memory, bell))?,
        };
        Ok(Self(Kept::new(semaphore.map_err(shared_failed)?, Semaphore::bell)))
    }

    /// How many wait, of all processes.
    #[napi]
    pub fn waiting(&self) -> f64 {
        self.0.object.waiting() as f64
    }

    /// They stay its own.
    #[napi]
    pub fn descriptors(&self) -> Vec<i32> {
        self.0.descriptors(Semaphore::region)
    }

    /// Whether a permit was to be had at once.
    #[napi]
    pub fn try_acquire(&self, env: Env, thoroughly: bool) -> Result<bool> {
        let acquired = self.0.object.try_acquire(thoroughly).map_err(shared_failed)?;
        if acquired {
            held::permits(env, &self.0.object, 1);
        }
        Ok(acquired)
    }

    /// Waits for a permit.
    #[napi]
    pub fn wait(&self, env: Env) -> SharedWait {
        let semaphore = Arc::clone(&self.0.object);
        SharedWait::new(self.0.object.wait(), move |()| {
            held::permits(env, &semaphore, 1);
            [1.0, 0.0]
        })
    }

    /// Gives one permit back that this process has; with `keep` it is used up instead.
    #[napi]
    pub fn give_back(&self, env: Env, keep: bool) -> Result<()> {
        self.0.object.give_back(if keep { Back::Keep } else { Back::Release }).map_err(shared_failed)?;
        held::permits(env, &self.0.object, -1);
        Ok(())
    }

    /// Makes so many permits free, first those that this process has.
    #[napi]
    pub fn release(&self, env: Env, permits: f64) -> Result<()> {
        self.0.object.release(permits as u64).map_err(shared_failed)?;
        held::permits(env, &self.0.object, -(permits as i64));
        Ok(())
    }

    /// Permits that are free.
    #[napi]
    pub fn value(&self) -> f64 {
        self.0.object.value() as f64
    }
}
