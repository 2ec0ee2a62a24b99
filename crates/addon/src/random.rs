//! `Math.random()` after a fork.
//!
//! V8 keeps the generator of a context (xorshift128+: two words of state, and 64 numbers drawn in advance) in its heap and
//! offers no way to seed it again, so that all children of a process would draw the same numbers. Here the state is found
//! from the function `Math.random` itself, and taken for the generator's only if the function's own results prove it:
//! the index goes down by one with each call, and the number returned is the one that the table holds at that place.
//!
//! Layout of the heap objects without pointer compression: word 0 the map, word 1 the length as a small integer in the
//! upper half, then the elements. Order of the three context slots: index, state, cache
//! (V8: `NATIVE_CONTEXT_FIELDS`, `src/numbers/math-random.cc`).

use std::ptr;

use napi::bindgen_prelude::{Function, Uint8Array};
use napi::{Env, JsValue, sys};
use napi_derive::napi;

use crate::error::{Code, Result, failed};

pub(crate) const STATE_BYTES: usize = 16;
const CACHE_SIZE: usize = 64;
/// Words of a function object that may point to its context.
const FUNCTION_WORDS: usize = 12;

/// Addresses of the generator's three parts.
#[derive(Clone, Copy)]
struct Generator {
    /// Address of the context's slot that holds the index.
    index: *mut usize,
    state: *mut u8,
    cache: *const f64,
}

/// Address of a heap object, if the word is a tagged pointer.
fn object(word: usize) -> Option<*const usize> {
    (word & 3 == 1 && word > 0x1_0000).then(|| (word - 1) as *const usize)
}

/// The value of a small integer.
fn small_integer(word: usize) -> Option<usize> {
    (word.trailing_zeros() >= 32).then_some(word >> 32)
}

/// The length word of a heap object.
///
/// # Safety
/// `object` is a living heap object: all of them have at least two words.
unsafe fn length(object: *const usize) -> Option<usize> {
    // SAFETY: per the caller.
    small_integer(unsafe { object.add(1).read() })
}

/// # Safety
/// `function` is the address of a living function object; no garbage collection may happen while the result is used.
unsafe fn find(function: *const usize) -> Option<Generator> {
    (1..FUNCTION_WORDS).find_map(|word| {
        // SAFETY: function objects are followed by further objects of the same page where they are shorter.
        let context = object(unsafe { function.add(word).read() })?;
        // SAFETY: a tagged pointer in the heap leads to an object.
        let slots = unsafe { length(context) }.filter(|length| (64..4096).contains(length))?;
        (2..slots).find_map(|slot| {
            // SAFETY: inside the context, whose length has been read.
            let [index, state, cache] =
                unsafe { [context.add(slot).read(), context.add(slot + 1).read(), context.add(slot + 2).read()] };
            let (state, cache) = (object(state)?, object(cache)?);
            // SAFETY: tagged pointers lead to objects.
            let fits = small_integer(index).is_some_and(|index| index <= CACHE_SIZE)
                && unsafe { length(state) } == Some(STATE_BYTES)
                && unsafe { length(cache) } == Some(CACHE_SIZE);
            fits.then(|| Generator {
                index: context.wrapping_add(slot).cast_mut(),
                state: state.wrapping_add(2).cast_mut().cast(),
                cache: cache.wrapping_add(2).cast(),
            })
        })
    })
}

pub(crate) struct MathRandom {
    env: sys::napi_env,
    function: sys::napi_value,
}

impl MathRandom {
    pub(crate) fn new(env: Env, function: &Function<'_>) -> Self {
        Self { env: env.raw(), function: function.raw() }
    }

    fn generator(&self) -> Option<Generator> {
        // SAFETY: a `napi_value` of Node is the address of a slot that holds the tagged pointer.
        let function = object(unsafe { self.function.cast::<usize>().read() })?;
        // SAFETY: the address of the function that the handle keeps alive.
        unsafe { find(function) }
    }

    fn draw(&self) -> Option<f64> {
        let (mut receiver, mut result, mut number) = (ptr::null_mut(), ptr::null_mut(), 0.0);
        // SAFETY: a function of this environment, called without arguments on its own thread.
        let status = unsafe {
            sys::napi_get_undefined(self.env, &raw mut receiver);
            sys::napi_call_function(self.env, receiver, self.function, 0, ptr::null(), &raw mut result)
        };
        if status != sys::Status::napi_ok {
            return None;
        }
        // SAFETY: as above.
        let status = unsafe { sys::napi_get_value_double(self.env, result, &raw mut number) };
        (status == sys::Status::napi_ok).then_some(number)
    }

    /// Has the context draw a first state from its isolate's generator. Only after [`is_known`](Self::is_known).
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "for what is looked for on Linux only"))]
    pub(crate) fn draw_state(&self) -> Option<()> {
        let generator = self.generator()?;
        // SAFETY: the generator's state and index; plain data. All zero means "none yet" to V8.
        unsafe {
            ptr::write_bytes(generator.state, 0, STATE_BYTES);
            generator.index.write(0);
        }
        self.draw().map(drop)
    }

    /// Whether what was found is the generator for sure.
    pub(crate) fn is_known(&self) -> bool {
        self.proves_itself() == Some(true) && self.proves_itself() == Some(true)
    }

    /// Draws a number; true if it came from the place in the table that the index says.
    fn proves_itself(&self) -> Option<bool> {
        // SAFETY: no collection between finding and reading.
        let before = small_integer(unsafe { self.generator()?.index.read() })?;
        let drawn = self.draw()?;
        let generator = self.generator()?;
        // SAFETY: as above.
        let after = small_integer(unsafe { generator.index.read() })?;
        let expected = if before == 0 { CACHE_SIZE - 1 } else { before - 1 };
        if after != expected {
            return Some(false);
        }
        // SAFETY: `after` is below the table's length.
        Some(unsafe { generator.cache.add(after).read() }.to_bits() == drawn.to_bits())
    }
}

/// Gives `Math.random` (the function itself, as built in) a new state of 16 random bytes. False where this V8 keeps it
/// in a way that is not known; nothing has changed then.
#[napi]
pub fn reseed_math_random(env: Env, math_random: Function<'_>, seed: Uint8Array) -> Result<bool> {
    if seed.len() != STATE_BYTES || seed.iter().all(|byte| *byte == 0) {
        return Err(Code::InvalidArgument.error("the seed must be 16 bytes, not all of them 0"));
    }
    let function = MathRandom::new(env, &math_random);
    if !function.is_known() {
        return Ok(false);
    }
    let Some(generator) = function.generator() else { return Ok(false) };
    // SAFETY: proven to be the generator's state and index; plain data, which needs no write barrier.
    unsafe {
        ptr::copy_nonoverlapping(seed.as_ptr(), generator.state, STATE_BYTES);
        // An empty table: the next call draws new numbers from the new state.
        generator.index.write(0);
    }
    Ok(function.proves_itself() == Some(true))
}

/// Random bytes from the system itself, whatever any generator in this process would draw.
#[napi]
pub fn fill_random(mut bytes: Uint8Array) -> Result<()> {
    // SAFETY: no JavaScript runs meanwhile.
    let bytes = unsafe { bytes.as_mut() };
    zygote_process::entropy::fill(bytes).map_err(failed("getrandom"))
}
