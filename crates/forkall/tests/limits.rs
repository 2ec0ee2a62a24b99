//! What the system refuses is a typed error, and nothing has changed.
#![cfg(target_os = "linux")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "plain system calls on objects of the tests' own")]

mod support;

use std::sync::atomic::{AtomicU64, Ordering};

use support::{Pool, entries, errno, in_child, ok, pipe, skip};
use zygote_forkall::{Error, Options, fork};

cases!(too_many_processes, too_many_descriptors, numbers_above_the_limit, many_threads);

// The C libraries have different types for the resource.
macro_rules! limit {
    ($resource:expr, $value:expr) => {{
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        ok(unsafe { libc::getrlimit($resource, &raw mut limit) });
        limit.rlim_cur = limit.rlim_max.min($value);
        ok(unsafe { libc::setrlimit($resource, &raw const limit) });
    }};
}

fn too_many_processes() {
    // The limit does not hold for root.
    if unsafe { libc::geteuid() } == 0 {
        let user = 54_321;
        unsafe {
            ok(libc::setgroups(0, std::ptr::null()));
            ok(libc::setresgid(user, user, user));
            ok(libc::setresuid(user, user, user));
        }
    }
    let pool = Pool::new(3);
    in_child(|| pool.assert_alive()).join();
    let (descriptors, tasks) = (entries("fd"), entries("task"));
    limit!(libc::RLIMIT_NPROC, 1);
    for _ in 0..5 {
        match unsafe { fork(&Options::default()) } {
            Err(Error::Call { call: "clone", source }) => assert_eq!(source.raw_os_error(), Some(libc::EAGAIN)),
            other => panic!("{other:?}"),
        }
        assert_eq!((entries("fd"), entries("task")), (descriptors, tasks));
        pool.assert_alive();
    }
    limit!(libc::RLIMIT_NPROC, 4000);
    in_child(|| pool.assert_alive()).join();
    pool.finish();
}

fn too_many_descriptors() {
    let pool = Pool::new(3);
    let [read_end, write_end] = pipe();
    support::write(write_end, b"unread");
    let event = ok(unsafe { libc::eventfd(3, libc::EFD_NONBLOCK) });
    limit!(libc::RLIMIT_NOFILE, 64);
    let mut fillers = Vec::new();
    while let fd @ 0.. = unsafe { libc::fcntl(2, libc::F_DUPFD_CLOEXEC, 0) } {
        fillers.push(fd);
    }
    assert_eq!(errno(), libc::EMFILE);
    let (mut refused, mut enough) = (0, None);
    // One more free number each time, until it works.
    for free in 0..10 {
        match unsafe { fork(&Options::default()) } {
            Err(Error::Call { source, .. }) if source.raw_os_error() == Some(libc::EMFILE) => refused += 1,
            Ok(zygote_forkall::Forked::Parent { pid, pidfd, .. }) => {
                support::Child { pid, pidfd }.join();
                enough = Some(free);
                break;
            }
            Ok(zygote_forkall::Forked::Child) => support::end_child(|| {
                pool.assert_alive();
                assert_eq!(support::read(read_end).expect("read"), b"unread");
                assert_eq!(support::read(event).expect("read"), 3_u64.to_ne_bytes());
            }),
            other => panic!("{other:?}"),
        }
        pool.assert_alive();
        let fd = fillers.pop().expect("more");
        ok(unsafe { libc::close(fd) });
    }
    // Two for the copy of the pipe, one for the child's own number.
    assert_eq!((refused, enough), (3, Some(3)));
    assert_eq!(support::read(read_end).expect("read"), b"unread");
    assert_eq!(support::read(event).expect("read"), 3_u64.to_ne_bytes());
}

/// The limit can be set below the numbers in use.
fn numbers_above_the_limit() {
    let sockets = support::socket_pair();
    let above = ok(unsafe { libc::fcntl(sockets[0], libc::F_DUPFD_CLOEXEC, 90) });
    limit!(libc::RLIMIT_NOFILE, 64);
    let options = Options { sever_except: Some(&[]), ..Options::default() };
    support::in_child_with(&options, || {
        assert_eq!(support::read(sockets[0]), Err(libc::EAGAIN));
        // Closed, as nothing else can have that number.
        assert_eq!(support::read(above), Err(libc::EBADF));
    })
    .join();
    limit!(libc::RLIMIT_NOFILE, 128);
    let event = ok(unsafe { libc::eventfd(0, 0) });
    ok(unsafe { libc::fcntl(event, libc::F_DUPFD_CLOEXEC, 100) });
    in_child(|| {}).join();
    limit!(libc::RLIMIT_NOFILE, 64);
    match unsafe { fork(&Options::default()) } {
        Err(Error::Call { source, .. }) => assert_eq!(source.raw_os_error(), Some(libc::EMFILE)),
        other => panic!("{other:?}"),
    }
}

fn many_threads() {
    static ROUNDS: [AtomicU64; 1000] = [const { AtomicU64::new(0) }; 1000];
    let mut threads = 0;
    for round in &ROUNDS {
        #[expect(clippy::disallowed_methods, reason = "threads are what these tests are about")]
        let started = std::thread::Builder::new().stack_size(65536).spawn(move || {
            loop {
                round.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
        });
        if started.is_err() {
            break;
        }
        threads += 1;
    }
    if threads < 100 {
        skip("not even 100 threads here");
    }
    for _ in 0..3 {
        in_child(|| {
            assert_eq!(entries("task"), threads + 1);
            let before: Vec<u64> = ROUNDS.iter().map(|round| round.load(Ordering::SeqCst)).collect();
            support::wait_for("all go on", || {
                ROUNDS[..threads].iter().zip(&before).all(|(round, before)| round.load(Ordering::SeqCst) > *before)
            });
        })
        .join();
    }
}
