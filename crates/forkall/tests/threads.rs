//! Every thread comes along, as what it was.
#![cfg(target_os = "linux")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "plain system calls on objects of the tests' own")]
#![allow(clippy::print_stdout, reason = "a test program talks to a terminal")]

mod support;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use support::{Child, Pool, Random, describe, end_child, entries, gettid, in_child, spawn, wait_for};
use zygote_forkall::{Forked, Options, fork};

cases!(
    busy_threads_go_on,
    threads_start_and_end_meanwhile,
    an_ending_thread_can_be_joined_in_the_child,
    fifty_forks_back_to_back,
    forks_of_forks,
    joins,
    fork_from_another_thread,
    two_threads_fork_at_once,
    the_main_thread_has_ended,
    processes_start_meanwhile,
    names_and_nice_values,
    processors_and_policies,
    alternate_signal_stacks,
    a_small_alternate_stack_that_is_in_use,
    restartable_sequences,
    registers,
);

fn busy_threads_go_on() {
    let pool = Pool::new(6);
    for _ in 0..300 {
        in_child(|| pool.assert_alive()).join();
    }
    pool.assert_alive();
    pool.finish();
}

fn threads_start_and_end_meanwhile() {
    let mut random = Random::new();
    let started: Arc<Vec<AtomicU64>> = Arc::new((0..3).map(|_| AtomicU64::new(0)).collect());
    for index in 0..3_usize {
        let started = Arc::clone(&started);
        let mut random = Random::from(random.below(u64::MAX));
        spawn("starter", move || {
            loop {
                let spin = random.below(2000);
                let handle = spawn("brief", move || (0..spin).map(std::hint::black_box).sum::<u64>());
                if random.below(2) == 0 {
                    assert_eq!(handle.join().expect("join"), (0..spin).sum());
                } else {
                    drop(handle); // detached: it frees its stack itself
                }
                started[index].fetch_add(1, Ordering::SeqCst);
                if random.below(8) == 0 {
                    std::thread::sleep(Duration::from_micros(100));
                }
            }
        });
    }
    for round in 0..600 {
        in_child(|| {
            let before: Vec<u64> = started.iter().map(|count| count.load(Ordering::SeqCst)).collect();
            wait_for("threads start and end in the child", || {
                started.iter().zip(&before).all(|(count, before)| count.load(Ordering::SeqCst) > before + 3)
            });
        })
        .join();
        if round % 3 == 0 {
            std::thread::sleep(Duration::from_micros(random.below(500)));
        }
    }
}

/// The kernel clears a thread's id in memory late in its end: a copy taken before could wait for it for ever.
fn an_ending_thread_can_be_joined_in_the_child() {
    let mut random = Random::new();
    for _ in 0..600 {
        let spin = random.below(30_000);
        let handles: Vec<_> = (0..4)
            .map(|index| {
                spawn("ends", move || {
                    (0..spin * index).map(std::hint::black_box).sum::<u64>();
                    index
                })
            })
            .collect();
        let forked = unsafe { fork(&Options::default()) }.expect("fork");
        // In both processes alike.
        for (index, handle) in handles.into_iter().enumerate() {
            assert_eq!(handle.join().expect("join"), index as u64);
        }
        match forked {
            Forked::Child => end_child(|| wait_for("no thread is left", || entries("task") == 1)),
            Forked::Parent { pid, pidfd, .. } => Child { pid, pidfd }.join(),
        }
    }
}

fn fifty_forks_back_to_back() {
    let pool = Pool::new(8);
    let children: Vec<Child> = (0..50).map(|_| in_child(|| pool.assert_alive())).collect();
    for child in children {
        child.join();
    }
    pool.finish();
}

fn forks_of_forks() {
    fn descend(pool: &Pool, depth: u32) {
        if depth > 0 {
            let child = in_child(|| descend(pool, depth - 1));
            pool.assert_alive();
            child.join();
            // Once more, after the child of this process has used the same parking table.
            in_child(|| pool.assert_alive()).join();
        }
        pool.assert_alive();
    }
    let pool = Pool::new(5);
    for _ in 0..10 {
        descend(&pool, 5);
    }
}

