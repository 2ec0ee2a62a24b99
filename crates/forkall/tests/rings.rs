//! `io_uring` as libuv uses it: a child gets a ring of its own, in the state of its parent's.
#![cfg(target_os = "linux")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "plain system calls on objects of the tests' own")]
#![allow(clippy::print_stdout, reason = "a test program talks to a terminal")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use support::{in_child, ok, pipe, skip, spawn, wait_for, write};
use zygote_forkall::{Error, Options, fork};

cases!(
    after_any_number_of_submissions,
    submissions_not_yet_made,
    completions_not_yet_seen,
    a_full_ring,
    the_memory_is_separate,
    several_rings_and_new_ones,
    a_thread_that_submits,
    forks_of_forks,
    operations_in_flight_are_refused,
    rings_with_kernel_state_are_refused,
);

const NO_SQARRAY: u32 = 1 << 16;
const SQPOLL: u32 = 1 << 1;
const ENTRIES: u32 = 256;

const OP_NOP: u8 = 0;
const OP_EPOLL_CTL: u8 = 29;
const OP_READ: u8 = 22;

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Offsets {
    head: u32,
    tail: u32,
    ring_mask: u32,
    ring_entries: u32,
    flags_or_overflow: u32,
    dropped_or_entries: u32,
    array_or_flags: u32,
    reserved: u32,
    address: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Parameters {
    sq_entries: u32,
    cq_entries: u32,
    flags: u32,
    more: [u32; 7],
    sq: Offsets,
    cq: Offsets,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Submission {
    operation: u8,
    flags: u8,
    priority: u16,
    fd: i32,
    offset: u64,
    address: u64,
    length: u32,
    rw_flags: u32,
    user_data: u64,
    rest: [u64; 3],
}

#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Completion {
    user_data: u64,
    result: i32,
    flags: u32,
}

/// Like libuv's `struct uv__iou`: pointers into the ring, and no state beside it.
#[derive(Clone, Copy)]
struct Ring {
    fd: i32,
    sq_head: &'static AtomicU32,
    sq_tail: &'static AtomicU32,
    cq_head: &'static AtomicU32,
    cq_tail: &'static AtomicU32,
    sq_mask: u32,
    cq_mask: u32,
    submissions: *mut Submission,
    completions: *const Completion,
}

unsafe impl Send for Ring {}

impl Ring {
    fn new(flags: u32) -> Option<Self> {
        let mut parameters = Parameters { flags, ..Parameters::default() };
        let fd = unsafe { libc::syscall(libc::SYS_io_uring_setup, ENTRIES, &raw mut parameters) } as i32;
        if fd < 0 {
            return None;
        }
        let p = parameters;
        let length = (p.sq.array_or_flags + 4 * p.sq_entries).max(p.cq.dropped_or_entries + 16 * p.cq_entries);
        let map = |length: usize, offset| {
            let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_POPULATE);
            let address = unsafe { libc::mmap(std::ptr::null_mut(), length, access, flags, fd, offset) };
            assert_ne!(address, libc::MAP_FAILED);
            address as usize
        };
        let rings = map(length as usize, 0);
        let submissions = map(64 * p.sq_entries as usize, 0x1000_0000);
        let word = |offset: u32| unsafe { &*((rings + offset as usize) as *const AtomicU32) };
        if flags & NO_SQARRAY == 0 {
            for index in 0..p.sq_entries {
                word(p.sq.array_or_flags + 4 * index).store(index, Ordering::SeqCst);
            }
        }
        Some(Self {
            fd,
            sq_head: word(p.sq.head),
            sq_tail: word(p.sq.tail),
            cq_head: word(p.cq.head),
            cq_tail: word(p.cq.tail),
            sq_mask: word(p.sq.ring_mask).load(Ordering::SeqCst),
            cq_mask: word(p.cq.ring_mask).load(Ordering::SeqCst),
            submissions: submissions as *mut Submission,
            completions: (rings + p.cq.dropped_or_entries as usize) as *const Completion,
        })
    }

    fn prepare(&self, submission: Submission) {
        let tail = self.sq_tail.load(Ordering::SeqCst);
        unsafe { self.submissions.add((tail & self.sq_mask) as usize).write(submission) };
        self.sq_tail.store(tail.wrapping_add(1), Ordering::SeqCst);
    }

    fn no_op(&self, user_data: u64) {
        self.prepare(Submission { operation: OP_NOP, user_data, ..Submission::default() });
    }

    /// The event must live until the submission.
    fn watch(&self, epoll: i32, fd: i32, event: &libc::epoll_event, user_data: u64) {
        self.prepare(Submission {
            operation: OP_EPOLL_CTL,
            fd: epoll,
            offset: fd as u64,
            address: std::ptr::from_ref(event) as u64,
            length: libc::EPOLL_CTL_ADD as u32,
            user_data,
            ..Submission::default()
        });
    }

    fn pending(&self) -> u32 {
        self.sq_tail.load(Ordering::SeqCst).wrapping_sub(self.sq_head.load(Ordering::SeqCst))
    }

    /// As libuv flushes: all of them, waiting for their completions.
    #[track_caller]
    fn submit(&self) {
        let count = self.pending();
        loop {
            let done = unsafe { libc::syscall(libc::SYS_io_uring_enter, self.fd, count, count, 1, 0, 0) };
            if done >= 0 || support::errno() != libc::EINTR {
                assert_eq!(ok(done), i64::from(count));
                return;
            }
        }
    }

    fn complete(&self) -> Vec<(u64, i32)> {
        let mut all = Vec::new();
        let mut head = self.cq_head.load(Ordering::SeqCst);
        while head != self.cq_tail.load(Ordering::SeqCst) {
            let entry = unsafe { self.completions.add((head & self.cq_mask) as usize).read_volatile() };
            all.push((entry.user_data, entry.result));
            head = head.wrapping_add(1);
        }
        self.cq_head.store(head, Ordering::SeqCst);
        all
    }

    /// Works, in order, over more than a whole turn of the ring.
    #[track_caller]
    fn check(&self, mark: u64) {
        assert_eq!(self.complete(), []);
        for round in 0..8 {
            let data: Vec<u64> = (0..100).map(|index| mark + round * 100 + index).collect();
            for user_data in &data {
                self.no_op(*user_data);
            }
            self.submit();
            assert_eq!(self.complete(), data.into_iter().map(|user_data| (user_data, 0)).collect::<Vec<_>>());
            assert_eq!(self.pending(), 0);
        }
        // And an operation with an effect.
        let (set, event) = objects();
        let interest = libc::epoll_event { events: libc::EPOLLIN as u32, u64: mark };
        self.watch(set, event, &interest, 1);
        self.submit();
        assert_eq!(self.complete(), [(1, 0)]);
        assert_eq!(ready(set), None);
        write(event, &1_u64.to_ne_bytes());
        assert_eq!(ready(set), Some(mark));
        unsafe {
            libc::close(set);
            libc::close(event);
        }
    }
}

