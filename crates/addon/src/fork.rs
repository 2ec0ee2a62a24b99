//! `fork` for JavaScript: at once, or at the bottom of the event loop.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use napi::Env;
use napi::bindgen_prelude::Function;
use napi_derive::napi;
use zygote_forkall::{Error, Forked, Options, Timings, WatchedPath};
use zygote_process::inherited::Inherited;
use zygote_process::slab::AllPrivate;
use zygote_shared::template::AllFrozen;

use crate::callback::{Answer, Callback, Exception, error_value, null, own_loop, to_value};
use crate::error::{Code, Result};
use crate::uv::{self, Handle, Loop, Owned};
use crate::{main_thread, pool};

/// How to fork.
#[napi(object)]
#[derive(Clone)]
pub struct BindingForkOptions {
    /// Leave all other threads behind: for a process that was started so that it needs none.
    pub single_threaded: bool,
    /// Milliseconds to wait until every other thread stands still.
    pub park_timeout: f64,
    /// Take the parent's sockets and pipes away from the child, but for `keep` and the standard streams.
    pub sever: bool,
    /// Descriptors that the child keeps.
    pub keep: Vec<i32>,
    /// Make it a child of this process's parent. Not together with `single_threaded`.
    pub sibling: bool,
}

/// Both sides of a fork.
#[napi(object)]
pub struct BindingForked {
    /// 0 in the child.
    pub pid: i32,
    /// A descriptor of the child, or -1.
    pub pidfd: i32,
}

/// Where the last fork spent its time, in microseconds.
#[napi(object)]
pub struct BindingForkTimings {
    /// Until all other threads stood still.
    pub park: f64,
    /// Listing kernel objects and making memory inheritable.
    pub snapshot: f64,
    /// The system call itself.
    pub clone: f64,
    /// Letting the threads go on.
    pub release: f64,
    /// Threads that were brought along.
    pub threads: u32,
}

/// Kept apart from what a fork returns: every page that is written right after it is copied first.
static LAST: Mutex<Option<Timings>> = Mutex::new(None);

impl From<Forked> for BindingForked {
    fn from(forked: Forked) -> Self {
        match forked {
            Forked::Child => Self { pid: 0, pidfd: -1 },
            Forked::Parent { pid, pidfd, timings } => {
                *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(timings);
                Self { pid, pidfd: pidfd.unwrap_or(-1) }
            }
        }
    }
}

/// Where the last fork of this process spent its time; `null` before the first.
#[napi]
pub fn last_fork_timings() -> Option<BindingForkTimings> {
    let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
    LAST.lock().unwrap_or_else(PoisonError::into_inner).map(|timings| BindingForkTimings {
        park: micros(timings.park),
        snapshot: micros(timings.snapshot),
        clone: micros(timings.clone),
        release: micros(timings.release),
        threads: timings.threads as u32,
    })
}

fn convert(error: &Error) -> napi::Error<Code> {
    match error {
        Error::ParkTimeout(_) => Code::ForkTimeout.error(format_args!(
            "{error}. They are inside the kernel or block all signals: try again later, or end what they do first"
        )),
        Error::Unsupported(_) => Code::Unsupported.error(format_args!("this process cannot be forked: {error}")),
        Error::Busy(_) => Code::ForkFailed.error(format_args!("fork: {error}; try again later")),
        Error::Call { .. } => Code::ForkFailed.error(format_args!(
            "fork: {error}. EAGAIN means that the limit of processes is reached (ulimit -u, the cgroup's pids.max), ENOMEM that memory may not be promised twice (vm.overcommit_memory), EMFILE that this process has too many files open (ulimit -n)"
        )),
    }
}

