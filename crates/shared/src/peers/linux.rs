//! Linux: pidfds, which are readable when the last thread of their process has ended, also before it was waited for.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open, test_kill_process};

use super::Standing;
use crate::identity::ProcessId;

/// A process that lived when this was made.
#[derive(Debug)]
pub struct Peer(OwnedFd);

impl Peer {
    /// Looks for it.
    pub fn open(process: ProcessId) -> Standing {
        let Some(pid) = Pid::from_raw(process.pid() as i32) else { return Standing::Ended };
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(fd) => {
                let peer = Self(fd);
                // In this order: what was asked second is the process of the descriptor, or its number is free again.
                if process.is_reused() || peer.has_ended() { Standing::Ended } else { Standing::Lives(peer) }
            }
            Err(Errno::SRCH) => Standing::Ended,
            // No descriptor is left, or the kernel has none (before 5.3).
            Err(_) if test_kill_process(pid) == Err(Errno::SRCH) || process.is_reused() => Standing::Ended,
            Err(_) => Standing::Unknown,
        }
    }

    /// Whether it has ended since.
    pub fn has_ended(&self) -> bool {
        let mut list = [PollFd::new(&self.0, PollFlags::IN)];
        matches!(poll(&mut list, Some(&rustix::time::Timespec::default())), Ok(1..))
    }
}

impl AsFd for Peer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
