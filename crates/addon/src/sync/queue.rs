//! Queues.

use std::ptr;

use napi::bindgen_prelude::{ToNapiValue, Uint8ArraySlice, Unknown};
use napi::{Env, sys};
use napi_derive::napi;
use zygote_shared::queue::{Claim, Limits, Put, Queue, Take};

use super::object::{Kept, take_over};
use super::wait::SharedWait;
use crate::error::{Code, Result, shared_failed};

/// See `zygote_shared::queue::Limits`.
#[napi(object)]
pub struct BindingLimits {
    /// 0 for any number.
    pub messages: f64,
    /// Bytes.
    pub bytes: f64,
    /// Whether it counts what is done.
    pub joinable: bool,
}

/// See `zygote_shared::queue`.
#[napi]
pub struct SharedQueue(Kept<Queue>);

#[napi]
impl SharedQueue {
    /// A new one; or what has arrived in form of `descriptors`, which are its own from here on.
    #[napi(constructor)]
    pub fn new(limits: BindingLimits, descriptors: Option<Vec<i32>>) -> Result<Self> {
        let queue = match descriptors {
            None => Queue::create(Limits {
                messages: limits.messages as u64,
                bytes: limits.bytes as u64,
                joinable: limits.joinable,
            }),
            Some(descriptors) => take_over(descriptors).map(|(memory, bell)| Queue::open(memory, bell))?,
        };
        Ok(Self(Kept::new(queue.map_err(shared_failed)?, Queue::bell)))
    }

    /// They stay its own.
    #[napi]
    pub fn descriptors(&self) -> Vec<i32> {
        self.0.descriptors(Queue::region)
    }

    /// Messages that can be taken now.
    #[napi]
    pub fn size(&self) -> f64 {
        self.0.object.size() as f64
    }

    /// Nothing can be put into it from now on.
    #[napi]
    pub fn close(&self) {
        self.0.object.close();
    }

    /// Whether it was closed.
    #[napi]
    pub fn is_closed(&self) -> bool {
        self.0.object.is_closed()
    }

    /// Puts the first `length` bytes as a message: false if there is no room now.
    #[napi]
    pub fn put(&self, bytes: &[u8], length: u32) -> Result<bool> {
        let bytes = bytes.get(..length as usize).unwrap_or(bytes);
        Ok(self.0.object.put(&[bytes]).map_err(shared_failed)? == Put::Done)
    }

    /// Puts a message of several pieces: false if there is no room now.
    #[napi]
    pub fn put_pieces(&self, pieces: Vec<&[u8]>) -> Result<bool> {
        Ok(self.0.object.put(&pieces).map_err(shared_failed)? == Put::Done)
    }

    /// Takes the first message: the length of a small one, which is in `into` then, or the pieces of a large one. -1 if there is none
    /// now, -2 if there is none to come.
    #[napi]
    pub fn take<'env>(&self, env: &'env Env, mut into: Uint8ArraySlice<'_>) -> Result<Unknown<'env>> {
        // SAFETY: JavaScript does not run meanwhile; the caller does not give memory that a Worker looks at.
        let into = unsafe { into.as_mut() };
        let number = match self.0.object.take(into).map_err(shared_failed)? {
            Take::Small(length) => length as i32,
            Take::Large(claim) => {
                // An error on the way leaves the message where it is.
                let pieces = pieces_of(env, &claim)?;
                claim.take().map_err(shared_failed)?;
                return Ok(pieces);
            }
            Take::Empty => -1,
            Take::End => -2,
        };
        value_of(env, number)
    }

    /// A message that this process has taken is done.
    #[napi]
    pub fn done(&self) -> Result<()> {
        self.0.object.done().map_err(shared_failed)
    }

    /// Messages that were put and are not done.
    #[napi]
    pub fn unfinished(&self) -> f64 {
        self.0.object.unfinished() as f64
    }

    /// Waits until there is something to take, or the end.
    #[napi]
    pub fn wait_for_message(&self) -> SharedWait {
        SharedWait::new(self.0.object.wait_for_message(), |outcome| [outcome as f64, 0.0])
    }

    /// Waits until there is room for a message with pieces of these lengths, or it is closed.
    #[napi]
    pub fn wait_for_room(&self, pieces: Vec<f64>) -> SharedWait {
        let lengths: Vec<_> = pieces.into_iter().map(|length| length as usize).collect();
        SharedWait::new(self.0.object.wait_for_room(&lengths), |outcome| [outcome as f64, 0.0])
    }

    /// Waits until all messages are done or lost: how many are lost.
    #[napi]
    pub fn wait_for_done(&self) -> SharedWait {
        SharedWait::new(self.0.object.wait_for_done(), |outcome| [outcome as f64, 0.0])
    }
}

fn value_of(env: &Env, value: impl ToNapiValue) -> Result<Unknown<'_>> {
    // SAFETY: a living environment, and a value of it made just now.
    unsafe {
        let value = ToNapiValue::to_napi_value(env.raw(), value)
            .map_err(|error| Code::System.error(format_args!("making a value: {error}")))?;
        Ok(Unknown::from_raw_unchecked(env.raw(), value))
    }
}

/// An `ArrayBuffer` for each.
fn pieces_of<'env>(env: &'env Env, claim: &Claim<'_>) -> Result<Unknown<'env>> {
    let pieces: Result<Vec<_>> = claim
        .pieces()
        .map_err(shared_failed)?
        .into_iter()
        .map(|(begin, length)| piece(env, claim, begin, length))
        .collect();
    value_of(env, pieces?)
}

fn piece<'env>(env: &'env Env, claim: &Claim<'_>, begin: u64, length: usize) -> Result<Unknown<'env>> {
    let (mut value, mut data) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: a living environment.
    let status = unsafe { sys::napi_create_arraybuffer(env.raw(), length, &raw mut data, &raw mut value) };
    if status != sys::Status::napi_ok {
        return Err(Code::System.error(format_args!("there is no memory for a message of {length} bytes")));
    }
    if length > 0 {
        // SAFETY: the memory of the new ArrayBuffer, which nobody else has got yet.
        claim.read(begin, unsafe { std::slice::from_raw_parts_mut(data.cast::<u8>(), length) });
    }
    // SAFETY: a value of this environment.
    Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), value) })
}
