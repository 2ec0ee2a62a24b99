//! Windows: the system watches the event of the waits.

use std::os::windows::io::AsHandle;

use napi::Env;
use zygote_shared::waits::Waits;

use crate::callback::Callback;
use crate::error::Result;
use crate::event_watch::EventWatch;

/// Tells an environment when there is something to hear.
pub(super) struct Ear(EventWatch);

impl Ear {
    /// Calls `hear` with the callback. The waits live until it is closed.
    pub(super) fn open(env: Env, waits: &Waits, callback: Callback) -> Result<Self> {
        // SAFETY: the event is never closed.
        unsafe { EventWatch::new(env, waits.as_handle(), callback, super::hear) }.map(Self)
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
        self.0.close();
    }
}