/// # Safety
/// `uv_loop` is the loop of the calling thread, which is Node's main thread.
unsafe fn fork_now(uv_loop: *mut Loop, options: &BindingForkOptions) -> Result<BindingForked> {
    if !main_thread::is_current() {
        return Err(Code::NotMainThread.error("fork must be called on the main thread, not in a Worker"));
    }
    let paths = if options.sever || options.single_threaded {
        Vec::new()
    } else {
        // SAFETY: the caller's own loop.
        unsafe { uv::watched_paths(uv_loop) }
    };
    // What everybody is to have a copy of, the child has so.
    let frozen = AllFrozen::hold().map_err(|error| Code::ForkFailed.error(format_args!("fork: {error}")))?;
    let private = AllPrivate::hold().map_err(|error| Code::ForkFailed.error(format_args!("fork: {error}")))?;
    let inherited = Inherited::hold();
    let kept: Vec<_> = options.keep.iter().copied().chain(inherited.descriptors()).collect();
    let watched: Vec<_> = paths.iter().filter_map(|path| WatchedPath::new(path)).collect();
    let settings = Options {
        park_deadline: Duration::from_secs_f64((options.park_timeout / 1000.0).clamp(0.0, 1e9)),
        // What is kept on purpose is for both processes, also a FIFO of which this process has both ends.
        share: &kept,
        sever_except: options.sever.then_some(&kept),
        watched_paths: &watched,
        sibling: options.sibling,
        ..Options::default()
    };
    // A child must not have a thread that believes to be alone with memory that it shares.
    let alone = zygote_shared::inside::still();
    let forked = if options.single_threaded {
        // A signal that came in between would be written to the pipe that the parent reads.
        let blocked = BlockedSignals::all();
        // SAFETY: the caller of this function has made sure that V8 needs no other thread.
        let forked = unsafe { zygote_forkall::fork_single_threaded(&settings) }.map_err(|error| convert(&error))?;
        if matches!(forked, Forked::Child) {
            // SAFETY: the child has no other thread.
            unsafe { uv::fork_loop(uv_loop) }
                .map_err(|error| Code::ForkFailed.error(format_args!("uv_loop_fork: {error}")))?;
        }
        drop(blocked);
        forked
    } else {
        // SAFETY: V8 and libuv go on in the child as complete clones; nothing here is held across the call but plain
        // memory.
        unsafe { zygote_forkall::fork(&settings) }.map_err(|error| convert(&error))?
    };
    drop((frozen, private, inherited, alone));
    if matches!(forked, Forked::Child) {
        GENERATION.fetch_add(1, Ordering::Relaxed);
    }
    Ok(forked.into())
}

/// All signals of this thread wait until this is dropped.
struct BlockedSignals(libc::sigset_t);

impl BlockedSignals {
    fn all() -> Self {
        let mut all = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        let mut before = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: both calls fill the set that they are given, and cannot fail with these arguments.
        unsafe {
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), before.as_mut_ptr());
            Self(before.assume_init())
        }
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        // SAFETY: the mask that this thread had before.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut()) };
    }
}

/// Forks here and now: returns in both processes, 0 in the child.
#[napi]
pub fn fork(env: Env, options: BindingForkOptions) -> Result<i32> {
    // SAFETY: the environment's own loop.
    let forked = unsafe { fork_now(own_loop(env)?, &options) }?;
    if forked.pidfd >= 0 {
        // SAFETY: just made for this process, and known to nobody else.
        unsafe { libc::close(forked.pidfd) };
    }
    Ok(forked.pid)
}

struct Request {
    ready: Callback,
    prepare: Callback,
    callback: Callback,
    uv_loop: *mut Loop,
    options: BindingForkOptions,
    /// How long the loop may stand still for the thread pool at the next attempt.
    patience: Duration,
    /// The loop is left alone until then: for as long as the last attempt has kept it.
    not_before: Instant,
    /// `prepare` has been called.
    prepared: bool,
    /// Of [`GENERATION`], when it was made.
    generation: u32,
}

/// How many forks lie between this process and the first one. A request of an earlier generation is the parent's: a child
/// that carried it out too would start a second process of the same name on the same channel.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// First time that the loop stands still for the thread pool; each further attempt takes twice as long, up to the longest.
const FIRST_PATIENCE: Duration = Duration::from_millis(2);
const LONGEST_PATIENCE: Duration = Duration::from_millis(100);

