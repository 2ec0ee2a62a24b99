//! Shared memory as buffers of JavaScript.

use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::sync::{Arc, OnceLock};

use napi::bindgen_prelude::{Uint8Array, Unknown};
use napi::{Env, JsValue, sys};
use napi_derive::napi;
use zygote_shared::memory::{Access, Mapping, Memory};
use zygote_shared::template::Template;

use crate::descriptor;
use crate::error::{Code, Result, shared_failed};

#[cfg_attr(unix, path = "memory/unix.rs")]
#[cfg_attr(windows, path = "memory/windows.rs")]
mod system;

/// `node_api_create_external_sharedarraybuffer`: from Node 26.1, 24.16 and 22.23.3 on, and in no version of Node-API yet.
type CreateExternal = unsafe extern "C" fn(
    env: sys::napi_env,
    data: *mut c_void,
    length: usize,
    finalize: unsafe extern "C" fn(data: *mut c_void, hint: *mut c_void),
    hint: *mut c_void,
    result: *mut sys::napi_value,
) -> sys::napi_status;

fn create_external() -> Option<CreateExternal> {
    static FOUND: OnceLock<Option<CreateExternal>> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let found = system::function_of_node(c"node_api_create_external_sharedarraybuffer")?;
        // SAFETY: the function of this name has this signature, see Node's js_native_api.h.
        Some(unsafe { std::mem::transmute::<NonNull<c_void>, CreateExternal>(found) })
    })
}

enum Content {
    /// Everybody writes to it.
    Shared(Memory),
    /// Everybody has a copy.
    Template(Arc<Template>),
}

/// A piece of memory, as long as it is not closed. Buffers that were made of it stay valid beyond that.
#[napi]
pub struct MemoryObject {
    content: Option<Content>,
}

#[napi]
impl MemoryObject {
    /// New memory, all zeros. `copies`: everybody is to have a copy of what is there when it is frozen.
    #[napi(factory)]
    pub fn create(size: f64, copies: bool) -> Result<Self> {
        let memory = Memory::create(size as usize).map_err(shared_failed)?;
        let content = if copies {
            Content::Template(Template::to_fill(memory).map_err(shared_failed)?)
        } else {
            Content::Shared(memory)
        };
        Ok(Self { content: Some(content) })
    }

    /// The same with these bytes in it; frozen, if everybody is to have a copy.
    #[napi(factory)]
    pub fn from_bytes(bytes: Uint8Array, copies: bool) -> Result<Self> {
        let memory = Memory::create(bytes.len()).map_err(shared_failed)?;
        memory.write(&bytes).map_err(shared_failed)?;
        Self::of_complete(memory, copies)
    }

    /// The first bytes, so many, of what is behind a descriptor that has arrived, which it takes over in any case.
    #[napi(factory)]
    pub fn from_descriptor(fd: i32, size: f64, copies: bool) -> Result<Self> {
        // SAFETY: the caller hands it over.
        let descriptor = unsafe { descriptor::take(fd) }?;
        let memory = Memory::from_descriptor(descriptor).and_then(|memory| memory.shortened(size as usize));
        Self::of_complete(memory.map_err(shared_failed)?, copies)
    }

    fn of_complete(memory: Memory, copies: bool) -> Result<Self> {
        let content = if copies {
            Content::Template(Template::frozen(memory).map_err(shared_failed)?)
        } else {
            Content::Shared(memory)
        };
        Ok(Self { content: Some(content) })
    }

    fn memory(&self) -> Result<&Memory> {
        match &self.content {
            Some(Content::Shared(memory)) => Ok(memory),
            Some(Content::Template(template)) => Ok(template.memory()),
            None => Err(Code::InvalidArgument.error("the memory is closed")),
        }
    }

    /// Stays its own.
    #[napi]
    pub fn descriptor(&self) -> Result<i32> {
        Ok(descriptor::number_of(self.memory()?))
    }

    /// What is there now is what everybody begins with.
    #[napi]
    pub fn freeze(&self) -> Result<()> {
        match &self.content {
            Some(Content::Template(template)) => template.freeze().map_err(shared_failed),
            _ => Ok(()),
        }
    }

