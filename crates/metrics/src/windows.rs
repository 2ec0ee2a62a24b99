//! Windows: not yet. `GetProcessMemoryInfo` gives the working set, and `QueryWorkingSetEx` the shares.

use crate::{Error, ProcessMemory};

pub(crate) fn process_memory(_pid: u32) -> Result<ProcessMemory, Error> {
    Err(Error::Unsupported {
        reason: "on Windows zygote cannot ask GetProcessMemoryInfo yet; use process.memoryUsage() there",
    })
}

pub(crate) fn release_free_memory() {}
