//! A number of permits. Who acquires one has it until it gives it back or ends; what the dead had is given back for them.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::bell::Bell;
use crate::identity::ProcessId;
use crate::object::{Object, State, shared_object};
use crate::peers::has_ended;
use crate::region::Session;
use crate::wait::Wait;
use crate::waiters::{Place, Pool, Row};
use crate::waits::Step;
use crate::{Error, Result};

/// Most processes that have permits at a time.
const MOST_HOLDERS: usize = 1024;

#[repr(C)]
#[derive(Debug)]
struct Holder {
    who: AtomicU64,
    permits: AtomicU64,
}

#[repr(C)]
#[derive(Debug)]
struct SemaphoreState {
    /// Permits that are free.
    value: AtomicU64,
    /// Most permits there may be, free and held.
    bound: AtomicU64,
    waiting: Row,
    /// Holders that were ever used.
    used: AtomicU64,
    holders: [Holder; MOST_HOLDERS],
    pool: Pool,
}

// SAFETY: atomics only.
unsafe impl State for SemaphoreState {
    const KIND: u32 = 2;
    const NAME: &'static str = "a semaphore";
}

/// A semaphore.
#[derive(Debug)]
pub struct Semaphore(Object<SemaphoreState>);

/// What becomes of permits when they are given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// One that this process has acquired becomes free.
    Release,
    /// One that this process has acquired is used up: it does not come back, also when the process ends.
    Keep,
}

shared_object!(Semaphore);

