//! A number of parties that wait for each other, round after round.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::bell::Bell;
use crate::identity::ProcessId;
use crate::object::{Object, State, shared_object};
use crate::region::Session;
use crate::wait::Wait;
use crate::waiters::{MOST, Place, Pool, Row};
use crate::waits::Step;
use crate::{Error, Result};

#[repr(C)]
#[derive(Debug)]
struct BarrierState {
    parties: AtomicU64,
    /// How many have arrived in this round.
    arrived: AtomicU64,
    /// Rounds that are over.
    rounds: AtomicU64,
    /// When all have arrived: the process of the last, which does something before they go on. It is in no row.
    acting: AtomicU64,
    broken: AtomicU64,
    /// Those of this round.
    waiting: Row,
    /// Those who came while the last round was not over.
    coming: Row,
    /// Those whose round was broken off, and who do not know yet.
    dismissed: Row,
    pool: Pool,
}

// SAFETY: atomics only.
unsafe impl State for BarrierState {
    const KIND: u32 = 5;
    const NAME: &'static str = "a barrier";
}

/// A barrier. A party that gives up, or dies while it waits, breaks it.
#[derive(Debug)]
pub struct Barrier(Object<BarrierState>);

/// All parties have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// How many had arrived before in this round.
    pub index: u64,
    /// Set for the last: the others wait until it calls [`Barrier::open`] with it, or [`Barrier::abort`].
    pub leads: Option<u64>,
}

shared_object!(Barrier);

impl Barrier {
    /// A new one for so many parties.
    ///
    /// # Errors
    /// [`Error::Full`] for more parties than can wait; [`Error::Call`], [`Error::Unsupported`].
    pub fn create(parties: u64) -> Result<Self> {
        if parties > MOST as u64 {
            return Err(Error::Full(MOST));
        }
        let barrier = Self(Object::create()?);
        let session = barrier.0.enter();
        session.set(&barrier.0.state().parties, parties.max(1));
        session.commit();
        Ok(barrier)
    }

    /// How many wait for each other.
    pub fn parties(&self) -> u64 {
        self.0.enter().get(&self.0.state().parties)
    }

    /// How many wait in this round.
    pub fn waiting(&self) -> u64 {
        let state = self.0.state();
        let session = self.0.enter();
        if session.get(&state.acting) == 0 { state.waiting.length(&session) } else { 0 }
    }

    /// Whether it is broken.
    pub fn is_broken(&self) -> bool {
        self.0.enter().get(&self.0.state().broken) != 0
    }

    /// Arrives, and waits for the others.
    pub fn wait(self: &Arc<Self>) -> BarrierWait {
        BarrierWait { barrier: Arc::clone(self), stage: Stage::Outside, is_informed: false }
    }

    /// The one who leads lets the others of its round go on.
    ///
    /// # Errors
    /// [`Error::Broken`] if it was broken meanwhile.
    pub fn open(&self, round: u64) -> Result<()> {
        let state = self.0.state();
        let session = self.0.enter();
        if session.get(&state.rounds) != round
            || session.get(&state.acting) != ProcessId::own().raw()
            || session.get(&state.broken) != 0
        {
            return Err(Error::Broken);
        }
        self.next_round(&session);
        state.pool.clear(&session, &state.waiting);
        session.commit();
        Ok(())
    }

    /// Breaks it: all who wait, and all who come, have an error, until it is reset.
    pub fn abort(&self) {
        let session = self.0.enter();
        self.break_up(&session);
        session.commit();
    }

    /// Begins a new round, also if it was broken. Who waits in the present one has an error.
    pub fn reset(&self) {
        let state = self.0.state();
        let session = self.0.enter();
        while let Some(slot) = state.pool.shift(&session, &state.waiting, &state.dismissed) {
            session.set(&slot.value, DISMISSED);
        }
        self.next_round(&session);
        session.set(&state.broken, 0);
        session.commit();
    }

    fn next_round(&self, session: &Session<'_>) {
        let state = self.0.state();
        session.set(&state.arrived, 0);
        session.set(&state.acting, 0);
        session.add(&state.rounds, 1);
        self.ring(session);
    }

    fn break_up(&self, session: &Session<'_>) {
        session.set(&self.0.state().broken, 1);
        self.ring(session);
    }

    /// The processes of those who have arrived in this round.
    fn present(&self, session: &Session<'_>) -> Vec<ProcessId> {
        let state = self.0.state();
        let waiting = state.pool.each(session, &state.waiting).filter_map(|(_, process)| process);
        waiting.chain(ProcessId::from_raw(session.get(&state.acting))).collect()
    }

    /// True for a place in a round that was broken off. Where a round was opened, the places are free.
    fn leave_dismissed(&self, session: &Session<'_>, place: Place) -> bool {
        let state = self.0.state();
        let dismissed = state.pool.find(session, place).is_some_and(|slot| session.get(&slot.value) == DISMISSED);
        if dismissed {
            state.pool.remove(session, &state.dismissed, place);
        }
        dismissed
    }

