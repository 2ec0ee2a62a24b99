//! Learning that nobody has the other end any more, on Windows: see `zygote_process::tether`.

use std::cell::RefCell;
use std::ffi::c_void;
use std::os::windows::io::{AsHandle, IntoRawHandle, OwnedHandle};
use std::rc::Rc;

use napi::bindgen_prelude::{Function, ObjectFinalize};
use napi::{Env, sys};
use napi_derive::napi;
use zygote_process::tether::{self, Watch};

use crate::callback::Callback;
use crate::descriptor::{number_of, short, take};
use crate::error::{Code, Result, failed};
use crate::event_watch::EventWatch;

/// Two ends: their handles.
#[napi]
pub fn tether_pair() -> Result<Vec<i32>> {
    let (first, second) = tether::pair().map_err(failed("CreateNamedPipe"))?;
    Ok([first, second].map(|end| short(end.into_raw_handle().addr())).into())
}

struct Watching {
    ear: EventWatch,
    watch: Watch,
}

impl Watching {
    fn close(self) {
        // First: it watches the event.
        self.ear.close();
        drop(self.watch);
    }
}

/// From `watch` until it is closed: by its user, or when its Worker ends.
type Open = RefCell<Option<Watching>>;

/// One end.
#[napi(custom_finalize)]
pub struct Tether {
    end: Option<OwnedHandle>,
    open: Rc<Open>,
}

#[napi]
impl Tether {
    /// Takes the handle over.
    #[napi(constructor)]
    pub fn new(handle: i32) -> Result<Self> {
        // SAFETY: the caller gives it away.
        Ok(Self { end: Some(unsafe { take(handle) }?), open: Rc::default() })
    }

    fn end(&self) -> Result<&OwnedHandle> {
        self.end.as_ref().ok_or_else(|| Code::InvalidArgument.error("this end is closed"))
    }

    /// Its handle, which stays its own.
    #[napi]
    pub fn descriptor(&self) -> Result<i32> {
        Ok(number_of(self.end()?))
    }

    /// Whether nobody has the other end any more.
    #[napi]
    pub fn is_alone(&self) -> Result<bool> {
        Ok(tether::is_alone(self.end()?.as_handle()))
    }

    /// Calls back when nobody has the other end any more. Only the first call has an effect; it does not keep the process alive.
    #[napi]
    pub fn watch(&self, env: Env, callback: Function<'_>) -> Result<()> {
        let end = self.end()?;
        if self.open.borrow().is_some() {
            return Ok(());
        }
        let watch = Watch::new(end.as_handle()).map_err(failed("ReadFile"))?;
        let callback = Callback::new(env, &callback, "zygote.tether")?;
        // SAFETY: the event lives as long as `watch`, which is dropped later.
        let ear = unsafe { EventWatch::new(env, watch.event(), callback, |callback| callback.call(|_| [])) }?;
        ear.set_ref(false);
        *self.open.borrow_mut() = Some(Watching { ear, watch });
        // SAFETY: the hook owns the counted reference that it is given, until it is called or removed.
        unsafe {
            let hook = Rc::into_raw(Rc::clone(&self.open)).cast_mut().cast();
            sys::napi_add_env_cleanup_hook(env.raw(), Some(on_end), hook);
        }
        Ok(())
    }

    /// Lets go of it. May be called again.
    #[napi]
    pub fn close(&mut self, env: Env) {
        let open = self.open.borrow_mut().take();
        if let Some(open) = open {
            open.close();
            let hook = Rc::as_ptr(&self.open);
            // SAFETY: added in `watch` with this pointer, and not called yet, as it was open; its reference is dropped.
            unsafe {
                sys::napi_remove_env_cleanup_hook(env.raw(), Some(on_end), hook.cast_mut().cast());
                drop(Rc::from_raw(hook));
            }
        }
        self.end = None;
    }
}

impl ObjectFinalize for Tether {
    fn finalize(mut self, env: Env) -> napi::Result<()> {
        self.close(env);
        Ok(())
    }
}

/// The environment ends.
unsafe extern "C" fn on_end(open: *mut c_void) {
    // SAFETY: the reference that `watch` gave to the hook, which is called once.
    let open = unsafe { Rc::from_raw(open.cast_const().cast::<Open>()) };
    let watching = open.borrow_mut().take();
    if let Some(watching) = watching {
        watching.close();
    }
}
