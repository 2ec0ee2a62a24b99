//! Locks, condition variables and thread-locals of a process go on in its child.
#![cfg(target_os = "linux")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "plain system calls on objects of the tests' own")]

mod support;

use std::cell::{Cell, UnsafeCell};
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, RwLock, mpsc};

use support::{Pool, end_child, in_child, spawn, wait_for};

cases!(
    mutexes_condvars_and_thread_locals,
    recursive_mutex_of_another_thread,
    recursive_mutex_of_the_caller_is_as_after_fork,
    locks_of_the_caller,
    robust_lists_are_registered,
    robust_mutex_of_the_caller,
);

thread_local! {
    static LOCAL: Cell<u64> = const { Cell::new(0) };
}

struct Ball {
    turn: Mutex<u64>,
    changed: Condvar,
    read: RwLock<u64>,
}

fn mutexes_condvars_and_thread_locals() {
    const PLAYERS: u64 = 4;
    let ball = Arc::new(Ball { turn: Mutex::new(0), changed: Condvar::new(), read: RwLock::new(0) });
    for player in 0..PLAYERS {
        let ball = Arc::clone(&ball);
        spawn("player", move || {
            LOCAL.set(player);
            loop {
                let mut turn = ball.turn.lock().expect("lock");
                while *turn % PLAYERS != player {
                    turn = ball.changed.wait(turn).expect("wait");
                }
                // A thread-local that was lost or mixed up stops the game.
                assert_eq!(LOCAL.get(), *turn);
                LOCAL.set(*turn + PLAYERS);
                *turn += 1;
                *ball.read.write().expect("write") = *turn;
                ball.changed.notify_all();
            }
        });
    }
    let pool = Pool::new(2);
    for _ in 0..150 {
        let child = in_child(|| {
            let start = *ball.turn.lock().expect("lock");
            wait_for("the game goes on", || *ball.read.read().expect("read") > start + 20);
            pool.assert_alive();
        });
        let start = *ball.turn.lock().expect("lock");
        child.join();
        wait_for("the parent's game goes on", || *ball.turn.lock().expect("lock") > start + 20);
    }
}

struct PthreadMutex(UnsafeCell<libc::pthread_mutex_t>);

unsafe impl Sync for PthreadMutex {}

impl PthreadMutex {
    fn new(prepare: impl FnOnce(*mut libc::pthread_mutexattr_t)) -> &'static Self {
        let mutex = Box::leak(Box::new(Self(UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER))));
        unsafe {
            let mut attributes: libc::pthread_mutexattr_t = std::mem::zeroed();
            assert_eq!(libc::pthread_mutexattr_init(&raw mut attributes), 0);
            prepare(&raw mut attributes);
            assert_eq!(libc::pthread_mutex_init(mutex.0.get(), &raw const attributes), 0);
        }
        mutex
    }

    fn recursive() -> &'static Self {
        Self::new(|attributes| unsafe {
            assert_eq!(libc::pthread_mutexattr_settype(attributes, libc::PTHREAD_MUTEX_RECURSIVE), 0);
        })
    }

    fn lock(&self) -> i32 {
        unsafe { libc::pthread_mutex_lock(self.0.get()) }
    }

    fn try_lock(&self) -> i32 {
        unsafe { libc::pthread_mutex_trylock(self.0.get()) }
    }

    fn unlock(&self) -> i32 {
        unsafe { libc::pthread_mutex_unlock(self.0.get()) }
    }
}

fn recursive_mutex_of_another_thread() {
    if cfg!(target_env = "musl") {
        support::skip("not with musl, which is told that revived threads have new ids: see the head of the crate");
    }
    let mutex = PthreadMutex::recursive();
    let (release, released) = mpsc::channel::<()>();
    let results: &'static [AtomicI32; 4] = Box::leak(Box::new([const { AtomicI32::new(-1) }; 4]));
    let ready: &'static AtomicU32 = Box::leak(Box::new(AtomicU32::new(0)));
    spawn("owner", move || {
        assert_eq!((mutex.lock(), mutex.lock()), (0, 0));
        ready.store(1, Ordering::SeqCst);
        released.recv().expect("signal");
        results[0].store(mutex.lock(), Ordering::SeqCst);
        for result in &results[1..] {
            result.store(mutex.unlock(), Ordering::SeqCst);
        }
        loop {
            std::thread::park();
        }
    });
    wait_for("the thread has the mutex", || ready.load(Ordering::SeqCst) == 1);
    let check = || {
        assert_eq!(mutex.try_lock(), libc::EBUSY);
        release.send(()).expect("send");
        assert_eq!(mutex.lock(), 0, "the owner lets go of it");
        let seen = || results.each_ref().map(|result| result.load(Ordering::SeqCst));
        wait_for("its last call has returned", || !seen().contains(&-1));
        assert_eq!(seen(), [0; 4]);
        assert_eq!(mutex.unlock(), 0);
    };
    in_child(check).join();
    check();
}

