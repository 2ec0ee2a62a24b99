//! A flag that is waited for.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::Result;
use crate::bell::Bell;
use crate::identity::ProcessId;
use crate::object::{Object, State, shared_object};
use crate::wait::Wait;
use crate::waiters::{Place, Pool, Row};
use crate::waits::Step;

#[repr(C)]
#[derive(Debug)]
struct EventState {
    set: AtomicU64,
    /// How often it was set while it was not.
    times: AtomicU64,
    waiting: Row,
    pool: Pool,
}

// SAFETY: atomics only.
unsafe impl State for EventState {
    const KIND: u32 = 3;
    const NAME: &'static str = "an event";
}

/// An event: a flag, and those who wait until it is set.
#[derive(Debug)]
pub struct Event(Object<EventState>);

shared_object!(Event);

impl Event {
    /// A new one, which is not set.
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

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.0.enter().get(&self.0.state().set) != 0
    }

    /// Sets it: everybody who waits goes on, also if it is cleared right afterwards.
    pub fn set(&self) {
        let state = self.0.state();
        let session = self.0.enter();
        if session.get(&state.set) == 0 {
            session.set(&state.set, 1);
            session.add(&state.times, 1);
            if !state.waiting.is_empty(&session) {
                state.pool.clear(&session, &state.waiting);
                self.bell().ring();
            }
        }
        session.commit();
    }

    /// Clears it: who waits from now on waits until it is set again.
    pub fn clear(&self) {
        let session = self.0.enter();
        session.set(&self.0.state().set, 0);
        session.commit();
    }

    /// Waits until it is set.
    pub fn wait(self: &Arc<Self>) -> EventWait {
        EventWait { event: Arc::clone(self), place: None }
    }
}

/// Waiting for an [`Event`].
#[derive(Debug)]
pub struct EventWait {
    event: Arc<Event>,
    /// And how often the event had been set then.
    place: Option<(Place, u64)>,
}

impl Wait for EventWait {
    type Outcome = ();

    fn bell(&self) -> &Arc<Bell> {
        self.event.bell()
    }

    fn look(&mut self, _ended: &dyn Fn(ProcessId) -> bool) -> Result<Step<()>> {
        let state = self.event.0.state();
        let session = self.event.0.enter();
        let times = session.get(&state.times);
        self.place = self.place.filter(|(place, _)| place.is_own());
        let is_over = match self.place {
            Some((_, before)) => times != before,
            None => session.get(&state.set) != 0,
        };
        if is_over {
            self.place = None;
            return Ok(Step::Ready(()));
        }
        let place = match self.place {
            Some((place, _)) => place,
            None => state.pool.append(&session, &state.waiting, &[&state.waiting])?,
        };
        session.commit();
        self.place = Some((place, times));
        // Anybody may set it.
        Ok(Step::Pending(Vec::new()))
    }

    fn cancel(&mut self) {
        let Some((place, times)) = self.place.take().filter(|(place, _)| place.is_own()) else { return };
        let state = self.event.0.state();
        let session = self.event.0.enter();
        if session.get(&state.times) == times {
            state.pool.remove(&session, &state.waiting, place);
        }
        session.commit();
    }
}
