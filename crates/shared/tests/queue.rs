//! Queues: order, limits, and whoever is killed.
#![cfg(unix)]
#![allow(clippy::print_stdout, reason = "a test program talks to a terminal")]

mod support;

use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use support::{Child, End};
use zygote_shared::Error;
use zygote_shared::bell::Bell;
use zygote_shared::memory::Memory;
use zygote_shared::queue::{LARGE, Limits, Put, Queue, Take};
use zygote_shared::wait::block;

fn queue(messages: u64, bytes: u64) -> Arc<Queue> {
    Arc::new(Queue::create(Limits { messages, bytes, joinable: false }).expect("a queue"))
}

/// A message that tells whether it is whole.
fn message(number: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![(number % 251) as u8; length.max(8)];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes
}

fn number_of(bytes: &[u8]) -> u64 {
    let number = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"));
    assert!(bytes[8..].iter().all(|byte| *byte == (number % 251) as u8), "message {number} is whole");
    number
}

fn put(queue: &Arc<Queue>, bytes: &[u8]) {
    while queue.put(&[bytes]).expect("a message that can be put") == Put::Full {
        block(&mut queue.wait_for_room(&[bytes.len()]), Some(Duration::from_secs(60))).expect("a wait").expect("room");
    }
}

/// `None`: nothing now; `Some(None)`: the end.
#[expect(clippy::option_option, reason = "there are three cases")]
fn try_take(queue: &Queue) -> Option<Option<Vec<u8>>> {
    let mut into = vec![0; LARGE];
    match queue.take(&mut into).expect("a queue") {
        Take::Small(length) => {
            into.truncate(length);
            Some(Some(into))
        }
        Take::Large(claim) => {
            let mut bytes = Vec::new();
            for (begin, length) in claim.pieces().expect("pieces") {
                let mut piece = vec![0; length];
                claim.read(begin, &mut piece);
                bytes.append(&mut piece);
            }
            claim.take().expect("a message");
            Some(Some(bytes))
        }
        Take::Empty => None,
        Take::End => Some(None),
    }
}

fn take(queue: &Arc<Queue>) -> Option<Vec<u8>> {
    loop {
        if let Some(taken) = try_take(queue) {
            return taken;
        }
        block(&mut queue.wait_for_message(), Some(Duration::from_secs(60))).expect("a wait").expect("a message");
    }
}

fn messages_keep_their_order_around_the_ring() {
    let queue = queue(0, 256 * 1024);
    let sizes = [8, 9, 100, 5_000, 70_000, 16, 64 * 1024, 31, 120_000, 8, 33_333];
    let (mut sent, mut received) = (0, 0);
    for round in 0..2_000 {
        while queue.put(&[&message(sent, sizes[sent as usize % sizes.len()])]).expect("a message") == Put::Done {
            sent += 1;
        }
        assert_eq!(queue.size(), sent - received);
        for _ in 0..=(round % 3) {
            if let Some(Some(bytes)) = try_take(&queue) {
                assert_eq!(number_of(&bytes), received);
                assert_eq!(bytes.len(), sizes[received as usize % sizes.len()].max(8));
                received += 1;
            }
        }
    }
    while let Some(Some(bytes)) = try_take(&queue) {
        assert_eq!(number_of(&bytes), received);
        received += 1;
    }
    assert_eq!(sent, received);
    assert_eq!(queue.size(), 0);
}

fn pieces_become_one_message() {
    let queue = queue(0, 1 << 20);
    for length in [10, LARGE, 300_000] {
        let bytes = message(7, length);
        let (first, rest) = bytes.split_at(3);
        let (second, third) = rest.split_at(rest.len() / 2);
        assert_eq!(queue.put(&[first, &[], second, third]).expect("a message"), Put::Done);
        assert_eq!(take(&queue).as_deref(), Some(&bytes[..]));
    }
}

