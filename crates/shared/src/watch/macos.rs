//! macOS: a kqueue; edges of bells, and each end of a process once.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::kqueue::{Event, EventFilter, EventFlags, ProcessEvents, kevent, kqueue};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::process::Pid;

use super::Heard;
use crate::bell::Bell;
use crate::identity::ProcessId;
use crate::peers::Peer;
use crate::{Error, Result};

/// What is not taken at once comes the next time.
const AT_ONCE: usize = 64;

#[derive(Debug)]
pub(crate) struct Watch {
    queue: OwnedFd,
    /// Those that ended before they could be watched.
    gone: Vec<ProcessId>,
    /// Whom a number stands for.
    watched: Vec<ProcessId>,
}

impl Watch {
    pub(crate) fn new() -> Result<Self> {
        let queue = kqueue().map_err(|errno| Error::call("kqueue")(errno.into()))?;
        fcntl_setfd(&queue, FdFlags::CLOEXEC).map_err(|errno| Error::call("fcntl(F_SETFD)")(errno.into()))?;
        Ok(Self { queue, gone: Vec::new(), watched: Vec::new() })
    }

    pub(crate) fn add_bell(&mut self, bell: &Bell) -> Result<()> {
        self.change(bell_filter(bell), EventFlags::ADD | EventFlags::CLEAR)
            .map_err(|errno| Error::call("kevent")(errno.into()))
    }

    pub(crate) fn remove_bell(&mut self, bell: &Bell) {
        let _ = self.change(bell_filter(bell), EventFlags::DELETE);
    }

    /// Who ended in between is heard of.
    pub(crate) fn add_peer(&mut self, peer: &Peer, process: ProcessId) -> Result<()> {
        let Some(filter) = peer_filter(peer) else { return Ok(()) };
        match self.change(filter, EventFlags::ADD | EventFlags::ONESHOT) {
            Ok(()) => self.watched.push(process),
            Err(Errno::SRCH) => self.gone.push(process),
            Err(errno) => return Err(Error::call("kevent")(errno.into())),
        }
        Ok(())
    }

    pub(crate) fn remove_peer(&mut self, peer: &Peer) {
        if let Some(filter) = peer_filter(peer) {
            let _ = self.change(filter, EventFlags::DELETE);
        }
        self.watched.retain(|process| process.pid() != peer.pid());
        self.gone.retain(|process| process.pid() != peer.pid());
    }

    fn change(&self, filter: EventFilter, flags: EventFlags) -> rustix::io::Result<()> {
        let change = Event::new(filter, flags, std::ptr::null_mut());
        let mut none: [Event; 0] = [];
        // SAFETY: the descriptors are open, and are removed before they are closed.
        unsafe { kevent(&self.queue, &[change], &mut none, None) }.map(drop)
    }

    /// What was heard since the last time; waits until there is something, or so long. A signal ends the wait.
    pub(crate) fn hear(&mut self, longest: Option<Duration>) -> Result<Vec<Heard>> {
        let longest = if self.gone.is_empty() { longest } else { Some(Duration::ZERO) };
        let mut events: Vec<Event> = Vec::with_capacity(AT_ONCE);
        // SAFETY: nothing is changed.
        match unsafe { kevent(&self.queue, &[], rustix::buffer::spare_capacity(&mut events), longest) } {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(Error::call("kevent")(errno.into())),
        }
        let watched = &self.watched;
        let heard = events.iter().filter_map(|event| match event.filter() {
            EventFilter::Read(fd) => Some(Heard::Bell(fd as u32)),
            EventFilter::Proc { pid, .. } => {
                let number = pid.as_raw_nonzero().get() as u32;
                watched.iter().find(|process| process.pid() == number).map(|process| Heard::End(*process))
            }
            _ => None,
        });
        Ok(self.gone.drain(..).map(Heard::End).chain(heard).collect())
    }
}

fn bell_filter(bell: &Bell) -> EventFilter {
    EventFilter::Read(bell.as_fd().as_raw_fd())
}

fn peer_filter(peer: &Peer) -> Option<EventFilter> {
    Some(EventFilter::Proc { pid: Pid::from_raw(peer.pid() as i32)?, flags: ProcessEvents::EXIT })
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.queue.as_fd()
    }
}
