//! macOS: `kill(0)`; a kqueue tells when a process ends.

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::Standing;
use crate::identity::ProcessId;

/// A process that lived when this was made.
#[derive(Debug)]
pub struct Peer(ProcessId);

impl Peer {
    /// Looks for it. One that has ended and was not waited for yet is still found.
    pub fn open(process: ProcessId) -> Standing {
        let Some(pid) = Pid::from_raw(process.pid() as i32) else { return Standing::Ended };
        if test_kill_process(pid) == Err(Errno::SRCH) || process.is_reused() {
            Standing::Ended
        } else {
            Standing::Lives(Self(process))
        }
    }

    /// Its number.
    pub(crate) fn pid(&self) -> u32 {
        self.0.pid()
    }
}