fn limits_are_exact() {
    let queue = queue(2, 1 << 16);
    assert_eq!(queue.put(&[b"one"]).expect("a message"), Put::Done);
    assert_eq!(queue.put(&[b"two"]).expect("a message"), Put::Done);
    assert_eq!(queue.put(&[b"three"]).expect("a message"), Put::Full);
    assert_eq!(queue.size(), 2);
    take(&queue);
    assert_eq!(queue.put(&[&vec![0; 60_000]]).expect("a message"), Put::Done);
    take(&queue);
    assert_eq!(queue.put(&[&vec![0; 6_000]]).expect("a message"), Put::Full, "no room in bytes");
    assert!(matches!(queue.put(&[&vec![0; 1 << 16]]), Err(Error::TooLarge { .. })));
    take(&queue);
    assert_eq!(queue.put(&[&vec![0; 6_000]]).expect("a message"), Put::Done);
}

fn a_closed_queue_gives_what_is_in_it_and_then_the_end() {
    let queue = queue(0, 1 << 20);
    put(&queue, b"last");
    queue.close();
    assert!(matches!(queue.put(&[b"more"]), Err(Error::Closed)));
    assert!(matches!(queue.put(&[&vec![0; LARGE]]), Err(Error::Closed)));
    assert_eq!(take(&queue).as_deref(), Some(&b"last"[..]));
    assert_eq!(take(&queue), None);
}

fn who_waits_is_woken() {
    let (ping, pong) = (queue(1, 1 << 16), queue(1, 1 << 16));
    let child = Child::fork(|| {
        while let Some(bytes) = take(&ping) {
            put(&pong, &bytes);
        }
        pong.close();
    });
    for number in 0..2_000 {
        put(&ping, &message(number, 40));
        if number % 2 == 1 {
            // Two at a time, so that both wait for room now and then.
            assert_eq!(number_of(&take(&pong).expect("one")), number - 1);
            assert_eq!(number_of(&take(&pong).expect("one more")), number);
        }
    }
    ping.close();
    assert_eq!(take(&pong), None);
    assert_eq!(child.wait(), End::Exited(0));
}

fn each_message_is_taken_once_of_several_producers_and_consumers() {
    let (work, done) = (queue(20, 1 << 20), queue(0, 16 << 20));
    let consumers: Vec<_> = (0..3)
        .map(|_| {
            Child::fork(|| {
                while let Some(bytes) = take(&work) {
                    put(&done, &bytes[..8]);
                    number_of(&bytes);
                }
            })
        })
        .collect();
    let producers: Vec<_> = (0..3_u64)
        .map(|producer| {
            let work = Arc::clone(&work);
            Child::fork(move || {
                for number in 0..500 {
                    put(&work, &message(producer * 500 + number, if number % 50 == 0 { 100_000 } else { 30 }));
                }
            })
        })
        .collect();
    for producer in producers {
        assert_eq!(producer.wait(), End::Exited(0));
    }
    work.close();
    for consumer in consumers {
        assert_eq!(consumer.wait(), End::Exited(0));
    }
    let mut numbers: Vec<_> = std::iter::from_fn(|| try_take(&done).flatten().map(|bytes| number_of(&bytes))).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..1500).collect::<Vec<_>>());
}

fn another_process_can_open_it() {
    let queue = queue(0, 1 << 20);
    put(&queue, b"there");
    let memory =
        Memory::from_descriptor(queue.region().as_fd().try_clone_to_owned().expect("a descriptor")).expect("memory");
    let bell =
        Bell::from_descriptors(queue.bell().descriptors().map(|fd| fd.try_clone_to_owned().expect("a descriptor")));
    let other = Arc::new(Queue::open(memory, bell.expect("a bell")).expect("a queue"));
    assert_eq!(take(&other).as_deref(), Some(&b"there"[..]));
    assert_eq!(queue.size(), 0);
    let memory = Memory::create(1 << 20).expect("memory");
    assert!(matches!(Queue::open(memory, Bell::create().expect("a bell")), Err(Error::Foreign(_))));
}

