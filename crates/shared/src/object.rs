//! What the objects have in common: a region with a state of their kind, and a bell.

use std::sync::Arc;

use crate::bell::Bell;
use crate::memory::Memory;
use crate::region::{Region, Session};
use crate::waiters::MOST;
use crate::{Error, Result};

/// Words that one change of the state can change: each of those who wait may be served, which changes twelve at most.
const CHANGES: usize = 12 * MOST;

/// A state that consists of atomics and begins as zeros.
///
/// # Safety
/// It is `repr(C)` and has no other fields than atomics and such states.
pub(crate) unsafe trait State: Sized {
    /// Tells its regions from others.
    const KIND: u32;
    /// For messages.
    const NAME: &'static str;
}

#[derive(Debug)]
pub(crate) struct Object<S> {
    region: Region,
    pub(crate) bell: Arc<Bell>,
    state: std::marker::PhantomData<S>,
}

impl<S: State> Object<S> {
    pub(crate) fn create() -> Result<Self> {
        let region = Region::create(S::KIND, CHANGES, size_of::<S>())?;
        Ok(Self { region, bell: Arc::new(Bell::create()?), state: std::marker::PhantomData })
    }

    pub(crate) fn open(memory: Memory, bell: Bell) -> Result<Self> {
        let region = Region::open(memory, S::KIND, S::NAME)?;
        // SAFETY: a state consists of atomics, per its implementation.
        unsafe { region.at::<S>(0) }.map_err(|_| Error::Foreign(S::NAME))?;
        Ok(Self { region, bell: Arc::new(bell), state: std::marker::PhantomData })
    }

    pub(crate) fn state(&self) -> &S {
        // SAFETY: a state consists of atomics; `create` and `open` have seen to it that it is there, aligned as pages are.
        unsafe { &*self.region.bytes(0).cast::<S>() }
    }

    pub(crate) fn enter(&self) -> Session<'_> {
        self.region.enter()
    }

    pub(crate) fn region(&self) -> &Region {
        &self.region
    }
}

/// What every kind of object has, of which `$name` is the public type around an [`Object`].
macro_rules! shared_object {
    ($name:ident) => {
        impl $name {
            /// What has arrived from another process.
            ///
            /// # Errors
            /// [`Error::Foreign`](crate::Error::Foreign), [`Error::Call`](crate::Error::Call).
            pub fn from_memory(memory: crate::memory::Memory, bell: crate::bell::Bell) -> crate::Result<Self> {
                Object::open(memory, bell).map(Self)
            }

            /// Its memory.
            pub fn region(&self) -> &crate::region::Region {
                self.0.region()
            }

            /// Its bell.
            pub fn bell(&self) -> &std::sync::Arc<crate::bell::Bell> {
                &self.0.bell
            }
        }
    };
}

pub(crate) use shared_object;