/// Forks when the event loop has come round, with no JavaScript on the stack, so that a child goes on with nothing but
/// `callback`. It is called in both processes, with the error or `null` and the outcome or `null`.
///
/// Before, `ready` is asked: while it returns false, or the thread pool does not come to rest, the loop goes round. Right
/// before the fork `prepare` is called. When one of them throws, there is no fork and `callback` gets the error.
#[napi]
pub fn fork_at_loop_base(
    env: Env,
    options: BindingForkOptions,
    ready: Function<'_>,
    prepare: Function<'_>,
    callback: Function<'_>,
) -> Result<()> {
    let uv_loop = own_loop(env)?;
    let request = Request {
        ready: Callback::new(env, &ready, "zygote.fork")?,
        prepare: Callback::new(env, &prepare, "zygote.fork")?,
        callback: Callback::new(env, &callback, "zygote.fork")?,
        uv_loop,
        options,
        patience: FIRST_PATIENCE,
        not_before: Instant::now(),
        prepared: false,
        generation: GENERATION.load(Ordering::Relaxed),
    };
    // SAFETY: the environment's own loop, on its own thread.
    unsafe { Owned::idle(uv_loop, request, on_idle) }
        .map(drop)
        .map_err(|error| Code::System.error(format_args!("uv_idle: {error}")))
}

unsafe extern "C" fn on_idle(handle: *mut Handle) {
    // SAFETY: made by `fork_at_loop_base` with a Request.
    let Some((owned, request)) = (unsafe { Owned::<Request>::from_callback(handle) }) else { return };
    // SAFETY: the loop that is calling this very callback.
    if request.generation != GENERATION.load(Ordering::Relaxed) || unsafe { attempt(request) } {
        owned.close();
    }
}

/// True if it has been decided: forked, or refused.
///
/// # Safety
/// Called by the request's own loop.
unsafe fn attempt(request: &mut Request) -> bool {
    let refuse = |exception: Exception| {
        request.callback.call(|env| [exception.value(), null(env)]);
        exception.close();
        true
    };
    match request.ready.ask() {
        Answer::Yes => {}
        Answer::No => return false,
        Answer::Threw(exception) => return refuse(exception),
    }
    if Instant::now() < request.not_before {
        return false;
    }
    // SAFETY: per the caller.
    let resting = match unsafe { come_to_rest(request.uv_loop, request.patience) } {
        Ok(Some(resting)) => resting,
        Ok(None) => {
            request.not_before = Instant::now() + request.patience;
            request.patience = LONGEST_PATIENCE.min(2 * request.patience);
            return false;
        }
        Err(error) => {
            request.callback.call(|env| [error_value(env, Code::System.error(error)), null(env)]);
            return true;
        }
    };
    if !request.prepared {
        // SAFETY: per the caller.
        let before = unsafe { pool::active_requests(request.uv_loop) };
        // What it leaves for later is the parent's to do, so it is done now.
        if let Answer::Threw(exception) = request.prepare.ask_and_settle() {
            drop(resting);
            return refuse(exception);
        }
        request.prepared = true;
        // SAFETY: per the caller.
        if unsafe { pool::active_requests(request.uv_loop) } > before {
            return false;
        }
    }
    // SAFETY: per the caller.
    let outcome = unsafe { fork_now(request.uv_loop, &request.options) };
    if matches!(outcome, Ok(BindingForked { pid: 0, .. })) {
        // SAFETY: the pool is at rest, as in the parent.
        unsafe { pool::forget_completed(request.uv_loop) };
    }
    drop(resting);
    request.callback.call(|env| match outcome {
        Ok(forked) => [null(env), to_value(env, forked)],
        Err(error) => [error_value(env, error), null(env)],
    });
    true
}

/// `None` if the pool's work is not done after the time given.
///
/// # Safety
/// `uv_loop` is the loop of the calling thread.
unsafe fn come_to_rest(uv_loop: *mut Loop, patience: Duration) -> std::result::Result<Option<pool::Resting>, String> {
    // SAFETY: per the caller.
    if unsafe { pool::active_requests(uv_loop) } == 0 {
        // Nothing of this loop's can be in it.
        return Ok(Some(pool::Resting::default()));
    }
    // SAFETY: per the caller.
    unsafe { pool::rest(uv_loop, patience) }
}
