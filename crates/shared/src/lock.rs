//! Mutual exclusion, first come, first served. It is handed over directly, so that nobody starves; and taken from processes that
//! have ended.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::bell::Bell;
use crate::identity::ProcessId;
use crate::object::{Object, State, shared_object};
use crate::region::Session;
use crate::wait::Wait;
use crate::waiters::{Place, Pool, Row};
use crate::waits::Step;
use crate::{Error, Result, peers};

#[repr(C)]
#[derive(Debug)]
struct LockState {
    /// The process; 0 if the lock is free, and then nobody waits.
    owner: AtomicU64,
    /// Which thread of it.
    agent: AtomicU64,
    /// Which of its acquisitions.
    ticket: AtomicU64,
    /// How often it has acquired it; 0 as long as it does not know that it was handed to it.
    depth: AtomicU64,
    /// One who knew has died, and nobody was told yet.
    abandoned: AtomicU64,
    waiting: Row,
    pool: Pool,
}

// SAFETY: atomics only.
unsafe impl State for LockState {
    const KIND: u32 = 1;
    const NAME: &'static str = "a lock";
}

/// A lock. Whose thread has it can, where it asks for that, acquire it again.
#[derive(Debug)]
pub struct Lock(Object<LockState>);

/// That the lock was acquired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Gives it back.
    pub ticket: u64,
    /// Who had it before has ended without giving it back: what it protects may be half done.
    pub abandoned: bool,
}

/// That it was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    /// How often, of the times that it was acquired.
    pub times: u64,
    /// It is another's now, or free.
    pub entirely: bool,
}

/// How a thread acquires a lock.
#[derive(Clone, Copy, Debug)]
pub struct Acquirer {
    /// Tells the threads of a process apart.
    pub agent: u64,
    /// What this thread has it may acquire again.
    pub again: bool,
}

shared_object!(Lock);

