//! Random numbers of contexts that are made after a fork (`vm`).
//!
//! A context draws its first state from the isolate's generator (V8: `base::RandomNumberGenerator`, three words: the seed it
//! had first, and a state of two), in memory outside of the heap that V8 offers no way to. With a copy of it all children
//! of a process would make the same contexts. It is found among what the isolate points to: it is what changes, in the way
//! the generator does (xorshift128), when a context draws from it.

use std::sync::atomic::{AtomicUsize, Ordering};

use napi::Env;
use napi::bindgen_prelude::{Function, Uint8Array};
use napi_derive::napi;

use crate::error::{Code, Result};
use crate::random::{MathRandom, STATE_BYTES};

/// Address of the generator of the main thread's isolate; 0 where it is not known. Children inherit it.
static GENERATOR: AtomicUsize = AtomicUsize::new(0);

/// Looks for the generator, which takes some milliseconds; false where this V8 keeps it in a way that is not known.
/// `Math.random` goes on with a new state. For the main thread.
#[napi]
pub fn find_isolate_random(env: Env, math_random: Function<'_>) -> bool {
    let address = find(&MathRandom::new(env, &math_random)).unwrap_or(0);
    GENERATOR.store(address, Ordering::Relaxed);
    address != 0
}

/// Gives the generator that was found a new state of 16 random bytes; false where none was.
#[napi]
pub fn reseed_isolate_random(seed: Uint8Array) -> Result<bool> {
    if seed.len() != STATE_BYTES || seed.iter().all(|byte| *byte == 0) {
        return Err(Code::InvalidArgument.error("the seed must be 16 bytes, not all of them 0"));
    }
    let address = GENERATOR.load(Ordering::Relaxed);
    if address != 0 {
        let state = (address as *mut u64).wrapping_add(1).cast();
        // SAFETY: proven to be the generator, which lives as long as its isolate; words 1 and 2 are plain numbers.
        unsafe { std::ptr::copy_nonoverlapping(seed.as_ptr(), state, STATE_BYTES) };
    }
    Ok(address != 0)
}

#[cfg(not(target_os = "linux"))]
fn find(_math_random: &MathRandom) -> Option<usize> {
    None
}

#[cfg(target_os = "linux")]
fn find(math_random: &MathRandom) -> Option<usize> {
    use memory::{Words, generators_at, isolate_pointers};

    // Steps at most when a context draws its first state: as of now one for each of 8 bytes.
    const MOST_STEPS: usize = 64;
    let has_stepped = |before: Words, after: Words| {
        let [seed, mut state, mut next] = before;
        (0..MOST_STEPS).any(|_| {
            let old = state;
            state = next;
            next = old ^ (old << 23);
            next ^= next >> 17;
            next ^= state ^ (state >> 26);
            after == [seed, state, next]
        }) && before != after
    };
    if !math_random.is_known() {
        return None;
    }
    // V8 makes the generator at the first draw.
    math_random.draw_state()?;
    let before = generators_at(&isolate_pointers()?);
    let addresses: Vec<_> = before.iter().map(|(address, _)| *address).collect();
    math_random.draw_state()?;
    let after = generators_at(&addresses);
    let mut found = before.iter().zip(&after).filter(|((_, before), (_, after))| has_stepped(*before, *after));
    let ((address, _), (again, _)) = found.next()?;
    (found.next().is_none() && address == again).then_some(*address as usize)
}

/// Reading memory that may not exist.
#[cfg(target_os = "linux")]
mod memory {
    /// What a generator consists of.
    pub(super) type Words = [u64; 3];

    /// Pointers to writable memory in the first 256 KB of the current isolate.
    pub(super) fn isolate_pointers() -> Option<Vec<u64>> {
        const PIECE: usize = 512;
        const PIECES: usize = 64;
        // SAFETY: only asks for an address.
        let symbol = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"_ZN2v87Isolate10GetCurrentEv".as_ptr()) };
        if symbol.is_null() {
            return None;
        }
        // SAFETY: `v8::Isolate::GetCurrent()`, as its mangled name says: no parameters, and a pointer as result.
        let isolate = unsafe { std::mem::transmute::<*mut libc::c_void, extern "C" fn() -> usize>(symbol)() };
        let pieces: Vec<_> = (0..PIECES).map(|piece| (isolate + piece * PIECE * size_of::<u64>()) as u64).collect();
        let mut words = vec![0; PIECES * PIECE];
        let length = read(&pieces, &mut words);
        words.truncate(length);
        words.retain(|word| word % 8 == 0);
        words.sort_unstable();
        words.dedup();
        // Asking the system for each of them would take longer.
        let mut writable = writable_ranges()?.into_iter().peekable();
        words.retain(|word| {
            while writable.next_if(|(_, end)| end <= word).is_some() {}
            writable.peek().is_some_and(|(start, _)| start <= word)
        });
        Some(words)
    }

    /// In ascending order.
    fn writable_ranges() -> Option<Vec<(u64, u64)>> {
        let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
        let range = |line: &str| {
            let (range, rest) = line.split_once(' ')?;
            let (start, end) = range.split_once('-')?;
            let number = |text| u64::from_str_radix(text, 16).ok();
            rest.starts_with("rw").then_some((number(start)?, number(end)?))
        };
        Some(maps.lines().filter_map(range).collect())
    }

    /// The words at these addresses, but for those that cannot be read.
    pub(super) fn generators_at(addresses: &[u64]) -> Vec<(u64, Words)> {
        const AT_ONCE: usize = 512;
        let mut generators = Vec::new();
        let mut rest = addresses;
        while !rest.is_empty() {
            let batch = rest.get(..AT_ONCE).unwrap_or(rest);
            let mut words = vec![0; 3 * batch.len()];
            let whole = read(batch, &mut words) / 3;
            let values = words.chunks_exact(3).filter_map(|chunk| Words::try_from(chunk).ok());
            generators.extend(batch.iter().copied().zip(values).take(whole));
            // Reading ends before the first address that cannot be read.
            rest = rest.get((whole + 1).min(batch.len())..).unwrap_or(&[]);
        }
        generators
    }

    /// Copies the same number of words from each address; returns how many it got.
    fn read(addresses: &[u64], into: &mut [u64]) -> usize {
        let bytes = size_of_val(into);
        let each = bytes / addresses.len().max(1);
        let remote: Vec<_> = addresses
            .iter()
            .map(|address| libc::iovec { iov_base: *address as *mut libc::c_void, iov_len: each })
            .collect();
        let local = libc::iovec { iov_base: into.as_mut_ptr().cast(), iov_len: bytes };
        let count = remote.len() as libc::c_ulong;
        // SAFETY: writes at most `bytes` bytes into `into`, and fails where it cannot read.
        let read = unsafe { libc::process_vm_readv(libc::getpid(), &raw const local, 1, remote.as_ptr(), count, 0) };
        usize::try_from(read).unwrap_or(0) / size_of::<u64>()
    }
}
