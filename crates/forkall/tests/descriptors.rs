//! Kernel objects that belong to one process: the child gets its own, in the same state under the same numbers.
#![cfg(target_os = "linux")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "plain system calls on objects of the tests' own")]

mod support;

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use support::{
    Child, end_child, in_child, in_child_with, ok, pipe, read, readable, shared_words, spawn, wait_for, write,
};
use zygote_forkall::{Forked, Options, WatchedPath, fork};

cases!(
    eventfd_counts,
    eventfd_aliases,
    eventfd_semaphores,
    flags_of_descriptors,
    pipes,
    full_and_large_pipes,
    packet_pipes,
    pipe_aliases,
    timerfd_pending,
    timerfd_expired,
    timerfd_of_the_wall_clock,
    signalfd,
    inotify_numbers,
    inotify_modes,
    a_thread_that_waits_for_an_object,
);

/// Both processes after a fork; the parent's part runs when the child has ended well.
#[track_caller]
fn in_both(body: impl Fn()) {
    in_child(&body).join();
    body();
}

fn eventfd(count: u32, flags: i32) -> i32 {
    ok(unsafe { libc::eventfd(count, flags | libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) })
}

fn add(fd: i32, value: u64) {
    assert_eq!(write(fd, &value.to_ne_bytes()), 8);
}

fn take(fd: i32) -> Result<u64, i32> {
    read(fd).map(|bytes| u64::from_ne_bytes(bytes.try_into().expect("8 bytes")))
}

fn eventfd_counts() {
    let counts = [0, 1, 10, 0xffff_ffff, 0x1_0000_0000, 0xffff_ffff_ffff_fffe];
    let all = counts.map(|count| {
        let fd = eventfd(0, 0);
        if count > 0 {
            add(fd, count);
        }
        fd
    });
    in_both(|| {
        for (fd, count) in all.iter().zip(counts) {
            assert_eq!(take(*fd), if count > 0 { Ok(count) } else { Err(libc::EAGAIN) });
            assert_eq!(take(*fd), Err(libc::EAGAIN));
            add(*fd, 3);
            assert_eq!(take(*fd), Ok(3));
        }
    });
}

fn eventfd_aliases() {
    let (first, other) = (eventfd(0, 0), eventfd(0, 0));
    let (second, third) = (ok(unsafe { libc::dup(first) }), 200);
    ok(unsafe { libc::dup3(other, third, libc::O_CLOEXEC) });
    add(first, 2);
    in_both(|| {
        add(second, 5);
        assert_eq!(take(first), Ok(7));
        assert_eq!(take(third), Err(libc::EAGAIN));
        add(third, 1);
        assert_eq!((take(other), take(second)), (Ok(1), Err(libc::EAGAIN)));
    });
}

fn eventfd_semaphores() {
    let fd = eventfd(3, libc::EFD_SEMAPHORE);
    in_both(|| {
        assert_eq!([take(fd), take(fd), take(fd), take(fd)], [Ok(1), Ok(1), Ok(1), Err(libc::EAGAIN)]);
    });
}

fn flags_of_descriptors() {
    let [read_end, write_end] = pipe();
    ok(unsafe { libc::fcntl(read_end, libc::F_SETFL, libc::O_NONBLOCK) });
    let all = [
        read_end,
        write_end,
        ok(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) }),
        ok(unsafe { libc::eventfd(0, libc::EFD_NONBLOCK) }),
        ok(unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_NONBLOCK) }),
        ok(unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_CLOEXEC) }),
        ok(unsafe { libc::epoll_create1(0) }),
        ok(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) }),
        ok(unsafe { libc::inotify_init1(libc::IN_NONBLOCK) }),
        ok(unsafe { libc::inotify_init1(libc::IN_CLOEXEC) }),
        ok(unsafe { libc::dup(write_end) }),
    ];
    let state = || {
        all.map(|fd| unsafe {
            (
                ok(libc::fcntl(fd, libc::F_GETFD)),
                ok(libc::fcntl(fd, libc::F_GETFL)),
                std::fs::read_link(format!("/proc/self/fd/{fd}"))
                    .expect("link")
                    .to_string_lossy()
                    .split('[')
                    .next()
                    .map(str::to_owned),
            )
        })
    };
    let (before, count) = (state(), support::entries("fd"));
    in_both(|| {
        assert_eq!(state(), before);
        assert_eq!(support::entries("fd"), count);
    });
}

