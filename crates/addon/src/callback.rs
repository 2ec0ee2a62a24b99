//! Calling JavaScript from a callback of libuv.

use std::ptr;

use napi::bindgen_prelude::{Function, ToNapiValue};
use napi::{Env, JsValue, sys};

use crate::error::{Code, Result};
#[cfg(unix)]
use crate::uv::Loop;

#[cfg(unix)]
mod asking;

#[cfg(unix)]
pub use asking::{Answer, Exception, error_value};

/// The event loop of an environment.
#[cfg(unix)]
pub fn own_loop(env: Env) -> Result<*mut Loop> {
    let mut uv_loop = ptr::null_mut();
    // SAFETY: a living environment, on its own thread.
    let status = unsafe { sys::napi_get_uv_event_loop(env.raw(), &raw mut uv_loop) };
    if status == sys::Status::napi_ok { Ok(uv_loop) } else { Err(Code::System.error("this thread has no event loop")) }
}

/// A JavaScript function that is kept, and called with an asynchronous context of its own.
pub struct Callback {
    env: sys::napi_env,
    function: sys::napi_ref,
    context: sys::napi_async_context,
}

impl Callback {
    /// Keeps `function`; `name` is what `async_hooks` shows.
    pub fn new(env: Env, function: &Function<'_>, name: &str) -> Result<Self> {
        let env = env.raw();
        let failed = |call: &str| Code::System.error(format_args!("{call} failed"));
        let mut callback = Self { env, function: ptr::null_mut(), context: ptr::null_mut() };
        // SAFETY: a living environment and a function of it, on its own thread.
        unsafe {
            if sys::napi_create_reference(env, function.raw(), 1, &raw mut callback.function) != sys::Status::napi_ok {
                return Err(failed("napi_create_reference"));
            }
            let mut name_value = ptr::null_mut();
            let length = name.len() as isize;
            if sys::napi_create_string_utf8(env, name.as_ptr().cast(), length, &raw mut name_value)
                != sys::Status::napi_ok
                || sys::napi_async_init(env, ptr::null_mut(), name_value, &raw mut callback.context)
                    != sys::Status::napi_ok
            {
                return Err(failed("napi_async_init"));
            }
        }
        Ok(callback)
    }

    /// Calls the function, then runs microtasks, as Node does for its own callbacks. What it throws is an uncaught
    /// exception.
    pub fn call<const N: usize>(&self, arguments: impl FnOnce(sys::napi_env) -> [sys::napi_value; N]) {
        let env = self.env;
        // SAFETY: called on the environment's thread from its loop; the scope is closed before returning.
        unsafe {
            let mut scope = ptr::null_mut();
            if sys::napi_open_handle_scope(env, &raw mut scope) != sys::Status::napi_ok {
                return;
            }
            let (mut function, mut receiver, mut result) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
            sys::napi_get_reference_value(env, self.function, &raw mut function);
            sys::napi_get_global(env, &raw mut receiver);
            let arguments = arguments(env);
            let status =
                sys::napi_make_callback(env, self.context, receiver, function, N, arguments.as_ptr(), &raw mut result);
            if status == sys::Status::napi_pending_exception {
                let mut exception = ptr::null_mut();
                if sys::napi_get_and_clear_last_exception(env, &raw mut exception) == sys::Status::napi_ok {
                    sys::napi_fatal_exception(env, exception);
                }
            }
            sys::napi_close_handle_scope(env, scope);
        }
    }
}

impl Drop for Callback {
    fn drop(&mut self) {
        // SAFETY: made in `new`; dropped on the environment's thread, from libuv's close callback.
        unsafe {
            if !self.context.is_null() {
                sys::napi_async_destroy(self.env, self.context);
            }
            if !self.function.is_null() {
                sys::napi_delete_reference(self.env, self.function);
            }
        }
    }
}

/// `null`.
pub fn null(env: sys::napi_env) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: inside an open handle scope.
    unsafe { sys::napi_get_null(env, &raw mut value) };
    value
}

/// A converted value, or `null` where the conversion fails.
pub fn to_value(env: sys::napi_env, value: impl ToNapiValue) -> sys::napi_value {
    // SAFETY: inside an open handle scope.
    unsafe { ToNapiValue::to_napi_value(env, value) }.unwrap_or_else(|_| null(env))
}
