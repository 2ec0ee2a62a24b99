//! A system that nobody has looked at.

use crate::{Error, ProcessMemory};

pub(crate) fn process_memory(_pid: u32) -> Result<ProcessMemory, Error> {
    Err(Error::Unsupported { reason: "this operating system is not known; use process.memoryUsage() there" })
}

pub(crate) fn release_free_memory() {}
