//! Locks and their kin: processes that are killed at instants of all kinds inside of them, and what they cost.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use support::{Child, End, Fate, kill_after, prepare_and_kill_after, system_calls};
use zygote_shared::barrier::Barrier;
use zygote_shared::condition::Condition;
use zygote_shared::event::Event;
use zygote_shared::lock::{Acquirer, Lock};
use zygote_shared::memory::{Access, Mapping, Memory};
use zygote_shared::semaphore::{Back, Semaphore};
use zygote_shared::wait::{Wait, block};
use zygote_shared::waits::Step;

const BY: Acquirer = Acquirer { agent: 1, again: false };

/// Longer than anything takes here.
const FOREVER: Option<Duration> = Some(Duration::from_secs(60));

fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn words() -> Mapping {
    Memory::create(4096).and_then(|memory| memory.map(Access::Shared)).expect("memory")
}

fn word(mapping: &Mapping, index: usize) -> &AtomicU64 {
    // SAFETY: atomics.
    unsafe { mapping.at(8 * index) }.expect("a word")
}

/// Kills a process that runs `body` after numbers of instructions that grow by `stride`, until it gets through, and calls `check`
/// each time. Returns how often.
fn at_instants(stride: u32, body: impl Fn(), mut check: impl FnMut(u32)) -> u32 {
    let (mut instant, mut times) = (0, 0);
    loop {
        let fate = kill_after(instant, &body);
        check(instant);
        times += 1;
        if fate == Fate::Done {
            return times;
        }
        instant += stride;
    }
}

fn acquire(lock: &Arc<Lock>) -> bool {
    let grant = block(&mut lock.wait(BY), FOREVER).expect("a lock").expect("the lock is handed on");
    lock.release(grant.ticket, false).expect("a release");
    grant.abandoned
}

fn a_lock_is_to_be_had_again_wherever_its_owner_was_killed() {
    let lock = Arc::new(Lock::create().expect("a lock"));
    let mut abandoned = 0;
    let times = at_instants(
        3,
        || {
            let grant = lock.try_acquire(BY, false).expect("it is free");
            lock.release(grant.ticket, false).expect("a release");
        },
        |instant| {
            abandoned += u32::from(acquire(&lock));
            assert!(!lock.is_locked(), "after {instant} instructions");
            assert!(!acquire(&lock), "only the next one is told");
        },
    );
    assert!(abandoned > 0 && abandoned < times, "{abandoned} of {times}");
}

fn a_lock_that_is_handed_over_is_not_lost_wherever_who_hands_it_over_is_killed() {
    let lock = Arc::new(Lock::create().expect("a lock"));
    let mut instant = 0;
    loop {
        let waiter = Child::fork(|| {
            until(|| lock.is_locked());
            acquire(&lock);
        });
        let prepare = || {
            let grant = lock.try_acquire(BY, false).expect("it is free");
            until(|| lock.waiting() == 1);
            grant.ticket
        };
        let fate = prepare_and_kill_after(instant, prepare, |ticket| drop(lock.release(ticket, false)));
        assert_eq!(waiter.wait(), End::Exited(0), "after {instant} instructions");
        assert!(!acquire(&lock), "the waiter was told, if anybody");
        if fate == Fate::Done {
            break;
        }
        instant += 19;
    }
}

fn a_row_of_waiters_is_whole_wherever_one_of_them_is_killed() {
    let lock = Arc::new(Lock::create().expect("a lock"));
    let own = lock.try_acquire(BY, false).expect("it is free");
    let mut before = lock.wait(BY);
    assert!(matches!(before.look(&|_| false), Ok(Step::Pending(_))));
    at_instants(
        41,
        || {
            let mut wait = lock.wait(BY);
            let _ = wait.look(&|_| false);
            wait.cancel();
        },
        |_| {},
    );
    let mut after = lock.wait(BY);
    assert!(matches!(after.look(&|_| false), Ok(Step::Pending(_))));
    lock.release(own.ticket, false).expect("a release");
    let first = block(&mut before, FOREVER).expect("a lock").expect("the lock");
    assert!(!first.abandoned);
    lock.release(first.ticket, false).expect("a release");
    // Through all of the dead.
    let last = block(&mut after, FOREVER).expect("a lock").expect("the lock");
    assert!(!last.abandoned, "none of them knew that it had the lock");
    lock.release(last.ticket, false).expect("a release");
    assert!(!lock.is_locked());
    assert_eq!(lock.waiting(), 0);
}

