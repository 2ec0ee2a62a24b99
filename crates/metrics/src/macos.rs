//! macOS: not yet. `proc_pid_rusage(pid, RUSAGE_INFO_V4, …)` gives the footprint and resident size of any process of
//! the same user, and `mach_vm_region` the shares.

use crate::{Error, ProcessMemory};

pub(crate) fn process_memory(_pid: u32) -> Result<ProcessMemory, Error> {
    Err(Error::Unsupported {
        reason: "on macOS zygote cannot ask proc_pid_rusage yet; use process.memoryUsage() there",
    })
}

pub(crate) fn release_free_memory() {}