extern "C" fn double(argument: *mut libc::c_void) -> *mut libc::c_void {
    std::thread::sleep(Duration::from_millis(20));
    (argument as usize * 2) as *mut libc::c_void
}

fn joins() {
    let (release, released) = mpsc::channel::<u32>();
    let waiting = spawn("waiting", move || released.recv().expect("number") + 1);
    let ended = spawn("ended", || 7);
    wait_for("one has ended", || ended.is_finished());
    let panics = spawn("panics", || {
        std::thread::sleep(Duration::from_millis(20));
        std::panic::resume_unwind(Box::new("as planned"));
    });
    let mut thread: libc::pthread_t = unsafe { std::mem::zeroed() };
    let start = double;
    assert_eq!(unsafe { libc::pthread_create(&raw mut thread, std::ptr::null(), start, 21 as *mut libc::c_void) }, 0);
    let forked = unsafe { fork(&Options::default()) }.expect("fork");
    release.send(1).expect("send");
    assert_eq!(waiting.join().expect("join"), 2);
    assert_eq!(ended.join().expect("join"), 7);
    assert!(panics.join().is_err());
    let mut value = std::ptr::null_mut();
    assert_eq!(unsafe { libc::pthread_join(thread, &raw mut value) }, 0);
    assert_eq!(value as usize, 42);
    wait_for("no thread is left", || entries("task") == 1);
    match forked {
        Forked::Child => end_child(|| {}),
        Forked::Parent { pid, pidfd, .. } => Child { pid, pidfd }.join(),
    }
}

fn fork_from_another_thread() {
    let pool = Pool::new(3);
    for _ in 0..50 {
        let forker = spawn("forker", || match unsafe { fork(&Options::default()) }.expect("fork") {
            Forked::Parent { pid, pidfd, .. } => Some(Child { pid, pidfd }),
            Forked::Child => {
                assert_eq!(gettid(), std::process::id() as i32);
                None
            }
        });
        match forker.join().expect("join") {
            Some(child) => child.join(),
            // The former main thread.
            None => end_child(|| {
                assert_ne!(gettid(), std::process::id() as i32);
                pool.assert_alive();
                in_child(|| pool.assert_alive()).join();
            }),
        }
    }
}

/// A fork that another thread is about to make is made by both processes: it is a thread like any other.
fn two_threads_fork_at_once() {
    static PROGRESS: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
    static DONE: [AtomicBool; 2] = [const { AtomicBool::new(false) }; 2];
    static IN_COPY: AtomicBool = AtomicBool::new(false);
    let forker = |mine: usize| {
        let other = 1 - mine;
        for _ in 0..100 {
            let before = PROGRESS[other].load(Ordering::SeqCst);
            match unsafe { fork(&Options::default()) }.expect("fork") {
                Forked::Parent { pid, pidfd, .. } => {
                    pidfd.map(|pidfd| unsafe { libc::close(pidfd) });
                    let mut status = 0;
                    // In the copy of this thread, in the other one's child, there may be no such process to wait for.
                    if unsafe { libc::waitpid(pid, &raw mut status, 0) } == pid {
                        assert_eq!(status, 0);
                    }
                    PROGRESS[mine].fetch_add(1, Ordering::SeqCst);
                    while IN_COPY.load(Ordering::SeqCst) {
                        PROGRESS[mine].fetch_add(1, Ordering::SeqCst);
                        std::thread::sleep(Duration::from_micros(50));
                    }
                }
                Forked::Child => {
                    let first = !IN_COPY.swap(true, Ordering::SeqCst);
                    end_child(|| {
                        wait_for("the other one goes on", || {
                            !first
                                || DONE[other].load(Ordering::SeqCst)
                                || PROGRESS[other].load(Ordering::SeqCst) > before
                        });
                    });
                }
            }
        }
        DONE[mine].store(true, Ordering::SeqCst);
    };
    for thread in [0, 1].map(|mine| spawn("forker", move || forker(mine))) {
        thread.join().expect("join");
    }
    assert_eq!(PROGRESS.each_ref().map(|progress| progress.load(Ordering::SeqCst)), [100; 2]);
}

