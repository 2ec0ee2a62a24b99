//! Windows: `GetProcessMemoryInfo`, which knows the working set and what of it is private, but not who shares the rest.

use std::ffi::c_void;
use std::io;
use std::mem::MaybeUninit;

use crate::{Error, ProcessMemory};

const CALL: &str = "the counters of GetProcessMemoryInfo";

pub(crate) fn process_memory(pid: u32) -> Result<ProcessMemory, Error> {
    let counters = Process::open(pid)?.counters()?;
    let rss = counters.working_set as u64;
    let private = match counters.private_working_set {
        // Windows before 10 22H2, and wine. The commit charge is never less; wine has it in one of the two fields only.
        0 => counters.private_usage.max(counters.page_file),
        known => known,
    };
    let private = rss.min(private as u64);
    Ok(ProcessMemory {
        rss,
        pss: rss,
        shared_clean: rss - private,
        private_dirty: private,
        minor_faults: u64::from(counters.page_faults),
        ..ProcessMemory::default()
    })
}

/// The heap of Windows cannot be told to.
pub(crate) fn release_free_memory() {}

/// `PROCESS_MEMORY_COUNTERS_EX2`: see
/// [Windows](https://learn.microsoft.com/en-us/windows/win32/api/psapi/ns-psapi-process_memory_counters_ex2).
#[repr(C)]
struct Counters {
    size: u32,
    page_faults: u32,
    peak_working_set: usize,
    working_set: usize,
    quotas: [usize; 4],
    page_file: usize,
    peak_page_file: usize,
    private_usage: usize,
    private_working_set: usize,
    shared_commit: u64,
}

/// Bytes of a `PROCESS_MEMORY_COUNTERS_EX`, which ends before this field.
const OLDER_SIZE: usize = std::mem::offset_of!(Counters, private_working_set);

const PROCESS_QUERY_LIMITED_INFORMATION: u32 = 0x1000;
const SYNCHRONIZE: u32 = 0x0010_0000;
const ERROR_ACCESS_DENIED: i32 = 5;
const ERROR_INVALID_PARAMETER: i32 = 87;
const WAIT_TIMEOUT: u32 = 258;

#[link(name = "kernel32")]
unsafe extern "system" {
    fn OpenProcess(access: u32, inherit: i32, pid: u32) -> *mut c_void;
    fn CloseHandle(handle: *mut c_void) -> i32;
    fn WaitForSingleObject(handle: *mut c_void, milliseconds: u32) -> u32;
    fn K32GetProcessMemoryInfo(process: *mut c_void, counters: *mut c_void, size: u32) -> i32;
}

/// A handle of a process that was running when it was opened.
struct Process {
    handle: *mut c_void,
    pid: u32,
}

impl Process {
    fn open(pid: u32) -> Result<Self, Error> {
        // SAFETY: takes numbers only.
        let handle = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE, 0, pid) };
        if handle.is_null() {
            let cause = io::Error::last_os_error();
            return Err(match cause.raw_os_error() {
                Some(ERROR_INVALID_PARAMETER) => Error::NotFound { pid },
                Some(ERROR_ACCESS_DENIED) => Error::PermissionDenied { pid },
                _ => Error::Io { file: "the process", cause },
            });
        }
        let process = Self { handle, pid };
        // A process that has ended can be opened while somebody else has a handle of it.
        // SAFETY: a handle of our own, opened for that.
        if unsafe { WaitForSingleObject(handle, 0) } == WAIT_TIMEOUT {
            Ok(process)
        } else {
            Err(Error::NotFound { pid })
        }
    }

    fn counters(&self) -> Result<Counters, Error> {
        let mut last = None;
        for size in [size_of::<Counters>(), OLDER_SIZE] {
            let mut counters = MaybeUninit::<Counters>::zeroed();
            // SAFETY: a handle of our own, opened for that; the call writes at most `size` bytes.
            if unsafe { K32GetProcessMemoryInfo(self.handle, counters.as_mut_ptr().cast(), size as u32) } != 0 {
                // SAFETY: numbers, zero where nothing was written.
                return Ok(unsafe { counters.assume_init() });
            }
            last = Some(io::Error::last_os_error());
        }
        let cause = last.unwrap_or_else(io::Error::last_os_error);
        Err(match cause.raw_os_error() {
            Some(ERROR_ACCESS_DENIED) => Error::PermissionDenied { pid: self.pid },
            _ => Error::Io { file: CALL, cause },
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SAFETY: opened by `open`, and closed once.
        unsafe { CloseHandle(self.handle) };
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    const MB: u64 = 1_000_000;

    fn own() -> ProcessMemory {
        process_memory(std::process::id()).unwrap()
    }

    #[test]
    fn sizes_agree() {
        let memory = own();
        assert!(memory.rss > MB && memory.uss() > 0, "{memory:?}");
        assert!(memory.uss() <= memory.pss && memory.pss <= memory.rss, "{memory:?}");
        assert_eq!(memory.rss, memory.uss() + memory.shared_clean + memory.shared_dirty);
    }

    #[test]
    fn written_memory_is_private() {
        let before = own();
        let block = vec![1_u8; 64 << 20];
        let after = own();
        let [rss, private] = [after.rss - before.rss, after.private_dirty - before.private_dirty];
        assert!(rss > 60 * MB && rss < 80 * MB, "{rss}");
        assert!(private > 60 * MB && private < 80 * MB, "{private}");
        assert_eq!(std::hint::black_box(block).len(), 64 << 20);
    }

    #[test]
    fn another_process_until_it_ends() {
        let mut child =
            Command::new("cmd.exe").args(["/c", "pause"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let pid = child.id();
        assert!(process_memory(pid).unwrap().rss > 0);
        child.kill().unwrap();
        child.wait().unwrap();
        // The child's handle is still open.
        assert!(matches!(process_memory(pid), Err(Error::NotFound { .. })));
        drop(child);
        assert!(matches!(process_memory(pid), Err(Error::NotFound { .. })));
        assert!(matches!(process_memory(0x7FFF_FFF0), Err(Error::NotFound { .. })));
    }
}
