//! Memory that this process and those that it forks write to together.

use napi::Env;
use napi::bindgen_prelude::ArrayBuffer;
use napi_derive::napi;
use zygote_process::pages::SharedPages;

use crate::error::{Code, Result, failed};

/// Most bytes of an `ArrayBuffer`, as V8 has it.
const MOST_BYTES: f64 = (1_u64 << 53) as f64;

/// `bytes` of memory, zero at first, that forked children write to as well. It is given back when the buffer is collected.
#[napi]
pub fn shared_pages(env: &Env, bytes: f64) -> Result<ArrayBuffer<'_>> {
    if !(1.0..MOST_BYTES).contains(&bytes) {
        return Err(Code::InvalidArgument.error(format_args!("{bytes} is no number of bytes")));
    }
    let pages = SharedPages::new(bytes as usize).map_err(failed("mmap"))?;
    let (start, length) = (pages.start().as_ptr(), pages.length());
    // SAFETY: the mapping lives until the buffer's memory is let go of.
    unsafe { ArrayBuffer::from_external(env, start, length, pages, |_, pages| drop(pages)) }
        .map_err(|error| Code::System.error(format_args!("making an ArrayBuffer: {error}")))
}