fn memory_that_is_not_needed_any_more_is_given_back() {
    let queue = queue(0, 256 << 20);
    let used = || rustix::fs::fstat(queue.region()).expect("fstat").st_blocks * 512;
    let before = used();
    for number in 0..64_u64 {
        put(&queue, &[&number.to_le_bytes()[..], &vec![0; 1 << 20]].concat());
    }
    assert!(used() - before >= 64 << 20);
    for number in 0..60_u64 {
        assert_eq!(&take(&queue).expect("a message")[..8], &number.to_le_bytes());
    }
    assert!(used() - before <= 40 << 20, "{} MB are used", (used() - before) >> 20);
    while try_take(&queue).is_some() {}
    assert!(used() - before <= 34 << 20, "{} MB are used", (used() - before) >> 20);
    // As often around as it takes.
    let bytes = message(0, 1 << 20);
    for number in 0..300 {
        put(&queue, &bytes);
        put(&queue, &bytes);
        take(&queue);
        if number > 100 {
            take(&queue);
        }
    }
    while try_take(&queue).is_some() {}
    assert!(used() - before <= 34 << 20, "{} MB are used", (used() - before) >> 20);
}

fn what_a_dead_consumer_was_reading_is_a_message_again() {
    let queue = queue(0, 1 << 20);
    put(&queue, &message(1, LARGE));
    let child = Child::fork(|| {
        let mut into = vec![0; LARGE];
        let Ok(Take::Large(claim)) = queue.take(&mut into) else { panic!("a large message") };
        std::mem::forget(claim);
        put(&queue, &message(2, 20));
        put(&queue, b"taking");
        std::thread::sleep(Duration::from_secs(100));
    });
    while queue.size() < 2 {
        std::thread::sleep(Duration::from_millis(1));
    }
    // What comes after it is taken meanwhile.
    let second = take(&queue).expect("a message");
    let third = take(&queue).expect("a message");
    assert_eq!((number_of(&second), &third[..]), (2, &b"taking"[..]));
    assert_eq!(queue.size(), 0);
    child.begin_kill();
    assert_eq!(number_of(&take(&queue).expect("the first one")), 1);
    child.wait();
    assert_eq!(queue.size(), 0);
}

fn a_message_that_comes_back_late_takes_no_more_room_than_itself() {
    let queue = queue(0, 1 << 20);
    for number in 0..2 {
        put(&queue, &message(number, LARGE));
    }
    let child = Child::fork(|| {
        for _ in 0..2 {
            let mut into = vec![0; LARGE];
            let Ok(Take::Large(claim)) = queue.take(&mut into) else { panic!("a large message") };
            std::mem::forget(claim);
        }
        std::thread::sleep(Duration::from_secs(100));
    });
    while queue.size() > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    // Others go on, until what they have taken fills the ring.
    let mut number = 2;
    while queue.put(&[&message(number, 1000)]).expect("a message that can be put") == Put::Done {
        take(&queue).expect("a message");
        number += 1;
    }
    assert!(number > 500);
    child.begin_kill();
    // Nobody takes anything, and yet there is room.
    put(&queue, &message(number, 100_000));
    child.wait();
    for expected in [0, 1] {
        assert_eq!(number_of(&take(&queue).expect("a message")), expected);
    }
    let mut last = 0;
    while let Some(Some(bytes)) = try_take(&queue) {
        last = bytes.len();
    }
    assert_eq!(last, 100_000);
    assert_eq!(queue.size(), 0);
}

fn a_claim_that_is_dropped_is_a_message_again() {
    let queue = queue(1, 1 << 20);
    put(&queue, &message(1, LARGE));
    let mut into = vec![0; LARGE];
    let Ok(Take::Large(claim)) = queue.take(&mut into) else { panic!("a large message") };
    assert_eq!(queue.size(), 0);
    queue.close();
    assert!(matches!(queue.take(&mut vec![0; LARGE]), Ok(Take::Empty)), "it may come back");
    drop(claim);
    assert_eq!(queue.size(), 1);
    assert_eq!(number_of(&take(&queue).expect("a message")), 1);
    assert_eq!(take(&queue), None);
}

