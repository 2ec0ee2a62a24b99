//! Ends of connections: frames on the event loop, and the memory that large ones come in.

use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::ptr::{self, NonNull};
use std::rc::Rc;

use napi::bindgen_prelude::{Function, ObjectFinalize, Uint8ArraySlice, Unknown};
use napi::{Env, sys};
use napi_derive::napi;
use zygote_process::blob::{self, Blob, Part};
use zygote_process::frame::{self, Sent};
use zygote_process::slab::{self, Held, Known, Message, Slabs};
use zygote_process::{descriptor, inherited};

use crate::attention::Attention;
use crate::callback::{Callback, own_loop};
use crate::descriptor::borrow;
use crate::error::{Code, Result, failed};
use crate::uv::{Handle, Owned, UV_READABLE};

/// Two connected ends: the descriptors. With `one_way` the first can only receive, and the second only send.
#[napi]
pub fn connection_pair(one_way: bool) -> Result<Vec<i32>> {
    let (a, b) = if one_way { frame::one_way() } else { frame::pair() }.map_err(failed("socketpair"))?;
    Ok(vec![a.into_raw_fd(), b.into_raw_fd()])
}

/// What is watched for, as libuv's flags.
struct Events {
    attention: Attention,
    watched: Cell<c_int>,
    /// From now on, or from when the callback has returned.
    wanted: Cell<c_int>,
    inside: Cell<bool>,
    closed: Cell<bool>,
}

impl Events {
    fn apply<T>(&self, poll: &Owned<T>) -> std::result::Result<(), String> {
        let wanted = self.wanted.get();
        if wanted & UV_READABLE != 0 {
            self.attention.begin();
        } else {
            self.attention.give_up();
        }
        if wanted != self.watched.get() {
            poll.watch(wanted, on_ready)?;
            poll.set_ref(wanted != 0);
            self.watched.set(wanted);
        }
        Ok(())
    }
}

/// What the handle of libuv knows.
struct Watched {
    callback: Callback,
    events: Rc<Events>,
}

/// The handle, from the first watch until it is closed: by its user, or when its Worker ends, whose loop may have no open
/// handle then.
type Poll = RefCell<Option<Owned<Watched>>>;

/// One end of a connection. It owns its descriptor, and a forked child has the same one.
#[napi(custom_finalize)]
pub struct ConnectionEnd {
    fd: Option<OwnedFd>,
    poll: Rc<Poll>,
    events: Rc<Events>,
    /// Came with the last frame.
    arrived: Option<OwnedFd>,
    slabs: Slabs,
    known: Known,
}

#[napi]
impl ConnectionEnd {
    /// Takes the descriptor over. Calls `callback` as often as the event loop finds it ready for what [`Self::watch`] asked for.
    #[napi(constructor)]
    pub fn new(env: Env, fd: i32, callback: Function<'_>) -> Result<Self> {
        let uv_loop = own_loop(env)?;
        let callback = Callback::new(env, &callback, "zygote.connection")?;
        let failed = |error| Code::System.error(format_args!("opening a connection: {error}"));
        // SAFETY: the environment's own loop.
        let attention = unsafe { Attention::new(uv_loop) }.map_err(failed)?;
        let events = Rc::new(Events {
            attention,
            watched: Cell::default(),
            wanted: Cell::default(),
            inside: Cell::default(),
            closed: Cell::default(),
        });
        // SAFETY: the caller gives the descriptor away.
        let fd = unsafe {
            borrow(fd)?;
            OwnedFd::from_raw_fd(fd)
        };
        let watched = Watched { callback, events: Rc::clone(&events) };
        // SAFETY: the environment's own loop; `fd` is closed after the handle.
        let poll = unsafe { Owned::poll(uv_loop, fd.as_raw_fd(), watched) }.map_err(failed)?;
        poll.set_ref(false);
        let poll = Rc::new(RefCell::new(Some(poll)));
        // SAFETY: the hook owns the counted reference that it is given, until it is called or removed.
        unsafe {
            sys::napi_add_env_cleanup_hook(env.raw(), Some(on_end), Rc::into_raw(Rc::clone(&poll)).cast_mut().cast())
        };
        inherited::share(fd.as_raw_fd());
        Ok(Self { fd: Some(fd), poll, events, arrived: None, slabs: Slabs::default(), known: Known::default() })
    }

