//! Support, the other strategy, and the measure that forks are compared with.
#![cfg(target_os = "linux")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "plain system calls on objects of the tests' own")]
#![allow(clippy::print_stdout, reason = "a test program talks to a terminal")]

mod support;

use support::{Child, Pool, end_child, entries, ok};
use zygote_forkall::{Error, Forked, Options, fork, fork_single_threaded, raw_clone};

cases!(all_threads_are_supported, a_single_thread, what_a_fork_reports, raw_clones, errors_say_what);

fn all_threads_are_supported() {
    zygote_forkall::support().expect("this is what the tests are for");
}

fn a_single_thread() {
    let pool = Pool::new(3);
    for _ in 0..20 {
        match unsafe { fork_single_threaded(&Options::default()) }.expect("fork") {
            Forked::Child => end_child(|| {
                assert_eq!(entries("task"), 1);
                // libc's own fork: what it has prepared for, such as memory, works.
                std::hint::black_box(vec![1_u8; 1 << 20]);
            }),
            Forked::Parent { pid, pidfd, .. } => {
                assert_eq!(pidfd, None);
                Child { pid, pidfd }.join();
            }
        }
        assert_eq!(entries("task"), 4);
    }
    pool.assert_alive();
}

fn what_a_fork_reports() {
    let pool = Pool::new(5);
    for _ in 0..10 {
        match unsafe { fork(&Options::default()) }.expect("fork") {
            Forked::Child => end_child(|| {
                pool.assert_alive();
                unsafe { libc::_exit(42) }
            }),
            Forked::Parent { pid, pidfd, timings } => {
                assert_eq!(timings.threads, 5);
                assert!(timings.clone.as_nanos() > 0 && timings.park.as_nanos() > 0);
                if let Some(pidfd) = pidfd {
                    let text = std::fs::read_to_string(format!("/proc/self/fdinfo/{pidfd}")).expect("fdinfo");
                    assert!(text.lines().any(|line| line == format!("Pid:\t{pid}")), "{text}");
                    assert_eq!(ok(unsafe { libc::fcntl(pidfd, libc::F_GETFD) }), libc::FD_CLOEXEC);
                } else {
                    println!("  no pidfd here");
                }
                let status = Child { pid, pidfd }.wait();
                assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 42);
            }
        }
    }
}

fn raw_clones() {
    let pool = Pool::new(3);
    let (descriptors, start) = (entries("fd"), std::time::Instant::now());
    let times: Vec<_> = (0..50).map(|_| raw_clone().expect("clone")).collect();
    let whole = start.elapsed();
    assert!(times.iter().all(|time| !time.is_zero()) && times.iter().sum::<std::time::Duration>() <= whole);
    assert_eq!(entries("fd"), descriptors);
    assert_eq!(unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) }, -1, "none is left");
    pool.assert_alive();
}

fn errors_say_what() {
    let source = std::io::Error::from_raw_os_error(libc::EAGAIN);
    let error = Error::Call { call: "clone", source };
    assert!(error.to_string().starts_with("clone: Resource"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
    let thread = zygote_forkall::ThreadInfo {
        tid: 7,
        name: "worker".into(),
        state: "D (disk sleep)".into(),
        waits_in: "vfs_read".into(),
    };
    let text = Error::ParkTimeout(vec![thread]).to_string();
    assert_eq!(text, "these threads could not be stopped in time: 7 \"worker\" (D (disk sleep) in vfs_read)");
}
