//! Waiting for words of shared memory.
#![cfg_attr(not(target_os = "linux"), allow(unused, reason = "tracing is Linux's here"))]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use support::{Child, End, Fate, kill_after};
use zygote_shared::memory::{Access, Memory};
use zygote_shared::peers::has_ended;
use zygote_shared::wait::{Wait, block};
use zygote_shared::waits::Step;
use zygote_shared::words::{WordWait, Words};

fn words() -> Arc<Words> {
    Arc::new(Words::create().expect("words"))
}

/// Takes its place, if it has none, and tells whether it is over.
fn look<F: Fn() -> bool>(wait: &mut WordWait<F>) -> Option<bool> {
    match wait.look(&has_ended).expect("a look") {
        Step::Ready(notified) => Some(notified),
        Step::Pending(_) => None,
    }
}

fn a_notification_is_whole_at_each_instant() {
    let words = words();
    let mut instant = 0;
    loop {
        let mut wait = words.wait(8, || true);
        assert_eq!(look(&mut wait), None);
        let fate = kill_after(instant, || assert!(words.notify(8, 1) < 2));
        if look(&mut wait).is_none() {
            assert_eq!(words.notify(8, 1), 1, "killed after {instant} instructions");
            assert_eq!(look(&mut wait), Some(true), "killed after {instant} instructions");
        }
        assert_eq!(words.notify(8, 1), 0, "killed after {instant} instructions");
        if fate == Fate::Done {
            break;
        }
        // Some of them, as each of these takes long.
        instant += 3;
    }
}

fn a_wait_is_whole_at_each_instant() {
    let words = words();
    let mut instant = 0;
    while kill_after(instant, || assert_ne!(look(&mut words.wait(8, || true)), Some(false))) != Fate::Done {
        // Whoever was killed has its place or not; the living get what they are notified of.
        let mut wait = words.wait(8, || true);
        assert_eq!(look(&mut wait), None);
        words.notify(8, u64::MAX);
        assert_eq!(look(&mut wait), Some(true), "killed after {instant} instructions");
        // Some of them, as each of these takes long.
        instant += 7;
    }
}

fn a_change_that_comes_before_the_wait_is_seen() {
    let words = words();
    let memory = Memory::create(4).expect("memory");
    let mapping = memory.map(Access::Shared).expect("a mapping");
    // SAFETY: an atomic.
    let word = unsafe { mapping.at::<AtomicU32>(0) }.expect("a word");
    let child = Child::fork(|| {
        for turn in 0..2000 {
            while word.load(Ordering::SeqCst) == turn {
                block(&mut words.wait(0, || word.load(Ordering::SeqCst) == turn), None).expect("a wait");
            }
        }
    });
    for turn in 0..2000 {
        word.store(turn + 1, Ordering::SeqCst);
        words.notify(0, 1);
    }
    assert_eq!(child.wait(), End::Exited(0));
}

fn a_wait_that_is_given_up_passes_its_notification_on() {
    let words = words();
    let (mut first, mut second) = (words.wait(0, || true), words.wait(0, || true));
    assert_eq!((look(&mut first), look(&mut second)), (None, None));
    assert_eq!(words.notify(0, 1), 1);
    first.cancel();
    assert_eq!(look(&mut second), Some(true));
}

fn other_words_and_other_values_are_not_waited_for() {
    let words = words();
    assert_eq!(look(&mut words.wait(0, || false)), Some(false));
    let mut wait = words.wait(4, || true);
    assert_eq!(look(&mut wait), None);
    assert_eq!(words.notify(0, u64::MAX), 0);
    assert!(block(&mut words.wait(0, || true), Some(Duration::ZERO)).expect("a wait").is_none());
    assert_eq!(words.notify(4, u64::MAX), 1);
    assert_eq!(look(&mut wait), Some(true));
}

cases!(
    a_notification_is_whole_at_each_instant,
    a_wait_is_whole_at_each_instant,
    a_change_that_comes_before_the_wait_is_seen,
    a_wait_that_is_given_up_passes_its_notification_on,
    other_words_and_other_values_are_not_waited_for,
);
