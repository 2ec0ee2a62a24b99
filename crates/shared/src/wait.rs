//! A wait for an object, whoever waits and however: the event loop looks when it is told, a thread blocks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Result;
use crate::bell::Bell;
use crate::identity::ProcessId;
use crate::waits::{Step, Waits};

/// One wait.
pub trait Wait {
    /// What it ends with.
    type Outcome;

    /// What rings when there is a reason to look.
    fn bell(&self) -> &Arc<Bell>;

    /// Looks whether it is over; from the first look on it has its place among those who wait. `ended` knows of the processes that
    /// the last look has named.
    ///
    /// # Errors
    /// What makes the wait end without an outcome. It is over then too.
    fn look(&mut self, ended: &dyn Fn(ProcessId) -> bool) -> Result<Step<Self::Outcome>>;

    /// Waits no more. What it was given meanwhile it gives on. Does nothing if it is over.
    fn cancel(&mut self);
}

/// Waits in this thread, with nothing else going on in it; `None` after the timeout.
///
/// # Errors
/// As [`Wait::look`].
pub fn block<W: Wait + ?Sized>(wait: &mut W, timeout: Option<Duration>) -> Result<Option<W::Outcome>> {
    let outcome = look_until(wait, timeout.and_then(|timeout| Instant::now().checked_add(timeout)));
    if !matches!(outcome, Ok(Some(_))) {
        wait.cancel();
    }
    outcome
}

fn look_until<W: Wait + ?Sized>(wait: &mut W, deadline: Option<Instant>) -> Result<Option<W::Outcome>> {
    let mut waits = Waits::new()?;
    let mut listening = waits.begin(wait.bell())?;
    loop {
        let remaining = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if let Some(outcome) = waits.advance(&mut listening, |ended| wait.look(ended))? {
            return Ok(Some(outcome));
        }
        if remaining == Some(Duration::ZERO) {
            return Ok(None);
        }
        waits.hear(remaining)?;
    }
}
