//! Regions: alone inside, all or nothing, and of one kind.
#![cfg(unix)]

use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};

use zygote_shared::memory::{Access, Memory};
use zygote_shared::region::Region;
use zygote_shared::{Error, inside};

const KIND: u32 = 0x7e57;

fn words(region: &Region) -> &[AtomicU64] {
    // SAFETY: atomics.
    unsafe { region.slice_at::<AtomicU64>(0, 4) }.expect("four words")
}

fn again(region: &Region, kind: u32) -> Result<Region, Error> {
    let descriptor = region.as_fd().try_clone_to_owned().expect("a descriptor");
    Region::open(Memory::from_descriptor(descriptor)?, kind, "a test")
}

#[test]
fn a_session_that_is_not_committed_changes_nothing() {
    let region = Region::create(KIND, 4, 64).expect("a region");
    let [first, second, ..] = words(&region) else { unreachable!() };
    let session = region.enter();
    session.set(first, 7);
    session.commit();
    let session = region.enter();
    session.set(first, 8);
    session.set(second, 9);
    session.set(first, 10);
    assert_eq!(session.get(first), 10);
    drop(session);
    assert_eq!(first.load(Ordering::Relaxed), 7);
    assert_eq!(second.load(Ordering::Relaxed), 0);
}

#[test]
fn a_panic_inside_changes_nothing_and_locks_nobody_out() {
    let region = Region::create(KIND, 1, 64).expect("a region");
    let result = std::panic::catch_unwind(|| {
        let session = region.enter();
        for word in words(&region) {
            session.set(word, 1);
        }
    });
    assert!(result.is_err(), "its journal is full");
    let session = region.enter();
    assert!(words(&region).iter().all(|word| session.get(word) == 0));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "threads, as Workers are")]
fn threads_are_alone_one_after_the_other() {
    let region = std::sync::Arc::new(Region::create(KIND, 4, 64).expect("a region"));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let region = again(&region, KIND).expect("another mapping");
            std::thread::spawn(move || {
                let [first, second, ..] = words(&region) else { unreachable!() };
                for _ in 0..5_000 {
                    let session = region.enter();
                    let value = session.get(first);
                    assert_eq!(session.get(second), value);
                    session.set(first, value + 1);
                    session.set(second, value + 1);
                    session.commit();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("a thread that ends well");
    }
    assert_eq!(words(&region)[0].load(Ordering::Relaxed), 20_000);
    assert_eq!(region.recoveries(), 0);
}

#[test]
fn nobody_is_inside_while_a_fork_holds_all_out() {
    let region = Region::create(KIND, 4, 64).expect("a region");
    drop(inside::alone());
    region.enter().commit();
}

#[test]
fn memory_of_another_kind_is_refused() {
    let region = Region::create(KIND, 4, 64).expect("a region");
    assert!(again(&region, KIND).is_ok());
    assert!(matches!(again(&region, KIND + 1), Err(Error::Foreign(_))));
    for size in [1, 64, 4096] {
        let memory = Memory::create(size).expect("memory");
        assert!(matches!(Region::open(memory, KIND, "a test"), Err(Error::Foreign(_))));
    }
    // SAFETY: atomics.
    assert!(unsafe { region.at::<AtomicU64>(60) }.is_err(), "not aligned, and at the end");
    // SAFETY: atomics.
    assert!(unsafe { region.slice_at::<AtomicU64>(8, 8) }.is_err());
    // SAFETY: atomics.
    assert!(unsafe { region.slice_at::<AtomicU64>(usize::MAX, usize::MAX) }.is_err());
}

#[test]
fn copy_on_write_memory_keeps_its_writes_to_itself() {
    let memory = Memory::create(4096).expect("memory");
    let shared = memory.map(Access::Shared).expect("a mapping");
    let own = memory.map(Access::CopyOnWrite).expect("a mapping");
    // SAFETY: atomics.
    let (shared, own) =
        unsafe { (shared.at::<AtomicU64>(0).expect("a word"), own.at::<AtomicU64>(0).expect("a word")) };
    shared.store(1, Ordering::Relaxed);
    assert_eq!(own.load(Ordering::Relaxed), 1, "not written to yet");
    own.store(2, Ordering::Relaxed);
    shared.store(3, Ordering::Relaxed);
    assert_eq!(own.load(Ordering::Relaxed), 2);
}

#[test]
#[cfg(target_os = "linux")]
fn pages_that_are_given_back_are_zeros_again() {
    let memory = Memory::create(64 * 1024).expect("memory");
    let mapping = memory.map(Access::Shared).expect("a mapping");
    // SAFETY: atomics.
    let words = unsafe { mapping.slice_at::<AtomicU64>(0, 8192) }.expect("words");
    for word in words {
        word.store(1, Ordering::Relaxed);
    }
    memory.punch(0, 32 * 1024).expect("punching");
    assert_eq!(words[0].load(Ordering::Relaxed), 0);
    assert_eq!(words[8191].load(Ordering::Relaxed), 1);
    rustix::fs::ftruncate(&memory, 1).expect_err("it is sealed");
}
