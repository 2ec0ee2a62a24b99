//! Bells, and the ends of processes.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use support::{Child, End};
use zygote_shared::bell::Bell;
use zygote_shared::identity::ProcessId;
use zygote_shared::memory::{Access, Mapping, Memory};
use zygote_shared::peers::has_ended;
use zygote_shared::waits::{Step, Waits};

fn word(mapping: &Mapping) -> &AtomicU64 {
    // SAFETY: atomics.
    unsafe { mapping.at::<AtomicU64>(0) }.expect("a word")
}

fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn memory() -> Mapping {
    Memory::create(4096).and_then(|memory| memory.map(Access::Shared)).expect("memory")
}

fn each_who_waits_hears_each_ring() {
    let (bell, shared) = (Arc::new(Bell::create().expect("a bell")), memory());
    let word = word(&shared);
    let children: Vec<_> = (0..3)
        .map(|_| {
            Child::fork(|| {
                let mut waits = Waits::new().expect("waits");
                let mut listening = waits.begin(&bell).expect("listening");
                word.fetch_add(1, Ordering::SeqCst);
                let mut seen = 0;
                while seen < 100 {
                    let step = waits.advance(&mut listening, |_| {
                        let now = word.load(Ordering::SeqCst) >> 32;
                        Ok(if now > seen { Step::Ready(now) } else { Step::Pending(Vec::new()) })
                    });
                    match step.expect("a look") {
                        Some(now) => seen = now,
                        None => drop(waits.hear(None).expect("news")),
                    }
                }
                waits.finish(listening);
            })
        })
        .collect();
    until(|| word.load(Ordering::SeqCst) as u32 == 3);
    for _ in 0..100 {
        word.fetch_add(1 << 32, Ordering::SeqCst);
        bell.ring();
    }
    for child in children {
        assert_eq!(child.wait(), End::Exited(0));
    }
}

fn a_bell_is_heard_no_more_after_the_wait() {
    let bell = Arc::new(Bell::create().expect("a bell"));
    let mut waits = Waits::new().expect("waits");
    let (first, second) = (waits.begin(&bell).expect("one"), waits.begin(&bell).expect("two"));
    waits.finish(first);
    bell.ring();
    assert_eq!(waits.hear(None).expect("news").bells, [bell.token()]);
    waits.finish(second);
    bell.ring();
    assert!(waits.hear(Some(Duration::ZERO)).expect("news").is_empty());
}

fn the_end_of_a_process_is_heard_also_when_it_came_before() {
    let bell = Arc::new(Bell::create().expect("a bell"));
    let shared = memory();
    let own = word(&shared);
    for killed_before in [false, true] {
        own.store(0, Ordering::SeqCst);
        let child = Child::fork(|| {
            own.store(ProcessId::own().raw(), Ordering::SeqCst);
            loop {
                std::thread::park();
            }
        });
        until(|| own.load(Ordering::SeqCst) != 0);
        let peer = ProcessId::from_raw(own.load(Ordering::SeqCst)).expect("an identity");
        assert_eq!(peer.pid(), child.0 as u32);
        assert!(!has_ended(peer));
        let mut waits = Waits::new().expect("waits");
        let mut listening = waits.begin(&bell).expect("listening");
        let mut look = |waits: &mut Waits| {
            waits.advance(&mut listening, |ended| {
                Ok(if ended(peer) { Step::Ready(()) } else { Step::Pending(vec![peer]) })
            })
        };
        if killed_before {
            // Not waited for yet: it has ended all the same.
            child.begin_kill();
            until(|| has_ended(peer));
            assert_eq!(look(&mut waits).expect("a look"), Some(()));
        } else {
            assert_eq!(look(&mut waits).expect("a look"), None);
            child.begin_kill();
            while !waits.hear(None).expect("news").ended {}
            assert_eq!(look(&mut waits).expect("a look"), Some(()));
        }
        child.wait();
        assert!(has_ended(peer), "its number is free again");
        waits.finish(listening);
    }
}

fn a_reused_number_is_not_the_process_that_had_it() {
    let own = ProcessId::own();
    let earlier = ProcessId::from_raw(own.raw() ^ (1 << 40)).expect("an identity");
    assert_eq!(earlier.pid(), own.pid());
    assert!(!has_ended(own));
    assert!(has_ended(earlier));
}

fn a_forked_process_has_an_identity_of_its_own() {
    let parent = ProcessId::own();
    let waits = Waits::new().expect("waits");
    let child = Child::fork(|| {
        assert_ne!(ProcessId::own(), parent);
        assert_eq!(ProcessId::own().pid(), std::process::id());
        assert!(!waits.is_own());
        assert!(!has_ended(parent));
    });
    assert_eq!(child.wait(), End::Exited(0));
    assert_eq!(ProcessId::own(), parent);
}

cases!(
    each_who_waits_hears_each_ring,
    a_bell_is_heard_no_more_after_the_wait,
    the_end_of_a_process_is_heard_also_when_it_came_before,
    a_reused_number_is_not_the_process_that_had_it,
    a_forked_process_has_an_identity_of_its_own,
);
