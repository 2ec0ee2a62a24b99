//! Waiting for an answer without falling asleep, where answers come soon.
//!
//! To wake a process that sleeps takes 5 to 60 µs, the longest where its CPU sleeps, too: longer than most of what it waits for in a
//! conversation. So while answers come soon, the event loop looks for the next one without sleeping, for a short time. It does all of
//! its other work meanwhile. One answer that takes longer ends this, until a few have come soon again.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use crate::uv::{Handle, Loop, Owned};

/// An answer that has come within this time has come soon; and the longest time that the loop does not sleep. As long as two
/// processes take that wake each other.
const SOON: Duration = Duration::from_micros(100);

/// Answers that have to come soon, one after the other, until the loop does not sleep.
const ENOUGH: u32 = 3;

/// With one CPU nobody could answer meanwhile.
static IS_OF_USE: LazyLock<bool> =
    LazyLock::new(|| std::thread::available_parallelism().is_ok_and(|cpus| cpus.get() > 1));

#[derive(Default)]
struct State {
    /// When what is waited for was asked for; `None` if nothing is.
    since: Cell<Option<Instant>>,
    /// Answers that have come soon, up to now.
    soon: Cell<u32>,
}

/// Of one who waits again and again.
pub struct Attention {
    /// Until it is closed.
    idle: RefCell<Option<Owned<Rc<State>>>>,
    state: Rc<State>,
}

impl Attention {
    /// # Safety
    /// `uv_loop` is the running thread's loop.
    pub unsafe fn new(uv_loop: *mut Loop) -> Result<Self, String> {
        let state = Rc::new(State::default());
        // SAFETY: per the caller.
        let idle = unsafe { Owned::resting_idle(uv_loop, Rc::clone(&state)) }?;
        // Who waits keeps the process alive, not this.
        idle.set_ref(false);
        Ok(Self { idle: RefCell::new(Some(idle)), state })
    }

    /// A wait begins, or goes on.
    pub fn begin(&self) {
        let idle = self.idle.borrow();
        let (None, Some(idle), true) = (self.state.since.get(), &*idle, *IS_OF_USE) else { return };
        self.state.since.set(Some(Instant::now()));
        if self.state.soon.get() >= ENOUGH {
            idle.start_idle(on_idle);
        }
    }

    /// What was waited for has come.
    pub fn answered(&self) {
        if let Some(since) = self.state.since.take() {
            self.sleep();
            let soon = if since.elapsed() <= SOON { (self.state.soon.get() + 1).min(ENOUGH) } else { 0 };
            self.state.soon.set(soon);
        }
    }

    /// It is not waited for any more.
    pub fn give_up(&self) {
        if self.state.since.take().is_some() {
            self.sleep();
        }
    }

    fn sleep(&self) {
        if let Some(idle) = &*self.idle.borrow() {
            idle.stop_idle();
        }
    }

    /// May be called again.
    pub fn close(&self) {
        if let Some(idle) = self.idle.borrow_mut().take() {
            idle.close();
        }
    }
}

/// In each turn of the loop.
unsafe extern "C" fn on_idle(handle: *mut Handle) {
    // SAFETY: made by `Attention::new`.
    if let Some((idle, state)) = unsafe { Owned::<Rc<State>>::from_callback(handle) }
        && state.since.get().is_none_or(|since| since.elapsed() > SOON)
    {
        state.soon.set(0);
        idle.stop_idle();
    }
}
