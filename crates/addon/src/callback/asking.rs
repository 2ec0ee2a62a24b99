//! Asking JavaScript from a callback of libuv, and telling it of errors: for forks.

use std::ptr;

use napi::sys;

use super::Callback;
use crate::error::Code;

/// What [`Callback::ask`] heard.
pub enum Answer {
    /// `true`.
    Yes,
    /// Anything else.
    No,
    /// It threw.
    Threw(Exception),
}

/// An exception and the handle scope that it lives in.
pub struct Exception {
    env: sys::napi_env,
    scope: sys::napi_handle_scope,
    value: sys::napi_value,
}

impl Exception {
    pub fn value(&self) -> sys::napi_value {
        self.value
    }

    pub fn close(self) {
        // SAFETY: opened in `ask`, closed once.
        unsafe { sys::napi_close_handle_scope(self.env, self.scope) };
    }
}

impl Callback {
    /// Calls the function without running microtasks: nothing but this one function runs.
    pub fn ask(&self) -> Answer {
        self.hear(|env, receiver, function, result| {
            // SAFETY: values of this environment, inside an open handle scope.
            unsafe { sys::napi_call_function(env, receiver, function, 0, ptr::null(), result) }
        })
    }

    /// Calls the function, then runs ticks and microtasks, as Node does for its own callbacks.
    pub fn ask_and_settle(&self) -> Answer {
        self.hear(|env, receiver, function, result| {
            // SAFETY: as above.
            unsafe { sys::napi_make_callback(env, self.context, receiver, function, 0, ptr::null(), result) }
        })
    }

    fn hear(
        &self,
        call: impl FnOnce(sys::napi_env, sys::napi_value, sys::napi_value, *mut sys::napi_value) -> sys::napi_status,
    ) -> Answer {
        let env = self.env;
        // SAFETY: called on the environment's thread from its loop; the scope is closed here or by who gets it.
        unsafe {
            let mut scope = ptr::null_mut();
            if sys::napi_open_handle_scope(env, &raw mut scope) != sys::Status::napi_ok {
                return Answer::No;
            }
            let (mut function, mut receiver, mut result) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
            sys::napi_get_reference_value(env, self.function, &raw mut function);
            sys::napi_get_global(env, &raw mut receiver);
            let status = call(env, receiver, function, &raw mut result);
            if status == sys::Status::napi_pending_exception {
                let mut value = ptr::null_mut();
                sys::napi_get_and_clear_last_exception(env, &raw mut value);
                return Answer::Threw(Exception { env, scope, value });
            }
            let mut yes = false;
            if status == sys::Status::napi_ok {
                sys::napi_get_value_bool(env, result, &raw mut yes);
            }
            sys::napi_close_handle_scope(env, scope);
            if yes { Answer::Yes } else { Answer::No }
        }
    }
}

/// A JavaScript error with its code.
pub fn error_value(env: sys::napi_env, error: napi::Error<Code>) -> sys::napi_value {
    // SAFETY: inside an open handle scope.
    unsafe { napi::JsError::from(error).into_value(env) }
}
