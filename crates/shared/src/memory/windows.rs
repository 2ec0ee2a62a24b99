//! Windows.

use std::ptr::NonNull;

use super::Access;
use crate::{Error, Result};

const WHAT: Error = Error::Unsupported("shared memory");

#[derive(Debug)]
pub(super) struct Object;

pub(super) fn create(_size: usize) -> Result<Object> {
    Err(WHAT)
}

pub(super) fn map(_object: &Object, _size: usize, _access: Access) -> Result<NonNull<u8>> {
    Err(WHAT)
}

/// # Safety
/// See [`super::Memory::map_over`].
pub(super) unsafe fn map_over(_object: &Object, _size: usize, _access: Access, _address: NonNull<u8>) -> Result<()> {
    Err(WHAT)
}

pub(super) fn punch(_object: &Object, _offset: usize, _length: usize) -> Result<()> {
    Err(WHAT)
}

/// # Safety
/// A mapping of `map`, which nothing uses any more.
pub(super) unsafe fn unmap(_address: NonNull<u8>, _length: usize) {}
