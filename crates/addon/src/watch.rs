//! Telling JavaScript that a descriptor became readable.

use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::rc::Rc;

use napi::bindgen_prelude::Function;
use napi::{Env, sys};
use napi_derive::napi;

use crate::callback::{Callback, own_loop};
use crate::error::{Code, Result};
use crate::uv::{Handle, Owned};

/// The handle, until it is closed: by its user, or when its Worker ends, whose loop may have no open handle then.
type Poll = RefCell<Option<Owned<Callback>>>;

/// Watches one descriptor for reading; made for pidfds, which are readable when their process has ended.
#[napi]
pub struct ReadableWatcher {
    poll: Rc<Poll>,
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
        let poll = Rc::new(RefCell::new(Some(poll)));
        // SAFETY: the hook owns the counted reference that it is given, until it is called or removed.
        unsafe {
            sys::napi_add_env_cleanup_hook(env.raw(), Some(on_end), Rc::into_raw(Rc::clone(&poll)).cast_mut().cast())
        };
        Ok(Self { poll })
    }

    /// Whether the watcher keeps the process alive.
    #[napi]
    pub fn set_ref(&self, keeps_alive: bool) {
        if let Some(poll) = &*self.poll.borrow() {
            poll.set_ref(keeps_alive);
        }
    }

    /// Stops watching. The descriptor is not closed.
    #[napi]
    pub fn close(&mut self, env: Env) {
        let poll = self.poll.borrow_mut().take();
        if let Some(poll) = poll {
            poll.close();
            let hook = Rc::as_ptr(&self.poll);
            // SAFETY: added in `new` with this pointer, and not called yet, as the handle was open; its reference is dropped.
            unsafe {
                sys::napi_remove_env_cleanup_hook(env.raw(), Some(on_end), hook.cast_mut().cast());
                drop(Rc::from_raw(hook));
            }
        }
    }
}

/// The environment ends.
unsafe extern "C" fn on_end(poll: *mut c_void) {
    // SAFETY: the reference that `new` gave to the hook, which is called once.
    let poll = unsafe { Rc::from_raw(poll.cast_const().cast::<Poll>()) };
    let open = poll.borrow_mut().take();
    if let Some(open) = open {
        open.close_without_value();
    }
}

unsafe extern "C" fn on_readable(handle: *mut Handle, _status: c_int, _events: c_int) {
    // SAFETY: made by `ReadableWatcher::new` with a Callback. It may be closed by what it calls: libuv frees it later.
    if let Some((_, callback)) = unsafe { Owned::<Callback>::from_callback(handle) } {
        callback.call(|_| []);
    }
}
