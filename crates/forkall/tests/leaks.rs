//! Nothing is left in the parent after many forks.
#![cfg(target_os = "linux")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "plain system calls on objects of the tests' own")]
#![allow(clippy::print_stdout, reason = "a test program talks to a terminal")]

mod support;

use support::{Pool, entries, in_child_with, ok, pipe, socket_pair, spawn};
use zygote_forkall::{Error, Options, fork};

cases!(two_thousand_forks, failed_forks, a_generation_of_children);

#[derive(Debug, Clone, Copy)]
struct Usage {
    descriptors: usize,
    threads: usize,
    mappings: usize,
    resident_kilobytes: u64,
    pending_signals: u64,
}

/// Where not one descriptor is left, one of the standard streams makes room.
fn usage_without_descriptors() -> Usage {
    let stdin = ok(unsafe { libc::close(0) });
    let usage = usage();
    ok(unsafe { libc::dup2(2, stdin) });
    usage
}

fn usage() -> Usage {
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).expect("field");
        line.split_whitespace().nth(1).and_then(|word| word.split('/').next()?.parse().ok()).expect("number")
    };
    Usage {
        descriptors: entries("fd"),
        threads: entries("task"),
        mappings: std::fs::read_to_string("/proc/self/maps").expect("maps").lines().count(),
        resident_kilobytes: field("VmRSS:"),
        pending_signals: field("SigQ:"),
    }
}

#[track_caller]
fn assert_same(before: Usage, after: Usage) {
    println!("  before {before:?}\n  after  {after:?}");
    assert_eq!((after.descriptors, after.threads), (before.descriptors, before.threads));
    // malloc maps and gives back a little on its own; one leaked mapping or page a fork would be thousands.
    assert!(after.mappings <= before.mappings + 12);
    assert!(after.resident_kilobytes <= before.resident_kilobytes + 1500);
    assert!(after.pending_signals <= before.pending_signals + 8);
}

/// One object of each kind that a fork makes something for.
fn objects() {
    let [read_end, _] = pipe();
    let _sockets = socket_pair();
    unsafe {
        let event = ok(libc::eventfd(1, 0));
        let set = ok(libc::epoll_create1(0));
        for fd in [read_end, event] {
            let mut interest = libc::epoll_event { events: libc::EPOLLIN as u32, u64: 1 };
            ok(libc::epoll_ctl(set, libc::EPOLL_CTL_ADD, fd, &raw mut interest));
        }
        ok(libc::timerfd_create(libc::CLOCK_MONOTONIC, 0));
        let watcher = ok(libc::inotify_init1(0));
        ok(libc::inotify_add_watch(watcher, c"/tmp".as_ptr(), libc::IN_DELETE_SELF));
    }
}

fn two_thousand_forks() {
    let pool = Pool::new(4);
    objects();
    let options = Options { sever_except: Some(&[]), ..Options::default() };
    let round = |count: u32| {
        for _ in 0..count {
            in_child_with(&options, || {}).join();
        }
    };
    round(200);
    let before = usage();
    round(2000);
    assert_same(before, usage());
    assert_eq!(unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) }, -1, "no zombie");
    pool.finish();
}

fn failed_forks() {
    let pool = Pool::new(2);
    objects();
    let mut fillers = Vec::new();
    let limit = libc::rlimit { rlim_cur: 64, rlim_max: 64 };
    ok(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) });
    let more = || unsafe { libc::fcntl(2, libc::F_DUPFD_CLOEXEC, 0) };
    while let fd @ 0.. = more() {
        fillers.push(fd);
    }
    let mut round = |count: usize| {
        for index in 0..count {
            // Fails at one place or another, by how many numbers are left.
            let free = index % 3;
            for fd in fillers.drain(..free) {
                ok(unsafe { libc::close(fd) });
            }
            let result = unsafe { fork(&Options::default()) };
            assert!(matches!(result, Err(Error::Call { .. })), "{free}: {result:?}");
            fillers.extend((0..free).map(|_| ok(more())));
        }
    };
    round(100);
    let before = usage_without_descriptors();
    round(1000);
    assert_same(before, usage_without_descriptors());
    pool.assert_alive();
    for fd in fillers {
        ok(unsafe { libc::close(fd) });
    }
    in_child_with(&Options::default(), || pool.assert_alive()).join();
}

/// The child of a child of a child ... is no larger than the first.
fn a_generation_of_children() {
    fn descend(depth: u32, first: Usage) {
        if depth == 0 {
            assert_same(first, usage());
            return;
        }
        in_child_with(&Options::default(), || descend(depth - 1, first)).join();
    }
    for _ in 0..3 {
        spawn("idle", || {
            loop {
                std::thread::park();
            }
        });
    }
    objects();
    in_child_with(&Options::default(), || descend(100, usage())).join();
}