/// libc knows the caller by a new id in the child, here as after its own `fork`.
fn recursive_mutex_of_the_caller_is_as_after_fork() {
    let mutex = PthreadMutex::recursive();
    assert_eq!(mutex.lock(), 0);
    let after_fork = match unsafe { libc::fork() } {
        0 => unsafe { libc::_exit(mutex.unlock()) },
        pid => libc::WEXITSTATUS(support::Child { pid, pidfd: None }.wait()),
    };
    in_child(|| {
        assert_eq!(mutex.unlock(), after_fork);
        // And with an id of its own it can use others.
        let fresh = PthreadMutex::recursive();
        assert_eq!((fresh.lock(), fresh.lock(), fresh.unlock(), fresh.unlock()), (0, 0, 0, 0));
    })
    .join();
    assert_eq!(mutex.unlock(), 0);
}

fn locks_of_the_caller() {
    let lock = Arc::new(Mutex::new(1));
    let plain = PthreadMutex::new(|_| {});
    let guard = lock.lock().expect("lock");
    assert_eq!(plain.lock(), 0);
    let waiting = Arc::new(AtomicU32::new(0));
    let other = spawn("waiter", {
        let (lock, waiting) = (Arc::clone(&lock), Arc::clone(&waiting));
        move || {
            waiting.store(1, Ordering::SeqCst);
            *lock.lock().expect("lock") += 1;
            assert_eq!(plain.lock(), 0);
        }
    });
    wait_for("the other thread waits", || waiting.load(Ordering::SeqCst) == 1);
    let child = match unsafe { zygote_forkall::fork(&zygote_forkall::Options::default()) }.expect("fork") {
        zygote_forkall::Forked::Child => None,
        zygote_forkall::Forked::Parent { pid, pidfd, .. } => Some(support::Child { pid, pidfd }),
    };
    // In both processes alike.
    drop(guard);
    assert_eq!(plain.unlock(), 0);
    other.join().expect("join");
    assert_eq!(*lock.lock().expect("lock"), 2);
    match child {
        Some(child) => child.join(),
        None => end_child(|| {}),
    }
}

fn robust_head() -> usize {
    let (mut head, mut length) = (0_usize, 0_usize);
    assert_eq!(unsafe { libc::syscall(libc::SYS_get_robust_list, 0, &raw mut head, &raw mut length) }, 0);
    head
}

fn robust_lists_are_registered() {
    // musl registers a list when a thread first uses such a mutex, glibc at its start.
    let mutex = robust_mutex();
    let heads: &'static [AtomicUsize; 3] = Box::leak(Box::new([const { AtomicUsize::new(0) }; 3]));
    for head in heads {
        spawn("robust", move || {
            loop {
                assert_eq!((mutex.lock(), mutex.unlock()), (0, 0));
                head.store(robust_head(), Ordering::SeqCst);
                std::thread::yield_now();
            }
        });
    }
    assert_eq!((mutex.lock(), mutex.unlock()), (0, 0));
    wait_for("all have a list", || heads.iter().all(|head| head.load(Ordering::SeqCst) != 0));
    let before = heads.each_ref().map(|head| head.load(Ordering::SeqCst));
    let own = robust_head();
    assert_ne!(own, 0);
    in_child(|| {
        assert_eq!(robust_head(), own);
        for head in heads {
            head.store(0, Ordering::SeqCst);
        }
        wait_for("all look again", || heads.iter().all(|head| head.load(Ordering::SeqCst) != 0));
        assert_eq!(heads.each_ref().map(|head| head.load(Ordering::SeqCst)), before);
    })
    .join();
}

fn robust_mutex() -> &'static PthreadMutex {
    PthreadMutex::new(|attributes| unsafe {
        assert_eq!(libc::pthread_mutexattr_setrobust(attributes, libc::PTHREAD_MUTEX_ROBUST), 0);
        // Those of one process alone musl keeps itself.
        assert_eq!(libc::pthread_mutexattr_setpshared(attributes, libc::PTHREAD_PROCESS_SHARED), 0);
    })
}

/// The kernel drops the list of the thread that forks: then nobody hears of this one's death.
fn robust_mutex_of_the_caller() {
    let mutex = robust_mutex();
    let forker = spawn("forker", move || {
        match unsafe { zygote_forkall::fork(&zygote_forkall::Options::default()) }.expect("fork") {
            zygote_forkall::Forked::Parent { pid, pidfd, .. } => Some(support::Child { pid, pidfd }),
            zygote_forkall::Forked::Child => {
                assert_eq!(mutex.lock(), 0);
                None
            }
        }
    });
    // The main thread comes along, and joins the one that forked.
    match forker.join().expect("join") {
        Some(child) => child.join(),
        None => end_child(|| assert_eq!(mutex.lock(), libc::EOWNERDEAD)),
    }
}
