//! Unix: libuv watches the descriptor of the waits.

use std::cell::Cell;
use std::ffi::c_int;
use std::os::fd::{AsFd, AsRawFd};

use napi::Env;
use zygote_shared::waits::Waits;

use crate::attention::Attention;
use crate::callback::{Callback, own_loop};
use crate::error::{Code, Result};
use crate::uv::{Handle, Owned};

/// Tells an environment when there is something to hear.
pub(super) struct Ear(Owned<Listener>);

/// What the handle knows.
struct Listener {
    callback: Callback,
    attention: Attention,
    /// Somebody waits.
    listens: Cell<bool>,
}

impl Ear {
    /// Calls `hear` with the callback. The waits live until it is closed.
    pub(super) fn open(env: Env, waits: &Waits, callback: Callback) -> Result<Self> {
        let uv_loop = own_loop(env)?;
        let failed = |error| Code::System.error(format_args!("waiting for shared objects: {error}"));
        // SAFETY: the environment's own loop.
        let attention = unsafe { Attention::new(uv_loop) }.map_err(failed)?;
        let listener = Listener { callback, attention, listens: Cell::new(false) };
        // SAFETY: the environment's own loop; the descriptor stays open until the handle is closed.
        unsafe { Owned::poll_readable(uv_loop, waits.as_fd().as_raw_fd(), listener, on_readable) }
            .map(Self)
            .map_err(failed)
    }

    /// Whether the event loop goes on for it.
    pub(super) fn set_ref(&self, keeps_alive: bool) {
        let Listener { attention, listens, .. } = self.0.value();
        self.0.set_ref(keeps_alive);
        listens.set(keeps_alive);
        if keeps_alive { attention.begin() } else { attention.give_up() }
    }

    pub(super) fn close(self) {
        self.0.value().attention.close();
        self.0.close();
    }

    /// When its environment ends.
    pub(super) fn close_at_end(self) {
        self.0.value().attention.close();
        self.0.close_without_value();
    }
}

unsafe extern "C" fn on_readable(handle: *mut Handle, _status: c_int, _events: c_int) {
    // SAFETY: made by `open` with a Listener. It may be closed by what it calls: libuv frees it later.
    if let Some((_, listener)) = unsafe { Owned::<Listener>::from_callback(handle) } {
        listener.attention.answered();
        super::hear(&listener.callback);
        // Who waited goes on, and others wait still.
        if listener.listens.get() {
            listener.attention.begin();
        }
    }
}