fn pipes() {
    let [read_end, write_end] = pipe();
    assert_eq!(write(write_end, b"unread"), 6);
    for round in 0..20 {
        let child = in_child(|| {
            assert_eq!(read(read_end).expect("read"), b"unread");
            assert_eq!(write(write_end, b"child"), 5);
            assert_eq!(read(read_end).expect("read"), b"child");
            // Its own ends were the only ones: the end of the file is seen.
            ok(unsafe { libc::close(write_end) });
            assert_eq!(read(read_end).expect("read"), b"");
        });
        child.join();
        if round == 19 {
            assert_eq!(read(read_end).expect("read"), b"unread");
            assert!(!readable(read_end, 0));
        }
    }
}

fn full_and_large_pipes() {
    for size in [4096, 65536, 1 << 20] {
        let [read_end, write_end] = pipe();
        ok(unsafe { libc::fcntl(write_end, libc::F_SETPIPE_SZ, size) });
        ok(unsafe { libc::fcntl(write_end, libc::F_SETFL, libc::O_NONBLOCK) });
        let content: Vec<u8> = (0..size as usize).map(|at| (at * 7 % 251) as u8).collect();
        assert_eq!(write(write_end, &content), size as isize);
        assert_eq!(write(write_end, b"x"), -1);
        in_both(|| {
            assert_eq!(write(write_end, b"x"), -1, "as full as it was");
            let mut got = Vec::new();
            while readable(read_end, 0) {
                got.extend(read(read_end).expect("read"));
            }
            assert!(got == content, "the same bytes");
            assert_eq!(unsafe { libc::fcntl(read_end, libc::F_GETPIPE_SZ) }, size);
        });
    }
    // Many small pieces: as many as the pipe has places.
    let [read_end, write_end] = pipe();
    ok(unsafe { libc::fcntl(write_end, libc::F_SETFL, libc::O_NONBLOCK | libc::O_DIRECT) });
    let mut pieces = 0;
    while write(write_end, b"ab") == 2 {
        pieces += 1;
    }
    in_both(|| {
        let mut got = Vec::new();
        while readable(read_end, 0) {
            got.extend(read(read_end).expect("read"));
        }
        assert_eq!(got, b"ab".repeat(pieces));
    });
}

fn packet_pipes() {
    let mut ends = [-1; 2];
    ok(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_DIRECT | libc::O_CLOEXEC) });
    write(ends[1], b"one");
    write(ends[1], b"two");
    in_both(|| {
        write(ends[1], b"three");
        for packet in [&b"one"[..], b"two", b"three"] {
            assert_eq!(read(ends[0]).expect("read"), packet);
        }
    });
}

fn pipe_aliases() {
    let [read_end, write_end] = pipe();
    let (more_read, more_write) = (ok(unsafe { libc::dup(read_end) }), ok(unsafe { libc::dup(write_end) }));
    write(more_write, b"a");
    in_both(|| {
        write(write_end, b"b");
        write(more_write, b"c");
        assert_eq!(read(more_read).expect("read"), b"abc");
        assert!(!readable(read_end, 0));
        ok(unsafe { libc::fcntl(read_end, libc::F_SETFL, libc::O_NONBLOCK) });
        assert_eq!(read(more_read), Err(libc::EAGAIN), "one description, one set of flags");
        ok(unsafe { libc::fcntl(read_end, libc::F_SETFL, 0) });
    });
}

fn spec(value: Duration, interval: Duration) -> libc::itimerspec {
    let time = |of: Duration| libc::timespec { tv_sec: of.as_secs() as i64, tv_nsec: i64::from(of.subsec_nanos()) };
    libc::itimerspec { it_value: time(value), it_interval: time(interval) }
}

