//! The addon's own version, so that the loader can refuse a stale one.

use napi_derive::napi;

/// The version this addon was built as.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