fn permits_are_neither_lost_nor_made_wherever_a_process_is_killed() {
    let semaphore = Arc::new(Semaphore::create(3, 3).expect("a semaphore"));
    at_instants(
        7,
        || {
            assert!(semaphore.try_acquire(false).expect("a permit"));
            assert!(semaphore.try_acquire(false).expect("a permit"));
            semaphore.give_back(Back::Release).expect("a permit");
        },
        |instant| {
            for _ in 0..3 {
                block(&mut semaphore.wait(), FOREVER).expect("a permit").expect("it comes back");
            }
            assert!(!semaphore.try_acquire(true).expect("an answer"), "after {instant} instructions");
            semaphore.release(3).expect("all of them");
            assert!(semaphore.release(1).is_err(), "there are as many as before");
        },
    );
}

fn an_event_wakes_all_wherever_who_sets_it_is_killed() {
    let event = Arc::new(Event::create().expect("an event"));
    at_instants(
        7,
        || event.set(),
        |instant| {
            let mut wait = event.wait();
            let step = wait.look(&|_| false).expect("a look");
            assert_eq!(matches!(step, Step::Ready(())), event.is_set(), "after {instant} instructions");
            event.set();
            block(&mut wait, FOREVER).expect("a wait").expect("it is set");
            event.clear();
            assert_eq!(event.waiting(), 0);
        },
    );
}

fn a_notification_is_not_lost_wherever_who_got_it_is_killed() {
    let condition = Arc::new(Condition::create().expect("a condition"));
    at_instants(
        31,
        || {
            let mut wait = condition.wait();
            let _ = wait.look(&|_| false);
            condition.notify(1);
            let _ = wait.look(&|_| false);
        },
        |instant| {
            // The dead may stand in front.
            let mut waits: Vec<_> = (0..2).map(|_| condition.wait()).collect();
            for wait in &mut waits {
                assert!(matches!(wait.look(&|_| false), Ok(Step::Pending(_))));
            }
            let ahead = condition.waiting() - 2;
            assert!(ahead <= 1, "after {instant} instructions");
            assert_eq!(condition.notify(2), 2);
            for wait in &mut waits {
                block(wait, FOREVER).expect("a wait").expect("a notification");
            }
            assert_eq!(condition.waiting(), 0);
        },
    );
}

fn a_barrier_is_broken_or_whole_wherever_a_party_is_killed() {
    let barrier = Arc::new(Barrier::create(2).expect("a barrier"));
    let (mut broken, mut whole) = (0, 0);
    at_instants(
        11,
        || {
            let mut wait = barrier.wait();
            let _ = wait.look(&|_| false);
        },
        |instant| {
            match block(&mut barrier.wait(), Some(Duration::ZERO)) {
                Ok(Some(arrival)) => panic!("after {instant} instructions: it has met with the dead: {arrival:?}"),
                Ok(None) => whole += 1,
                Err(_) => broken += 1,
            }
            assert!(barrier.is_broken(), "by the dead, or by the one who gave up");
            barrier.reset();
            let mut first = barrier.wait();
            assert!(matches!(first.look(&|_| false), Ok(Step::Pending(_))));
            let last = block(&mut barrier.wait(), FOREVER).expect("a round").expect("all are there");
            barrier.open(last.leads.expect("the last leads")).expect("it is whole");
            assert_eq!(block(&mut first, FOREVER).expect("a round").expect("it is open").index, 0);
        },
    );
    assert!(broken > 0 && whole > 0, "{broken} broken, {whole} whole");
}

