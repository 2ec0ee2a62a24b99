//! The memory of a process, for `Process.memory()` and `zygote measure`.

use napi_derive::napi;
use zygote_metrics::{Error, ProcessMemory};

use crate::error::{Code, Result};

/// The memory of a process. Sizes in bytes, page faults since the process began.
#[napi(object)]
#[derive(Debug)]
pub struct BindingProcessMemory {
    /// Resident set size.
    pub rss: f64,
    /// Proportional set size: a page that n processes map counts as 1/n.
    pub pss: f64,
    /// Unique set size: private, clean and dirty.
    pub uss: f64,
    /// Shared and unchanged.
    pub shared_clean: f64,
    /// Shared and changed.
    pub shared_dirty: f64,
    /// Private and unchanged.
    pub private_clean: f64,
    /// Private and changed.
    pub private_dirty: f64,
    /// In swap.
    pub swap: f64,
    /// Page faults served without a disk.
    pub minor_faults: f64,
    /// Page faults that read from a disk.
    pub major_faults: f64,
}

/// The memory of the process `pid` as it is now.
///
/// # Errors
///
/// `ERR_ZYGOTE_SYSTEM` where there is no such process or it may not be looked at, `ERR_ZYGOTE_UNSUPPORTED` where this
/// system cannot tell.
#[napi]
pub fn process_memory(pid: u32) -> Result<BindingProcessMemory> {
    zygote_metrics::process_memory(pid).map(BindingProcessMemory::from).map_err(|error| {
        let code = match error {
            Error::Unsupported { .. } => Code::Unsupported,
            _ => Code::System,
        };
        code.error(error)
    })
}

/// Gives memory that the allocator of this process keeps for later back to the system.
#[napi]
pub fn release_free_memory() {
    zygote_metrics::release_free_memory();
}

impl From<ProcessMemory> for BindingProcessMemory {
    fn from(memory: ProcessMemory) -> Self {
        Self {
            rss: memory.rss as f64,
            pss: memory.pss as f64,
            uss: memory.uss() as f64,
            shared_clean: memory.shared_clean as f64,
            shared_dirty: memory.shared_dirty as f64,
            private_clean: memory.private_clean as f64,
            private_dirty: memory.private_dirty as f64,
            swap: memory.swap as f64,
            minor_faults: memory.minor_faults as f64,
            major_faults: memory.major_faults as f64,
        }
    }
}
