//! Why the memory of a process cannot be told.

use std::{fmt, io};

/// Why the memory of a process cannot be told.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// There is no process of this id, or it has ended and only its exit status is left.
    NotFound {
        /// The id that was asked for.
        pid: u32,
    },
    /// The process belongs to another user, or is protected against being looked at.
    PermissionDenied {
        /// The id that was asked for.
        pid: u32,
    },
    /// This system has no way to tell, or none that is built in here.
    Unsupported {
        /// What is missing, and what to use instead.
        reason: &'static str,
    },
    /// A file of the kernel does not look as documented.
    Malformed {
        /// Which file, for example `/proc/PID/stat`.
        file: &'static str,
        /// What was looked for and not found.
        missing: &'static str,
    },
    /// Reading failed for another reason, such as too many open files.
    Io {
        /// Which file, for example `/proc/PID/stat`.
        file: &'static str,
        /// What the system says.
        cause: io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { pid } => write!(f, "there is no process {pid}: it has ended, or never was"),
            Self::PermissionDenied { pid } => {
                write!(f, "process {pid} may not be looked at: it belongs to another user, or is protected")
            }
            Self::Unsupported { reason } => write!(f, "the memory of a process cannot be told here: {reason}"),
            Self::Malformed { file, missing } => write!(f, "{file} has no {missing}: a kernel newer than this code?"),
            Self::Io { file, cause } => write!(f, "cannot read {file}: {cause}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { cause, .. } => Some(cause),
            _ => None,
        }
    }
}