impl Semaphore {
    /// A new one with so many permits, and never more than `bound`.
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::Unsupported`].
    pub fn create(value: u64, bound: u64) -> Result<Self> {
        let semaphore = Self(Object::create()?);
        let state = semaphore.0.state();
        let session = semaphore.0.enter();
        session.set(&state.value, value);
        session.set(&state.bound, bound);
        session.commit();
        Ok(semaphore)
    }

    /// Permits that are free.
    pub fn value(&self) -> u64 {
        self.0.enter().get(&self.0.state().value)
    }

    /// How many wait.
    pub fn waiting(&self) -> u64 {
        self.0.state().waiting.length(&self.0.enter())
    }

    /// Acquires a permit if that is possible at once; one of a process that has ended only if `thoroughly`, which takes system
    /// calls.
    ///
    /// # Errors
    /// [`Error::Full`] if too many processes have permits.
    pub fn try_acquire(&self, thoroughly: bool) -> Result<bool> {
        let state = self.0.state();
        let session = self.0.enter();
        if thoroughly && session.get(&state.value) == 0 {
            self.collect(&session, &has_ended);
        }
        let got = session.get(&state.value) > 0 && state.waiting.is_empty(&session);
        if got {
            self.give(&session, ProcessId::own())?;
        }
        session.commit();
        Ok(got)
    }

    /// Waits for a permit.
    pub fn wait(self: &Arc<Self>) -> SemaphoreWait {
        SemaphoreWait { semaphore: Arc::clone(self), place: None }
    }

    /// For one permit that this process has.
    ///
    /// # Errors
    /// [`Error::NotHeld`] if it has none.
    pub fn give_back(&self, how: Back) -> Result<()> {
        let session = self.0.enter();
        let holder = self.holder(&session, ProcessId::own()).ok_or(Error::NotHeld)?;
        Self::take(&session, holder, 1);
        if how == Back::Release {
            session.add(&self.0.state().value, 1);
            self.serve(&session)?;
        }
        session.commit();
        Ok(())
    }

    /// Makes so many permits free: first those that this process has, then new ones.
    ///
    /// # Errors
    /// [`Error::OverRelease`] if there would be more than may be. Nothing has changed then.
    pub fn release(&self, permits: u64) -> Result<()> {
        let state = self.0.state();
        let session = self.0.enter();
        if let Some(holder) = self.holder(&session, ProcessId::own()) {
            Self::take(&session, holder, permits.min(session.get(&holder.permits)));
        }
        let held: u64 = self.holders(&session).map(|holder| session.get(&holder.permits)).sum();
        let value = session.get(&state.value).checked_add(permits).ok_or(Error::OverRelease)?;
        if value.checked_add(held).is_none_or(|all| all > session.get(&state.bound)) {
            return Err(Error::OverRelease);
        }
        session.set(&state.value, value);
        self.serve(&session)?;
        session.commit();
        Ok(())
    }

    fn holders<'session>(&'session self, session: &'session Session<'_>) -> impl Iterator<Item = &'session Holder> {
        let state = self.0.state();
        state.holders.iter().take(session.get(&state.used) as usize)
    }

    fn holder(&self, session: &Session<'_>, process: ProcessId) -> Option<&Holder> {
        let state = self.0.state();
        let used = session.get(&state.used) as usize;
        state.holders.iter().take(used).find(|holder| session.get(&holder.who) == process.raw())
    }

    /// A free permit becomes the process's.
    fn give(&self, session: &Session<'_>, process: ProcessId) -> Result<()> {
        let holder = match self.holder(session, process) {
            Some(holder) => holder,
            None => self.new_holder(session, process)?,
        };
        session.add(&holder.permits, 1);
        session.add(&self.0.state().value, u64::MAX);
        Ok(())
    }

    fn new_holder(&self, session: &Session<'_>, process: ProcessId) -> Result<&Holder> {
        let state = self.0.state();
        let free = || {
            let used = session.get(&state.used) as usize;
            state.holders.iter().take(used).find(|holder| session.get(&holder.who) == 0)
        };
        let holder = match free() {
            Some(holder) => holder,
            None if session.get(&state.used) < MOST_HOLDERS as u64 => {
                let number = session.add(&state.used, 1) as usize;
                state.holders.get(number - 1).ok_or(Error::Full(MOST_HOLDERS))?
            }
            None => {
                self.collect(session, &has_ended);
                free().ok_or(Error::Full(MOST_HOLDERS))?
            }
        };
        session.set(&holder.who, process.raw());
        Ok(holder)
    }

    fn take(session: &Session<'_>, holder: &Holder, permits: u64) {
        let left = session.get(&holder.permits) - permits;
        session.set(&holder.permits, left);
        if left == 0 {
            session.set(&holder.who, 0);
        }
    }

    /// What processes that have ended had is free again.
    fn collect(&self, session: &Session<'_>, ended: &dyn Fn(ProcessId) -> bool) {
        let own = ProcessId::own();
        for holder in self.holders(session) {
            if ProcessId::from_raw(session.get(&holder.who)).is_some_and(|process| process != own && ended(process)) {
                session.add(&self.0.state().value, session.get(&holder.permits));
                Self::take(session, holder, session.get(&holder.permits));
            }
        }
    }

    /// Free permits go to those who wait, the first first.
    fn serve(&self, session: &Session<'_>) -> Result<()> {
        let state = self.0.state();
        let mut served = false;
        while session.get(&state.value) > 0
            && let Some((who, _)) = state.pool.pop(session, &state.waiting)
        {
            if let Some(process) = ProcessId::from_raw(who) {
                self.give(session, process)?;
                served = true;
            }
        }
        if served {
            self.0.bell.ring();
        }
        Ok(())
    }
}

/// Waiting for a permit of a [`Semaphore`].
#[derive(Debug)]
pub struct SemaphoreWait {
    semaphore: Arc<Semaphore>,
    place: Option<Place>,
}

impl Wait for SemaphoreWait {
    type Outcome = ();

    fn bell(&self) -> &Arc<Bell> {
        self.semaphore.bell()
    }

    fn look(&mut self, ended: &dyn Fn(ProcessId) -> bool) -> Result<Step<()>> {
        let (semaphore, state) = (&self.semaphore, self.semaphore.0.state());
        let session = semaphore.0.enter();
        let place = match self.place.filter(Place::is_own) {
            Some(place) => place,
            None => state.pool.append(&session, &state.waiting, &[&state.waiting])?,
        };
        semaphore.collect(&session, ended);
        semaphore.serve(&session)?;
        // Whoever is served is taken out of the row, and nobody else while its process lives.
        let step = if state.pool.find(&session, place).is_none() {
            self.place = None;
            Step::Ready(())
        } else {
            self.place = Some(place);
            let holders = semaphore.holders(&session);
            Step::Pending(holders.filter_map(|holder| ProcessId::from_raw(session.get(&holder.who))).collect())
        };
        session.commit();
        Ok(step)
    }

    fn cancel(&mut self) {
        let Some(place) = self.place.take().filter(Place::is_own) else { return };
        let (semaphore, state) = (&self.semaphore, self.semaphore.0.state());
        let session = semaphore.0.enter();
        if !state.pool.remove(&session, &state.waiting, place)
            && let Some(holder) = semaphore.holder(&session, ProcessId::own())
        {
            Semaphore::take(&session, holder, 1);
            session.add(&state.value, 1);
            // It cannot fail: a holder has just become free, or has more permits than one.
            let _ = semaphore.serve(&session);
        }
        session.commit();
    }
}