fn objects() -> (i32, i32) {
    unsafe { (ok(libc::epoll_create1(libc::EPOLL_CLOEXEC)), ok(libc::eventfd(0, libc::EFD_CLOEXEC))) }
}

fn ready(set: i32) -> Option<u64> {
    let mut event = libc::epoll_event { events: 0, u64: 0 };
    (ok(unsafe { libc::epoll_wait(set, &raw mut event, 1, 0) }) == 1).then_some(event.u64)
}

/// The two kinds that libuv makes.
fn kinds() -> Vec<u32> {
    let kinds: Vec<u32> = [0, NO_SQARRAY]
        .into_iter()
        .filter(|flags| Ring::new(*flags).is_some_and(|ring| unsafe { libc::close(ring.fd) } == 0))
        .collect();
    if kinds.is_empty() {
        skip("no io_uring here");
    }
    if kinds.len() == 1 {
        println!("  no IORING_SETUP_NO_SQARRAY here");
    }
    kinds
}

fn after_any_number_of_submissions() {
    for flags in kinds() {
        for before in [0, 1, 2, 255, 256, 257, 300, 511, 512, 513, 1000, 5000] {
            let ring = Ring::new(flags).expect("ring");
            for user_data in 0..before {
                ring.no_op(user_data);
                if user_data % 7 == 0 || ring.pending() == ENTRIES {
                    ring.submit();
                    ring.complete();
                }
            }
            ring.submit();
            ring.complete();
            let child = in_child(|| ring.check(1 << 40));
            ring.check(1 << 50);
            child.join();
            ring.check(1 << 51);
            unsafe { libc::close(ring.fd) };
        }
    }
}

