//! Which process has taken how many messages that it has not said it is done with.

use std::sync::atomic::AtomicU64;

use crate::identity::ProcessId;
use crate::peers::has_ended;
use crate::region::Session;
use crate::{Error, Result};

/// Most processes that have such messages at a time.
const MOST: usize = 1024;

#[repr(C)]
#[derive(Debug)]
struct Taker {
    who: AtomicU64,
    messages: AtomicU64,
}

/// All zeros are no messages.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Tasks {
    /// Messages that were put and are not done, those in the queue included.
    pub(super) unfinished: AtomicU64,
    /// Of these, how many were taken by processes that have ended. They will not be done.
    pub(super) lost: AtomicU64,
    /// Takers that were ever used.
    used: AtomicU64,
    _reserved: AtomicU64,
    takers: [Taker; MOST],
}

impl Tasks {
    fn all(&self, session: &Session<'_>) -> impl Iterator<Item = &Taker> {
        self.takers.iter().take(session.get(&self.used) as usize)
    }

    fn of(&self, session: &Session<'_>, process: u64) -> Option<&Taker> {
        self.all(session).find(|taker| session.get(&taker.who) == process)
    }

    /// This process has taken one.
    pub(super) fn take(&self, session: &Session<'_>) -> Result<()> {
        let own = ProcessId::own().raw();
        let taker = match self.of(session, own) {
            Some(taker) => taker,
            None => self.new_taker(session)?,
        };
        session.set(&taker.who, own);
        session.add(&taker.messages, 1);
        Ok(())
    }

    fn new_taker(&self, session: &Session<'_>) -> Result<&Taker> {
        if let Some(free) = self.of(session, 0) {
            return Ok(free);
        }
        let used = session.get(&self.used);
        if let Some(next) = self.takers.get(used as usize) {
            session.set(&self.used, used + 1);
            return Ok(next);
        }
        self.collect(session, has_ended);
        self.of(session, 0).ok_or(Error::Full(MOST))
    }

    /// One that this process has taken is done.
    pub(super) fn done(&self, session: &Session<'_>) -> Result<()> {
        let taker = self.of(session, ProcessId::own().raw()).ok_or(Error::NotHeld)?;
        if session.add(&taker.messages, u64::MAX) == 0 {
            session.set(&taker.who, 0);
        }
        session.add(&self.unfinished, u64::MAX);
        Ok(())
    }

    /// What the dead have taken is lost: whether that was anything.
    pub(super) fn collect(&self, session: &Session<'_>, ended: impl Fn(ProcessId) -> bool) -> bool {
        let own = ProcessId::own();
        let mut any = false;
        for taker in self.all(session) {
            let process = ProcessId::from_raw(session.get(&taker.who));
            if process.is_some_and(|process| process != own && ended(process)) {
                let messages = session.get(&taker.messages);
                session.set(&self.lost, session.get(&self.lost) + messages);
                session.add(&self.unfinished, messages.wrapping_neg());
                session.set(&taker.messages, 0);
                session.set(&taker.who, 0);
                any = true;
            }
        }
        any
    }

    /// Who has some.
    pub(super) fn takers(&self, session: &Session<'_>) -> Vec<ProcessId> {
        self.all(session).filter_map(|taker| ProcessId::from_raw(session.get(&taker.who))).collect()
    }
}

/// Words that [`Tasks::collect`] changes at most.
pub(super) const CHANGES: usize = 2 * MOST + 2 * MOST + 8;
