//! Conditions.

use napi_derive::napi;
use zygote_shared::condition::Condition;

use super::object::{Kept, take_over};
use super::wait::SharedWait;
use crate::error::{Result, shared_failed};

/// See `zygote_shared::condition`. The outcome of a wait has no meaning but that there is one.
#[napi]
pub struct SharedCondition(Kept<Condition>);

#[napi]
impl SharedCondition {
    /// A new one; or what has arrived in form of `descriptors`, which are its own from here on.
    #[napi(constructor)]
    pub fn new(descriptors: Option<Vec<i32>>) -> Result<Self> {
        let condition = match descriptors {
            None => Condition::create(),
            Some(descriptors) => take_over(descriptors).map(|(memory, bell)| Condition::from_memory(memory, bell))?,
        };
        Ok(Self(Kept::new(condition.map_err(shared_failed)?, Condition::bell)))
    }

    /// How many wait, of all processes.
    #[napi]
    pub fn waiting(&self) -> f64 {
        self.0.object.waiting() as f64
    }

    /// They stay its own.
    #[napi]
    pub fn descriptors(&self) -> Vec<i32> {
        self.0.descriptors(Condition::region)
    }

    /// Notifies those who have waited longest, so many: how many there were.
    #[napi]
    pub fn notify(&self, most: f64) -> f64 {
        self.0.object.notify(most as u64) as f64
    }

    /// Waits to be notified.
    #[napi]
    pub fn wait(&self) -> SharedWait {
        SharedWait::new(self.0.object.wait(), |()| [1.0, 0.0])
    }
}
