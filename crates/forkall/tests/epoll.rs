//! The child's epoll sets are its own, and watch its own objects.
#![cfg(target_os = "linux")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "plain system calls on objects of the tests' own")]

mod support;

use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use support::{in_child, in_child_with, ok, pipe, read, socket_pair, spawn, wait_for, write};
use zygote_forkall::Options;

cases!(
    level_triggered,
    edge_triggered,
    one_shot,
    nested,
    aliases,
    separate,
    stale_entries,
    many_entries,
    a_thread_that_waits,
);

fn epoll() -> i32 {
    ok(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })
}

fn control(epoll: i32, operation: i32, fd: i32, events: i32, data: u64) -> i32 {
    let mut event = libc::epoll_event { events: events as u32, u64: data };
    unsafe { libc::epoll_ctl(epoll, operation, fd, &raw mut event) }
}

fn add(epoll: i32, fd: i32, events: i32, data: u64) {
    ok(control(epoll, libc::EPOLL_CTL_ADD, fd, events, data));
}

/// What is ready, in ascending order of the data.
fn ready(epoll: i32) -> Vec<(u64, i32)> {
    let mut events = [libc::epoll_event { events: 0, u64: 0 }; 64];
    let count = ok(unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), 64, 0) });
    let mut all: Vec<(u64, i32)> =
        events[..count as usize].iter().map(|event| (event.u64, event.events as i32)).collect();
    all.sort_unstable();
    all
}

fn eventfd() -> i32 {
    ok(unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) })
}

fn wake(fd: i32) {
    assert_eq!(write(fd, &1_u64.to_ne_bytes()), 8);
}

fn level_triggered() {
    let (set, event, [read_end, write_end], sockets) = (epoll(), eventfd(), pipe(), socket_pair());
    let data = 0xfedc_ba98_7654_3210;
    add(set, event, libc::EPOLLIN, data);
    add(set, read_end, libc::EPOLLIN | libc::EPOLLRDHUP, 1);
    add(set, write_end, libc::EPOLLOUT, 2);
    add(set, sockets[0], libc::EPOLLIN | libc::EPOLLOUT, 3);
    let check = || {
        assert_eq!(ready(set), [(2, libc::EPOLLOUT), (3, libc::EPOLLOUT)]);
        wake(event);
        write(write_end, b"x");
        for _ in 0..2 {
            let all = [(1, libc::EPOLLIN), (2, libc::EPOLLOUT), (3, libc::EPOLLOUT), (data, libc::EPOLLIN)];
            assert_eq!(ready(set), all);
        }
        assert!(read(event).is_ok() && read(read_end).is_ok());
        assert_eq!(ready(set), [(2, libc::EPOLLOUT), (3, libc::EPOLLOUT)]);
    };
    in_child(check).join();
    check();
    // What stays shared is watched by both.
    let child = in_child(|| {
        wait_for("the socket is readable", || ready(set).contains(&(3, libc::EPOLLIN | libc::EPOLLOUT)));
    });
    write(sockets[1], b"x");
    child.join();
    assert!(ready(set).contains(&(3, libc::EPOLLIN | libc::EPOLLOUT)));
}

fn edge_triggered() {
    let (set, event) = (epoll(), eventfd());
    add(set, event, libc::EPOLLIN | libc::EPOLLET, 5);
    let check = || {
        assert_eq!(ready(set), []);
        for _ in 0..3 {
            wake(event);
            assert_eq!((ready(set), ready(set)), (vec![(5, libc::EPOLLIN)], vec![]));
        }
        assert!(read(event).is_ok());
    };
    in_child(check).join();
    check();
    // An edge that nobody has seen yet.
    wake(event);
    in_child(|| assert_eq!((ready(set), ready(set)), (vec![(5, libc::EPOLLIN)], vec![]))).join();
    assert_eq!((ready(set), ready(set)), (vec![(5, libc::EPOLLIN)], vec![]));
}

fn one_shot() {
    let (set, armed, spent) = (epoll(), eventfd(), eventfd());
    add(set, armed, libc::EPOLLIN | libc::EPOLLONESHOT, 1);
    add(set, spent, libc::EPOLLIN | libc::EPOLLONESHOT, 2);
    wake(spent);
    assert_eq!(ready(set), [(2, libc::EPOLLIN)]);
    let check = || {
        assert_eq!(ready(set), [], "one of them has had its shot");
        wake(armed);
        assert_eq!((ready(set), ready(set)), (vec![(1, libc::EPOLLIN)], vec![]));
        ok(control(set, libc::EPOLL_CTL_MOD, spent, libc::EPOLLIN | libc::EPOLLONESHOT, 2));
        assert_eq!(ready(set), [(2, libc::EPOLLIN)]);
    };
    in_child(check).join();
    check();
}

fn nested() {
    // The outer set gets the lower number in one case and the higher one in the other.
    for swap in [false, true] {
        let (first, second, event) = (epoll(), epoll(), eventfd());
        let (outer, inner) = if swap { (second, first) } else { (first, second) };
        add(inner, event, libc::EPOLLIN, 1);
        add(outer, inner, libc::EPOLLIN, 2);
        let check = || {
            assert_eq!(ready(outer), []);
            wake(event);
            assert_eq!((ready(outer), ready(inner)), (vec![(2, libc::EPOLLIN)], vec![(1, libc::EPOLLIN)]));
            assert!(read(event).is_ok());
            assert_eq!(ready(outer), []);
        };
        in_child(check).join();
        check();
    }
}