fn what_is_uncontended_takes_no_system_call() {
    let lock = Arc::new(Lock::create().expect("a lock"));
    let semaphore = Arc::new(Semaphore::create(1, 1).expect("a semaphore"));
    let event = Arc::new(Event::create().expect("an event"));
    let counted = |body: &dyn Fn()| {
        system_calls(|| {
            // What is found out once.
            body();
            support::mark();
            for _ in 0..1000 {
                body();
            }
        })
    };
    assert_eq!(
        counted(&|| {
            let grant = lock.try_acquire(BY, false).expect("it is free");
            lock.release(grant.ticket, false).expect("a release");
        }),
        0
    );
    assert_eq!(
        counted(&|| {
            assert!(semaphore.try_acquire(false).expect("an answer"));
            semaphore.give_back(Back::Release).expect("a release");
        }),
        0
    );
    assert_eq!(
        counted(&|| {
            event.set();
            event.clear();
        }),
        0
    );
    assert_eq!(counted(&|| event.bell().ring()), 1000, "the count counts");
}

/// Processes that take a lock and a permit again and again, of which one is killed again and again at some instant.
fn whoever_is_killed_at_any_time_hinders_nobody() {
    const ROUNDS: u64 = 60;
    let seed =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |time| time.as_nanos() as u64);
    let mut random = seed | 1;
    let mut next = move |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    support::say(&format!("seed {seed}"));
    let lock = Arc::new(Lock::create().expect("a lock"));
    let semaphore = Arc::new(Semaphore::create(2, 2).expect("a semaphore"));
    let shared = words();
    let work = |who: usize| {
        loop {
            let grant = block(&mut lock.wait(BY), None).expect("a wait").expect("no timeout");
            let (first, second) = (word(&shared, 0), word(&shared, 1));
            if grant.abandoned {
                // What the dead has left half done.
                first.store(second.load(Ordering::Relaxed), Ordering::Relaxed);
            }
            assert_eq!(first.load(Ordering::Relaxed), second.load(Ordering::Relaxed), "alone, or told");
            first.fetch_add(1, Ordering::Relaxed);
            second.fetch_add(1, Ordering::Relaxed);
            lock.release(grant.ticket, false).expect("a release");
            block(&mut semaphore.wait(), None).expect("a wait").expect("no timeout");
            let inside = word(&shared, 2).fetch_add(1, Ordering::Relaxed);
            word(&shared, 3).fetch_max(inside, Ordering::Relaxed);
            word(&shared, 2).fetch_sub(1, Ordering::Relaxed);
            semaphore.give_back(Back::Release).expect("a permit");
            word(&shared, 8 + who).fetch_add(1, Ordering::Relaxed);
        }
    };
    let mut children: Vec<_> = (0..3).map(|who| Child::fork(|| work(who))).collect();
    for _ in 0..ROUNDS {
        std::thread::sleep(Duration::from_micros(next(3000)));
        let victim = next(3) as usize;
        children[victim].kill();
        // Those who live go on.
        let before: Vec<_> = (0..3).map(|who| word(&shared, 8 + who).load(Ordering::Relaxed)).collect();
        until(|| (0..3).all(|who| who == victim || word(&shared, 8 + who).load(Ordering::Relaxed) > before[who]));
        children[victim] = Child::fork(|| work(victim));
    }
    for child in children {
        child.kill();
    }
    acquire(&lock);
    for _ in 0..2 {
        block(&mut semaphore.wait(), FOREVER).expect("a permit").expect("it comes back");
    }
    assert!(!semaphore.try_acquire(true).expect("an answer"));
}

cases!(
    a_lock_is_to_be_had_again_wherever_its_owner_was_killed,
    a_lock_that_is_handed_over_is_not_lost_wherever_who_hands_it_over_is_killed,
    a_row_of_waiters_is_whole_wherever_one_of_them_is_killed,
    permits_are_neither_lost_nor_made_wherever_a_process_is_killed,
    an_event_wakes_all_wherever_who_sets_it_is_killed,
    a_notification_is_not_lost_wherever_who_got_it_is_killed,
    a_barrier_is_broken_or_whole_wherever_a_party_is_killed,
    what_is_uncontended_takes_no_system_call,
    whoever_is_killed_at_any_time_hinders_nobody,
);