    fn fd(&self) -> Result<&OwnedFd> {
        self.fd.as_ref().ok_or_else(|| Code::InvalidArgument.error("the connection is closed"))
    }

    /// The descriptor, which stays the end's; -1 if it is closed.
    #[napi(getter)]
    pub fn descriptor(&self) -> i32 {
        self.fd.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }

    /// Sends the first `length` bytes as a frame, with a descriptor unless that is -1: 0 if it is sent, 1 if there is no room for it now, 2 if too many
    /// descriptors are on their way, 3 if nobody is left to receive it.
    #[napi]
    pub fn send(&self, bytes: &[u8], length: u32, descriptor: i32) -> Result<u32> {
        let bytes = bytes.get(..length as usize).unwrap_or(bytes);
        let descriptor = match descriptor {
            -1 => None,
            // SAFETY: the caller owns the descriptor.
            fd => Some(unsafe { borrow(fd) }?),
        };
        let sent = frame::send(self.fd()?, bytes, descriptor).map_err(failed("sendmsg"))?;
        Ok(match sent {
            Sent::Whole => 0,
            Sent::Full => 1,
            Sent::TooManyDescriptors => 2,
            Sent::Gone => 3,
        })
    }

    /// Receives a frame: its length; 0 when there is none to come, -1 if there is none now.
    #[napi]
    pub fn receive(&mut self, mut into: Uint8ArraySlice<'_>) -> Result<i32> {
        self.arrived = None;
        // SAFETY: JavaScript does not run meanwhile; the caller does not give memory that a Worker looks at.
        let into = unsafe { into.as_mut() };
        let Some(received) = frame::receive(self.fd()?, into).map_err(failed("recvmsg"))? else {
            return Ok(-1);
        };
        self.arrived = received.descriptors.into_iter().next();
        Ok(received.length as i32)
    }

    /// Copies the parts of a message into memory that is used again: a descriptor of it, for the caller. -1 if it is too large.
    #[napi]
    pub fn store(&mut self, parts: Vec<&[u8]>) -> Result<i32> {
        let failed = failed("writing a large message to memory");
        let Some(memory) = self.slabs.store(&parts).map_err(&failed)? else { return Ok(-1) };
        Ok(descriptor::duplicate(memory).map_err(&failed)?.into_raw_fd())
    }

    /// The parts of the message that came with the last frame, of these lengths, each an `ArrayBuffer` of its own.
    #[napi]
    pub fn load<'env>(&mut self, env: &'env Env, lengths: Vec<f64>) -> Result<Vec<Unknown<'env>>> {
        let memory =
            self.arrived.take().ok_or_else(|| Code::System.error("the memory of a message has not arrived"))?;
        let lengths: Vec<_> = lengths.into_iter().map(|length| length as usize).collect();
        let whole = lengths.iter().fold(0, |offset, length| slab::aligned(offset) + length);
        let mut offset = 0;
        let parts = self.known.read(memory, whole, |message| {
            let parts = lengths.iter().map(|length| {
                offset = slab::aligned(offset);
                let part = part_of(env, message, offset, *length).map_err(Refused);
                offset += length;
                part
            });
            parts.collect::<std::result::Result<Vec<_>, Refused>>()
        });
        parts.map_err(|Refused(error)| error)
    }

    /// The descriptor that came with the last frame; -1 if there was none. It belongs to the caller.
    #[napi]
    pub fn take_descriptor(&mut self) -> i32 {
        self.arrived.take().map_or(-1, IntoRawFd::into_raw_fd)
    }

    /// Whether there is something to receive, or nothing to come.
    #[napi]
    pub fn is_receivable(&self) -> Result<bool> {
        frame::is_receivable(self.fd()?).map_err(failed("poll"))
    }

    /// What to watch for: 1 for frames that can be received, 2 for room to send, 3 for both, 0 for nothing. It keeps the process alive
    /// while it is watched for.
    #[napi]
    pub fn watch(&self, events: i32) -> Result<()> {
        self.events.wanted.set(events);
        // In the callback, what is wanted mostly ends and begins again: two system calls each time.
        if !self.events.inside.get()
            && let Some(poll) = &*self.poll.borrow()
        {
            self.events.apply(poll).map_err(|error| Code::System.error(format_args!("uv_poll: {error}")))?;
        }
        Ok(())
    }

    /// Closes the descriptor. May be called again.
    #[napi]
    pub fn close(&mut self, env: Env) {
        let poll = self.poll.borrow_mut().take();
        if let Some(poll) = poll {
            self.events.closed.set(true);
            self.events.attention.close();
            poll.close();
            let hook = Rc::as_ptr(&self.poll);
            // SAFETY: added in `new` with this pointer, and not called yet, as the handle was open; its reference is dropped.
            unsafe {
                sys::napi_remove_env_cleanup_hook(env.raw(), Some(on_end), hook.cast_mut().cast());
                drop(Rc::from_raw(hook));
            }
        }
        self.arrived = None;
        self.slabs = Slabs::default();
        self.known = Known::default();
        if let Some(fd) = self.fd.take() {
            inherited::unshare(fd.as_raw_fd());
        }
    }
}