fn timer(clock: i32, flags: i32, value: Duration, interval: Duration) -> i32 {
    let fd = ok(unsafe { libc::timerfd_create(clock, libc::TFD_NONBLOCK | libc::TFD_CLOEXEC) });
    set_timer(fd, flags, value, interval);
    fd
}

fn set_timer(fd: i32, flags: i32, value: Duration, interval: Duration) {
    let new = spec(value, interval);
    ok(unsafe { libc::timerfd_settime(fd, flags, &raw const new, std::ptr::null_mut()) });
}

const NEVER: Duration = Duration::ZERO;

fn timerfd_pending() {
    let start = Instant::now();
    let once = timer(libc::CLOCK_MONOTONIC, 0, Duration::from_millis(100), NEVER);
    let again = timer(libc::CLOCK_BOOTTIME, 0, Duration::from_millis(20), Duration::from_millis(20));
    let idle = timer(libc::CLOCK_MONOTONIC, 0, NEVER, NEVER);
    let far = timer(libc::CLOCK_REALTIME, 0, Duration::from_secs(1000), Duration::from_secs(3));
    let forked = unsafe { fork(&Options::default()) }.expect("fork");
    // Set in one process only: the other's goes on.
    if matches!(forked, Forked::Parent { .. }) {
        set_timer(idle, 0, Duration::from_nanos(1), NEVER);
    }
    let check = || {
        assert_eq!(take(once), Err(libc::EAGAIN));
        assert!(readable(once, 1000));
        let took = start.elapsed().as_millis();
        assert!(took >= 100, "fired after {took} ms");
        assert_eq!(take(once), Ok(1));
        let periods = take(again).expect("has fired");
        assert!(periods >= 4, "{periods} periods");
        assert!(readable(again, 100));
        let mut left = spec(NEVER, NEVER);
        ok(unsafe { libc::timerfd_gettime(far, &raw mut left) });
        assert!((995..=1000).contains(&left.it_value.tv_sec) && left.it_interval.tv_sec == 3);
    };
    check();
    match forked {
        Forked::Child => end_child(|| assert_eq!(take(idle), Err(libc::EAGAIN))),
        Forked::Parent { pid, pidfd, .. } => {
            assert_eq!(take(idle), Ok(1));
            Child { pid, pidfd }.join();
        }
    }
}

fn timerfd_expired() {
    let once = timer(libc::CLOCK_MONOTONIC, 0, Duration::from_nanos(1), NEVER);
    let again = timer(libc::CLOCK_MONOTONIC, 0, Duration::from_millis(1), Duration::from_millis(1));
    std::thread::sleep(Duration::from_millis(30));
    in_both(|| {
        // What has not been read is not lost.
        assert!(readable(once, 0));
        assert_eq!((take(once), take(once)), (Ok(1), Err(libc::EAGAIN)));
        let periods = take(again).expect("has fired");
        assert!((29..2000).contains(&periods), "{periods} periods");
        assert!(readable(again, 100));
    });
}

fn timerfd_of_the_wall_clock() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let flags = libc::TFD_TIMER_ABSTIME | libc::TFD_TIMER_CANCEL_ON_SET;
    let fd = timer(libc::CLOCK_REALTIME, flags, now + Duration::from_millis(60), NEVER);
    let kind = || {
        let text = std::fs::read_to_string(format!("/proc/self/fdinfo/{fd}")).expect("fdinfo");
        text.lines().filter(|line| line.starts_with("clockid") || line.starts_with("settime")).collect::<String>()
    };
    let before = kind();
    in_both(|| {
        assert_eq!(kind(), before);
        assert!(readable(fd, 1000));
        let late = std::time::UNIX_EPOCH.elapsed().expect("after 1970").saturating_sub(now);
        assert!(late >= Duration::from_millis(60), "{late:?}");
    });
}