impl Lock {
    /// A new one, which is free.
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::Unsupported`].
    pub fn create() -> Result<Self> {
        Object::create().map(Self)
    }

    /// Acquires it if that is possible at once; from a process that has ended only if `thoroughly`, which takes system calls.
    pub fn try_acquire(&self, by: Acquirer, thoroughly: bool) -> Option<Grant> {
        let state = self.0.state();
        let session = self.0.enter();
        if thoroughly
            && let Some(owner) = ProcessId::from_raw(session.get(&state.owner))
            && owner != ProcessId::own()
            && peers::has_ended(owner)
        {
            self.take_from_dead(&session);
        }
        let grant = if session.get(&state.owner) == 0 {
            self.own(&session, by.agent, state.pool.ticket(&session));
            self.confirm(&session, by)
        } else if by.again && self.is_mine(&session, by) {
            self.confirm(&session, by)
        } else {
            if thoroughly {
                session.commit();
            }
            return None;
        };
        session.commit();
        Some(grant)
    }

    /// Waits for it.
    pub fn wait(self: &Arc<Self>, by: Acquirer) -> LockWait {
        LockWait { lock: Arc::clone(self), by, place: None }
    }

    /// Gives it back, once of as many times as it was acquired, or all of them. The oldest of those who wait has it then.
    ///
    /// # Errors
    /// [`Error::NotHeld`] if it is not this process that has it by this ticket.
    pub fn release(&self, ticket: u64, entirely: bool) -> Result<Released> {
        let state = self.0.state();
        let session = self.0.enter();
        let depth = session.get(&state.depth);
        if depth == 0 || session.get(&state.owner) != ProcessId::own().raw() || session.get(&state.ticket) != ticket {
            return Err(Error::NotHeld);
        }
        let given_back = if entirely { depth } else { 1 };
        if given_back == depth {
            self.hand_over(&session);
        } else {
            session.set(&state.depth, depth - given_back);
        }
        session.commit();
        Ok(Released { times: given_back, entirely: given_back == depth })
    }

    /// Has it as often as before it was released entirely.
    ///
    /// # Errors
    /// [`Error::NotHeld`].
    pub fn deepen(&self, ticket: u64, depth: u64) -> Result<()> {
        let state = self.0.state();
        let session = self.0.enter();
        if !self.is_held_in(&session, ticket) {
            return Err(Error::NotHeld);
        }
        session.set(&state.depth, depth.max(1));
        session.commit();
        Ok(())
    }

    /// Gives it back entirely for a thread that has ended without doing it: the next one is told.
    pub fn abandon(&self, ticket: u64) {
        let session = self.0.enter();
        if self.is_held_in(&session, ticket) {
            self.take_from_dead(&session);
        }
        session.commit();
    }

    fn is_held_in(&self, session: &Session<'_>, ticket: u64) -> bool {
        let state = self.0.state();
        session.get(&state.owner) == ProcessId::own().raw()
            && session.get(&state.ticket) == ticket
            && session.get(&state.depth) > 0
    }

    /// Whether anybody has it, also one who has died and whom nobody has missed yet.
    pub fn is_locked(&self) -> bool {
        self.0.enter().get(&self.0.state().owner) != 0
    }

    /// How many wait for it.
    pub fn waiting(&self) -> u64 {
        self.0.state().waiting.length(&self.0.enter())
    }

    /// Whether this thread has it.
    pub fn is_held_by(&self, by: Acquirer) -> bool {
        self.is_mine(&self.0.enter(), by)
    }

    fn is_mine(&self, session: &Session<'_>, by: Acquirer) -> bool {
        let state = self.0.state();
        session.get(&state.owner) == ProcessId::own().raw()
            && session.get(&state.agent) == by.agent
            && session.get(&state.depth) > 0
    }

    fn own(&self, session: &Session<'_>, agent: u64, ticket: u64) {
        let state = self.0.state();
        session.set(&state.owner, ProcessId::own().raw());
        session.set(&state.agent, agent);
        session.set(&state.ticket, ticket);
        session.set(&state.depth, 0);
    }

    fn confirm(&self, session: &Session<'_>, by: Acquirer) -> Grant {
        let state = self.0.state();
        session.set(&state.agent, by.agent);
        session.add(&state.depth, 1);
        let abandoned = session.get(&state.abandoned) != 0;
        session.set(&state.abandoned, 0);
        Grant { ticket: session.get(&state.ticket), abandoned }
    }

    /// To the one who came first, or nobody.
    fn hand_over(&self, session: &Session<'_>) {
        let state = self.0.state();
        let (who, ticket) = state.pool.pop(session, &state.waiting).unwrap_or_default();
        session.set(&state.owner, who);
        session.set(&state.ticket, ticket);
        session.set(&state.agent, 0);
        session.set(&state.depth, 0);
        if who != 0 {
            self.0.bell.ring();
        }
    }

    fn take_from_dead(&self, session: &Session<'_>) {
        let state = self.0.state();
        // Who did not know that it had the lock has changed nothing under it.
        if session.get(&state.depth) > 0 {
            session.set(&state.abandoned, 1);
        }
        self.hand_over(session);
    }
}

/// Waiting for a [`Lock`].
#[derive(Debug)]
pub struct LockWait {
    lock: Arc<Lock>,
    by: Acquirer,
    place: Option<Place>,
}

impl Wait for LockWait {
    type Outcome = Grant;

    fn bell(&self) -> &Arc<Bell> {
        self.lock.bell()
    }

    fn look(&mut self, ended: &dyn Fn(ProcessId) -> bool) -> Result<Step<Grant>> {
        let (lock, state) = (&self.lock, self.lock.0.state());
        let session = lock.0.enter();
        let place = match self.place.filter(Place::is_own) {
            Some(place) => place,
            None if session.get(&state.owner) == 0 => {
                lock.own(&session, self.by.agent, state.pool.ticket(&session));
                let grant = lock.confirm(&session, self.by);
                session.commit();
                return Ok(Step::Ready(grant));
            }
            None => state.pool.append(&session, &state.waiting, &[&state.waiting])?,
        };
        if ProcessId::from_raw(session.get(&state.owner)).is_some_and(ended) {
            lock.take_from_dead(&session);
        }
        let owner = session.get(&state.owner);
        if owner == ProcessId::own().raw() {
            let handed = session.get(&state.ticket) == place.ticket;
            let again = !handed && self.by.again && lock.is_mine(&session, self.by);
            if again {
                state.pool.remove(&session, &state.waiting, place);
            }
            if handed || again {
                let grant = lock.confirm(&session, self.by);
                session.commit();
                self.place = None;
                return Ok(Step::Ready(grant));
            }
        }
        session.commit();
        self.place = Some(place);
        Ok(Step::Pending(ProcessId::from_raw(owner).into_iter().collect()))
    }

    fn cancel(&mut self) {
        let Some(place) = self.place.take().filter(Place::is_own) else { return };
        let (lock, state) = (&self.lock, self.lock.0.state());
        let session = lock.0.enter();
        if !state.pool.remove(&session, &state.waiting, place)
            && session.get(&state.owner) == ProcessId::own().raw()
            && session.get(&state.ticket) == place.ticket
            && session.get(&state.depth) == 0
        {
            lock.hand_over(&session);
        }
        session.commit();
    }
}
