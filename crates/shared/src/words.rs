//! Waiting until somebody tells of a change of a word in memory that processes share: what futexes are for, for those who
//! cannot block.

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
struct WordsState {
    waiting: Row,
    /// Those who were notified and do not know yet. What the dead among them got goes to others.
    notified: Row,
    pool: Pool,
}

// SAFETY: atomics only.
unsafe impl State for WordsState {
    const KIND: u32 = 7;
    const NAME: &'static str = "the waits for shared memory";
}

/// The waits for all words of one piece of memory, which they know by their offsets.
#[derive(Debug)]
pub struct Words(Object<WordsState>);

shared_object!(Words);

impl Words {
    /// For new memory.
    ///
    /// # Errors
    /// [`Error::Call`](crate::Error::Call), [`Error::Unsupported`](crate::Error::Unsupported).
    pub fn create() -> Result<Self> {
        Object::create().map(Self)
    }

    /// Notifies those who have waited longest for this word, so many: how many there were.
    pub fn notify(&self, offset: u64, most: u64) -> u64 {
        let session = self.0.enter();
        let notified = self.pass_on(&session, offset, most);
        session.commit();
        notified
    }

    /// Waits to be notified, if at the first look the word `is_as_expected`: with `false`, if it is not. As who changes the word
    /// notifies afterwards, no change is missed.
    pub fn wait<F: Fn() -> bool>(self: &Arc<Self>, offset: u64, is_as_expected: F) -> WordWait<F> {
        WordWait { words: Arc::clone(self), offset, is_as_expected, place: None }
    }

    fn pass_on(&self, session: &Session<'_>, offset: u64, most: u64) -> u64 {
        let state = self.0.state();
        let mut notified = 0;
        while notified < most
            && let Some(slot) = state.pool.shift_first(session, &state.waiting, &state.notified, |slot| {
                session.get(&slot.value) == waiting_for(offset)
            })
        {
            session.set(&slot.value, waiting_for(offset) | NOTIFIED);
            notified += 1;
        }
        if notified > 0 {
            self.bell().ring();
        }
        notified
    }

    /// What was meant for those who have died goes to others who wait for the same words.
    fn inherit(&self, session: &Session<'_>, ended: &dyn Fn(ProcessId) -> bool) {
        let state = self.0.state();
        let own = ProcessId::own();
        let stays = |process: ProcessId| process == own || !ended(process);
        let lost: Vec<_> = state
            .pool
            .each(session, &state.notified)
            .filter(|(_, process)| !process.is_some_and(stays))
            .map(|(slot, _)| session.get(&slot.value) >> 1)
            .collect();
        if lost.is_empty() {
            return;
        }
        state.pool.retain(session, &state.notified, stays);
        for offset in lost {
            self.pass_on(session, offset, 1);
        }
    }
}

/// In a slot's value, beside the offset.
const NOTIFIED: u64 = 1;

fn waiting_for(offset: u64) -> u64 {
    offset << 1
}

/// Waiting for a word of [`Words`].
#[derive(Debug)]
pub struct WordWait<F> {
    words: Arc<Words>,
    offset: u64,
    is_as_expected: F,
    place: Option<Place>,
}

impl<F: Fn() -> bool> Wait for WordWait<F> {
    type Outcome = bool;

    fn bell(&self) -> &Arc<Bell> {
        self.words.bell()
    }

    fn look(&mut self, ended: &dyn Fn(ProcessId) -> bool) -> Result<Step<bool>> {
        let (words, state) = (&self.words, self.words.0.state());
        let session = words.0.enter();
        let place = match self.place.filter(Place::is_own) {
            Some(place) => place,
            None if !(self.is_as_expected)() => return Ok(Step::Ready(false)),
            None => {
                let place = state.pool.append(&session, &state.waiting, &[&state.waiting, &state.notified])?;
                if let Some(slot) = state.pool.find(&session, place) {
                    session.set(&slot.value, waiting_for(self.offset));
                }
                place
            }
        };
        words.inherit(&session, ended);
        let slot = state.pool.find(&session, place);
        let step = if slot.is_none_or(|slot| session.get(&slot.value) & NOTIFIED != 0) {
            state.pool.remove(&session, &state.notified, place);
            self.place = None;
            Step::Ready(true)
        } else {
            self.place = Some(place);
            Step::Pending(state.pool.each(&session, &state.notified).filter_map(|(_, process)| process).collect())
        };
        session.commit();
        Ok(step)
    }

    fn cancel(&mut self) {
        let Some(place) = self.place.take().filter(Place::is_own) else { return };
        let (words, state) = (&self.words, self.words.0.state());
        let session = words.0.enter();
        if let Some(slot) = state.pool.find(&session, place) {
            if session.get(&slot.value) & NOTIFIED != 0 {
                state.pool.remove(&session, &state.notified, place);
                words.pass_on(&session, self.offset, 1);
            } else {
                state.pool.remove(&session, &state.waiting, place);
            }
        }
        session.commit();
    }
}
