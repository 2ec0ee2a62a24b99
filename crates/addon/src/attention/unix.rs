//! Waiting for an answer without falling asleep, where answers come soon.
//!
//! To wake a process that sleeps takes 5 to 60 µs, the longest where its CPU sleeps, too: longer than most of what it waits for in a
//! conversation. So while answers come soon, the event loop looks for the next one without sleeping, for a short time. It does all of
//! its other work meanwhile. One answer that takes longer ends this, until a few have come soon again.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use napi::{Env, sys};
use napi_derive::napi;

use crate::callback::own_loop;
use crate::error::{Code, Result};
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
    pub unsafe fn new(uv_loop: *mut Loop) -> std::result::Result<Self, String> {
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
    let Some((idle, state)) = (unsafe { Owned::<Rc<State>>::from_callback(handle) }) else { return };
    if state.since.get().is_none_or(|since| since.elapsed() > SOON) {
        state.soon.set(0);
        idle.stop_idle();
    } else {
        // Whoever has work goes first: also V8's own threads, which compile what runs often.
        std::thread::yield_now();
    }
}

thread_local! {
    /// Of this environment, for what comes by streams of Node's.
    static OWN: RefCell<Option<Attention>> = const { RefCell::new(None) };
}

/// This thread waits for an answer, by whatever way it comes.
#[napi]
pub fn await_answer(env: Env) -> Result<()> {
    OWN.with_borrow_mut(|own| {
        let attention = if let Some(attention) = own {
            attention
        } else {
            // SAFETY: the environment's own loop.
            let new = unsafe { Attention::new(own_loop(env)?) };
            let new = new.map_err(|error| Code::System.error(format_args!("waiting for an answer: {error}")))?;
            // SAFETY: a living environment; the hook takes no argument.
            unsafe { sys::napi_add_env_cleanup_hook(env.raw(), Some(on_end), ptr::null_mut()) };
            own.insert(new)
        };
        attention.begin();
        Ok(())
    })
}

/// It has come. May be called where none was waited for.
#[napi]
pub fn answered() {
    OWN.with_borrow(|own| own.as_ref().map(Attention::answered));
}

/// The environment ends.
unsafe extern "C" fn on_end(_: *mut c_void) {
    if let Some(attention) = OWN.take() {
        attention.close();
    }
}
