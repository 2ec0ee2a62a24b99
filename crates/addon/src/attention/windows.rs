//! Waiting for an answer: where the event loop always sleeps meanwhile.

use napi_derive::napi;

/// Nothing to do.
#[napi]
pub fn await_answer() {}

/// Nothing to do.
#[napi]
pub fn answered() {}
