//! The few functions of libuv that are used, as Node exports them, and handles whose size libuv tells.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::NonNull;

use napi::sys;

/// `uv_loop_t`, `uv_handle_t` and its kinds: only ever used behind pointers.
pub type Loop = sys::uv_loop_s;

/// Any `uv_*_t` handle.
#[repr(C)]
pub struct Handle {
    _opaque: [u8; 0],
}

const UV_ASYNC: c_int = 1;
const UV_FS_EVENT: c_int = 3;
const UV_FS_POLL: c_int = 4;
const UV_IDLE: c_int = 6;
const UV_POLL: c_int = 8;
const UV_NAMED_PIPE: c_int = 7;
const UV_PREPARE: c_int = 9;
const UV_CHECK: c_int = 2;
const UV_TCP: c_int = 12;
const UV_TIMER: c_int = 13;
const UV_TTY: c_int = 14;
const UV_UDP: c_int = 15;
const UV_SIGNAL: c_int = 16;
pub const UV_READABLE: c_int = 1;

/// Offset of `pending` in `uv_async_t` on 64-bit Unix, the same in all of libuv 1.x: 96 bytes of `uv_handle_t`, the
/// callback and a queue link of two pointers.
const ASYNC_PENDING: usize = 120;

/// Offsets of `caught_signals` and `dispatched_signals` in `uv_signal_t` on 64-bit Unix, the same in all of libuv 1.x: 96 bytes
/// of `uv_handle_t`, callback, number, and a tree entry of three pointers and a colour.
const SIGNAL_CAUGHT: usize = 144;
const SIGNAL_DISPATCHED: usize = 148;

unsafe extern "C" {
    fn uv_handle_size(kind: c_int) -> usize;
    fn uv_handle_get_type(handle: *const Handle) -> c_int;
    fn uv_handle_set_data(handle: *mut Handle, data: *mut c_void);
    fn uv_handle_get_data(handle: *const Handle) -> *mut c_void;
    fn uv_idle_init(uv_loop: *mut Loop, handle: *mut Handle) -> c_int;
    fn uv_idle_stop(handle: *mut Handle) -> c_int;
    fn uv_idle_start(handle: *mut Handle, callback: unsafe extern "C" fn(*mut Handle)) -> c_int;
    fn uv_poll_init(uv_loop: *mut Loop, handle: *mut Handle, fd: c_int) -> c_int;
    fn uv_poll_start(
        handle: *mut Handle,
        events: c_int,
        callback: unsafe extern "C" fn(*mut Handle, c_int, c_int),
    ) -> c_int;
    fn uv_poll_stop(handle: *mut Handle) -> c_int;
    fn uv_close(handle: *mut Handle, callback: unsafe extern "C" fn(*mut Handle));
    fn uv_ref(handle: *mut Handle);
    fn uv_unref(handle: *mut Handle);
    fn uv_walk(uv_loop: *mut Loop, each: unsafe extern "C" fn(*mut Handle, *mut c_void), data: *mut c_void);
    fn uv_fs_event_getpath(handle: *const Handle, buffer: *mut c_char, size: *mut usize) -> c_int;
    fn uv_loop_fork(uv_loop: *mut Loop) -> c_int;
    fn uv_async_send(handle: *mut Handle) -> c_int;
    fn uv_fileno(handle: *const Handle, fd: *mut c_int) -> c_int;
    fn uv_read_stop(stream: *mut Handle) -> c_int;
    fn uv_stream_get_write_queue_size(stream: *const Handle) -> usize;
    fn uv_timer_get_repeat(timer: *const Handle) -> u64;
    fn uv_timer_stop(timer: *mut Handle) -> c_int;
    fn uv_fs_event_stop(handle: *mut Handle) -> c_int;
    fn uv_fs_poll_stop(handle: *mut Handle) -> c_int;
    #[cfg(target_os = "linux")]
    fn uv_backend_fd(uv_loop: *const Loop) -> c_int;
    fn uv_strerror(error: c_int) -> *const c_char;
}

/// The name of libuv's error, if the code is one.
pub fn check(code: c_int) -> Result<(), String> {
    if code >= 0 {
        return Ok(());
    }
    // SAFETY: uv_strerror returns a static string for every known code, and an allocated one for others.
    Err(unsafe { CStr::from_ptr(uv_strerror(code)) }.to_string_lossy().into_owned())
}

/// A handle that this addon made, with a value of its own behind `data`. Freed by libuv's close callback.
pub struct Owned<T> {
    handle: NonNull<Handle>,
    data: std::marker::PhantomData<T>,
}

