//! One watch of an environment's event loop, for all that it waits for.

use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr;
use std::time::Duration;

use napi::bindgen_prelude::Function;
use napi::{Env, sys};
use napi_derive::napi;
use zygote_shared::waits::Waits;

use crate::callback::{Callback, null, to_value};
use crate::error::{Result, shared_failed};

#[cfg_attr(unix, path = "ear/unix.rs")]
#[cfg_attr(windows, path = "ear/windows.rs")]
mod ear;

use ear::Ear;

struct Environment {
    waits: Waits,
    ear: Ear,
    env: sys::napi_env,
    /// Tells what belongs to it from what belonged to one before.
    serial: u64,
}

thread_local! {
    static ENVIRONMENT: RefCell<Option<Environment>> = const { RefCell::new(None) };
    static SERIAL: RefCell<u64> = const { RefCell::new(0) };
}

/// From now on calls `callback` with the tokens of bells that were rung, or with `null` if every wait has to look: a process has
/// ended. What was open before is closed, as it must be in a forked child.
#[napi]
pub fn open_waits(env: Env, callback: Function<'_>) -> Result<()> {
    close_waits();
    let waits = Waits::new().map_err(shared_failed)?;
    let callback = Callback::new(env, &callback, "zygote.wait")?;
    let ear = Ear::open(env, &waits, callback)?;
    ear.set_ref(false);
    let serial = SERIAL.with_borrow_mut(|serial| {
        *serial += 1;
        *serial
    });
    ENVIRONMENT.set(Some(Environment { waits, ear, env: env.raw(), serial }));
    // SAFETY: a living environment; the hook takes no argument, and is removed when it is closed before.
    unsafe { sys::napi_add_env_cleanup_hook(env.raw(), Some(on_end), ptr::null_mut()) };
    Ok(())
}

/// Whether the event loop goes on for it.
#[napi]
pub fn ref_waits(keeps_alive: bool) {
    ENVIRONMENT.with_borrow(|environment| {
        if let Some(environment) = environment {
            environment.ear.set_ref(keeps_alive);
        }
    });
}

/// Calls back no more. Waits that are not over can be looked at again when it is open again.
#[napi]
pub fn close_waits() {
    if let Some(environment) = ENVIRONMENT.take() {
        // SAFETY: added in `open_waits`.
        unsafe { sys::napi_remove_env_cleanup_hook(environment.env, Some(on_end), ptr::null_mut()) };
        // First: it watches the waits.
        environment.ear.close();
        drop(environment.waits);
    }
}

/// The environment ends.
unsafe extern "C" fn on_end(_: *mut c_void) {
    if let Some(environment) = ENVIRONMENT.take() {
        environment.ear.close_at_end();
        drop(environment.waits);
    }
}

/// There is something to hear, or was: tells the callback.
fn hear(callback: &Callback) {
    let news = ENVIRONMENT.with_borrow_mut(|environment| {
        environment.as_mut().map(|environment| environment.waits.hear(Some(Duration::ZERO)))
    });
    let Some(news) = news else { return };
    match news {
        Ok(news) if news.is_empty() => {}
        Ok(news) if !news.ended => callback.call(|env| [to_value(env, news.bells)]),
        // An error too is a reason to look: it is met there again.
        Ok(_) | Err(_) => callback.call(|env| [null(env)]),
    }
}

/// What this environment waits for, and its serial number. `None` if it is closed, or was this process's parent's.
pub(super) fn with_waits<T>(act: impl FnOnce(&mut Waits, u64) -> T) -> Option<T> {
    ENVIRONMENT.with_borrow_mut(|environment| {
        let environment = environment.as_mut().filter(|environment| environment.waits.is_own())?;
        Some(act(&mut environment.waits, environment.serial))
    })
}
