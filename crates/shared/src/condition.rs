//! Waiting to be notified, beside a lock that the caller looks after.

use std::sync::Arc;

use crate::Result;
use crate::bell::Bell;
use crate::identity::ProcessId;
use crate::object::{Object, State, shared_object};
use crate::region::Session;
use crate::wait::Wait;
use crate::waiters::{Place, Pool, Row};
use crate::waits::Step;

#[repr(C)]
#[derive(Debug)]
struct ConditionState {
    waiting: Row,
    /// Those who were notified and do not know yet. What the dead among them got goes to others.
    notified: Row,
    pool: Pool,
}

// SAFETY: atomics only.
unsafe impl State for ConditionState {
    const KIND: u32 = 4;
    const NAME: &'static str = "a condition";
}

/// A condition, without its lock.
#[derive(Debug)]
pub struct Condition(Object<ConditionState>);

shared_object!(Condition);

impl Condition {
    /// A new one.
    ///
    /// # Errors
    /// [`Error::Call`](crate::Error::Call), [`Error::Unsupported`](crate::Error::Unsupported).
    pub fn create() -> Result<Self> {
        Object::create().map(Self)
    }

    /// How many wait.
    pub fn waiting(&self) -> u64 {
        self.0.state().waiting.length(&self.0.enter())
    }

    /// Notifies those who have waited longest, so many: how many there were.
    pub fn notify(&self, most: u64) -> u64 {
        let session = self.0.enter();
        let notified = self.pass_on(&session, most);
        session.commit();
        notified
    }

    /// Waits to be notified: from the first look on, which the caller takes before it releases the lock.
    pub fn wait(self: &Arc<Self>) -> ConditionWait {
        ConditionWait { condition: Arc::clone(self), place: None }
    }

    fn pass_on(&self, session: &Session<'_>, most: u64) -> u64 {
        let state = self.0.state();
        let mut notified = 0;
        while notified < most
            && let Some(slot) = state.pool.shift(session, &state.waiting, &state.notified)
        {
            session.set(&slot.value, NOTIFIED);
            notified += 1;
        }
        if notified > 0 {
            self.bell().ring();
        }
        notified
    }
}

/// In a slot's value.
const NOTIFIED: u64 = 1;

/// Waiting for a [`Condition`].
#[derive(Debug)]
pub struct ConditionWait {
    condition: Arc<Condition>,
    place: Option<Place>,
}

impl Wait for ConditionWait {
    type Outcome = ();

    fn bell(&self) -> &Arc<Bell> {
        self.condition.bell()
    }

    fn look(&mut self, ended: &dyn Fn(ProcessId) -> bool) -> Result<Step<()>> {
        let (condition, state) = (&self.condition, self.condition.0.state());
        let session = condition.0.enter();
        let place = match self.place.filter(Place::is_own) {
            Some(place) => place,
            None => state.pool.append(&session, &state.waiting, &[&state.waiting, &state.notified])?,
        };
        let own = ProcessId::own();
        let lost = state.pool.retain(&session, &state.notified, |process| process == own || !ended(process));
        condition.pass_on(&session, lost as u64);
        let slot = state.pool.find(&session, place);
        let step = if slot.is_none_or(|slot| session.get(&slot.value) == NOTIFIED) {
            state.pool.remove(&session, &state.notified, place);
            self.place = None;
            Step::Ready(())
        } else {
            self.place = Some(place);
            Step::Pending(state.pool.each(&session, &state.notified).filter_map(|(_, process)| process).collect())
        };
        session.commit();
        Ok(step)
    }

    fn cancel(&mut self) {
        let Some(place) = self.place.take().filter(Place::is_own) else { return };
        let (condition, state) = (&self.condition, self.condition.0.state());
        let session = condition.0.enter();
        if let Some(slot) = state.pool.find(&session, place) {
            if session.get(&slot.value) == NOTIFIED {
                state.pool.remove(&session, &state.notified, place);
                condition.pass_on(&session, 1);
            } else {
                state.pool.remove(&session, &state.waiting, place);
            }
        }
        session.commit();
    }
}
