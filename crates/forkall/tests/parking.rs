//! Threads that do not want to be stopped, and the deadline.
#![cfg(target_os = "linux")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "plain system calls on objects of the tests' own")]
#![allow(clippy::print_stdout, reason = "a test program talks to a terminal")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use support::{Child, Pool, Random, end_child, entries, gettid, in_child, in_child_with, spawn, wait_for};
use zygote_forkall::{Error, Forked, Options, ThreadInfo, fork};

cases!(
    all_signals_blocked_by_pthread_sigmask,
    all_signals_blocked_in_the_kernel,
    the_deadline_is_kept,
    a_thread_that_takes_its_time,
    late_threads_are_not_lost,
    a_stopped_other_process_does_not_matter,
    ids_change_while_forking,
);

/// The kernel's mask of the calling thread; replaces it.
fn set_mask(mask: u64) -> u64 {
    let mut old = 0_u64;
    support::ok(unsafe {
        libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, &raw const mask, &raw mut old, 8)
    });
    old
}

/// As Node's inspector thread does.
fn all_signals_blocked_by_pthread_sigmask() {
    let rounds = Arc::new(AtomicU64::new(0));
    spawn("deaf", {
        let rounds = Arc::clone(&rounds);
        move || {
            unsafe {
                let mut all = std::mem::zeroed();
                libc::sigfillset(&raw mut all);
                assert_eq!(libc::pthread_sigmask(libc::SIG_BLOCK, &raw const all, std::ptr::null_mut()), 0);
            }
            let mask = set_mask(u64::MAX);
            set_mask(mask);
            assert_eq!(mask & (1 << 32), 0, "libc leaves its signal 33 unblocked");
            loop {
                assert_eq!(set_mask(mask), mask);
                rounds.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_micros(50));
            }
        }
    });
    wait_for("it runs", || rounds.load(Ordering::SeqCst) > 3);
    for _ in 0..50 {
        in_child(|| {
            let before = rounds.load(Ordering::SeqCst);
            wait_for("it goes on", || rounds.load(Ordering::SeqCst) > before + 3);
        })
        .join();
    }
}

