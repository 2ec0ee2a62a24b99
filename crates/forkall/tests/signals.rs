//! Signals reach the process that they are sent to, all of them and no other.
#![cfg(target_os = "linux")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "plain system calls on objects of the tests' own")]
#![allow(clippy::print_stdout, reason = "a test program talks to a terminal")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::time::Duration;

use support::{Child, Pool, end_child, in_child, shared_words, spawn, wait_for};
use zygote_forkall::{Forked, Options, fork};

cases!(
    signals_to_the_child,
    signals_to_the_parent,
    the_default_action,
    masks_are_as_before,
    a_thread_that_waits_for_signals,
    signals_that_wait_in_a_mask,
    raise_and_abort,
    raise_in_a_revived_thread,
);

static HANDLED: AtomicU64 = AtomicU64::new(0);
static WRONG_PROCESS: AtomicU64 = AtomicU64::new(0);
static FOR: AtomicI32 = AtomicI32::new(0);

/// The value of each signal names the process that it is for.
extern "C" fn count(_signal: i32, info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    let meant = unsafe { (*info).si_value().sival_ptr as i32 };
    if meant != 0 && meant != unsafe { libc::getpid() } {
        WRONG_PROCESS.fetch_add(1, Ordering::SeqCst);
    }
    if FOR.load(Ordering::SeqCst) != -1 {
        HANDLED.fetch_add(1, Ordering::SeqCst);
    }
}

fn install() {
    for signal in [libc::SIGRTMIN() + 3, libc::SIGUSR1] {
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = count as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
            support::ok(libc::sigaction(signal, &raw const action, std::ptr::null_mut()));
        }
    }
}

fn queue(pid: i32, value: i32) {
    let value = libc::sigval { sival_ptr: value as *mut libc::c_void };
    support::ok(unsafe { libc::sigqueue(pid, libc::SIGRTMIN() + 3, value) });
}

/// Sent at once after the fork, while the child is being completed.
fn signals_to_the_child() {
    const SENT: u64 = 40;
    install();
    let pool = Pool::new(4);
    for _ in 0..200 {
        let child = in_child(|| {
            wait_for("all signals are handled", || HANDLED.load(Ordering::SeqCst) == SENT);
            assert_eq!(WRONG_PROCESS.load(Ordering::SeqCst), 0);
            pool.assert_alive();
            assert_eq!(HANDLED.load(Ordering::SeqCst), SENT);
        });
        for _ in 0..SENT {
            queue(child.pid, child.pid);
        }
        child.join();
        assert_eq!(HANDLED.load(Ordering::SeqCst), 0, "the parent gets none of them");
    }
}

/// Sent all the time, by another process.
fn signals_to_the_parent() {
    install();
    let pool = Pool::new(3);
    let parent = std::process::id() as i32;
    let [sent, stop, ..] = shared_words();
    let sender = in_child(|| {
        let value = libc::sigval { sival_ptr: parent as *mut libc::c_void };
        while stop.load(Ordering::SeqCst) == 0 {
            // Not sent where the queue of signals is full.
            if unsafe { libc::sigqueue(parent, libc::SIGRTMIN() + 3, value) } == 0
                && sent.fetch_add(1, Ordering::SeqCst) % 4 != 0
            {
                continue;
            }
            std::thread::sleep(Duration::from_micros(50));
        }
    });
    wait_for("signals come", || HANDLED.load(Ordering::SeqCst) > 10);
    for _ in 0..100 {
        in_child(|| {
            // A thread that was inside of the handler finishes it here, too.
            pool.assert_alive();
            let seen = || [&HANDLED, &WRONG_PROCESS].map(|count| count.load(Ordering::SeqCst));
            let before = seen();
            pool.assert_alive();
            assert_eq!(seen(), before, "the child gets none of them");
        })
        .join();
    }
    stop.store(1, Ordering::SeqCst);
    sender.join();
    println!("  {} signals", sent.load(Ordering::SeqCst));
    wait_for("none is lost", || HANDLED.load(Ordering::SeqCst) == sent.load(Ordering::SeqCst));
}

fn the_default_action() {
    let pool = Pool::new(2);
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGKILL, libc::SIGUSR2] {
        for _ in 0..30 {
            let child = in_child(|| std::thread::sleep(Duration::from_secs(30)));
            support::ok(unsafe { libc::kill(child.pid, signal) });
            let status = child.wait();
            assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == signal, "status {status:#x}");
        }
    }
    pool.assert_alive();
}

fn blocked() -> u64 {
    let mut mask = 0_u64;
    let none = std::ptr::null::<u64>();
    support::ok(unsafe { libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_BLOCK, none, &raw mut mask, 8) });
    mask
}

fn block(signal: i32) {
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, signal);
        assert_eq!(libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()), 0);
    }
}

