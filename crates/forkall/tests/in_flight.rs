//! System calls that other threads are inside of at the fork.
#![cfg(target_os = "linux")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "plain system calls on objects of the tests' own")]

mod support;

use std::ffi::CString;
use std::sync::atomic::{AtomicI32, AtomicI64, Ordering};
use std::time::Duration;

use support::{in_child, in_child_with, ok, pipe, shared_words, socket_pair, spawn, wait_for, write};
use zygote_forkall::{InFlight, Options};

cases!(
    read_from_a_socket,
    read_from_a_pipe_to_another_process,
    open_of_a_fifo,
    accept_connections,
    wait_for_a_process,
    lock_on_a_file,
    repeat_when_asked_to,
    waits_of_the_process_alone_go_on,
);

const RUNNING: i64 = i64::MIN;

/// A thread that makes one call; its result, or `-errno`.
struct Call {
    result: &'static AtomicI64,
}

impl Call {
    fn start(call: impl FnOnce() -> i64 + Send + 'static) -> Self {
        let result: &'static AtomicI64 = Box::leak(Box::new(AtomicI64::new(RUNNING)));
        let tid: &'static AtomicI32 = Box::leak(Box::new(AtomicI32::new(0)));
        spawn("calls", move || {
            tid.store(support::gettid(), Ordering::SeqCst);
            let value = call();
            let errno = support::errno();
            result.store(if value < 0 { -i64::from(errno) } else { value }, Ordering::SeqCst);
            loop {
                std::thread::park();
            }
        });
        wait_for("the thread sleeps in its call", || {
            let path = format!("/proc/self/task/{}/stat", tid.load(Ordering::SeqCst));
            tid.load(Ordering::SeqCst) != 0 && std::fs::read_to_string(path).expect("stat").contains(") S ")
        });
        Self { result }
    }

    fn result(&self) -> i64 {
        self.result.load(Ordering::SeqCst)
    }

    #[track_caller]
    fn assert_canceled_in_a_child(&self) {
        for _ in 0..3 {
            in_child(|| {
                wait_for("the call ends in the child", || self.result() != RUNNING);
                assert_eq!(self.result(), -i64::from(libc::ECANCELED));
            })
            .join();
            std::thread::sleep(Duration::from_millis(5));
            assert_eq!(self.result(), RUNNING, "the parent's goes on");
        }
    }

    #[track_caller]
    fn assert_ends_with(&self, expected: i64) {
        wait_for("the parent's call ends", || self.result() != RUNNING);
        assert_eq!(self.result(), expected);
    }
}

fn read_one(fd: i32) -> i64 {
    let mut byte = 0_u8;
    unsafe { libc::read(fd, (&raw mut byte).cast(), 1) as i64 }
}

fn read_from_a_socket() {
    let [a, b] = socket_pair();
    let call = Call::start(move || read_one(a));
    call.assert_canceled_in_a_child();
    write(b, b"x");
    call.assert_ends_with(1);
}

fn read_from_a_pipe_to_another_process() {
    let [read_end, write_end] = pipe();
    let word = &shared_words()[0];
    let options = Options { share: &[read_end, write_end], ..Options::default() };
    let writer = in_child_with(&options, || {
        wait_for("its turn", || word.load(Ordering::SeqCst) == 1);
        write(write_end, b"x");
    });
    ok(unsafe { libc::close(write_end) });
    let call = Call::start(move || read_one(read_end));
    call.assert_canceled_in_a_child();
    word.store(1, Ordering::SeqCst);
    call.assert_ends_with(1);
    writer.join();
}

fn open_of_a_fifo() {
    let path = std::env::temp_dir().join(format!("forkall-fifo-{}", std::process::id()));
    let c_path = CString::new(path.to_str().expect("UTF-8")).expect("no NUL");
    ok(unsafe { libc::mkfifo(c_path.as_ptr(), 0o600) });
    let call = Call::start({
        let c_path = c_path.clone();
        move || i64::from(unsafe { libc::open(c_path.as_ptr(), libc::O_RDONLY) })
    });
    call.assert_canceled_in_a_child();
    let writer = ok(unsafe { libc::open(c_path.as_ptr(), libc::O_WRONLY) });
    wait_for("the parent's call ends", || call.result() != RUNNING);
    assert!(call.result() > 2 && writer > 2);
    std::fs::remove_file(path).expect("remove");
}

fn accept_connections() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("address");
    let fd = std::os::fd::AsRawFd::as_raw_fd(&listener);
    let accept = move || i64::from(unsafe { libc::accept(fd, std::ptr::null_mut(), std::ptr::null_mut()) });
    let call = Call::start(accept);
    call.assert_canceled_in_a_child();
    std::net::TcpStream::connect(address).expect("connect");
    wait_for("the parent's call ends", || call.result() > 2);
}

fn wait_for_a_process() {
    let word = &shared_words()[0];
    let child = in_child(|| wait_for("its turn", || word.load(Ordering::SeqCst) == 1));
    let pid = child.pid;
    let call = Call::start(move || {
        let mut status = 0;
        i64::from(unsafe { libc::waitpid(pid, &raw mut status, 0) })
    });
    call.assert_canceled_in_a_child();
    word.store(1, Ordering::SeqCst);
    call.assert_ends_with(i64::from(pid));
}

fn lock_on_a_file() {
    let path = std::env::temp_dir().join(format!("forkall-lock-{}", std::process::id()));
    let c_path = CString::new(path.to_str().expect("UTF-8")).expect("no NUL");
    let open = || ok(unsafe { libc::open(c_path.as_ptr(), libc::O_RDWR | libc::O_CREAT | libc::O_CLOEXEC, 0o600) });
    let (mine, other) = (open(), open());
    ok(unsafe { libc::flock(mine, libc::LOCK_EX) });
    let call = Call::start(move || i64::from(unsafe { libc::flock(other, libc::LOCK_EX) }));
    call.assert_canceled_in_a_child();
    ok(unsafe { libc::flock(mine, libc::LOCK_UN) });
    call.assert_ends_with(0);
    std::fs::remove_file(path).expect("remove");
}

fn repeat_when_asked_to() {
    let [a, b] = socket_pair();
    let call = Call::start(move || read_one(a));
    let options = Options { in_flight: InFlight::Repeat, ..Options::default() };
    let child = in_child_with(&options, || {
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(call.result(), RUNNING);
        wait_for("the child's call ends", || call.result() == 1);
    });
    std::thread::sleep(Duration::from_millis(40));
    assert_eq!(call.result(), RUNNING);
    write(b, b"xy");
    call.assert_ends_with(1);
    child.join();
}

fn waits_of_the_process_alone_go_on() {
    let own = pipe();
    let event = ok(unsafe { libc::eventfd(0, 0) });
    let in_pipe = Call::start(move || read_one(own[0]));
    let in_event = Call::start(move || {
        let mut value = 0_u64;
        unsafe { libc::read(event, (&raw mut value).cast(), 8) as i64 }
    });
    let in_sleep = Call::start(|| {
        std::thread::sleep(Duration::from_millis(300));
        0
    });
    let end = || {
        std::thread::sleep(Duration::from_millis(20));
        for call in [&in_pipe, &in_event, &in_sleep] {
            assert_eq!(call.result(), RUNNING);
        }
        write(own[1], b"x");
        write(event, &1_u64.to_ne_bytes());
        in_pipe.assert_ends_with(1);
        in_event.assert_ends_with(8);
        in_sleep.assert_ends_with(0);
    };
    let child = in_child(end);
    end();
    child.join();
}