    /// A `SharedArrayBuffer` of memory that everybody writes to; `null` where this Node cannot make one.
    #[napi]
    pub fn share<'env>(&self, env: &'env Env) -> Result<Option<Unknown<'env>>> {
        let Some(create) = create_external() else { return Ok(None) };
        let memory = self.memory()?;
        let mapping = Box::new(memory.map(Access::Shared).map_err(shared_failed)?);
        let (data, length) = (mapping.address().as_ptr().cast(), memory.size());
        let hint = Box::into_raw(mapping);
        let mut value = ptr::null_mut();
        // SAFETY: the mapping lives until `unmap` is called with it, which may be on any thread.
        let status = unsafe { create(env.raw(), data, length, unmap, hint.cast(), &raw mut value) };
        if status == sys::Status::napi_ok {
            // SAFETY: just made, in the scope of this call.
            return Ok(Some(unsafe { Unknown::from_raw_unchecked(env.raw(), value) }));
        }
        // SAFETY: Node has not taken it.
        drop(unsafe { Box::from_raw(hint) });
        Err(Code::System.error(format_args!("this Node refuses a SharedArrayBuffer of {length} bytes")))
    }

    /// Puts the memory in the place of a growable `SharedArrayBuffer` of at least its size, with which it will be unmapped.
    /// `view` shows that from its begin on.
    #[napi]
    pub fn share_over(&self, mut view: Uint8Array) -> Result<()> {
        let memory = self.memory()?;
        // SAFETY: nothing looks at the content.
        let place = NonNull::from(unsafe { view.as_mut() });
        if place.len() < memory.size() || !place.cast::<u8>().addr().get().is_multiple_of(system::page_size()) {
            return Err(Code::Unsupported.error(
                "this Node does not keep a growable SharedArrayBuffer in pages of its own: use Node 22.23.3, 24.16, 26.1 or newer",
            ));
        }
        // SAFETY: V8 reserves whole pages for it, and gives them back to the system as a whole.
        unsafe { memory.map_over(place.cast(), Access::Shared) }.map_err(shared_failed)
    }

    /// An `ArrayBuffer` with this process's copy.
    #[napi]
    pub fn copy<'env>(&self, env: &'env Env) -> Result<Unknown<'env>> {
        let Some(Content::Template(template)) = &self.content else {
            return Err(Code::InvalidArgument.error("there are no copies of this memory"));
        };
        let data = template.mapping().address().as_ptr().cast();
        let length = template.memory().size();
        let hint = Arc::into_raw(Arc::clone(template));
        let mut value = ptr::null_mut();
        // SAFETY: the mapping lives as long as the counted reference, which `release` drops.
        let status = unsafe {
            sys::napi_create_external_arraybuffer(
                env.raw(),
                data,
                length,
                Some(release),
                hint.cast_mut().cast(),
                &raw mut value,
            )
        };
        if status == sys::Status::napi_ok {
            // SAFETY: just made, in the scope of this call.
            return Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), value) });
        }
        // SAFETY: Node has not taken it.
        drop(unsafe { Arc::from_raw(hint) });
        Err(Code::Unsupported
            .error(format_args!("this Node refuses an ArrayBuffer of {length} bytes that are not in its own memory")))
    }

    /// Takes a copy out of its `ArrayBuffer`, which is empty from then on.
    #[napi]
    pub fn detach(&self, env: Env, copy: Unknown<'_>) -> Result<()> {
        // SAFETY: a value of this environment; anything but an ArrayBuffer is refused.
        match unsafe { sys::napi_detach_arraybuffer(env.raw(), copy.raw()) } {
            sys::Status::napi_ok => Ok(()),
            _ => Err(Code::InvalidArgument.error("this is no ArrayBuffer that can be detached")),
        }
    }

    /// Lets go of it: the descriptor is closed.
    #[napi]
    pub fn close(&mut self) {
        self.content = None;
    }
}

unsafe extern "C" fn unmap(_data: *mut c_void, mapping: *mut c_void) {
    // SAFETY: given by `share`, once.
    drop(unsafe { Box::from_raw(mapping.cast::<Mapping>()) });
}

unsafe extern "C" fn release(_env: sys::napi_env, _data: *mut c_void, template: *mut c_void) {
    // SAFETY: given by `copy`, once.
    drop(unsafe { Arc::from_raw(template.cast_const().cast::<Template>()) });
}
