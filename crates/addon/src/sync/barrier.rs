//! Barriers.

use napi_derive::napi;
use zygote_shared::barrier::Barrier;

use super::object::{Kept, take_over};
use super::wait::SharedWait;
use crate::error::{Result, shared_failed};

/// See `zygote_shared::barrier`. The outcome of a wait is the index, and the round for the one who leads; -1 for the others.
#[napi]
pub struct SharedBarrier(Kept<Barrier>);

#[napi]
impl SharedBarrier {
    /// A new one for so many parties; or what has arrived in form of `descriptors`, which are its own from here on.
    #[napi(constructor)]
    pub fn new(parties: f64, descriptors: Option<Vec<i32>>) -> Result<Self> {
        let barrier = match descriptors {
            None => Barrier::create(parties as u64),
            Some(descriptors) => take_over(descriptors).map(|(memory, bell)| Barrier::from_memory(memory, bell))?,
        };
        Ok(Self(Kept::new(barrier.map_err(shared_failed)?, Barrier::bell)))
    }

    /// They stay its own.
    #[napi]
    pub fn descriptors(&self) -> Vec<i32> {
        self.0.descriptors(Barrier::region)
    }

    /// How many wait for each other.
    #[napi]
    pub fn parties(&self) -> f64 {
        self.0.object.parties() as f64
    }

    /// How many wait now.
    #[napi]
    pub fn waiting(&self) -> f64 {
        self.0.object.waiting() as f64
    }

    /// Whether it is broken.
    #[napi]
    pub fn is_broken(&self) -> bool {
        self.0.object.is_broken()
    }

    /// Arrives, and waits for the others.
    #[napi]
    pub fn wait(&self) -> SharedWait {
        SharedWait::new(self.0.object.wait(), |arrival| {
            [arrival.index as f64, arrival.leads.map_or(-1.0, |round| round as f64)]
        })
    }

    /// The one who leads lets the others of its round go on.
    #[napi]
    pub fn open(&self, round: f64) -> Result<()> {
        self.0.object.open(round as u64).map_err(shared_failed)
    }

    /// Breaks it.
    #[napi]
    pub fn abort(&self) {
        self.0.object.abort();
    }

    /// Begins a new round.
    #[napi]
    pub fn reset(&self) {
        self.0.object.reset();
    }
}
