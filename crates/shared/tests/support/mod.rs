//! For tests that fork and kill: each case has a process of its own, with a deadline, and so has each child of it.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "plain system calls on processes of the tests' own")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a test program talks to a terminal")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Longest time that a case may take.
const LIMIT: Duration = Duration::from_secs(100);

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
    let filters: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (name, case) in cases {
        if !filters.is_empty() && !filters.iter().any(|filter| name.contains(filter.as_str())) {
            continue;
        }
        let start = Instant::now();
        let process = Child::fork(|| {
            unsafe { libc::setpgid(0, 0) };
            case();
        });
        let end = process.wait_for(LIMIT);
        unsafe { libc::kill(-process.0, libc::SIGKILL) };
        let time = start.elapsed().as_millis();
        match end {
            Some(End::Exited(0)) => passed += 1,
            Some(End::Exited(SKIPPED)) => skipped += 1,
            _ => failed += 1,
        }
        match end {
            Some(End::Exited(0)) => println!("ok {name} ({time} ms)"),
            Some(End::Exited(SKIPPED)) => println!("skipped {name}"),
            Some(end) => println!("FAILED {name}: {end:?} ({time} ms)"),
            None => {
                process.kill();
                println!("FAILED {name}: hangs");
            }
        }
    }
    println!("{passed} passed, {failed} failed, {skipped} skipped\n");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Ends the case as "cannot be tested here".
pub(crate) fn skip(why: &str) -> ! {
    println!("  {why}");
    std::process::exit(SKIPPED);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Exited(i32),
    Killed(i32),
}

/// A forked process, which ends with its parent.
pub(crate) struct Child(pub(crate) i32);

impl Child {
    /// Exits with 0, or with 1 if `body` panics.
    pub(crate) fn fork(body: impl FnOnce()) -> Self {
        let parent = unsafe { libc::getpid() };
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0, "fork");
        if pid == 0 {
            unsafe {
                #[cfg(target_os = "linux")]
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                if libc::getppid() != parent {
                    libc::_exit(1);
                }
            }
            let code = i32::from(catch_unwind(AssertUnwindSafe(body)).is_err());
            unsafe { libc::_exit(code) };
        }
        Self(pid)
    }

    /// Kills it and does not wait for its end.
    pub(crate) fn begin_kill(&self) {
        unsafe { libc::kill(self.0, libc::SIGKILL) };
    }

    pub(crate) fn kill(&self) {
        self.begin_kill();
        self.wait();
    }

    pub(crate) fn wait(&self) -> End {
        self.wait_for(LIMIT).expect("a process that ends")
    }

    pub(crate) fn wait_for(&self, limit: Duration) -> Option<End> {
        let start = Instant::now();
        loop {
            let mut status = 0;
            if unsafe { libc::waitpid(self.0, &raw mut status, libc::WNOHANG) } == self.0 {
                return Some(if libc::WIFEXITED(status) {
                    End::Exited(libc::WEXITSTATUS(status))
                } else {
                    End::Killed(libc::WTERMSIG(status))
                });
            }
            if start.elapsed() > limit {
                return None;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

/// What became of a process that was to be killed at one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Killed,
    /// It had done everything before.
    Done,
}

/// Runs `body` in a process that is killed after so many of its instructions.
pub(crate) fn kill_after(instructions: u32, body: impl FnOnce()) -> Fate {
    prepare_and_kill_after(instructions, || {}, |()| body())
}

/// Runs `prepare` and then `body` in a process that is killed after so many instructions of the latter.
#[cfg(target_os = "linux")]
pub(crate) fn prepare_and_kill_after<T>(instructions: u32, prepare: impl FnOnce() -> T, body: impl FnOnce(T)) -> Fate {
    let child = Child::fork(|| {
        // What it looks up once does not count.
        let _ = zygote_shared::identity::ProcessId::own();
        let prepared = prepare();
        if unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) } != 0 {
            std::process::exit(SKIPPED);
        }
        unsafe { libc::raise(libc::SIGSTOP) };
        body(prepared);
        unsafe { libc::raise(libc::SIGSTOP) };
    });
    let stopped = || {
        let mut status = 0;
        assert_eq!(unsafe { libc::waitpid(child.0, &raw mut status, 0) }, child.0, "waitpid");
        if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == SKIPPED {
            skip("processes may not trace others here");
        }
        assert!(libc::WIFSTOPPED(status), "a process that is traced ended: {status:#x}");
        libc::WSTOPSIG(status)
    };
    assert_eq!(stopped(), libc::SIGSTOP);
    let mut fate = Fate::Killed;
    for _ in 0..instructions {
        assert_eq!(unsafe { libc::ptrace(libc::PTRACE_SINGLESTEP, child.0, 0, 0) }, 0, "PTRACE_SINGLESTEP");
        if stopped() == libc::SIGSTOP {
            fate = Fate::Done;
            break;
        }
    }
    child.kill();
    fate
}

/// Number of system calls that `body` makes; where it calls [`mark`], of those after that.
#[cfg(target_os = "linux")]
pub(crate) fn system_calls(body: impl FnOnce()) -> usize {
    let child = Child::fork(|| {
        if unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) } != 0 {
            std::process::exit(SKIPPED);
        }
        unsafe { libc::raise(libc::SIGSTOP) };
        mark();
        body();
        mark();
    });
    // Stops for system calls since the first mark, and up to the last one.
    let (mut stops, mut since_mark, mut marks) = (0_usize, 0_usize, 0);
    loop {
        let mut status = 0;
        assert_eq!(unsafe { libc::waitpid(child.0, &raw mut status, 0) }, child.0, "waitpid");
        if libc::WIFEXITED(status) {
            if libc::WEXITSTATUS(status) == SKIPPED {
                skip("processes may not trace others here");
            }
            assert_eq!(libc::WEXITSTATUS(status), 0, "what is counted");
            assert!(marks >= 2, "a mark before and after");
            return stops / 2;
        }
        assert!(libc::WIFSTOPPED(status), "{status:#x}");
        match libc::WSTOPSIG(status) {
            libc::SIGUSR1 => {
                marks += 1;
                // The mark's own two calls are not counted.
                stops = since_mark.saturating_sub(4);
                since_mark = 0;
            }
            libc::SIGTRAP => since_mark += 1,
            _ => {}
        }
        assert_eq!(unsafe { libc::ptrace(libc::PTRACE_SYSCALL, child.0, 0, 0) }, 0, "PTRACE_SYSCALL");
    }
}

/// From here on, or up to here, system calls are counted.
pub(crate) fn mark() {
    unsafe { libc::kill(libc::getpid(), libc::SIGUSR1) };
}

/// For whoever looks for the cause of a failure.
pub(crate) fn say(what: &str) {
    println!("  {what}");
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn prepare_and_kill_after<T>(
    _instructions: u32,
    _prepare: impl FnOnce() -> T,
    _body: impl FnOnce(T),
) -> Fate {
    skip("processes are stepped through on Linux only")
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn system_calls(_body: impl FnOnce()) -> usize {
    skip("system calls are counted on Linux only")
}