fn done_is_counted_and_what_the_dead_have_taken_is_lost() {
    let queue = Arc::new(Queue::create(Limits { messages: 0, bytes: 1 << 20, joinable: true }).expect("a queue"));
    let wait = |limit| block(&mut queue.wait_for_done(), Some(limit)).expect("a wait");
    assert_eq!(wait(Duration::ZERO), Some(0), "nothing was put");
    for number in 0..4 {
        put(&queue, &message(number, 20));
    }
    assert!(matches!(queue.done(), Err(Error::NotHeld)));
    take(&queue);
    assert_eq!(queue.unfinished(), 4);
    assert_eq!(wait(Duration::ZERO), None);
    queue.done().expect("one that was taken");
    let child = Child::fork(|| {
        take(&queue);
        take(&queue);
        queue.done().expect("one that was taken");
        take(&queue);
        std::thread::sleep(Duration::from_secs(100));
    });
    while queue.size() > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(queue.unfinished(), 2);
    child.begin_kill();
    assert_eq!(wait(Duration::from_secs(60)), Some(2));
    child.wait();
    assert_eq!(wait(Duration::ZERO), Some(0), "it is told once");
}

/// Producers and consumers are killed at random instants.
fn nothing_is_lost_or_torn_whoever_is_killed() {
    let seed =
        std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| u64::from(std::process::id()));
    println!("  SEED={seed}");
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    for _ in 0..60 {
        let (work, done) = (queue(8, 1 << 20), queue(0, 16 << 20));
        let produce = |producer: u64, count: u64| {
            let work = Arc::clone(&work);
            Child::fork(move || {
                for number in 0..count {
                    let length = if number % 7 == 0 { 70_000 } else { 24 };
                    put(&work, &message(producer << 32 | number, length));
                }
            })
        };
        let consume = || {
            Child::fork(|| {
                while let Some(bytes) = take(&work) {
                    number_of(&bytes);
                    put(&done, &bytes[..8]);
                }
            })
        };
        let (faithful, victim) = (produce(1, 60), produce(2, u64::MAX));
        let (survivor, dying) = (consume(), consume());
        let start = Instant::now();
        let (first, second) = (next(4_000), next(4_000));
        while start.elapsed() < Duration::from_micros(first.min(second)) {}
        if first < second {
            victim.begin_kill();
        } else {
            dying.begin_kill();
        }
        while start.elapsed() < Duration::from_micros(first.max(second)) {}
        victim.kill();
        dying.kill();
        assert_eq!(faithful.wait(), End::Exited(0));
        work.close();
        assert_eq!(survivor.wait(), End::Exited(0));
        let mut numbers: Vec<_> =
            std::iter::from_fn(|| try_take(&done).flatten().map(|bytes| number_of(&bytes))).collect();
        numbers.sort_unstable();
        let before = numbers.len();
        numbers.dedup();
        assert_eq!(numbers.len(), before, "each once");
        let of = |producer: u64| numbers.iter().filter(|number| *number >> 32 == producer).count();
        // The consumer that was killed had taken one that it could not pass on, at most.
        let missing = 60 - of(1)
            + usize::try_from(
                numbers.iter().filter(|number| *number >> 32 == 2).max().map_or(0, |last| (last & 0xffff_ffff) + 1),
            )
            .expect("a number")
            - of(2);
        assert!(missing <= 1, "{missing} are missing, SEED={seed}");
    }
}

/// Instructions between two instants: with 1 it takes a minute.
#[cfg(target_os = "linux")]
const STRIDE: u32 = 41;

