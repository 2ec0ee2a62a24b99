//! Telling JavaScript that an event of Windows was set: a thread of the system's waits for it, and Node calls back.

use std::ffi::c_void;
use std::os::windows::io::{AsRawHandle, BorrowedHandle};
use std::ptr;

use napi::{Env, sys};
use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Threading::{
    INFINITE, RegisterWaitForSingleObject, UnregisterWaitEx, WT_EXECUTEINWAITTHREAD,
};

use crate::callback::Callback;
use crate::error::{Code, Result};

/// Until it is closed. It has to be closed before its environment ends.
pub struct EventWatch {
    env: sys::napi_env,
    function: sys::napi_threadsafe_function,
    wait: HANDLE,
}

struct Context {
    callback: Callback,
    act: fn(&Callback),
}

impl EventWatch {
    /// In the event loop calls `act` with the callback, after the event was set.
    ///
    /// # Safety
    /// The event stays open until this is closed. It resets itself.
    pub unsafe fn new(env: Env, event: BorrowedHandle<'_>, callback: Callback, act: fn(&Callback)) -> Result<Self> {
        let context: *mut c_void = Box::into_raw(Box::new(Context { callback, act })).cast();
        let (mut name, mut function) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: a living environment; the context lives until `finalize` is called with it.
        let status = unsafe {
            sys::napi_create_string_utf8(env.raw(), c"zygote.event".as_ptr(), -1, &raw mut name);
            sys::napi_create_threadsafe_function(
                env.raw(),
                ptr::null_mut(),
                ptr::null_mut(),
                name,
                0,
                1,
                context,
                Some(finalize),
                context,
                Some(call),
                &raw mut function,
            )
        };
        if status != sys::Status::napi_ok {
            // SAFETY: Node has not taken it.
            drop(unsafe { Box::from_raw(context.cast::<Context>()) });
            return Err(Code::System.error("napi_create_threadsafe_function failed"));
        }
        let mut watch = Self { env: env.raw(), function, wait: ptr::null_mut() };
        // SAFETY: the event lives per the caller, and the function until `close` has ended the wait.
        let registered = unsafe {
            RegisterWaitForSingleObject(
                &raw mut watch.wait,
                event.as_raw_handle(),
                Some(on_set),
                function.cast::<c_void>().cast_const(),
                INFINITE,
                WT_EXECUTEINWAITTHREAD,
            )
        };
        if registered == 0 {
            let error = std::io::Error::last_os_error();
            watch.close();
            return Err(Code::System.os_error("RegisterWaitForSingleObject", &error));
        }
        Ok(watch)
    }

    /// Whether the event loop goes on for it; at first it does.
    pub fn set_ref(&self, keeps_alive: bool) {
        // SAFETY: a living function of this environment, on its own thread.
        unsafe {
            if keeps_alive {
                sys::napi_ref_threadsafe_function(self.env, self.function);
            } else {
                sys::napi_unref_threadsafe_function(self.env, self.function);
            }
        }
    }

    /// Calls back no more.
    pub fn close(self) {
        // SAFETY: made in `new`, closed once. The first call waits until the callback is over, which takes no lock for long.
        unsafe {
            if !self.wait.is_null() {
                UnregisterWaitEx(self.wait, INVALID_HANDLE_VALUE);
            }
            sys::napi_release_threadsafe_function(self.function, sys::ThreadsafeFunctionReleaseMode::abort);
        }
    }
}

/// On a thread of the system's.
unsafe extern "system" fn on_set(function: *mut c_void, _timed_out: bool) {
    // SAFETY: it lives until the wait has ended, see `close`.
    unsafe {
        sys::napi_call_threadsafe_function(
            function.cast(),
            ptr::null_mut(),
            sys::ThreadsafeFunctionCallMode::nonblocking,
        );
    }
}

unsafe extern "C" fn call(env: sys::napi_env, _function: sys::napi_value, context: *mut c_void, _data: *mut c_void) {
    // Without an environment it is only emptied.
    if !env.is_null() {
        // SAFETY: freed by `finalize` only, which is called later.
        let context = unsafe { &*context.cast_const().cast::<Context>() };
        (context.act)(&context.callback);
    }
}

unsafe extern "C" fn finalize(_env: sys::napi_env, context: *mut c_void, _hint: *mut c_void) {
    // SAFETY: given in `new`; called once, on the environment's thread.
    drop(unsafe { Box::from_raw(context.cast::<Context>()) });
}
