//! Unix: libuv watches the descriptor of the waits.

use std::ffi::c_int;
use std::os::fd::{AsFd, AsRawFd};

use napi::Env;
use zygote_shared::waits::Waits;

use crate::callback::{Callback, own_loop};
use crate::error::{Code, Result};
use crate::uv::{Handle, Owned};

/// Tells an environment when there is something to hear.
pub(super) struct Ear(Owned<Callback>);

impl Ear {
    /// Calls `hear` with the callback. The waits live until it is closed.
    pub(super) fn open(env: Env, waits: &Waits, callback: Callback) -> Result<Self> {
        // SAFETY: the environment's own loop; the descriptor stays open until the handle is closed.
        unsafe { Owned::poll_readable(own_loop(env)?, waits.as_fd().as_raw_fd(), callback, on_readable) }
            .map(Self)
            .map_err(|error| Code::System.error(format_args!("uv_poll: {error}")))
    }

    /// Whether the event loop goes on for it.
    pub(super) fn set_ref(&self, keeps_alive: bool) {
        self.0.set_ref(keeps_alive);
    }

    pub(super) fn close(self) {
        self.0.close();
    }

    /// When its environment ends.
    pub(super) fn close_at_end(self) {
        self.0.close_without_value();
    }
}

unsafe extern "C" fn on_readable(handle: *mut Handle, _status: c_int, _events: c_int) {
    // SAFETY: made by `open` with a Callback. It may be closed by what it calls: libuv frees it later.
    if let Some((_, callback)) = unsafe { Owned::<Callback>::from_callback(handle) } {
        super::hear(callback);
    }
}