    fn ring(&self, session: &Session<'_>) {
        let state = self.0.state();
        if [&state.waiting, &state.coming, &state.dismissed].iter().any(|row| !row.is_empty(session)) {
            self.bell().ring();
        }
    }
}

/// In a slot's value.
const DISMISSED: u64 = 1;

#[derive(Clone, Copy, Debug)]
enum Stage {
    Outside,
    /// The round before is not over.
    Coming(Place),
    Waiting {
        place: Place,
        round: u64,
        index: u64,
    },
}

impl Stage {
    /// In a forked child it is the parent who waits.
    fn if_own(self) -> Self {
        match self {
            Self::Coming(place) | Self::Waiting { place, .. } if !place.is_own() => Self::Outside,
            own => own,
        }
    }
}

/// Waiting at a [`Barrier`].
#[derive(Debug)]
pub struct BarrierWait {
    barrier: Arc<Barrier>,
    stage: Stage,
    /// It watches those who were there before it.
    is_informed: bool,
}

impl BarrierWait {
    fn arrive(&mut self, session: &Session<'_>) -> Result<Option<Arrival>> {
        let state = self.barrier.0.state();
        let rows = [&state.waiting, &state.coming, &state.dismissed];
        if let Stage::Coming(place) = self.stage {
            if session.get(&state.acting) != 0 {
                return Ok(None);
            }
            state.pool.remove(session, &state.coming, place);
        } else if session.get(&state.acting) != 0 {
            self.stage = Stage::Coming(state.pool.append(session, &state.coming, &rows)?);
            return Ok(None);
        }
        let (index, round) = (session.get(&state.arrived), session.get(&state.rounds));
        // The others have to watch this process too.
        self.barrier.ring(session);
        if session.add(&state.arrived, 1) == session.get(&state.parties) {
            session.set(&state.acting, ProcessId::own().raw());
            self.stage = Stage::Outside;
            return Ok(Some(Arrival { index, leads: Some(round) }));
        }
        let place = state.pool.append(session, &state.waiting, &rows)?;
        self.stage = Stage::Waiting { place, round, index };
        Ok(None)
    }
}

impl Wait for BarrierWait {
    type Outcome = Arrival;

    fn bell(&self) -> &Arc<Bell> {
        self.barrier.bell()
    }

    fn look(&mut self, ended: &dyn Fn(ProcessId) -> bool) -> Result<Step<Arrival>> {
        let barrier = Arc::clone(&self.barrier);
        let state = barrier.0.state();
        let own = ProcessId::own();
        let session = barrier.0.enter();
        self.stage = self.stage.if_own();
        if let Stage::Waiting { place, round, index } = self.stage
            && session.get(&state.rounds) != round
        {
            self.stage = Stage::Outside;
            // Where the round was left by all, the slots are free.
            let dismissed = barrier.leave_dismissed(&session, place);
            session.commit();
            return if dismissed { Err(Error::Broken) } else { Ok(Step::Ready(Arrival { index, leads: None })) };
        }
        let has_died = barrier.present(&session).iter().any(|process| *process != own && ended(*process));
        if has_died && session.get(&state.broken) == 0 {
            barrier.break_up(&session);
        }
        if session.get(&state.broken) != 0 {
            match std::mem::replace(&mut self.stage, Stage::Outside) {
                Stage::Outside => false,
                Stage::Coming(place) => state.pool.remove(&session, &state.coming, place),
                Stage::Waiting { place, .. } => state.pool.remove(&session, &state.waiting, place),
            };
            session.commit();
            return Err(Error::Broken);
        }
        if !std::mem::replace(&mut self.is_informed, true) {
            // It must not be the last beside one who has died.
            let others: Vec<_> = barrier.present(&session).into_iter().filter(|process| *process != own).collect();
            if !others.is_empty() {
                return Ok(Step::Pending(others));
            }
        }
        if !matches!(self.stage, Stage::Waiting { .. })
            && let Some(arrival) = self.arrive(&session)?
        {
            session.commit();
            return Ok(Step::Ready(arrival));
        }
        let others = barrier.present(&session);
        session.commit();
        Ok(Step::Pending(others))
    }

    fn cancel(&mut self) {
        let state = self.barrier.0.state();
        let session = self.barrier.0.enter();
        match std::mem::replace(&mut self.stage, Stage::Outside).if_own() {
            Stage::Outside => {}
            Stage::Coming(place) => drop(state.pool.remove(&session, &state.coming, place)),
            Stage::Waiting { place, round, .. } => {
                if session.get(&state.rounds) == round {
                    self.barrier.break_up(&session);
                    state.pool.remove(&session, &state.waiting, place);
                } else {
                    self.barrier.leave_dismissed(&session, place);
                }
            }
        }
        session.commit();
    }
}
