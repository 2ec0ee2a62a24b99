//! A child that is made for the parent of the process that forks, as a fork server does for its owner.
#![cfg(target_os = "linux")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "plain system calls on objects of the tests' own")]
#![allow(clippy::print_stdout, reason = "a test program talks to a terminal")]

mod support;

use std::sync::atomic::{AtomicU64, Ordering};

use support::{Child, Pool, end_child, entries, errno, in_child, in_child_with, ok, readable, shared_words, wait_for};
use zygote_forkall::{Error, Forked, Options, fork, fork_single_threaded};

cases!(
    the_grandparent_waits,
    it_outlives_the_process_that_forked,
    descriptors_of_the_process,
    siblings_of_siblings,
    the_parent_is_signalled,
    no_place_for_one,
);

const SIBLING: Options<'_> = Options {
    park_deadline: std::time::Duration::from_secs(5),
    in_flight: zygote_forkall::InFlight::Cancel,
    share: &[],
    sever_except: None,
    watched_paths: &[],
    sibling: true,
};

fn parent() -> i32 {
    unsafe { libc::getppid() }
}

fn own() -> i32 {
    std::process::id() as i32
}

/// What `waitpid(…, WNOHANG)` says about a process that is no child of this one.
fn is_no_child(pid: i32) -> bool {
    unsafe { libc::waitpid(pid, std::ptr::null_mut(), libc::WNOHANG) == -1 && errno() == libc::ECHILD }
}

fn the_grandparent_waits() {
    let (words, grandparent) = (shared_words(), own());
    for round in 0..20 {
        words[0].store(0, Ordering::SeqCst);
        // With threads of its own, so that reviving them is part of it.
        in_child(|| {
            let pool = Pool::new(3);
            let child = in_child_with(&SIBLING, || {
                assert_eq!(parent(), grandparent);
                pool.assert_alive();
                unsafe { libc::_exit(40 + round) }
            });
            assert!(is_no_child(child.pid));
            words[0].store(child.pid as u64, Ordering::SeqCst);
            pool.assert_alive();
            pool.finish();
        })
        .join();
        let child = Child { pid: words[0].load(Ordering::SeqCst) as i32, pidfd: None };
        let status = child.wait();
        assert!(libc::WIFEXITED(status), "{status:#x}");
        assert_eq!(libc::WEXITSTATUS(status), 40 + round);
    }
}

fn it_outlives_the_process_that_forked() {
    let (words, grandparent) = (shared_words(), own());
    let middle = in_child(|| {
        let pool = Pool::new(3);
        let child = in_child_with(&SIBLING, || {
            wait_for("its id is known", || words[1].load(Ordering::SeqCst) != 0);
            let middle = words[1].load(Ordering::SeqCst) as i32;
            wait_for("the process that forked is gone", || unsafe { libc::kill(middle, 0) } == -1);
            assert_eq!(parent(), grandparent);
            pool.assert_alive();
            in_child(|| pool.assert_alive()).join();
            words[2].store(1, Ordering::SeqCst);
        });
        words[0].store(child.pid as u64, Ordering::SeqCst);
        loop {
            std::thread::park();
        }
    });
    words[1].store(middle.pid as u64, Ordering::SeqCst);
    wait_for("the sibling is made", || words[0].load(Ordering::SeqCst) != 0);
    ok(unsafe { libc::kill(middle.pid, libc::SIGKILL) });
    let status = middle.wait();
    assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGKILL);
    Child { pid: words[0].load(Ordering::SeqCst) as i32, pidfd: None }.join();
    assert_eq!(words[2].load(Ordering::SeqCst), 1, "the sibling came to its end");
}