#[cfg(target_os = "linux")]
fn killed_at_each_instant(length: usize) {
    use support::{Fate, kill_after};

    let bytes = message(2, length);
    let mut instant = 0;
    let (mut puts, mut put_whole, mut taken, mut left) = (0, 0, 0, 0);
    loop {
        let queue = queue(0, 1 << 18);
        put(&queue, &message(1, 20));
        let fate = kill_after(instant, || drop(queue.put(&[&bytes])));
        assert_eq!(number_of(&take(&queue).expect("what was there")), 1);
        if let Some(bytes) = try_take(&queue) {
            assert_eq!(number_of(&bytes.expect("a message")), 2);
            put_whole += 1;
        }
        assert_eq!(queue.size(), 0, "after {instant} instructions");
        // There is room for all of it again.
        put(&queue, &message(3, 250_000));
        assert_eq!(number_of(&take(&queue).expect("a message")), 3);
        if fate == Fate::Done {
            break;
        }
        (instant, puts) = (instant + STRIDE, puts + 1);
    }
    instant = 0;
    loop {
        let queue = queue(0, 1 << 18);
        put(&queue, &message(1, length));
        put(&queue, &message(2, 20));
        let mut into = vec![0; length.max(LARGE)];
        let fate = kill_after(instant, || match queue.take(&mut into) {
            Ok(Take::Large(claim)) => {
                claim.read(0, &mut into[..100]);
                claim.take().expect("a message");
            }
            Ok(Take::Small(_)) => {}
            _ => panic!("a message"),
        });
        let first = number_of(&take(&queue).expect("a message"));
        if first == 1 {
            left += 1;
            assert_eq!(number_of(&take(&queue).expect("a message")), 2);
        } else {
            taken += 1;
        }
        assert_eq!(queue.size(), 0, "after {instant} instructions");
        put(&queue, &message(3, 250_000));
        assert_eq!(number_of(&take(&queue).expect("a message")), 3);
        if fate == Fate::Done {
            break;
        }
        instant += STRIDE;
    }
    assert!(put_whole > 0 && put_whole < puts && taken > 0 && left > 0, "{put_whole} of {puts}, {taken}, {left}");
}

#[cfg(target_os = "linux")]
fn a_small_message_is_put_and_taken_whole_at_each_instant() {
    killed_at_each_instant(40);
}

#[cfg(target_os = "linux")]
fn a_large_message_is_put_and_taken_whole_at_each_instant() {
    killed_at_each_instant(LARGE);
}

#[cfg(not(target_os = "linux"))]
fn a_small_message_is_put_and_taken_whole_at_each_instant() {}

#[cfg(not(target_os = "linux"))]
fn a_large_message_is_put_and_taken_whole_at_each_instant() {}

#[cfg(target_os = "linux")]
fn nobody_else_there_no_system_call_is_made() {
    let queue = queue(0, 1 << 18);
    // What is looked up once.
    put(&queue, &message(0, 20));
    take(&queue);
    let bytes = message(1, 20);
    let mut into = vec![0; LARGE];
    let calls = support::system_calls(|| {
        for _ in 0..10 {
            assert_eq!(queue.put(&[&bytes]).expect("a message"), Put::Done);
            assert!(matches!(queue.take(&mut into), Ok(Take::Small(20))));
        }
    });
    // The first use after a fork looks up who this is.
    assert!(calls < 10, "{calls} system calls");
}

#[cfg(not(target_os = "linux"))]
fn nobody_else_there_no_system_call_is_made() {}

cases!(
    messages_keep_their_order_around_the_ring,
    pieces_become_one_message,
    limits_are_exact,
    a_closed_queue_gives_what_is_in_it_and_then_the_end,
    who_waits_is_woken,
    each_message_is_taken_once_of_several_producers_and_consumers,
    another_process_can_open_it,
    memory_that_is_not_needed_any_more_is_given_back,
    what_a_dead_consumer_was_reading_is_a_message_again,
    a_message_that_comes_back_late_takes_no_more_room_than_itself,
    a_claim_that_is_dropped_is_a_message_again,
    done_is_counted_and_what_the_dead_have_taken_is_lost,
    nothing_is_lost_or_torn_whoever_is_killed,
    a_small_message_is_put_and_taken_whole_at_each_instant,
    a_large_message_is_put_and_taken_whole_at_each_instant,
    nobody_else_there_no_system_call_is_made,
);