impl<T> Owned<T> {
    fn allocate(kind: c_int, value: T, init: impl FnOnce(*mut Handle) -> c_int) -> Result<Self, String> {
        let layout = layout(kind);
        // SAFETY: handles are never of size 0.
        let Some(handle) = NonNull::new(unsafe { alloc_zeroed(layout) }.cast::<Handle>()) else {
            return Err("out of memory".into());
        };
        if let Err(error) = check(init(handle.as_ptr())) {
            // SAFETY: allocated above with this layout; libuv does not know it.
            unsafe { dealloc(handle.as_ptr().cast(), layout) };
            return Err(error);
        }
        // SAFETY: an initialized handle.
        unsafe { uv_handle_set_data(handle.as_ptr(), Box::into_raw(Box::new(value)).cast()) };
        Ok(Self { handle, data: std::marker::PhantomData })
    }

    /// Calls `callback` once in each turn of the loop, with no JavaScript below it on the stack.
    ///
    /// # Safety
    /// `uv_loop` is the running thread's loop.
    pub unsafe fn idle(
        uv_loop: *mut Loop,
        value: T,
        callback: unsafe extern "C" fn(*mut Handle),
    ) -> Result<Self, String> {
        // SAFETY: per the caller.
        let owned = unsafe { Self::resting_idle(uv_loop, value) }?;
        owned.start_idle(callback);
        Ok(owned)
    }

    /// As [`Owned::idle`], to be started.
    ///
    /// # Safety
    /// `uv_loop` is the running thread's loop.
    pub unsafe fn resting_idle(uv_loop: *mut Loop, value: T) -> Result<Self, String> {
        // SAFETY: per the caller; the memory has the size that libuv asks for.
        Self::allocate(UV_IDLE, value, |handle| unsafe { uv_idle_init(uv_loop, handle) })
    }

    /// Calls `callback` once in each turn of the loop, which does not sleep meanwhile. Only for a handle made by [`Owned::idle`] or
    /// [`Owned::resting_idle`].
    pub fn start_idle(&self, callback: unsafe extern "C" fn(*mut Handle)) {
        // SAFETY: initialized, and not closed, as closing consumes `self`. It cannot fail with a callback.
        unsafe { uv_idle_start(self.handle.as_ptr(), callback) };
    }

    /// May be called again.
    pub fn stop_idle(&self) {
        // SAFETY: as above.
        unsafe { uv_idle_stop(self.handle.as_ptr()) };
    }

    /// Calls `callback` whenever `fd` is readable.
    ///
    /// # Safety
    /// `uv_loop` is the running thread's loop; `fd` stays open until the handle is closed.
    pub unsafe fn poll_readable(
        uv_loop: *mut Loop,
        fd: c_int,
        value: T,
        callback: unsafe extern "C" fn(*mut Handle, c_int, c_int),
    ) -> Result<Self, String> {
        // SAFETY: per the caller.
        let owned = unsafe { Self::poll(uv_loop, fd, value) }?;
        match owned.watch(UV_READABLE, callback) {
            Ok(()) => Ok(owned),
            Err(error) => {
                owned.close();
                Err(error)
            }
        }
    }

    /// Can watch `fd`: see [`Owned::watch`].
    ///
    /// # Safety
    /// `uv_loop` is the running thread's loop; `fd` stays open until the handle is closed.
    pub unsafe fn poll(uv_loop: *mut Loop, fd: c_int, value: T) -> Result<Self, String> {
        // SAFETY: per the caller; the memory has the size that libuv asks for.
        Self::allocate(UV_POLL, value, |handle| unsafe { uv_poll_init(uv_loop, handle, fd) })
    }

    /// Calls `callback` whenever the descriptor is ready for one of `events` (1 readable, 2 writable), in place of what
    /// was watched for before. Only for a handle made by [`Owned::poll`] or [`Owned::poll_readable`].
    pub fn watch(
        &self,
        events: c_int,
        callback: unsafe extern "C" fn(*mut Handle, c_int, c_int),
    ) -> Result<(), String> {
        let handle = self.handle.as_ptr();
        // SAFETY: initialized, and not closed, as closing consumes `self`.
        check(unsafe { if events == 0 { uv_poll_stop(handle) } else { uv_poll_start(handle, events, callback) } })
    }

    pub fn set_ref(&self, keeps_alive: bool) {
        // SAFETY: a handle that is not closed, as closing consumes `self`.
        unsafe { if keeps_alive { uv_ref(self.handle.as_ptr()) } else { uv_unref(self.handle.as_ptr()) } }
    }