fn aliases() {
    let (set, event) = (epoll(), eventfd());
    let (same, event_again) = (ok(unsafe { libc::dup(set) }), ok(unsafe { libc::dup(event) }));
    let check = || {
        add(set, event, libc::EPOLLIN, 1);
        add(same, event_again, libc::EPOLLIN, 2);
        wake(event_again);
        assert_eq!(ready(same), [(1, libc::EPOLLIN), (2, libc::EPOLLIN)]);
        for fd in [event, event_again] {
            ok(control(same, libc::EPOLL_CTL_DEL, fd, 0, 0));
        }
        assert!(read(event).is_ok());
    };
    in_child(check).join();
    check();
    // Registered before the fork.
    add(set, event_again, libc::EPOLLIN, 3);
    in_child(|| {
        wake(event);
        assert_eq!((ready(set), ready(same)), (vec![(3, libc::EPOLLIN)], vec![(3, libc::EPOLLIN)]));
    })
    .join();
    assert_eq!(ready(set), []);
}

fn separate() {
    let (set, event, other) = (epoll(), eventfd(), eventfd());
    add(set, event, libc::EPOLLIN, 1);
    in_child(|| {
        ok(control(set, libc::EPOLL_CTL_DEL, event, 0, 0));
        add(set, other, libc::EPOLLIN, 2);
        wake(event);
        wake(other);
        assert_eq!(ready(set), [(2, libc::EPOLLIN)]);
    })
    .join();
    assert_eq!(ready(set), []);
    assert_eq!(control(set, libc::EPOLL_CTL_DEL, other, 0, 0), -1);
    wake(event);
    assert_eq!(ready(set), [(1, libc::EPOLLIN)]);
}

/// A closed descriptor whose description lives on stays registered under a number that may mean something else by now.
fn stale_entries() {
    let set = epoll();
    let [closed, replaced, [pipe_read, pipe_write]] = [socket_pair(), socket_pair(), pipe()];
    let (event, pipe_event) = (eventfd(), eventfd());
    for (fd, data) in [(closed[0], 1), (replaced[0], 2), (pipe_read, 3), (event, 4), (pipe_event, 5)] {
        add(set, fd, libc::EPOLLIN, data);
        ok(unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 100) });
    }
    let [fresh_read, fresh_write] = pipe();
    let fresh_event = eventfd();
    unsafe {
        libc::close(closed[0]);
        // The same numbers for other objects: another socket, another pipe, another eventfd, and a pipe for an eventfd.
        ok(libc::dup2(socket_pair()[0], replaced[0]));
        ok(libc::dup2(fresh_read, pipe_read));
        ok(libc::dup2(fresh_event, event));
        ok(libc::dup2(fresh_read, pipe_event));
    }
    let kept = eventfd();
    add(set, kept, libc::EPOLLIN, 6);
    in_child(|| {
        write(fresh_write, b"x");
        wake(fresh_event);
        assert_eq!(ready(set), []);
        wake(kept);
        assert_eq!(ready(set), [(6, libc::EPOLLIN)]);
        // The number is free for what it means now.
        add(set, event, libc::EPOLLIN, 7);
        assert_eq!(ready(set), [(6, libc::EPOLLIN), (7, libc::EPOLLIN)]);
    })
    .join();
    // The old and the new one side by side under one number.
    add(set, event, libc::EPOLLIN, 8);
    in_child(|| {
        wake(fresh_event);
        assert_eq!(ready(set), [(8, libc::EPOLLIN)]);
    })
    .join();
    write(pipe_write, b"x");
    assert_eq!(ready(set), [(3, libc::EPOLLIN)], "the parent's is as it was");
}

fn many_entries() {
    let set = epoll();
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    unsafe {
        ok(libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit));
        limit.rlim_cur = limit.rlim_max.min(20_000);
        ok(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit));
    }
    let count = (limit.rlim_cur as usize).min(6_000) - 100;
    let all: Vec<i32> = (0..count).map(|_| eventfd()).collect();
    for (index, fd) in all.iter().enumerate() {
        add(set, *fd, libc::EPOLLIN, index as u64);
    }
    let check = || {
        for index in [0, 1, count / 2, count - 1] {
            wake(all[index]);
            assert_eq!(ready(set), [(index as u64, libc::EPOLLIN)]);
            assert!(read(all[index]).is_ok());
        }
    };
    in_child(check).join();
    check();
}

static TURNS: AtomicU64 = AtomicU64::new(0);
static SET: AtomicI32 = AtomicI32::new(-1);
static EVENT: AtomicI32 = AtomicI32::new(-1);

fn a_thread_that_waits() {
    let (set, event, shared) = (epoll(), eventfd(), eventfd());
    add(set, event, libc::EPOLLIN | libc::EPOLLET, 1);
    add(set, shared, libc::EPOLLIN, 2);
    SET.store(set, Ordering::SeqCst);
    EVENT.store(event, Ordering::SeqCst);
    spawn("loop", || {
        loop {
            let mut ready = libc::epoll_event { events: 0, u64: 0 };
            let count = unsafe { libc::epoll_wait(SET.load(Ordering::SeqCst), &raw mut ready, 1, -1) };
            // A new registration may report once more what has been seen.
            if count == 1 && ready.u64 == 1 && read(EVENT.load(Ordering::SeqCst)).is_ok() {
                TURNS.fetch_add(1, Ordering::SeqCst);
            }
            assert!(count >= 0 || support::errno() == libc::EINTR);
        }
    });
    for _ in 0..100 {
        let before = TURNS.load(Ordering::SeqCst);
        let options = Options { share: &[shared], ..Options::default() };
        in_child_with(&options, || {
            wake(event);
            wait_for("the child's loop turns", || TURNS.load(Ordering::SeqCst) == before + 1);
        })
        .join();
        assert_eq!(TURNS.load(Ordering::SeqCst), before);
        wake(event);
        wait_for("the parent's loop turns", || TURNS.load(Ordering::SeqCst) == before + 1);
    }
}