fn the_main_thread_has_ended() {
    let pool = Pool::new(3);
    let parent = gettid();
    spawn("last", move || {
        wait_for("the main thread is a zombie", || {
            std::fs::read_to_string(format!("/proc/self/task/{parent}/stat")).expect("stat").contains(") Z ")
        });
        for _ in 0..20 {
            in_child(|| {
                pool.assert_alive();
                assert_eq!(entries("task"), 4);
                in_child(|| pool.assert_alive()).join();
            })
            .join();
        }
        std::process::exit(0);
    });
    // Not pthread_exit: it unwinds.
    unsafe { libc::syscall(libc::SYS_exit, 0) };
}

/// Starting a program stops its thread in the kernel until the program runs.
fn processes_start_meanwhile() {
    let runs = Arc::new(AtomicU64::new(0));
    for _ in 0..2 {
        let runs = Arc::clone(&runs);
        spawn("runner", move || {
            loop {
                // In the child of a fork the wait for its parent's process fails.
                let _ = std::process::Command::new("true").status();
                runs.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    for _ in 0..60 {
        in_child(|| {
            let before = runs.load(Ordering::SeqCst);
            wait_for("programs start in the child", || runs.load(Ordering::SeqCst) > before + 3);
        })
        .join();
    }
}

fn thread_names() -> BTreeSet<String> {
    std::fs::read_dir("/proc/self/task")
        .expect("task")
        .flatten()
        .map(|task| std::fs::read_to_string(task.path().join("comm")).expect("comm").trim().to_owned())
        .collect()
}

fn nice() -> i32 {
    unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
}

fn names_and_nice_values() {
    let seen: Arc<Vec<AtomicI32>> = Arc::new((0..5).map(|_| AtomicI32::new(-1)).collect());
    for index in 0..5 {
        let seen = Arc::clone(&seen);
        spawn(&format!("nice {index}) R"), move || {
            let mine = index as i32 * 3;
            unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, mine) };
            loop {
                seen[index].store(nice(), Ordering::SeqCst);
                std::thread::sleep(Duration::from_micros(100));
            }
        });
    }
    let all_seen = || (0..5).all(|index| seen[index].load(Ordering::SeqCst) == index as i32 * 3);
    wait_for("nice values are set", all_seen);
    let (names, own) = (thread_names(), nice());
    assert_eq!(names.len(), 6);
    in_child(|| {
        for value in seen.iter() {
            value.store(-1, Ordering::SeqCst);
        }
        wait_for("nice values are as before", all_seen);
        assert_eq!((thread_names(), nice()), (names, own));
    })
    .join();
}

fn processors() -> Vec<usize> {
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        support::ok(libc::sched_getaffinity(0, size_of_val(&set), &raw mut set));
        (0..libc::CPU_SETSIZE as usize).filter(|processor| libc::CPU_ISSET(*processor, &set)).collect()
    }
}

fn run_on(processor: usize) {
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(processor, &mut set);
        support::ok(libc::sched_setaffinity(0, size_of_val(&set), &raw const set));
    }
}

fn processors_and_policies() {
    let all = processors();
    let rounds = Arc::new(AtomicU64::new(0));
    spawn("pinned", {
        let (rounds, last) = (Arc::clone(&rounds), *all.last().expect("a processor"));
        move || {
            run_on(last);
            let parameters: libc::sched_param = unsafe { std::mem::zeroed() };
            support::ok(unsafe {
                libc::syscall(libc::SYS_sched_setscheduler, 0, libc::SCHED_BATCH, &raw const parameters)
            });
            loop {
                assert_eq!(processors(), [last]);
                assert_eq!(unsafe { libc::syscall(libc::SYS_sched_getscheduler, 0) }, i64::from(libc::SCHED_BATCH));
                rounds.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_micros(50));
            }
        }
    });
    wait_for("it runs", || rounds.load(Ordering::SeqCst) > 3);
    in_child(|| {
        let before = rounds.load(Ordering::SeqCst);
        wait_for("it goes on", || rounds.load(Ordering::SeqCst) > before + 3);
        assert_eq!(processors(), all);
        assert_eq!(unsafe { libc::syscall(libc::SYS_sched_getscheduler, 0) }, i64::from(libc::SCHED_OTHER));
    })
    .join();
}

