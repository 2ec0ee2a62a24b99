//! libuv's thread pool at a fork.
//!
//! A request that is being worked on would complete in the child too, and run what the parent's code meant to do next. So
//! the pool is brought to rest first: each of its threads is given a task that waits, which it takes up when all earlier
//! work is done. What has completed by then waits on the loop's list to be handed to JavaScript: the parent does that after
//! the fork as always, and the child forgets it.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ffi::{c_int, c_void};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::uv::{Loop, check};

/// Any `uv_*_t` request.
#[repr(C)]
struct Request {
    _opaque: [u8; 0],
}

const UV_WORK: c_int = 7;

/// Offsets in `uv_loop_t` on 64-bit Unix, the same in all of libuv 1.x. They are believed only if the loop's descriptor
/// is found where they say.
const LOOP_ACTIVE_REQUESTS: usize = 32;
const LOOP_BACKEND_FD: usize = 64;
const LOOP_COMPLETED: usize = 120;

unsafe extern "C" {
    fn uv_req_size(kind: c_int) -> usize;
    fn uv_req_set_data(request: *mut Request, data: *mut c_void);
    fn uv_req_get_data(request: *const Request) -> *mut c_void;
    fn uv_queue_work(
        uv_loop: *mut Loop,
        request: *mut Request,
        work: unsafe extern "C" fn(*mut Request),
        after: unsafe extern "C" fn(*mut Request, c_int),
    ) -> c_int;
    fn uv_backend_fd(uv_loop: *const Loop) -> c_int;
}

/// Number of requests of a loop that are in flight: work for the pool, connects, writes.
///
/// # Safety
/// `uv_loop` is the running thread's loop.
pub unsafe fn active_requests(uv_loop: *mut Loop) -> u32 {
    // SAFETY: a 32-bit counter at this offset, per the caller and libuv's layout.
    unsafe { uv_loop.cast::<u32>().byte_add(LOOP_ACTIVE_REQUESTS).read() }
}

/// Number of threads in the pool, as libuv reads it from the environment.
fn pool_size() -> usize {
    let size = std::env::var("UV_THREADPOOL_SIZE").ok();
    let size = size.map_or(4, |size| size.trim().parse::<i64>().unwrap_or(0));
    size.clamp(1, 1024) as usize
}

#[derive(Default)]
struct State {
    waiting: usize,
    released: bool,
}

#[derive(Default)]
struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

impl Gate {
    fn wait_inside(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting += 1;
        self.changed.notify_all();
        while !state.released {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn wait_for(&self, threads: usize, longest: Duration) -> bool {
        let deadline = Instant::now() + longest;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.waiting < threads {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

/// The pool at rest, until this is dropped.
#[derive(Default)]
pub struct Resting(Arc<Gate>);

impl Drop for Resting {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).released = true;
        self.0.changed.notify_all();
    }
}

/// Brings the pool to rest. `None` if its work is not done after the time given: it then goes on as before.
///
/// # Safety
/// `uv_loop` is the running thread's loop.
pub unsafe fn rest(uv_loop: *mut Loop, longest: Duration) -> Result<Option<Resting>, String> {
    let gate = Arc::new(Gate::default());
    let resting = Resting(Arc::clone(&gate));
    let threads = pool_size();
    for _ in 0..threads {
        // SAFETY: requests are never of size 0.
        let request = unsafe { alloc_zeroed(layout()) }.cast::<Request>();
        if request.is_null() {
            return Err("out of memory".into());
        }
        // SAFETY: memory of the size that libuv asks for; freed by `after`, which libuv calls once.
        check(unsafe {
            uv_req_set_data(request, Arc::into_raw(Arc::clone(&gate)).cast_mut().cast());
            uv_queue_work(uv_loop, request, work, after)
        })?;
    }
    Ok(gate.wait_for(threads, longest).then_some(resting))
}

fn layout() -> Layout {
    // SAFETY: a pure function of the kind.
    let size = unsafe { uv_req_size(UV_WORK) };
    Layout::from_size_align(size.max(1), align_of::<u128>()).unwrap_or(Layout::new::<u128>())
}

unsafe extern "C" fn work(request: *mut Request) {
    // SAFETY: `rest` put a reference there, which `after` gives back.
    unsafe { &*uv_req_get_data(request).cast::<Gate>() }.wait_inside();
}

unsafe extern "C" fn after(request: *mut Request, _status: c_int) {
    // SAFETY: called once for each request of `rest`.
    unsafe {
        drop(Arc::from_raw(uv_req_get_data(request).cast::<Gate>()));
        dealloc(request.cast(), layout());
    }
}

/// A link of libuv's queues: next and previous.
#[repr(C)]
struct Link {
    next: *mut Link,
    previous: *mut Link,
}

/// Forgets, in a child, what the pool had completed for its parent.
///
/// # Safety
/// `uv_loop` is the running thread's loop, and the pool is at rest or has no threads in this process.
pub unsafe fn forget_completed(uv_loop: *mut Loop) {
    // SAFETY: inside the loop, whose size is larger than all offsets; the first reading proves the layout.
    unsafe {
        if uv_loop.cast::<c_int>().byte_add(LOOP_BACKEND_FD).read() != uv_backend_fd(uv_loop) {
            return;
        }
        let head = uv_loop.cast::<Link>().byte_add(LOOP_COMPLETED);
        let mut forgotten = 0;
        let mut link = (*head).next;
        while link != head {
            if (*link).next.is_null() || (*(*link).next).previous != link {
                return;
            }
            forgotten += 1;
            link = (*link).next;
        }
        (*head).next = head;
        (*head).previous = head;
        // They no longer keep the loop alive.
        let count = uv_loop.cast::<u32>().byte_add(LOOP_ACTIVE_REQUESTS);
        count.write(count.read().saturating_sub(forgotten));
    }
}