    /// What it was made with.
    pub fn value(&self) -> &T {
        // SAFETY: `allocate` put a boxed T there; closing consumes `self`, and `&mut T` is only given out in callbacks of the handle.
        unsafe { &*uv_handle_get_data(self.handle.as_ptr()).cast::<T>() }
    }

    /// Stops and frees the handle and its value, the latter when libuv lets go of it.
    pub fn close(self) {
        // SAFETY: closed once, as this consumes `self`.
        unsafe { uv_close(self.handle.as_ptr(), free::<T>) };
    }

    /// As `close`, but the value is dropped at once: for when JavaScript's environment ends before libuv lets go of the handle.
    /// Not from inside a callback of the handle.
    pub fn close_without_value(self) {
        // SAFETY: `allocate` put a boxed T there; with the null pointer nobody finds it again.
        unsafe {
            let value = uv_handle_get_data(self.handle.as_ptr()).cast::<T>();
            uv_handle_set_data(self.handle.as_ptr(), std::ptr::null_mut());
            drop(Box::from_raw(value));
        }
        self.close();
    }

    /// The handle and its value from inside one of its callbacks.
    ///
    /// # Safety
    /// `handle` was made by this type with the same `T`, and is not used as `Owned` elsewhere any more if it is closed
    /// through the result.
    pub unsafe fn from_callback<'a>(handle: *mut Handle) -> Option<(Self, &'a mut T)> {
        let owned = Self { handle: NonNull::new(handle)?, data: std::marker::PhantomData };
        // SAFETY: `allocate` put a boxed T there.
        let value = unsafe { uv_handle_get_data(handle).cast::<T>().as_mut() }?;
        Some((owned, value))
    }
}

fn layout(kind: c_int) -> Layout {
    // SAFETY: a pure function of the kind.
    let size = unsafe { uv_handle_size(kind) };
    Layout::from_size_align(size.max(1), align_of::<u128>()).unwrap_or(Layout::new::<u128>())
}

unsafe extern "C" fn free<T>(handle: *mut Handle) {
    // SAFETY: libuv calls this once, after it has let go of the handle; data and memory came from `allocate`.
    unsafe {
        let value = uv_handle_get_data(handle).cast::<T>();
        if !value.is_null() {
            drop(Box::from_raw(value));
        }
        dealloc(handle.cast(), layout(uv_handle_get_type(handle)));
    }
}

/// Paths of all file watchers of a loop.
///
/// # Safety
/// `uv_loop` is the running thread's loop.
pub unsafe fn watched_paths(uv_loop: *mut Loop) -> Vec<CString> {
    unsafe extern "C" fn each(handle: *mut Handle, paths: *mut c_void) {
        // SAFETY: libuv hands a living handle, and the vector given to uv_walk.
        unsafe {
            if uv_handle_get_type(handle) != UV_FS_EVENT {
                return;
            }
            let mut buffer = vec![0_u8; libc::PATH_MAX as usize];
            let mut size = buffer.len();
            if uv_fs_event_getpath(handle, buffer.as_mut_ptr().cast(), &raw mut size) == 0 {
                buffer.truncate(size);
                if let Ok(path) = CString::new(buffer)
                    && let Some(paths) = paths.cast::<Vec<CString>>().as_mut()
                {
                    paths.push(path);
                }
            }
        }
    }
    let mut paths = Vec::new();
    // SAFETY: per the caller; `each` gets the vector it expects.
    unsafe { uv_walk(uv_loop, each, (&raw mut paths).cast()) };
    paths
}

/// Number of bytes that wait to be written to these descriptors.
///
/// # Safety
/// `uv_loop` is the running thread's loop.
pub unsafe fn unwritten_bytes(uv_loop: *mut Loop, descriptors: &[c_int]) -> usize {
    struct Count<'a> {
        descriptors: &'a [c_int],
        bytes: usize,
    }
    unsafe extern "C" fn each(handle: *mut Handle, count: *mut c_void) {
        // SAFETY: libuv hands a living handle, and what was given to uv_walk.
        unsafe {
            let mut fd = -1;
            if matches!(uv_handle_get_type(handle), UV_TCP | UV_NAMED_PIPE | UV_TTY)
                && uv_fileno(handle, &raw mut fd) == 0
                && let Some(count) = count.cast::<Count<'_>>().as_mut()
                && count.descriptors.contains(&fd)
            {
                count.bytes += uv_stream_get_write_queue_size(handle);
            }
        }
    }
    let mut count = Count { descriptors, bytes: 0 };
    // SAFETY: per the caller; `each` gets what it expects.
    unsafe { uv_walk(uv_loop, each, (&raw mut count).cast()) };
    count.bytes
}

