//! A list in memory that is mapped once and filled again at each fork: for the time when nothing may be allocated.

use core::marker::PhantomData;
use core::{ptr, slice};

use super::sys;

/// Up to `CAPACITY` plain values. Untouched pages cost nothing.
pub(super) struct List<T: Copy, const CAPACITY: usize> {
    start: *mut T,
    length: usize,
    values: PhantomData<T>,
}

impl<T: Copy, const CAPACITY: usize> List<T, CAPACITY> {
    pub(super) const fn new() -> Self {
        Self { start: ptr::null_mut(), length: 0, values: PhantomData }
    }

    /// Empties the list; maps its memory at the first use.
    pub(super) fn clear(&mut self) -> Result<(), i32> {
        if self.start.is_null() {
            self.start = sys::reserve(CAPACITY * size_of::<T>())?.cast();
        }
        self.length = 0;
        Ok(())
    }

    /// False where the list is full.
    pub(super) fn push(&mut self, value: T) -> bool {
        if self.start.is_null() || self.length >= CAPACITY {
            return false;
        }
        // SAFETY: inside the mapping, as checked; page-aligned memory fits every T.
        unsafe { self.start.add(self.length).write(value) };
        self.length += 1;
        true
    }

    pub(super) fn as_slice(&self) -> &[T] {
        if self.start.is_null() {
            return &[];
        }
        // SAFETY: `push` has written the first `length` values.
        unsafe { slice::from_raw_parts(self.start, self.length) }
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
        if self.start.is_null() {
            return &mut [];
        }
        // SAFETY: as above, and `self` is borrowed exclusively.
        unsafe { slice::from_raw_parts_mut(self.start, self.length) }
    }
}