fn signalfd() {
    let mut mask: libc::sigset_t = unsafe { std::mem::zeroed() };
    unsafe {
        libc::sigaddset(&raw mut mask, libc::SIGUSR1);
        libc::sigaddset(&raw mut mask, libc::SIGRTMAX());
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const mask, std::ptr::null_mut());
    }
    let fd = ok(unsafe { libc::signalfd(-1, &raw const mask, libc::SFD_NONBLOCK) });
    let child = in_child(|| {
        for signal in [libc::SIGUSR1, libc::SIGRTMAX()] {
            assert_eq!(read(fd), Err(libc::EAGAIN));
            ok(unsafe { libc::kill(libc::getpid(), signal) });
            assert!(readable(fd, 1000));
            assert_eq!(read(fd).expect("read")[..4], signal.to_ne_bytes());
        }
        // Another set here is not another set there.
        let none: libc::sigset_t = unsafe { std::mem::zeroed() };
        ok(unsafe { libc::signalfd(fd, &raw const none, 0) });
    });
    child.join();
    assert_eq!(read(fd), Err(libc::EAGAIN));
    ok(unsafe { libc::kill(libc::getpid(), libc::SIGUSR1) });
    assert_eq!(read(fd).expect("read")[..4], libc::SIGUSR1.to_ne_bytes());
}

struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("forkall-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("create");
        Self(path)
    }

    fn make(&self, name: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(&path).expect("create");
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).expect("no NUL")
}

fn watch(fd: i32, path: &Path, mask: u32) -> i32 {
    ok(unsafe { libc::inotify_add_watch(fd, c_path(path).as_ptr(), mask) })
}

/// Watch number, mask and name of each event that there is.
fn events(fd: i32) -> Vec<(i32, u32, String)> {
    let mut all = Vec::new();
    while readable(fd, 0) {
        let bytes = read(fd).expect("read");
        let mut rest = bytes.as_slice();
        while let Some((head, tail)) = rest.split_at_checked(16) {
            let word = |at: usize| u32::from_ne_bytes(head[at..at + 4].try_into().expect("4 bytes"));
            let (name, others) = tail.split_at(word(12) as usize);
            let name = String::from_utf8_lossy(name).trim_end_matches('\0').to_owned();
            all.push((word(0) as i32, word(4), name));
            rest = others;
        }
    }
    all
}

fn inotify_numbers() {
    let directory = Directory::new();
    let paths: Vec<PathBuf> = ["a", "b", "c", "d", "e"].iter().map(|name| directory.make(name)).collect();
    let (one, two) =
        unsafe { (ok(libc::inotify_init1(libc::IN_NONBLOCK)), ok(libc::inotify_init1(libc::IN_NONBLOCK))) };
    let mut numbers: Vec<i32> = paths[..4].iter().map(|path| watch(one, path, libc::IN_CREATE)).collect();
    // A gap, and one after it; another instance in another order.
    ok(unsafe { libc::inotify_rm_watch(one, numbers[1]) });
    numbers.push(watch(one, &paths[4], libc::IN_CREATE | libc::IN_DELETE));
    let other = watch(two, &paths[3], libc::IN_ALL_EVENTS);
    assert_eq!((numbers.as_slice(), other), (&[1, 2, 3, 4, 5][..], 1));
    events(one);
    let c_paths: Vec<CString> = paths.iter().map(|path| c_path(path)).collect();
    let watched: Vec<WatchedPath> = c_paths.iter().filter_map(|path| WatchedPath::new(path)).collect();
    assert_eq!(watched.len(), 5);
    assert!(WatchedPath::new(c"/nowhere/at/all").is_none());
    let options = Options { watched_paths: &watched, ..Options::default() };
    for round in 0..3 {
        let check = |who: &str| {
            let name = format!("{who}{round}");
            assert_eq!(events(one), [], "nothing has happened yet");
            for path in [0, 1, 4, 3] {
                std::fs::write(paths[path].join(&name), "").expect("write");
            }
            let create = libc::IN_CREATE;
            assert_eq!(events(one), [1, 5, 4].map(|number| (number, create, name.clone())));
            assert!(events(two).iter().all(|event| event.0 == 1 && event.2 == name));
            // The next number is the one that the parent gives next.
            assert_eq!(watch(one, &paths[4], libc::IN_CREATE | libc::IN_DELETE), 5);
            std::fs::remove_file(paths[4].join(&name)).expect("remove");
            assert_eq!(events(one), [(5, libc::IN_DELETE, name.clone())]);
        };
        let child = in_child_with(&options, || {
            check("child");
            ok(unsafe { libc::inotify_rm_watch(one, 1) });
            assert_eq!(events(one), [(1, libc::IN_IGNORED, String::new())]);
            // As an inherited watcher in a process of its own: a fork of the fork.
            in_child_with(&options, || {
                std::fs::write(paths[2].join("deep"), "").expect("write");
                std::fs::remove_file(paths[2].join("deep")).expect("remove");
                assert_eq!(events(one), [(3, libc::IN_CREATE, "deep".to_owned())]);
            })
            .join();
        });
        child.join();
        // The parent's instance has seen what happened, and nothing else.
        assert_eq!(events(one).into_iter().filter(|event| event.1 & libc::IN_IGNORED != 0).count(), 0);
        events(two);
        check("parent");
        events(two);
    }
}

