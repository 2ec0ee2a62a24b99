//! Errors as JavaScript sees them: `error.code` is a stable string, `error.message` says what to do.

use std::{fmt, io};

/// The result of a function exported to JavaScript.
pub type Result<T> = std::result::Result<T, napi::Error<Code>>;

/// The codes the addon throws. The strings are public API: add, never rename.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// An argument is of the wrong type or out of range.
    InvalidArgument,
    /// This operating system, CPU or Node cannot do it.
    Unsupported,
    /// The process could not be cloned.
    ForkFailed,
    /// The other threads did not stand still in time.
    ForkTimeout,
    /// Only Node's main thread can do this.
    NotMainThread,
    /// More wait than there is room for.
    TooMany,
    /// What is given back is not held.
    NotHeld,
    /// More permits would be given back than there may be.
    OverRelease,
    /// A barrier was broken.
    BrokenBarrier,
    /// Nothing can be put into a queue any more.
    Closed,
    /// A message is larger than a queue.
    TooLarge,
    /// A system call failed; the message names it.
    System,
}

impl AsRef<str> for Code {
    fn as_ref(&self) -> &str {
        match self {
            Self::InvalidArgument => "ERR_ZYGOTE_INVALID_ARGUMENT",
            Self::Unsupported => "ERR_ZYGOTE_UNSUPPORTED",
            Self::ForkFailed => "ERR_ZYGOTE_FORK_FAILED",
            Self::ForkTimeout => "ERR_ZYGOTE_FORK_TIMEOUT",
            Self::NotMainThread => "ERR_ZYGOTE_NOT_MAIN_THREAD",
            Self::TooMany => "ERR_ZYGOTE_TOO_MANY_WAITERS",
            Self::NotHeld => "ERR_ZYGOTE_NOT_HELD",
            Self::OverRelease => "ERR_ZYGOTE_OVER_RELEASE",
            Self::BrokenBarrier => "ERR_ZYGOTE_BROKEN_BARRIER",
            Self::Closed => "ERR_ZYGOTE_CLOSED",
            Self::TooLarge => "ERR_ZYGOTE_TOO_LARGE",
            Self::System => "ERR_ZYGOTE_SYSTEM",
        }
    }
}

impl Code {
    /// An error with this code. The message is for the person who reads it: what failed, and what to do.
    pub fn error(self, message: impl fmt::Display) -> napi::Error<Self> {
        napi::Error::new(self, message.to_string())
    }

    /// An error with this code for a failed system call: `waitid: No child processes (os error 10)`.
    pub fn os_error(self, call: &str, cause: &io::Error) -> napi::Error<Self> {
        self.error(format_args!("{call}: {cause}"))
    }
}

/// For `map_err`: the error of a failed system call, or of an argument that did not get so far.
pub fn failed(call: &'static str) -> impl Fn(io::Error) -> napi::Error<Code> {
    move |error| {
        let refused_here = error.raw_os_error().is_none() && error.kind() == io::ErrorKind::InvalidInput;
        if refused_here { Code::InvalidArgument.error(error) } else { Code::System.os_error(call, &error) }
    }
}

/// For `map_err`: the error of a shared object.
pub fn shared_failed(error: zygote_shared::Error) -> napi::Error<Code> {
    use zygote_shared::Error;
    let code = match error {
        Error::Unsupported(_) => Code::Unsupported,
        Error::Foreign(_) => Code::InvalidArgument,
        Error::Call { .. } => Code::System,
        Error::Full(_) => Code::TooMany,
        Error::NotHeld => Code::NotHeld,
        Error::OverRelease => Code::OverRelease,
        Error::Closed => Code::Closed,
        Error::TooLarge { .. } => Code::TooLarge,
        Error::Broken => Code::BrokenBarrier,
    };
    code.error(error)
}
