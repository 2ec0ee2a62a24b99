//! A runner for tests that fork: each case has a process of its own and a watchdog that says where a hung one hangs.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "plain system calls on objects of the tests' own")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test program talks to a terminal")]

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use zygote_forkall::{Forked, Options, fork};

/// Longest time that a case may take, and that a forked child may take.
const CASE_LIMIT: Duration = Duration::from_secs(180);
const CHILD_LIMIT: Duration = Duration::from_secs(40);

const SKIPPED: i32 = 77;

/// The program's `main`: `cases!(one, two)`.
#[macro_export]
macro_rules! cases {
    ($($case:ident),+ $(,)?) => {
        fn main() -> std::process::ExitCode {
            $crate::support::run(&[$((stringify!($case), $case as fn())),+])
        }
    };
}

/// Runs the cases whose names contain one of the program's arguments; all of them without arguments.
pub(crate) fn run(cases: &[(&str, fn())]) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, name] = arguments.as_slice()
        && flag == "--case"
    {
        let case = cases.iter().find(|(its, _)| its == name).expect("no such case").1;
        case();
        return ExitCode::SUCCESS;
    }
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (name, _) in cases {
        if !filters.is_empty() && !filters.iter().any(|filter| name.contains(filter.as_str())) {
            continue;
        }
        let start = Instant::now();
        let end = run_one(name);
        let time = start.elapsed().as_millis();
        match end {
            Ok(0) => {
                passed += 1;
                println!("ok {name} ({time} ms)");
            }
            Ok(SKIPPED) => {
                skipped += 1;
                println!("skipped {name}");
            }
            Ok(code) => {
                failed += 1;
                println!("FAILED {name}: exit code {code} ({time} ms)");
            }
            Err(why) => {
                failed += 1;
                println!("FAILED {name}: {why} ({time} ms)");
            }
        }
    }
    let skipped = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
    println!("{passed} passed, {failed} failed{skipped}\n");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run_one(name: &str) -> Result<i32, String> {
    let program = std::env::current_exe().expect("own path");
    // A process group of its own, so that everything the case has forked is found.
    let mut case = Command::new(program).args(["--case", name]).process_group(0).spawn().expect("start a case");
    let group = case.id() as i32;
    let start = Instant::now();
    let end = loop {
        if let Some(status) = case.try_wait().expect("wait") {
            break status.code().ok_or_else(|| format!("killed by signal {:?}", status.signal()));
        }
        if start.elapsed() > CASE_LIMIT {
            describe_group(group);
            break Err("hangs".into());
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    unsafe { libc::kill(-group, libc::SIGKILL) };
    let _ = case.wait();
    end
}

/// Ends the case as "cannot be tested here".
pub(crate) fn skip(why: &str) -> ! {
    println!("  {why}");
    std::process::exit(SKIPPED);
}

/// Fields of `/proc/<pid>/stat` after the name.
fn stat_fields(pid: i32) -> Vec<String> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    text.rsplit(')').next().unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

fn describe_group(group: i32) {
    for entry in std::fs::read_dir("/proc").expect("/proc").flatten() {
        if let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok())
            && stat_fields(pid).get(2).is_some_and(|its| *its == group.to_string())
        {
            describe(pid);
        }
    }
}

/// Prints what each thread of a process is doing.
pub(crate) fn describe(pid: i32) {
    eprintln!("process {pid} (child of {}):", stat_fields(pid).get(1).map_or("?", String::as_str));
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return };
    for task in tasks.flatten() {
        let read = |name| std::fs::read_to_string(task.path().join(name)).unwrap_or_default().trim().to_owned();
        let status = read("status");
        let field = |name: &str| status.lines().find(|line| line.starts_with(name)).unwrap_or("").replace('\t', " ");
        eprintln!(
            "  {} \"{}\" {} wchan {} syscall {} {} {}",
            task.file_name().display(),
            read("comm"),
            field("State"),
            read("wchan"),
            read("syscall"),
            field("SigBlk"),
            field("SigPnd"),
        );
    }
}

/// The result of a system call, which must not fail.
#[track_caller]
pub(crate) fn ok<T: TryInto<i64> + Copy>(result: T) -> T {
    let failed = result.try_into().is_ok_and(|value| value == -1);
    assert!(!failed, "system call failed: {}", std::io::Error::last_os_error());
    result
}

pub(crate) fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// A forked child.
#[must_use]
pub(crate) struct Child {
    pub(crate) pid: i32,
    pub(crate) pidfd: Option<i32>,
}

impl Child {
    /// Its wait status; kills one that does not end and says where it hung.
    #[track_caller]
    pub(crate) fn wait(self) -> i32 {
        let mut status = 0;
        let start = Instant::now();
        if let Some(pidfd) = self.pidfd {
            let mut poll = libc::pollfd { fd: pidfd, events: libc::POLLIN, revents: 0 };
            unsafe { libc::poll(&raw mut poll, 1, CHILD_LIMIT.as_millis() as i32) };
            unsafe { libc::close(pidfd) };
        }
        loop {
            let pid = unsafe { libc::waitpid(self.pid, &raw mut status, libc::WNOHANG) };
            if pid == self.pid {
                return status;
            }
            assert!(pid >= 0 || errno() == libc::EINTR, "waitpid: {}", errno());
            if start.elapsed() > CHILD_LIMIT {
                describe(self.pid);
                unsafe { libc::kill(self.pid, libc::SIGKILL) };
                panic!("the child {} hangs", self.pid);
            }
            std::thread::sleep(Duration::from_micros(100));
        }
    }