fn alternate_stack() -> (usize, usize) {
    let mut stack: libc::stack_t = unsafe { std::mem::zeroed() };
    support::ok(unsafe { libc::sigaltstack(std::ptr::null(), &raw mut stack) });
    (stack.ss_sp as usize, if stack.ss_flags & libc::SS_DISABLE == 0 { stack.ss_size } else { 0 })
}

static HANDLER_AT: AtomicUsize = AtomicUsize::new(0);

extern "C" fn note_stack(_signal: i32) {
    let local = 0_u8;
    HANDLER_AT.store(&raw const local as usize, Ordering::SeqCst);
}

fn alternate_signal_stacks() {
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = note_stack as *const () as usize;
        action.sa_flags = libc::SA_ONSTACK;
        support::ok(libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut()));
    }
    let rounds = Arc::new(AtomicU64::new(0));
    spawn("alternate", {
        let rounds = Arc::clone(&rounds);
        move || {
            let mine = alternate_stack();
            assert!(mine.1 > 0, "Rust gives each thread such a stack");
            loop {
                assert_eq!(alternate_stack(), mine);
                let (pid, tid) = (std::process::id(), gettid());
                unsafe { libc::syscall(libc::SYS_tgkill, pid, tid, libc::SIGUSR1) };
                let at = HANDLER_AT.swap(0, Ordering::SeqCst);
                if (pid, tid) != (std::process::id(), gettid()) {
                    continue; // the fork came between asking for the numbers and using them
                }
                assert!((mine.0..mine.0 + mine.1).contains(&at), "the handler ran at {at:#x}, not on {mine:x?}");
                rounds.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    wait_for("it runs", || rounds.load(Ordering::SeqCst) > 3);
    // Some forks catch the thread inside of its handler, on the alternate stack.
    for _ in 0..300 {
        in_child(|| {
            let before = rounds.load(Ordering::SeqCst);
            wait_for("it goes on", || rounds.load(Ordering::SeqCst) > before + 3);
        })
        .join();
    }
}

static IN_HANDLER: AtomicU64 = AtomicU64::new(0);
static MAY_LEAVE: AtomicU64 = AtomicU64::new(0);

extern "C" fn stay(_signal: i32) {
    IN_HANDLER.fetch_add(1, Ordering::SeqCst);
    while MAY_LEAVE.load(Ordering::SeqCst) == 0 {
        std::hint::spin_loop();
    }
    IN_HANDLER.fetch_sub(1, Ordering::SeqCst);
}

/// Beside the two signal frames it has 1 KiB for the handlers.
fn a_small_alternate_stack_that_is_in_use() {
    const GUARD: usize = 65_536;
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = stay as *const () as usize;
        action.sa_flags = libc::SA_ONSTACK;
        support::ok(libc::sigaction(libc::SIGUSR2, &raw const action, std::ptr::null_mut()));
    }
    spawn("small", || {
        let frame = match unsafe { libc::getauxval(libc::AT_MINSIGSTKSZ) } {
            0 => libc::MINSIGSTKSZ,
            size => size as usize,
        };
        let size = (2 * frame + 1024).next_multiple_of(16);
        let pages = size.next_multiple_of(GUARD);
        unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let low = libc::mmap(std::ptr::null_mut(), GUARD + pages, libc::PROT_NONE, flags, -1, 0);
            assert_ne!(low, libc::MAP_FAILED);
            let stack = low.cast::<u8>().add(GUARD).cast();
            support::ok(libc::mprotect(stack, pages, libc::PROT_READ | libc::PROT_WRITE));
            let alternate = libc::stack_t { ss_sp: stack, ss_flags: 0, ss_size: size };
            support::ok(libc::sigaltstack(&raw const alternate, std::ptr::null_mut()));
            support::ok(libc::raise(libc::SIGUSR2));
        }
        loop {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    wait_for("it is on its alternate stack", || IN_HANDLER.load(Ordering::SeqCst) == 1);
    in_child(|| {
        MAY_LEAVE.store(1, Ordering::SeqCst);
        wait_for("it leaves its handler", || IN_HANDLER.load(Ordering::SeqCst) == 0);
    })
    .join();
    MAY_LEAVE.store(1, Ordering::SeqCst);
    wait_for("it leaves its handler in the parent too", || IN_HANDLER.load(Ordering::SeqCst) == 0);
}

fn restartable_sequences() {
    let processors = processors();
    // The kernel keeps the number of the processor up to date in a registered area only.
    let check = move || {
        for processor in processors.iter().rev().chain(&processors) {
            run_on(*processor);
            assert_eq!(unsafe { libc::sched_getcpu() }, *processor as i32);
            if let Some(seen) = rseq_processor() {
                assert_eq!(seen, *processor as i32);
            }
        }
    };
    if rseq_processor().is_none() {
        println!("  this libc has no restartable sequences: sched_getcpu only");
    }
    let rounds = Arc::new(AtomicU64::new(0));
    spawn("rseq", {
        let (rounds, check) = (Arc::clone(&rounds), check.clone());
        move || {
            loop {
                check();
                rounds.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    for _ in 0..50 {
        in_child(|| {
            check();
            let before = rounds.load(Ordering::SeqCst);
            wait_for("it goes on", || rounds.load(Ordering::SeqCst) > before + 3);
        })
        .join();
    }
}

/// `cpu_id` of glibc's area.
fn rseq_processor() -> Option<i32> {
    let (offset, size) = unsafe {
        (
            libc::dlsym(libc::RTLD_DEFAULT, c"__rseq_offset".as_ptr()).cast::<isize>(),
            libc::dlsym(libc::RTLD_DEFAULT, c"__rseq_size".as_ptr()).cast::<u32>(),
        )
    };
    if offset.is_null() || unsafe { *size } == 0 {
        return None;
    }
    let thread_pointer: usize;
    #[cfg(target_arch = "x86_64")]
    unsafe {
        std::arch::asm!("mov {}, fs:0", out(reg) thread_pointer);
    }
    #[cfg(target_arch = "aarch64")]
    unsafe {
        std::arch::asm!("mrs {}, tpidr_el0", out(reg) thread_pointer);
    }
    Some(unsafe { ((thread_pointer as isize + *offset + 4) as *const i32).read_volatile() })
}

/// Sums that live in registers, of both kinds, over many forks in the midst of them.
fn registers() {
    let stop: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(false)));
    let threads: Vec<_> = (0..4_u32)
        .map(|index| {
            spawn("sums", move || {
                let (mut whole, mut broken, mut rounds) = ([u64::from(index); 8], [f64::from(index); 8], 0_u32);
                while !stop.load(Ordering::Relaxed) {
                    for lane in 0..8 {
                        whole[lane] = whole[lane].wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(lane as u64);
                        broken[lane] = broken[lane] * 0.999 + lane as f64;
                    }
                    rounds += 1;
                }
                let (mut whole_again, mut broken_again) = ([u64::from(index); 8], [f64::from(index); 8]);
                for _ in 0..rounds {
                    for lane in 0..8 {
                        whole_again[lane] =
                            whole_again[lane].wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(lane as u64);
                        broken_again[lane] = broken_again[lane] * 0.999 + lane as f64;
                    }
                }
                assert_eq!(whole, whole_again);
                assert_eq!(broken.map(f64::to_bits), broken_again.map(f64::to_bits));
            })
        })
        .collect();
    // Each generation is the child of the one before, so that every thread goes through every fork.
    for generation in 0..30 {
        match unsafe { fork(&Options::default()) }.expect("fork") {
            Forked::Child => {}
            Forked::Parent { pid, pidfd, .. } => {
                stop.store(true, Ordering::Relaxed);
                let status = Child { pid, pidfd }.wait();
                if generation == 0 {
                    assert_eq!(status, 0);
                    return;
                }
                unsafe { libc::_exit(i32::from(status != 0)) };
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    end_child(|| {
        stop.store(true, Ordering::Relaxed);
        for (index, thread) in threads.into_iter().enumerate() {
            if thread.join().is_err() {
                describe(std::process::id() as i32);
                panic!("thread {index} has other sums");
            }
        }
    });
}
