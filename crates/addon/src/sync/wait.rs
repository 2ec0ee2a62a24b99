//! One wait for an object, as JavaScript has it.

use std::time::Duration;

use napi_derive::napi;
use zygote_shared::identity::ProcessId;
use zygote_shared::wait::{Wait, block};
use zygote_shared::waits::{Listening, Step};

use super::waits::with_waits;
use crate::error::{Code, Result, shared_failed};

/// What a wait ends with: two numbers, whose meaning is the object's.
pub(super) type Outcome = [f64; 2];

/// A wait whose outcome is converted.
struct Converted<W: Wait> {
    wait: W,
    convert: Box<dyn FnMut(W::Outcome) -> Outcome>,
}

impl<W: Wait> Wait for Converted<W> {
    type Outcome = Outcome;

    fn bell(&self) -> &std::sync::Arc<zygote_shared::bell::Bell> {
        self.wait.bell()
    }

    fn look(&mut self, ended: &dyn Fn(ProcessId) -> bool) -> zygote_shared::Result<Step<Outcome>> {
        Ok(match self.wait.look(ended)? {
            Step::Ready(outcome) => Step::Ready((self.convert)(outcome)),
            Step::Pending(others) => Step::Pending(others),
        })
    }

    fn cancel(&mut self) {
        self.wait.cancel();
    }
}

/// A wait. It is cancelled when it is collected.
#[napi]
pub struct SharedWait {
    wait: Box<dyn Wait<Outcome = Outcome>>,
    /// With the serial number of the environment's waits.
    listening: Option<(Listening, u64)>,
    /// What it has ended with before anybody asked.
    early: Option<Outcome>,
    is_over: bool,
}

impl SharedWait {
    pub(super) fn new<W: Wait + 'static>(wait: W, convert: impl FnMut(W::Outcome) -> Outcome + 'static) -> Self {
        let wait = Box::new(Converted { wait, convert: Box::new(convert) });
        Self { wait, listening: None, early: None, is_over: false }
    }

    fn finish(&mut self) {
        self.is_over = true;
        if let Some((listening, serial)) = self.listening.take() {
            with_waits(|waits, current| {
                if current == serial {
                    waits.finish(listening);
                }
            });
        }
    }

    fn stop(&mut self) {
        if !self.is_over {
            self.wait.cancel();
            self.finish();
        }
    }
}

#[napi]
impl SharedWait {
    /// Which bell it waits for.
    #[napi(getter)]
    pub fn token(&self) -> u32 {
        self.wait.bell().token()
    }

    /// Looks whether it is over: with what, or `null`. From the first time on it has its place; `open_waits` must have been called.
    /// After an error it is over too.
    #[napi]
    pub fn look(&mut self) -> Result<Option<Vec<f64>>> {
        if self.is_over {
            return Err(Code::InvalidArgument.error("this wait is over"));
        }
        let (wait, held) = (&mut self.wait, &mut self.listening);
        let outcome = with_waits(|waits, serial| {
            let known = held.take().filter(|(_, its)| *its == serial);
            let (listening, _) = match known {
                Some(known) => held.insert(known),
                None => held.insert((waits.begin(wait.bell())?, serial)),
            };
            waits.advance(listening, |ended| wait.look(ended))
        });
        let outcome = outcome.ok_or_else(|| Code::InvalidArgument.error("waits are not open in this process"))?;
        if !matches!(outcome, Ok(None)) {
            if outcome.is_err() {
                self.wait.cancel();
            }
            self.finish();
        }
        Ok(outcome.map_err(shared_failed)?.map(Vec::from))
    }

    /// Takes its place before `block` is called.
    #[napi]
    pub fn take_place(&mut self) -> Result<()> {
        if let Step::Ready(outcome) = self.wait.look(&|_| false).map_err(shared_failed)? {
            self.early = Some(outcome);
        }
        Ok(())
    }

    /// Waits in this thread, so many milliseconds at most: with what it is over, or `null`; it is over in any case. Not together
    /// with `look`.
    #[napi]
    pub fn block(&mut self, timeout: Option<f64>) -> Result<Option<Vec<f64>>> {
        if self.is_over || self.listening.is_some() {
            return Err(Code::InvalidArgument.error("this wait is over, or asynchronous"));
        }
        if let Some(outcome) = self.early.take() {
            self.is_over = true;
            return Ok(Some(outcome.into()));
        }
        let timeout = timeout.map(|timeout| Duration::from_secs_f64((timeout / 1000.0).clamp(0.0, 1e9)));
        let outcome = block(&mut *self.wait, timeout);
        self.is_over = true;
        Ok(outcome.map_err(shared_failed)?.map(Vec::from))
    }

    /// Waits no more. What it was given meanwhile is given on.
    #[napi]
    pub fn cancel(&mut self) {
        self.stop();
    }
}

impl Drop for SharedWait {
    fn drop(&mut self) {
        self.stop();
    }
}