/// In a child that is to run nothing of its parent's: what was inherited no longer keeps the loop alive, reads or watches
/// files. Handles of descriptors in `keep` stay as they are.
///
/// # Safety
/// `uv_loop` is the running thread's loop.
pub unsafe fn stop_inherited(uv_loop: *mut Loop, keep: &[c_int]) {
    unsafe extern "C" fn each(handle: *mut Handle, keep: *mut c_void) {
        // SAFETY: libuv hands a living handle, and the slice given to uv_walk.
        unsafe {
            let kind = uv_handle_get_type(handle);
            // Name look-ups of the parent's run out of time by a timer of their own, which repeats. (Node's and V8's do not.)
            if kind == UV_TIMER && uv_timer_get_repeat(handle) > 0 {
                uv_timer_stop(handle);
            }
            // Node refs and unrefs its own timer, check, idle and prepare handles as JavaScript needs them.
            if matches!(kind, UV_TIMER | UV_CHECK | UV_IDLE | UV_PREPARE) {
                return;
            }
            let mut fd = -1;
            if matches!(kind, UV_TCP | UV_NAMED_PIPE | UV_TTY | UV_UDP | UV_POLL)
                && uv_fileno(handle, &raw mut fd) == 0
                && keep.cast::<&[c_int]>().as_ref().is_some_and(|keep| keep.contains(&fd))
            {
                return;
            }
            match kind {
                UV_TCP | UV_NAMED_PIPE | UV_TTY => {
                    uv_read_stop(handle);
                }
                // The child's first watch gets the number that the parent's first one has, and would wake both.
                UV_FS_EVENT => {
                    uv_fs_event_stop(handle);
                }
                UV_FS_POLL => {
                    uv_fs_poll_stop(handle);
                }
                _ => {}
            }
            uv_unref(handle);
        }
    }
    let mut keep = keep;
    // SAFETY: per the caller; `each` gets the slice it expects.
    unsafe { uv_walk(uv_loop, each, (&raw mut keep).cast()) };
}

/// Has the loop forget `fd` before another object takes its number: what epoll was asked to watch is the object, which lives
/// on in the parent, and would go on waking this process.
///
/// # Safety
/// `uv_loop` is the running thread's loop, and no active handle of it uses `fd`.
#[cfg_attr(not(target_os = "linux"), expect(unused_variables, reason = "kqueue forgets by the number"))]
pub unsafe fn forget_descriptor(uv_loop: *mut Loop, fd: c_int) {
    #[cfg(target_os = "linux")]
    // SAFETY: per the caller; fails without effect where `fd` is not watched.
    unsafe {
        libc::epoll_ctl(uv_backend_fd(uv_loop), libc::EPOLL_CTL_DEL, fd, std::ptr::null_mut());
    }
}

/// `uv_loop_fork`, without losing wake-ups: libuv forgets which `uv_async_t` were pending. And with the signals that the parent
/// has caught and not yet told its listeners of: their notice is in a pipe that the child does not have, and a handle that waits
/// for it could never be closed.
///
/// # Safety
/// `uv_loop` is the running thread's loop, in a child that has no other thread.
pub unsafe fn fork_loop(uv_loop: *mut Loop) -> Result<(), String> {
    unsafe extern "C" fn each(handle: *mut Handle, pending: *mut c_void) {
        // SAFETY: libuv hands a living handle, and the vector given to uv_walk.
        unsafe {
            if uv_handle_get_type(handle) == UV_ASYNC
                && *handle.cast::<c_int>().byte_add(ASYNC_PENDING) & 1 != 0
                && let Some(pending) = pending.cast::<Vec<*mut Handle>>().as_mut()
            {
                pending.push(handle);
            }
            if uv_handle_get_type(handle) == UV_SIGNAL {
                let caught = *handle.cast::<u32>().byte_add(SIGNAL_CAUGHT);
                *handle.cast::<u32>().byte_add(SIGNAL_DISPATCHED) = caught;
            }
        }
    }
    let mut pending: Vec<*mut Handle> = Vec::new();
    // SAFETY: per the caller.
    unsafe { uv_walk(uv_loop, each, (&raw mut pending).cast()) };
    // SAFETY: per the caller.
    check(unsafe { uv_loop_fork(uv_loop) })?;
    for handle in pending {
        // SAFETY: handles of this loop, which nothing has closed since.
        unsafe { uv_async_send(handle) };
    }
    Ok(())
}
