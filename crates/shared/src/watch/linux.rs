//! Linux: an epoll set; edges of bells, and each end of a process once.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::time::Timespec;

use super::Heard;
use crate::bell::Bell;
use crate::identity::ProcessId;
use crate::peers::Peer;
use crate::{Error, Result};

/// Tells the end of a process from a bell: identities of processes leave this bit free.
const PROCESS: u64 = 1 << 63;

/// What is not taken at once comes the next time.
const AT_ONCE: usize = 64;

#[derive(Debug)]
pub(crate) struct Watch {
    epoll: OwnedFd,
}

impl Watch {
    pub(crate) fn new() -> Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC).map_err(|errno| Error::call("epoll_create1")(errno.into()))?;
        Ok(Self { epoll })
    }

    pub(crate) fn add_bell(&self, bell: &Bell) -> Result<()> {
        self.add(bell, u64::from(bell.token()))
    }

    pub(crate) fn remove_bell(&self, bell: &Bell) {
        let _ = epoll::delete(&self.epoll, bell);
    }

    /// Who ended in between is heard of.
    pub(crate) fn add_peer(&self, peer: &Peer, process: ProcessId) -> Result<()> {
        self.add(peer, PROCESS | process.raw())
    }

    pub(crate) fn remove_peer(&self, peer: &Peer) {
        let _ = epoll::delete(&self.epoll, peer);
    }

    fn add(&self, object: impl AsFd, data: u64) -> Result<()> {
        epoll::add(&self.epoll, object, EventData::new_u64(data), EventFlags::IN | EventFlags::ET)
            .map_err(|errno| Error::call("epoll_ctl")(errno.into()))
    }

    /// What was heard since the last time; waits until there is something, or so long. A signal ends the wait.
    pub(crate) fn hear(&mut self, longest: Option<Duration>) -> Result<Vec<Heard>> {
        let timeout = longest.map(|time| Timespec {
            tv_sec: time.as_secs().min(i64::MAX as u64) as i64,
            tv_nsec: time.subsec_nanos().into(),
        });
        let mut room = [const { MaybeUninit::<Event>::uninit() }; AT_ONCE];
        match epoll::wait(&self.epoll, &mut room, timeout.as_ref()) {
            Ok((events, _)) => Ok(events.iter().filter_map(|event| heard(event.data.u64())).collect()),
            Err(rustix::io::Errno::INTR) => Ok(Vec::new()),
            Err(errno) => Err(Error::call("epoll_wait")(errno.into())),
        }
    }
}

fn heard(data: u64) -> Option<Heard> {
    if data & PROCESS == 0 {
        Some(Heard::Bell(data as u32))
    } else {
        ProcessId::from_raw(data & !PROCESS).map(Heard::End)
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}
