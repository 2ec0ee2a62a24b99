//! Windows: addresses that stay reserved while one mapping takes the place of another. From Windows 10 1803 on.

use std::ffi::{CStr, c_void};
use std::ptr::{self, NonNull};
use std::sync::OnceLock;

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleA, GetProcAddress};
use windows_sys::Win32::System::Memory::{
    MEM_PRESERVE_PLACEHOLDER, MEM_RELEASE, MEM_REPLACE_PLACEHOLDER, MEM_RESERVE, MEM_RESERVE_PLACEHOLDER,
    PAGE_NOACCESS, VirtualFree,
};
use windows_sys::Win32::System::Threading::GetCurrentProcess;

type VirtualAlloc2 = unsafe extern "system" fn(
    process: HANDLE,
    address: *const c_void,
    size: usize,
    kind: u32,
    protection: u32,
    parameters: *mut c_void,
    count: u32,
) -> *mut c_void;

type MapViewOfFile3 = unsafe extern "system" fn(
    memory: HANDLE,
    process: HANDLE,
    address: *const c_void,
    offset: u64,
    size: usize,
    kind: u32,
    protection: u32,
    parameters: *mut c_void,
    count: u32,
) -> *mut c_void;

type UnmapViewOfFile2 = unsafe extern "system" fn(process: HANDLE, address: *const c_void, flags: u32) -> i32;

/// The functions for it.
pub(super) struct Placeholders {
    reserve: VirtualAlloc2,
    map: MapViewOfFile3,
    unmap: UnmapViewOfFile2,
}

/// `None` on older systems, in whose libraries an addon that asks for these functions could not be loaded.
pub(super) fn placeholders() -> Option<&'static Placeholders> {
    static FOUND: OnceLock<Option<Placeholders>> = OnceLock::new();
    let find = || {
        // SAFETY: the functions of these names have these signatures.
        unsafe {
            Some(Placeholders {
                reserve: std::mem::transmute::<NonNull<c_void>, VirtualAlloc2>(function(c"VirtualAlloc2")?),
                map: std::mem::transmute::<NonNull<c_void>, MapViewOfFile3>(function(c"MapViewOfFile3")?),
                unmap: std::mem::transmute::<NonNull<c_void>, UnmapViewOfFile2>(function(c"UnmapViewOfFile2")?),
            })
        }
    };
    FOUND.get_or_init(find).as_ref()
}

fn function(name: &CStr) -> Option<NonNull<c_void>> {
    // SAFETY: a library that every process has, for as long as it runs.
    let found = unsafe { GetProcAddress(GetModuleHandleA(c"kernelbase.dll".as_ptr().cast()), name.as_ptr().cast()) }?;
    NonNull::new(found as *mut c_void)
}

impl Placeholders {
    /// A new mapping of whole pages, in whose place another one can be put.
    pub(super) fn map(&self, memory: HANDLE, size: usize, protection: u32) -> Option<NonNull<u8>> {
        let kind = MEM_RESERVE | MEM_RESERVE_PLACEHOLDER;
        // SAFETY: addresses that the system chooses, and nobody else has.
        unsafe {
            let process = GetCurrentProcess();
            let place = (self.reserve)(process, ptr::null(), size, kind, PAGE_NOACCESS, ptr::null_mut(), 0);
            let mapped = self.fill(memory, NonNull::new(place.cast())?, size, protection);
            if mapped.is_none() {
                VirtualFree(place, 0, MEM_RELEASE);
            }
            mapped
        }
    }

    /// Puts another mapping in the place of one that `map` has made.
    ///
    /// # Safety
    /// No thread uses the memory meanwhile.
    pub(super) unsafe fn map_over(&self, memory: HANDLE, place: NonNull<u8>, size: usize, protection: u32) -> bool {
        // SAFETY: per the caller; the addresses stay reserved.
        unsafe {
            (self.unmap)(GetCurrentProcess(), place.as_ptr().cast(), MEM_PRESERVE_PLACEHOLDER) != 0
                && self.fill(memory, place, size, protection).is_some()
        }
    }

    /// # Safety
    /// The place is reserved, and of this size.
    unsafe fn fill(&self, memory: HANDLE, place: NonNull<u8>, size: usize, protection: u32) -> Option<NonNull<u8>> {
        let kind = MEM_REPLACE_PLACEHOLDER;
        // SAFETY: per the caller.
        let mapped = unsafe {
            let (process, at) = (GetCurrentProcess(), place.as_ptr().cast());
            (self.map)(memory, process, at, 0, size, kind, protection, ptr::null_mut(), 0)
        };
        NonNull::new(mapped.cast())
    }
}
