//! Systems without a way to give a new kernel thread an old thread's place.

use std::ffi::CStr;
use std::time::Duration;

use crate::{Error, Forked, Options};

fn refusal() -> Error {
    Error::Unsupported("threads can be brought along only on Linux on x86-64 and AArch64".into())
}

pub(crate) fn support() -> Result<(), Error> {
    Err(refusal())
}

pub(crate) unsafe fn fork(_options: &Options<'_>) -> Result<Forked, Error> {
    Err(refusal())
}

pub(crate) fn raw_clone() -> Result<Duration, Error> {
    Err(refusal())
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "same signature as on Linux, where it can fail")]
pub(crate) fn make_heap_inheritable() -> Result<(), Error> {
    Ok(())
}

pub(crate) fn identify(_path: &CStr) -> Option<(u64, u64)> {
    None
}
