//! What can go wrong with shared objects.

use std::{fmt, io};

/// The result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong.
#[derive(Debug)]
pub enum Error {
    /// This system cannot do it; names what it is.
    Unsupported(&'static str),
    /// A system call failed.
    Call {
        /// Which one.
        call: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The memory is not that of such an object, or of another version of this package.
    Foreign(&'static str),
    /// As many wait as an object has room for.
    Full(usize),
    /// This process does not have what it gives back.
    NotHeld,
    /// More would be given back than there may be.
    OverRelease,
    /// The barrier was broken.
    Broken,
    /// Nothing can be put into the queue any more.
    Closed,
    /// The message never finds room in the queue.
    TooLarge {
        /// Of the message.
        bytes: u64,
        /// That a queue of this size has room for.
        most: u64,
    },
}

impl Error {
    pub(crate) fn call(call: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Call { call, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(what) => write!(formatter, "{what}: not on this system"),
            Self::Call { call, source } => write!(formatter, "{call}: {source}"),
            Self::Foreign(what) => write!(formatter, "this is not the memory of {what} of this version"),
            Self::Closed => write!(formatter, "the queue is closed"),
            Self::TooLarge { bytes, most } => {
                write!(
                    formatter,
                    "a message of {bytes} bytes never finds room in a queue of {most}: make it with a larger maxBytes"
                )
            }
            Self::Full(limit) => write!(formatter, "{limit} wait already, which is the most"),
            Self::NotHeld => formatter.write_str("this process does not have it"),
            Self::OverRelease => formatter.write_str("there would be more permits than there may be"),
            Self::Broken => formatter.write_str("the barrier is broken"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Call { source, .. } => Some(source),
            _ => None,
        }
    }
}