impl ObjectFinalize for ConnectionEnd {
    fn finalize(mut self, env: Env) -> napi::Result<()> {
        self.close(env);
        Ok(())
    }
}

/// The environment ends.
unsafe extern "C" fn on_end(poll: *mut c_void) {
    // SAFETY: the reference that `new` gave to the hook, which is called once.
    let poll = unsafe { Rc::from_raw(poll.cast_const().cast::<Poll>()) };
    let open = poll.borrow_mut().take();
    if let Some(open) = open {
        open.value().events.attention.close();
        open.close_without_value();
    }
}

unsafe extern "C" fn on_ready(handle: *mut Handle, status: c_int, ready: c_int) {
    // SAFETY: made by `ConnectionEnd::new` with a Watched. It may be closed by what it calls: libuv frees it later.
    if let Some((poll, Watched { callback, events })) = unsafe { Owned::<Watched>::from_callback(handle) } {
        if ready & UV_READABLE != 0 {
            events.attention.answered();
        }
        // libuv stops watching where the socket has an error to tell, such as that the other end is gone.
        if status < 0 {
            events.watched.set(0);
        }
        events.inside.set(true);
        callback.call(|_| []);
        events.inside.set(false);
        if !events.closed.get() {
            // A descriptor that was watched can be watched.
            let _ = events.apply(&poll);
        }
    }
}

/// An error of this crate where one of the system's could be, too.
struct Refused(napi::Error<Code>);

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        Self(failed("reading a large message")(error))
    }
}

/// Where the part is, or a copy of it in memory of the allocator's: to have it from the system each time took several times as long.
fn part_of<'env>(env: &'env Env, message: &Message<'_>, offset: usize, length: usize) -> Result<Unknown<'env>> {
    let failed = failed("reading a large message");
    let held = message.hold(offset, length).map_err(&failed)?;
    let value = if let Some(value) = held.and_then(|(at, held)| held_at(env, at, length, held)) {
        value
    } else {
        let (value, data) = new_buffer(env, length)?;
        // SAFETY: the memory of the new ArrayBuffer.
        unsafe { message.copy(offset, length, data) }.map_err(&failed)?;
        value
    };
    // SAFETY: a value of this environment, made just now.
    Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), value) })
}

/// An `ArrayBuffer` on memory that is held; `None` where this Node takes no memory from outside.
fn held_at(env: &Env, at: NonNull<u8>, length: usize, held: Held) -> Option<sys::napi_value> {
    unsafe extern "C" fn free(_env: sys::napi_env, _at: *mut c_void, held: *mut c_void) {
        // SAFETY: made by `into_raw` below; called once, when no JavaScript can reach the memory any more.
        drop(unsafe { Box::from_raw(held.cast::<Held>()) });
    }
    let held = Box::into_raw(Box::new(held));
    let mut value = ptr::null_mut();
    // SAFETY: the memory stays until `free` is called.
    let status = unsafe {
        sys::napi_create_external_arraybuffer(
            env.raw(),
            at.as_ptr().cast(),
            length,
            Some(free),
            held.cast(),
            &raw mut value,
        )
    };
    if status == sys::Status::napi_ok {
        return Some(value);
    }
    // SAFETY: nobody else has got it.
    drop(unsafe { Box::from_raw(held) });
    None
}

