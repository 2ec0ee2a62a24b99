//! Waiting for words of shared memory.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;
use zygote_shared::words::Words;

use super::object::{Kept, take_over};
use super::wait::SharedWait;
use crate::error::{Code, Result, shared_failed};

/// See `zygote_shared::words`. The outcome of a wait is 1 if it was notified, 0 if the word was not as expected.
#[napi]
pub struct SharedWords(Kept<Words>);

#[napi]
impl SharedWords {
    /// For new memory; or what has arrived in form of `descriptors`, which are its own from here on.
    #[napi(constructor)]
    pub fn new(descriptors: Option<Vec<i32>>) -> Result<Self> {
        let words = match descriptors {
            None => Words::create(),
            Some(descriptors) => take_over(descriptors).map(|(memory, bell)| Words::from_memory(memory, bell))?,
        };
        Ok(Self(Kept::new(words.map_err(shared_failed)?, Words::bell)))
    }

    /// They stay its own.
    #[napi]
    pub fn descriptors(&self) -> Vec<i32> {
        self.0.descriptors(Words::region)
    }

    /// Notifies those who have waited longest for the word at `offset`, so many: how many there were.
    #[napi]
    pub fn notify(&self, offset: f64, most: f64) -> f64 {
        self.0.object.notify(offset as u64, most as u64) as f64
    }

    /// Waits to be notified, if `word`, the 4 or 8 bytes at `offset`, is as `expected` at the first look. The caller keeps what `word`
    /// shows until it looks and blocks no more.
    #[napi]
    pub fn wait(&self, offset: f64, mut word: Uint8Array, expected: Uint8Array) -> Result<SharedWait> {
        // SAFETY: nothing is read or written by it.
        let place = unsafe { word.as_mut() }.as_mut_ptr();
        let fits = place.addr().is_multiple_of(word.len());
        let is_as_expected: Box<dyn Fn() -> bool> =
            match (word.len(), <[u8; 4]>::try_from(&*expected), <[u8; 8]>::try_from(&*expected)) {
                (4, Ok(expected), _) if fits => {
                    let expected = u32::from_ne_bytes(expected);
                    // SAFETY: aligned; shared memory that the caller keeps.
                    Box::new(move || unsafe { AtomicU32::from_ptr(place.cast()) }.load(Ordering::SeqCst) == expected)
                }
                (8, _, Ok(expected)) if fits => {
                    let expected = u64::from_ne_bytes(expected);
                    // SAFETY: as above.
                    Box::new(move || unsafe { AtomicU64::from_ptr(place.cast()) }.load(Ordering::SeqCst) == expected)
                }
                _ => return Err(Code::InvalidArgument.error("a word has 4 or 8 bytes, and so has what is expected")),
            };
        let wait = self.0.object.wait(offset as u64, is_as_expected);
        Ok(SharedWait::new(wait, |notified| [f64::from(notified), 0.0]))
    }
}