    /// Waits for a child that must end well.
    #[track_caller]
    pub(crate) fn join(self) {
        let pid = self.pid;
        let status = self.wait();
        assert_eq!(status, 0, "wait status of child {pid}");
    }
}

/// Forks with the default options; the child runs `body` and ends, with 0 unless it panics.
#[track_caller]
pub(crate) fn in_child(body: impl FnOnce()) -> Child {
    in_child_with(&Options::default(), body)
}

#[track_caller]
pub(crate) fn in_child_with(options: &Options<'_>, body: impl FnOnce()) -> Child {
    match unsafe { fork(options) }.expect("fork") {
        Forked::Parent { pid, pidfd, .. } => Child { pid, pidfd },
        Forked::Child => end_child(body),
    }
}

/// The child's part of [`in_child`].
pub(crate) fn end_child(body: impl FnOnce()) -> ! {
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
    unsafe { libc::_exit(i32::from(result.is_err())) }
}

/// A thread.
#[expect(clippy::disallowed_methods, reason = "threads are what these tests are about")]
pub(crate) fn spawn<T: Send + 'static>(name: &str, body: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    std::thread::Builder::new().name(name.to_owned()).spawn(body).expect("start a thread")
}

/// Waits for a condition that must come true.
#[track_caller]
pub(crate) fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > CHILD_LIMIT / 2 {
            describe(std::process::id() as i32);
            panic!("timeout: {what}");
        }
        std::thread::sleep(Duration::from_micros(50));
    }
}

/// Threads that allocate, sleep and count for ever.
pub(crate) struct Pool {
    counters: Arc<Vec<AtomicU64>>,
    stop: Arc<AtomicBool>,
    handles: Vec<JoinHandle<u64>>,
}

impl Pool {
    pub(crate) fn new(threads: usize) -> Self {
        let counters: Arc<Vec<AtomicU64>> = Arc::new((0..threads).map(|_| AtomicU64::new(0)).collect());
        let stop = Arc::new(AtomicBool::new(false));
        let handles = (0..threads)
            .map(|index| {
                let (counters, stop) = (Arc::clone(&counters), Arc::clone(&stop));
                spawn(&format!("pool-{index}"), move || {
                    let mut rounds = 0;
                    while !stop.load(Ordering::SeqCst) {
                        // Of sizes that malloc serves in different ways, so that its locks are held at some forks.
                        let block = vec![index as u8; 100 << (rounds % 12)];
                        std::hint::black_box(&block);
                        counters[index].fetch_add(1, Ordering::SeqCst);
                        rounds += 1;
                        if rounds % 4 == index as u64 % 4 {
                            std::thread::sleep(Duration::from_micros(30));
                        }
                    }
                    rounds
                })
            })
            .collect();
        Self { counters, stop, handles }
    }

    /// Every thread goes on.
    #[track_caller]
    pub(crate) fn assert_alive(&self) {
        let before: Vec<u64> = self.counters.iter().map(|counter| counter.load(Ordering::SeqCst)).collect();
        wait_for("every thread of the pool goes on", || {
            self.counters.iter().zip(&before).all(|(counter, before)| counter.load(Ordering::SeqCst) > before + 2)
        });
    }

    /// Ends and joins every thread.
    pub(crate) fn finish(self) {
        self.stop.store(true, Ordering::SeqCst);
        for (index, handle) in self.handles.into_iter().enumerate() {
            assert_eq!(handle.join().expect("join"), self.counters[index].load(Ordering::SeqCst));
        }
    }
}

/// Numbers that look random; the seed is printed, and `FORKALL_SEED` repeats it.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Self {
        let seed = std::env::var("FORKALL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(|| {
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |time| time.as_nanos() as u64)
        });
        println!("  FORKALL_SEED={seed}");
        Self::from(seed)
    }

    pub(crate) fn from(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Number of entries of a directory of `/proc/self`.
pub(crate) fn entries(directory: &str) -> usize {
    std::fs::read_dir(format!("/proc/self/{directory}")).expect("directory").count()
}

pub(crate) fn pipe() -> [i32; 2] {
    let mut ends = [-1; 2];
    ok(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) });
    ends
}

pub(crate) fn socket_pair() -> [i32; 2] {
    let mut ends = [-1; 2];
    ok(unsafe { libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0, ends.as_mut_ptr()) });
    ends
}

pub(crate) fn write(fd: i32, bytes: &[u8]) -> isize {
    unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) }
}

/// What one `read` returns; `Err(errno)`.
pub(crate) fn read(fd: i32) -> Result<Vec<u8>, i32> {
    let mut buffer = vec![0; 65536];
    let length = unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) };
    if length < 0 {
        return Err(errno());
    }
    buffer.truncate(length as usize);
    Ok(buffer)
}

/// Whether a descriptor is readable within that time.
pub(crate) fn readable(fd: i32, milliseconds: i32) -> bool {
    let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    ok(unsafe { libc::poll(&raw mut poll, 1, milliseconds) }) == 1 && poll.revents & libc::POLLIN != 0
}

/// A word for each of the two processes: memory that parent and child share.
pub(crate) fn shared_words() -> &'static [AtomicU64; 64] {
    let address = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            4096,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    assert_ne!(address, libc::MAP_FAILED);
    unsafe { &*address.cast() }
}

/// The calling thread's kernel id.
pub(crate) fn gettid() -> i32 {
    unsafe { libc::syscall(libc::SYS_gettid) as i32 }
}
