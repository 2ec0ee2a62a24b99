//! What the objects have in common: descriptors, and errors.

use std::sync::Arc;

use zygote_shared::bell::Bell;
use zygote_shared::memory::Memory;
use zygote_shared::region::Region;

use crate::descriptor::{keep_in_forks, keep_no_more, number_of, take};
use crate::error::{Code, Result, shared_failed};

/// An object with its bell, which forked children keep: it is the same bell there.
pub(super) struct Kept<T> {
    pub(super) object: Arc<T>,
    bell: Vec<i32>,
}

impl<T> Kept<T> {
    pub(super) fn new(object: T, bell: impl FnOnce(&T) -> &Arc<Bell>) -> Self {
        let object = Arc::new(object);
        let bell: Vec<_> = bell(&object).descriptors().iter().map(number_of).collect();
        for fd in &bell {
            keep_in_forks(*fd);
        }
        Self { object, bell }
    }

    /// What has to arrive elsewhere.
    pub(super) fn descriptors(&self, region: impl FnOnce(&T) -> &Region) -> Vec<i32> {
        let memory = number_of(region(&self.object));
        [&[memory], self.bell.as_slice()].concat()
    }
}

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        // Before they are closed.
        for fd in &self.bell {
            keep_no_more(*fd);
        }
    }
}

/// The memory and the bell that have arrived. Closes the descriptors also if it fails.
pub(super) fn take_over(descriptors: Vec<i32>) -> Result<(Memory, Bell)> {
    // SAFETY: the caller gives them up.
    let owned: Vec<_> = descriptors.into_iter().map(|fd| unsafe { take(fd) }).collect();
    let mut owned = owned.into_iter().collect::<Result<Vec<_>>>()?.into_iter();
    let memory = owned.next();
    let (Some(memory), Ok(bell)) = (memory, owned.collect::<Vec<_>>().try_into()) else {
        return Err(Code::InvalidArgument.error("these are not the descriptors of a shared object"));
    };
    let bell = Bell::from_descriptors(bell).map_err(shared_failed)?;
    Ok((Memory::from_descriptor(memory).map_err(shared_failed)?, bell))
}
