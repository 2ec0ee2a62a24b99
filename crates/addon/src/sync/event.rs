//! Events.

use napi_derive::napi;
use zygote_shared::event::Event;

use super::object::{Kept, take_over};
use super::wait::SharedWait;
use crate::error::{Result, shared_failed};

/// See `zygote_shared::event`. The outcome of a wait has no meaning but that there is one.
#[napi]
pub struct SharedEvent(Kept<Event>);

#[napi]
impl SharedEvent {
    /// A new one; or what has arrived in form of `descriptors`, which are its own from here on.
    #[napi(constructor)]
    pub fn new(descriptors: Option<Vec<i32>>) -> Result<Self> {
        let event = match descriptors {
            None => Event::create(),
            Some(descriptors) => take_over(descriptors).map(|(memory, bell)| Event::from_memory(memory, bell))?,
        };
        Ok(Self(Kept::new(event.map_err(shared_failed)?, Event::bell)))
    }

    /// How many wait, of all processes.
    #[napi]
    pub fn waiting(&self) -> f64 {
        self.0.object.waiting() as f64
    }

    /// They stay its own.
    #[napi]
    pub fn descriptors(&self) -> Vec<i32> {
        self.0.descriptors(Event::region)
    }

    /// Whether it is set.
    #[napi]
    pub fn is_set(&self) -> bool {
        self.0.object.is_set()
    }

    /// Everybody who waits goes on.
    #[napi]
    pub fn set(&self) {
        self.0.object.set();
    }

    /// Who waits from now on waits until it is set again.
    #[napi]
    pub fn clear(&self) {
        self.0.object.clear();
    }

    /// Waits until it is set.
    #[napi]
    pub fn wait(&self) -> SharedWait {
        SharedWait::new(self.0.object.wait(), |()| [1.0, 0.0])
    }
}
