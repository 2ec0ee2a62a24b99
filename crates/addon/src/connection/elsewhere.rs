//! Where sockets keep no frames together: pipes are refused.

use napi_derive::napi;

use crate::error::{Code, Result};

/// Always an error that says what to use instead.
#[napi]
pub fn connection_pair(_one_way: bool) -> Result<Vec<i32>> {
    Err(Code::Unsupported.error("Pipe() works on Linux and Windows; here use two Queues, one for each direction"))
}