fn masks_are_as_before() {
    let rounds = Arc::new(AtomicU64::new(0));
    spawn("masked", {
        let rounds = Arc::clone(&rounds);
        move || {
            block(libc::SIGHUP);
            let mask = blocked();
            loop {
                assert_eq!(blocked(), mask);
                rounds.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_micros(50));
            }
        }
    });
    block(libc::SIGPIPE);
    let own = blocked();
    for _ in 0..30 {
        let child = in_child(|| {
            assert_eq!(blocked(), own);
            let before = rounds.load(Ordering::SeqCst);
            wait_for("it goes on", || rounds.load(Ordering::SeqCst) > before + 3);
        });
        assert_eq!(blocked(), own);
        child.join();
    }
}

/// As Node's own signal thread: all others block the signal, one takes it from `sigwait`.
fn a_thread_that_waits_for_signals() {
    block(libc::SIGUSR2);
    let taken = Arc::new(AtomicU64::new(0));
    spawn("waits", {
        let taken = Arc::clone(&taken);
        move || {
            loop {
                let mut signal = 0;
                unsafe {
                    let mut set = std::mem::zeroed();
                    libc::sigemptyset(&raw mut set);
                    libc::sigaddset(&raw mut set, libc::SIGUSR2);
                    if libc::sigwait(&raw const set, &raw mut signal) != 0 {
                        continue;
                    }
                }
                assert_eq!(signal, libc::SIGUSR2);
                taken.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    let word = &shared_words()[0];
    for _ in 0..100 {
        word.store(0, Ordering::SeqCst);
        let before = taken.load(Ordering::SeqCst);
        let child = in_child(|| {
            for more in 1..=3 {
                wait_for("a signal arrives", || taken.load(Ordering::SeqCst) == before + more);
                word.store(more, Ordering::SeqCst);
            }
        });
        for more in 1..=3 {
            support::ok(unsafe { libc::kill(child.pid, libc::SIGUSR2) });
            wait_for("the child has it", || word.load(Ordering::SeqCst) == more);
        }
        child.join();
        assert_eq!(taken.load(Ordering::SeqCst), before);
        support::ok(unsafe { libc::kill(libc::getpid(), libc::SIGUSR2) });
        wait_for("the parent has one", || taken.load(Ordering::SeqCst) == before + 1);
    }
}

/// As POSIX has it for `fork`: what is pending stays with the parent.
fn signals_that_wait_in_a_mask() {
    install();
    block(libc::SIGUSR1);
    support::ok(unsafe { libc::kill(libc::getpid(), libc::SIGUSR1) });
    let unblock = AtomicBool::new(true);
    let forked = unsafe { fork(&Options::default()) }.expect("fork");
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGUSR1);
        assert!(unblock.load(Ordering::SeqCst));
        assert_eq!(libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut()), 0);
    }
    let handled = HANDLED.load(Ordering::SeqCst);
    match forked {
        Forked::Child => end_child(|| assert_eq!(handled, 0)),
        Forked::Parent { pid, pidfd, .. } => {
            assert_eq!(handled, 1);
            Child { pid, pidfd }.join();
        }
    }
}

/// A process's signals to itself. libc's own number of the thread must not lead to the parent's.
fn raise_and_abort() {
    install();
    for _ in 0..20 {
        let child = in_child(|| {
            support::ok(unsafe { libc::raise(libc::SIGUSR1) });
            assert_eq!(HANDLED.load(Ordering::SeqCst), 1);
            assert_eq!(unsafe { libc::pthread_kill(libc::pthread_self(), libc::SIGUSR1) }, 0);
            assert_eq!(HANDLED.load(Ordering::SeqCst), 2);
            std::process::abort();
        });
        let status = child.wait();
        assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGABRT, "status {status:#x}");
        assert_eq!(HANDLED.load(Ordering::SeqCst), 0);
    }
}

/// In no case does it hit the parent: see the head of the crate.
fn raise_in_a_revived_thread() {
    install();
    let (go, result) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicI32::new(-1)));
    let thread = spawn("raises", {
        let (go, result) = (Arc::clone(&go), Arc::clone(&result));
        move || {
            wait_for("its turn", || go.load(Ordering::SeqCst));
            result.store(unsafe { libc::raise(libc::SIGUSR1) }, Ordering::SeqCst);
            wait_for("another turn", || !go.load(Ordering::SeqCst));
        }
    });
    let id = std::os::unix::thread::JoinHandleExt::as_pthread_t(&thread) as libc::pthread_t;
    in_child(|| {
        go.store(true, Ordering::SeqCst);
        wait_for("the signal is handled", || result.load(Ordering::SeqCst) == 0);
        assert_eq!(HANDLED.load(Ordering::SeqCst), 1);
        // Sent by another thread it arrives with musl, and goes nowhere with glibc.
        let expected = if cfg!(target_env = "musl") { 0 } else { libc::ESRCH };
        assert_eq!(unsafe { libc::pthread_kill(id, libc::SIGUSR1) }, expected);
    })
    .join();
    assert_eq!(HANDLED.load(Ordering::SeqCst), 0);
    assert_eq!(unsafe { libc::pthread_kill(id, libc::SIGUSR1) }, 0);
    wait_for("the parent's own is handled", || HANDLED.load(Ordering::SeqCst) == 1);
}