/// Puts bytes into memory of their own: its descriptor. What travels with it are the lengths of the parts.
#[napi]
pub fn store_blob(parts: Vec<&[u8]>) -> Result<i32> {
    let memory = blob::store(&parts).map_err(failed("writing a large message to memory"))?;
    Ok(memory.into_raw_fd())
}

/// From this size on a part is mapped. Below it to copy it takes less time than to map it, and a process can only have so many
/// mappings.
const MAPPED_FROM: usize = 512 * 1024;

/// The parts of what [`store_blob`] has made, each an `ArrayBuffer` of its own. Takes the descriptor over.
#[napi]
pub fn load_blob(env: &Env, fd: i32, lengths: Vec<f64>) -> Result<Vec<Unknown<'_>>> {
    // SAFETY: the caller gives the descriptor away.
    let memory = unsafe {
        borrow(fd)?;
        OwnedFd::from_raw_fd(fd)
    };
    let bytes: Vec<u64> = lengths.iter().map(|length| *length as u64).collect();
    let blob = Blob::new(memory, &bytes).map_err(failed("fstat"))?;
    let parts = bytes.into_iter().enumerate().map(|(index, length)| {
        let length = usize::try_from(length).map_err(|_| Code::System.error("a message is larger than memory"))?;
        let mapped = if length < MAPPED_FROM { None } else { blob.map(index, length).ok() };
        let value = mapped.and_then(|part| external(env, part));
        let value = if let Some(value) = value { value } else { copied(env, &blob, index, length)? };
        // SAFETY: a value of this environment, made just now.
        Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), value) })
    });
    parts.collect()
}

/// An `ArrayBuffer` on the mapping; `None` where this Node takes no memory from outside.
fn external(env: &Env, part: Part) -> Option<sys::napi_value> {
    unsafe extern "C" fn free(_env: sys::napi_env, at: *mut c_void, length: *mut c_void) {
        if let Some(at) = NonNull::new(at) {
            // SAFETY: what `into_raw` gave; called once, when no JavaScript can reach it any more.
            unsafe { Part::unmap(at, length.addr()) };
        }
    }
    let (at, length) = part.into_raw();
    let mut value = ptr::null_mut();
    // SAFETY: the memory stays until `free` is called. The length goes as a pointer that nobody follows.
    let status = unsafe {
        let hint = ptr::without_provenance_mut(length);
        sys::napi_create_external_arraybuffer(env.raw(), at.as_ptr(), length, Some(free), hint, &raw mut value)
    };
    if status == sys::Status::napi_ok {
        return Some(value);
    }
    // SAFETY: nobody else has got it.
    unsafe { Part::unmap(at, length) };
    None
}

fn copied(env: &Env, blob: &Blob, index: usize, length: usize) -> Result<sys::napi_value> {
    let (value, data) = new_buffer(env, length)?;
    if length > 0 {
        // SAFETY: the memory of the new ArrayBuffer, which nobody else has got yet.
        let into = unsafe { std::slice::from_raw_parts_mut(data, length) };
        blob.read(index, into).map_err(failed("reading a large message"))?;
    }
    Ok(value)
}

/// An `ArrayBuffer` whose bytes are what its memory held before: only what is about to be overwritten may have it.
fn new_buffer(env: &Env, length: usize) -> Result<(sys::napi_value, *mut u8)> {
    let (mut buffer, mut value, mut data) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: a living environment.
    let mut status = unsafe { sys::napi_create_buffer(env.raw(), length, &raw mut data, &raw mut buffer) };
    if status == sys::Status::napi_ok {
        // SAFETY: the Buffer made just now; what is null is not asked for.
        status = unsafe {
            sys::napi_get_typedarray_info(
                env.raw(),
                buffer,
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                &raw mut value,
                ptr::null_mut(),
            )
        };
    }
    if status == sys::Status::napi_ok {
        return Ok((value, data.cast()));
    }
    Err(Code::System.error(format_args!("there is no memory for a message of {length} bytes")))
}
