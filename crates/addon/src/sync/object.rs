//! What the objects have in common: descriptors, and errors.

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::sync::Arc;

use zygote_process::inherited;
use zygote_shared::bell::Bell;
use zygote_shared::memory::Memory;
use zygote_shared::region::Region;

use crate::error::{Code, Result, shared_failed};

/// An object with its bell, which forked children keep: it is the same bell there.
pub(super) struct Kept<T> {
    pub(super) object: Arc<T>,
    bell: Vec<i32>,
}

impl<T> Kept<T> {
    pub(super) fn new(object: T, bell: impl FnOnce(&T) -> &Arc<Bell>) -> Self {
        let object = Arc::new(object);
        let bell: Vec<_> = bell(&object).descriptors().iter().map(AsRawFd::as_raw_fd).collect();
        for fd in &bell {
            inherited::share(*fd);
        }
        Self { object, bell }
    }

    /// What has to arrive elsewhere.
    pub(super) fn descriptors(&self, region: impl FnOnce(&T) -> &Region) -> Vec<i32> {
        let memory = region(&self.object).as_fd().as_raw_fd();
        [&[memory], self.bell.as_slice()].concat()
    }
}

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        // Before they are closed.
        for fd in &self.bell {
            inherited::unshare(*fd);
        }
    }
}

/// The memory and the bell that have arrived. Closes the descriptors also if it fails.
pub(super) fn take_over(descriptors: Vec<i32>) -> Result<(Memory, Bell)> {
    if descriptors.iter().any(|fd| *fd < 0) {
        return Err(Code::InvalidArgument.error("not a descriptor"));
    }
    // SAFETY: the caller gives them up.
    let mut owned = descriptors.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
    let memory = owned.next();
    let bell = <_>::try_from(owned.collect::<Vec<_>>()).map(Bell::from_descriptors);
    let (Some(memory), Ok(bell)) = (memory, bell) else {
        return Err(Code::InvalidArgument.error("these are not the descriptors of a shared object"));
    };
    Ok((Memory::from_descriptor(memory).map_err(shared_failed)?, bell))
}