fn inotify_modes() {
    let directory = Directory::new();
    let path = directory.make("w");
    let fd = ok(unsafe { libc::inotify_init1(0) });
    watch(fd, &path, libc::IN_CREATE);
    // One instance whose path is not told stays silent.
    let silent = ok(unsafe { libc::inotify_init1(libc::IN_NONBLOCK) });
    watch(silent, &directory.make("s"), libc::IN_CREATE);
    let c_path = c_path(&path);
    let watched = [WatchedPath::new(&c_path).expect("exists")];
    let options = Options { watched_paths: &watched, ..Options::default() };
    let _ = spawn("reader", move || {
        loop {
            // Blocking in both processes.
            let bytes = read(fd).expect("read");
            assert_eq!(bytes[..4], 1_i32.to_ne_bytes());
            shared_words_of_case()[usize::from(std::process::id() as i32 != case_pid())].fetch_add(1, Ordering::SeqCst);
        }
    });
    let words = shared_words_of_case();
    let child = in_child_with(&options, || {
        std::fs::write(path.join("x"), "").expect("write");
        wait_for("the child's reader has it", || words[1].load(Ordering::SeqCst) == 1);
        std::fs::write(directory.0.join("s/x"), "").expect("write");
        assert_eq!(read(silent), Err(libc::EAGAIN));
    });
    child.join();
    wait_for("the parent's reader has it", || words[0].load(Ordering::SeqCst) == 1);
    assert!(readable(silent, 1000));
}

static WORDS: std::sync::OnceLock<(&'static [std::sync::atomic::AtomicU64; 64], i32)> = std::sync::OnceLock::new();

fn shared_words_of_case() -> &'static [std::sync::atomic::AtomicU64; 64] {
    WORDS.get_or_init(|| (shared_words(), std::process::id() as i32)).0
}

fn case_pid() -> i32 {
    WORDS.get().expect("set by the case").1
}

/// A wait that the fork interrupts goes on, at the new object.
fn a_thread_that_waits_for_an_object() {
    let event = ok(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) });
    let [read_end, write_end] = pipe();
    let clock = ok(unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_CLOEXEC) });
    let words = shared_words_of_case();
    for (index, fd) in [event, read_end, clock].into_iter().enumerate() {
        spawn("waits", move || {
            loop {
                assert!(!read(fd).expect("read").is_empty());
                let own = usize::from(std::process::id() as i32 != case_pid()) * 8;
                words[own + index].fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    std::thread::sleep(Duration::from_millis(20));
    let wake = |own: usize| {
        add(event, 1);
        write(write_end, b"x");
        set_timer(clock, 0, Duration::from_nanos(1), NEVER);
        wait_for("all three wake up", || (0..3).all(|index| words[own + index].load(Ordering::SeqCst) == 1));
    };
    in_child(|| wake(8)).join();
    assert!((0..3).all(|index| words[index].load(Ordering::SeqCst) == 0));
    wake(0);
}