/// A thread that blocks every signal, the reserved ones too, while the word is set.
fn deaf_thread(deaf: &Arc<AtomicBool>) -> (i32, Arc<AtomicU64>) {
    let (rounds, tid) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicUsize::new(0)));
    spawn("stone-deaf", {
        let (deaf, rounds, tid) = (Arc::clone(deaf), Arc::clone(&rounds), Arc::clone(&tid));
        move || {
            tid.store(gettid() as usize, Ordering::SeqCst);
            loop {
                let old = set_mask(u64::MAX);
                while deaf.load(Ordering::SeqCst) {
                    rounds.fetch_add(1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_micros(50));
                }
                set_mask(old);
                std::thread::sleep(Duration::from_micros(50));
                rounds.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    wait_for("it runs", || rounds.load(Ordering::SeqCst) > 3);
    (tid.load(Ordering::SeqCst) as i32, rounds)
}

#[track_caller]
fn expect_timeout(deadline: Duration) -> Vec<ThreadInfo> {
    let options = Options { park_deadline: deadline, ..Options::default() };
    match unsafe { fork(&options) } {
        Err(Error::ParkTimeout(threads)) => threads,
        Err(error) => panic!("another error: {error}"),
        Ok(Forked::Child) => unsafe { libc::_exit(9) },
        Ok(Forked::Parent { pid, .. }) => {
            unsafe { libc::kill(pid, libc::SIGKILL) };
            panic!("forked without that thread");
        }
    }
}

fn all_signals_blocked_in_the_kernel() {
    let pool = Pool::new(3);
    let deaf = Arc::new(AtomicBool::new(true));
    let (tid, rounds) = deaf_thread(&deaf);
    let state = || (entries("fd"), entries("task"), set_mask_of_caller());
    let before = state();
    for _ in 0..3 {
        let threads = expect_timeout(Duration::from_millis(150));
        assert_eq!(
            threads.iter().map(|thread| (thread.tid, thread.name.as_str())).collect::<Vec<_>>(),
            [(tid, "stone-deaf")]
        );
        let text = Error::ParkTimeout(threads).to_string();
        assert!(text.contains(&format!("{tid} \"stone-deaf\"")), "{text}");
        // Nothing has changed: same descriptors, threads, masks, no child, and everybody goes on.
        assert_eq!(state(), before);
        assert_eq!(unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) }, -1);
        pool.assert_alive();
    }
    deaf.store(false, Ordering::SeqCst);
    for _ in 0..20 {
        in_child(|| {
            let before = rounds.load(Ordering::SeqCst);
            wait_for("it goes on", || rounds.load(Ordering::SeqCst) > before + 3);
            pool.assert_alive();
        })
        .join();
    }
}

fn set_mask_of_caller() -> u64 {
    let mask = set_mask(0);
    set_mask(mask);
    mask
}

fn the_deadline_is_kept() {
    let deaf = Arc::new(AtomicBool::new(true));
    let _ = deaf_thread(&deaf);
    for milliseconds in [0, 1, 30, 300] {
        let start = Instant::now();
        let _ = expect_timeout(Duration::from_millis(milliseconds));
        let took = start.elapsed().as_millis() as u64;
        assert!(took >= milliseconds, "{took} ms instead of {milliseconds}");
    }
    let start = Instant::now();
    let _ = match unsafe { fork(&Options::default()) } {
        Err(Error::ParkTimeout(threads)) => threads,
        other => panic!("{other:?}"),
    };
    assert!(start.elapsed().as_millis() >= 2000, "{:?}", start.elapsed());
}

fn a_thread_that_takes_its_time() {
    let deaf = Arc::new(AtomicBool::new(true));
    let (_, rounds) = deaf_thread(&deaf);
    for delay in [5, 40, 200] {
        deaf.store(true, Ordering::SeqCst);
        let seen = rounds.load(Ordering::SeqCst);
        wait_for("it is deaf", || rounds.load(Ordering::SeqCst) > seen + 3);
        let pool = Pool::new(2);
        let waker = spawn("waker", {
            let deaf = Arc::clone(&deaf);
            move || {
                // Stopped itself most of the time, as the fork tries again and again.
                let until = Instant::now() + Duration::from_millis(delay);
                while Instant::now() < until {
                    std::thread::sleep(Duration::from_micros(100));
                }
                deaf.store(false, Ordering::SeqCst);
            }
        });
        in_child(|| {
            let before = rounds.load(Ordering::SeqCst);
            wait_for("it goes on", || rounds.load(Ordering::SeqCst) > before + 3);
            pool.assert_alive();
        })
        .join();
        waker.join().expect("join");
        pool.finish();
    }
}

/// Threads that take the signal just when the fork gives up must not be counted as parked in the next one.
fn late_threads_are_not_lost() {
    const THREADS: usize = 4;
    let mut random = Random::new();
    let counters: Arc<Vec<AtomicU64>> = Arc::new((0..THREADS).map(|_| AtomicU64::new(0)).collect());
    for index in 0..THREADS {
        let counters = Arc::clone(&counters);
        let mut random = Random::from(random.below(u64::MAX));
        spawn("off and on", move || {
            loop {
                let old = set_mask(u64::MAX);
                let until = Instant::now() + Duration::from_micros(random.below(3000));
                while Instant::now() < until {
                    std::hint::spin_loop();
                }
                set_mask(old);
                counters[index].fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_micros(random.below(100)));
            }
        });
    }
    let (mut forked, mut timeouts) = (0, 0);
    while forked < 150 {
        // Without a pause after a timeout.
        let options = Options { park_deadline: Duration::from_micros(random.below(3000)), ..Options::default() };
        match unsafe { fork(&options) } {
            Err(Error::ParkTimeout(_)) => timeouts += 1,
            Err(error) => panic!("{error}"),
            Ok(Forked::Parent { pid, pidfd, timings }) => {
                forked += 1;
                assert_eq!(timings.threads, THREADS);
                Child { pid, pidfd }.join();
            }
            Ok(Forked::Child) => end_child(|| {
                assert_eq!(entries("task"), THREADS + 1);
                let before: Vec<u64> = counters.iter().map(|counter| counter.load(Ordering::SeqCst)).collect();
                wait_for("all go on", || {
                    counters.iter().zip(&before).all(|(counter, before)| counter.load(Ordering::SeqCst) > before + 1)
                });
            }),
        }
    }
    println!("  {forked} forks, {timeouts} timeouts");
}

fn a_stopped_other_process_does_not_matter() {
    let pool = Pool::new(2);
    let stopped = in_child(|| {
        support::ok(unsafe { libc::raise(libc::SIGSTOP) });
    });
    let mut status = 0;
    support::ok(unsafe { libc::waitpid(stopped.pid, &raw mut status, libc::WUNTRACED) });
    assert!(libc::WIFSTOPPED(status));
    in_child(|| pool.assert_alive()).join();
    support::ok(unsafe { libc::kill(stopped.pid, libc::SIGCONT) });
    stopped.join();
}

/// glibc changes the ids of all threads with the very signal that parks them.
fn ids_change_while_forking() {
    if cfg!(target_env = "musl") {
        support::skip("not with musl: see the head of the crate");
    }
    let changes = Arc::new(AtomicU64::new(0));
    let pool = Pool::new(3);
    spawn("changer", {
        let changes = Arc::clone(&changes);
        move || {
            loop {
                assert_eq!(unsafe { libc::setresuid(u32::MAX, u32::MAX, u32::MAX) }, 0);
                changes.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_micros(100));
            }
        }
    });
    for _ in 0..100 {
        let before = changes.load(Ordering::SeqCst);
        in_child_with(&Options::default(), || pool.assert_alive()).join();
        wait_for("ids change in the parent", || changes.load(Ordering::SeqCst) > before + 1);
    }
}