fn submissions_not_yet_made() {
    for flags in kinds() {
        for before in [0, 250, 700] {
            let ring = Ring::new(flags).expect("ring");
            for user_data in 0..before {
                ring.no_op(user_data);
                ring.submit();
                ring.complete();
            }
            let (set, event) = objects();
            let interest = libc::epoll_event { events: libc::EPOLLIN as u32, u64: 77 };
            for user_data in 1..=9 {
                ring.no_op(user_data);
            }
            ring.watch(set, event, &interest, 10);
            let check = || {
                assert_eq!(ring.pending(), 10);
                write(event, &1_u64.to_ne_bytes());
                assert_eq!(ready(set), None);
                ring.submit();
                assert_eq!(ready(set), Some(77), "of this process's own event");
                assert_eq!(ring.complete(), (1..=10).map(|user_data| (user_data, 0)).collect::<Vec<_>>());
                ring.check(1 << 40);
            };
            in_child(check).join();
            check();
        }
    }
}

fn completions_not_yet_seen() {
    for flags in kinds() {
        for before in [0, 3, 509, 700] {
            let ring = Ring::new(flags).expect("ring");
            for user_data in 0..before {
                ring.no_op(user_data);
                ring.submit();
                ring.complete();
            }
            for user_data in 1..=20 {
                ring.no_op(user_data);
            }
            ring.submit();
            ring.no_op(21);
            let check = || {
                assert_eq!(ring.complete(), (1..=20).map(|user_data| (user_data, 0)).collect::<Vec<_>>());
                ring.submit();
                assert_eq!(ring.complete(), [(21, 0)]);
                ring.check(1 << 40);
            };
            in_child(check).join();
            check();
        }
    }
}

fn a_full_ring() {
    for flags in kinds() {
        let ring = Ring::new(flags).expect("ring");
        for _ in 0..2 {
            for user_data in 0..u64::from(ENTRIES) {
                ring.no_op(user_data);
            }
            if ring.cq_tail.load(Ordering::SeqCst) == 0 {
                ring.submit();
            }
        }
        let check = || {
            assert_eq!(ring.pending(), ENTRIES);
            ring.submit();
            let expected: Vec<_> = (0..512).map(|user_data| (user_data % u64::from(ENTRIES), 0)).collect();
            assert_eq!(ring.complete(), expected);
            ring.check(1 << 40);
        };
        in_child(check).join();
        check();
    }
}

fn the_memory_is_separate() {
    for flags in kinds() {
        let ring = Ring::new(flags).expect("ring");
        let positions =
            || [ring.sq_head, ring.sq_tail, ring.cq_head, ring.cq_tail].map(|word| word.load(Ordering::SeqCst));
        let before = positions();
        in_child(|| {
            ring.check(1);
            ring.no_op(5);
        })
        .join();
        assert_eq!(positions(), before);
        assert_eq!(ring.complete(), []);
    }
}

fn several_rings_and_new_ones() {
    for flags in kinds() {
        let mut rings: Vec<Ring> = (0..3).map(|_| Ring::new(flags).expect("ring")).collect();
        let alias = ok(unsafe { libc::fcntl(rings[1].fd, libc::F_DUPFD_CLOEXEC, 50) });
        for round in 0..4 {
            rings[round % 3].no_op(1000 + round as u64);
            let check = || {
                for (index, ring) in rings.iter().enumerate() {
                    if index == round % 3 {
                        ring.submit();
                        assert_eq!(ring.complete(), [(1000 + round as u64, 0)]);
                    }
                    ring.check(index as u64 * 10_000);
                }
                Ring { fd: alias, ..rings[1] }.check(5);
            };
            in_child(check).join();
            check();
            // One goes, another comes under its number.
            unsafe { libc::close(rings[2].fd) };
            rings[2] = Ring::new(flags).expect("ring");
        }
        for ring in rings {
            unsafe { libc::close(ring.fd) };
        }
        unsafe { libc::close(alias) };
    }
}

