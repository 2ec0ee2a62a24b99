//! Telling JavaScript that a descriptor became readable.

use std::ffi::c_int;

use napi::Env;
use napi::bindgen_prelude::Function;
use napi_derive::napi;

use crate::callback::{Callback, own_loop};
use crate::error::{Code, Result};
use crate::uv::{Handle, Owned};

/// Watches one descriptor for reading; made for pidfds, which are readable when their process has ended.
#[napi]
pub struct ReadableWatcher {
    poll: Option<Owned<Callback>>,
}

#[napi]
impl ReadableWatcher {
    /// Calls `callback` as often as the event loop finds `fd` readable, until `close`. The descriptor must stay open.
    #[napi(constructor)]
    pub fn new(env: Env, fd: i32, callback: Function<'_>) -> Result<Self> {
        let uv_loop = own_loop(env)?;
        let callback = Callback::new(env, &callback, "zygote.watch")?;
        // SAFETY: the environment's own loop; the caller keeps `fd` open, as documented.
        let poll = unsafe { Owned::poll_readable(uv_loop, fd, callback, on_readable) }
            .map_err(|error| Code::System.error(format_args!("uv_poll: {error}")))?;
        Ok(Self { poll: Some(poll) })
    }

    /// Whether the watcher keeps the process alive.
    #[napi]
    pub fn set_ref(&self, keeps_alive: bool) {
        if let Some(poll) = &self.poll {
            poll.set_ref(keeps_alive);
        }
    }

    /// Stops watching. The descriptor is not closed.
    #[napi]
    pub fn close(&mut self) {
        if let Some(poll) = self.poll.take() {
            poll.close();
        }
    }
}

unsafe extern "C" fn on_readable(handle: *mut Handle, _status: c_int, _events: c_int) {
    // SAFETY: made by `ReadableWatcher::new` with a Callback. It may be closed by what it calls: libuv frees it later.
    if let Some((_, callback)) = unsafe { Owned::<Callback>::from_callback(handle) } {
        callback.call(|_| []);
    }
}