/// The pidfd is the forking process's, though the child is not; nothing else is left open.
fn descriptors_of_the_process() {
    let words = shared_words();
    in_child(|| {
        let open = entries("fd");
        let Child { pid, pidfd } = in_child_with(&SIBLING, || {
            loop {
                std::thread::park();
            }
        });
        words[0].store(pid as u64, Ordering::SeqCst);
        let Some(pidfd) = pidfd else {
            println!("  no pidfd here");
            ok(unsafe { libc::kill(pid, libc::SIGTERM) });
            return;
        };
        assert_eq!(entries("fd"), open + 1);
        let text = std::fs::read_to_string(format!("/proc/self/fdinfo/{pidfd}")).expect("fdinfo");
        assert!(text.lines().any(|line| line == format!("Pid:\t{pid}")), "{text}");
        assert!(!readable(pidfd, 0));
        ok(unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd, libc::SIGTERM, 0, 0) });
        assert!(readable(pidfd, 10_000), "its end is told here too");
        ok(unsafe { libc::close(pidfd) });
    })
    .join();
    let status = Child { pid: words[0].load(Ordering::SeqCst) as i32, pidfd: None }.wait();
    assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGTERM);
}

/// All of them are children of one process, however many lie between.
fn siblings_of_siblings() {
    fn go_on(words: &[AtomicU64; 64], depth: usize, grandparent: i32) {
        assert_eq!(parent(), grandparent);
        if depth < 10 {
            let child = in_child_with(&SIBLING, || go_on(words, depth + 1, grandparent));
            words[depth].store(child.pid as u64, Ordering::SeqCst);
        }
    }
    let (words, grandparent) = (shared_words(), own());
    in_child(|| go_on(words, 0, grandparent)).join();
    for word in &words[..10] {
        wait_for("the next one is known", || word.load(Ordering::SeqCst) != 0);
        Child { pid: word.load(Ordering::SeqCst) as i32, pidfd: None }.join();
    }
    assert!(is_no_child(-1), "none is left");
}

fn the_parent_is_signalled() {
    static SENDERS: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];
    extern "C" fn note(_: i32, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
        let pid = unsafe { (*info).si_pid() } as u64;
        let place = usize::from(SENDERS[0].load(Ordering::SeqCst) != 0);
        SENDERS[place].store(pid, Ordering::SeqCst);
    }
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = note as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO;
    ok(unsafe { libc::sigaction(libc::SIGCHLD, &raw const action, std::ptr::null_mut()) });
    let words = shared_words();
    let middle = in_child(|| {
        let child = in_child_with(&SIBLING, || {});
        words[0].store(child.pid as u64, Ordering::SeqCst);
        wait_for("the sibling has been waited for", || words[1].load(Ordering::SeqCst) != 0);
        assert_eq!(SENDERS[0].load(Ordering::SeqCst), 0, "this process is told nothing");
    });
    wait_for("the sibling is made", || words[0].load(Ordering::SeqCst) != 0);
    let pid = words[0].load(Ordering::SeqCst);
    wait_for("its end is told", || SENDERS[0].load(Ordering::SeqCst) == pid);
    Child { pid: pid as i32, pidfd: None }.join();
    words[1].store(1, Ordering::SeqCst);
    middle.join();
}

fn no_place_for_one() {
    match unsafe { fork_single_threaded(&SIBLING) } {
        Err(Error::Unsupported(why)) => assert!(why.contains("parent"), "{why}"),
        other => panic!("{other:?}"),
    }
    if unsafe { libc::unshare(libc::CLONE_NEWPID) } != 0
        && unsafe { libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWPID) } != 0
    {
        println!("  no PID namespace can be made here");
        return;
    }
    // The next child is process 1 of the new namespace.
    match unsafe { libc::fork() } {
        0 => end_child(|| {
            assert_eq!(own(), 1);
            match unsafe { fork(&SIBLING) } {
                Err(Error::Unsupported(why)) => assert!(why.contains("process 1"), "{why}"),
                Ok(Forked::Child) => unsafe { libc::_exit(3) },
                other => panic!("{other:?}"),
            }
        }),
        pid => Child { pid: ok(pid), pidfd: None }.join(),
    }
}