fn a_thread_that_submits() {
    for (flags, before) in kinds().into_iter().zip([0, 40_000]) {
        let rounds = Arc::new(AtomicU64::new(0));
        let ring = Ring::new(flags).expect("ring");
        for user_data in 0..before {
            ring.no_op(user_data);
            if ring.pending() == ENTRIES || user_data + 1 == before {
                ring.submit();
                ring.complete();
            }
        }
        spawn("submits", {
            let rounds = Arc::clone(&rounds);
            move || {
                let ring = ring;
                for mark in 0.. {
                    for index in 0..5 {
                        ring.no_op(mark * 8 + index);
                    }
                    ring.submit();
                    assert_eq!(ring.complete(), (0..5).map(|index| (mark * 8 + index, 0)).collect::<Vec<_>>());
                    rounds.fetch_add(1, Ordering::SeqCst);
                    std::thread::sleep(std::time::Duration::from_micros(20));
                }
            }
        });
        for _ in 0..200 {
            in_child(|| {
                let before = rounds.load(Ordering::SeqCst);
                wait_for("it goes on in the child", || rounds.load(Ordering::SeqCst) > before + 3);
            })
            .join();
        }
        let before = rounds.load(Ordering::SeqCst);
        wait_for("it goes on in the parent", || rounds.load(Ordering::SeqCst) > before + 200);
    }
}

fn forks_of_forks() {
    fn descend(ring: Ring, depth: u64) {
        ring.no_op(depth);
        if depth > 0 {
            in_child(|| {
                ring.submit();
                assert_eq!(ring.complete(), [(depth, 0)]);
                descend(ring, depth - 1);
            })
            .join();
        }
        ring.submit();
        assert_eq!(ring.complete(), [(depth, 0)]);
        ring.check(1 << 40);
    }
    for flags in kinds() {
        descend(Ring::new(flags).expect("ring"), 5);
    }
}

fn operations_in_flight_are_refused() {
    for flags in kinds() {
        let ring = Ring::new(flags).expect("ring");
        let [read_end, write_end] = pipe();
        let mut buffer = [0_u8; 8];
        ring.prepare(Submission {
            operation: OP_READ,
            fd: read_end,
            offset: u64::MAX,
            address: buffer.as_mut_ptr() as u64,
            length: 8,
            user_data: 9,
            ..Submission::default()
        });
        ok(unsafe { libc::syscall(libc::SYS_io_uring_enter, ring.fd, 1, 0, 0, 0, 0) });
        match unsafe { fork(&Options::default()) } {
            Err(Error::Busy(why)) => assert!(why.contains("in flight"), "{why}"),
            other => panic!("{other:?}"),
        }
        write(write_end, b"data");
        wait_for("it completes", || ring.complete() == [(9, 4)]);
        assert_eq!(buffer[..4], *b"data");
        in_child(|| ring.check(1)).join();
        unsafe { libc::close(ring.fd) };
    }
}

fn rings_with_kernel_state_are_refused() {
    let kinds = kinds();
    let refused = |what: &str| match unsafe { fork(&Options::default()) } {
        Err(Error::Unsupported(why)) => {
            assert!(why.contains("polled by the kernel or has registered"), "{what}: {why}");
        }
        other => panic!("{what}: {other:?}"),
    };
    if let Some(ring) = Ring::new(SQPOLL) {
        refused("polled");
        // The mapping keeps the ring and the kernel's own thread, which is no obstacle: it is listed, but never stops.
        unsafe { libc::close(ring.fd) };
        assert_eq!(support::entries("task"), 2);
        in_child(|| assert_eq!(support::entries("task"), 1)).join();
    }
    let ring = Ring::new(kinds[0]).expect("ring");
    let files = pipe();
    ok(unsafe { libc::syscall(libc::SYS_io_uring_register, ring.fd, 2, files.as_ptr(), 2) });
    refused("registered files");
    unsafe { libc::close(ring.fd) };
    in_child(|| {}).join();
}
