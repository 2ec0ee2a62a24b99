//! Neither macOS nor Windows has anything public for it that crosses processes on all of its versions: sleep, and look again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const NAP: Duration = Duration::from_micros(50);

/// Until the word is no longer `seen`, or for this time.
pub(crate) fn wait(word: &AtomicU64, seen: u64, longest: Duration) {
    let mut waited = Duration::ZERO;
    while waited < longest && word.load(Ordering::Relaxed) == seen {
        std::thread::sleep(NAP);
        waited += NAP;
    }
}

/// Who waits looks again on its own.
pub(crate) fn wake_one(_word: &AtomicU64) {}
