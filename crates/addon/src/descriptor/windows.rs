//! Handles of Windows. JavaScript knows them by their numbers, as it knows descriptors elsewhere: they have 32 significant bits.

use std::os::windows::io::{
    AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, IntoRawHandle, OwnedHandle, RawHandle,
};
use std::ptr;

use napi_derive::napi;
use zygote_process::handle;

use crate::error::{Code, Result, failed};

/// What stands for the object in JavaScript; it stays its owner's.
pub fn number_of(object: impl AsHandle) -> i32 {
    short(object.as_handle().as_raw_handle().addr())
}

/// What stands for a handle in JavaScript.
pub fn short(handle: usize) -> i32 {
    handle as i32
}

/// The handle that a number stands for, its sign kept.
fn raw(number: i32) -> RawHandle {
    ptr::without_provenance_mut(number as isize as usize)
}

/// # Safety
/// The handle must be open for the time of use.
pub unsafe fn borrow<'a>(number: i32) -> Result<BorrowedHandle<'a>> {
    if number == 0 || number == -1 {
        return Err(Code::InvalidArgument.error(format_args!("{number} is not a handle")));
    }
    // SAFETY: not null, and open per the caller.
    Ok(unsafe { BorrowedHandle::borrow_raw(raw(number)) })
}

/// Takes a handle over from JavaScript.
///
/// # Safety
/// It must be open, and the caller gives it away.
pub unsafe fn take(number: i32) -> Result<OwnedHandle> {
    // SAFETY: per the caller.
    unsafe {
        borrow(number)?;
        Ok(OwnedHandle::from_raw_handle(raw(number)))
    }
}

/// Nothing is forked here.
pub fn keep_in_forks(_number: i32) {}

/// Nothing is forked here.
pub fn keep_no_more(_number: i32) {}

/// Closes a handle that JavaScript owns.
#[napi]
pub fn close_descriptor(number: i32) {
    // SAFETY: the caller owns the handle and does not use it again.
    drop(unsafe { take(number) });
}

/// Another number for the same object.
#[napi]
pub fn duplicate_descriptor(number: i32) -> Result<i32> {
    // SAFETY: the caller owns the handle.
    let duplicate = unsafe { borrow(number) }?.try_clone_to_owned().map_err(failed("DuplicateHandle"))?;
    Ok(short(duplicate.into_raw_handle().addr()))
}

/// Gives a child that this process holds a handle of the same objects: their numbers there.
#[napi]
pub fn give_descriptors(pid: u32, numbers: Vec<i32>) -> Result<Vec<i32>> {
    // SAFETY: the caller owns the handles.
    let handles: Result<Vec<_>> = numbers.into_iter().map(|number| unsafe { borrow(number) }).collect();
    let given = handle::give(pid, &handles?).map_err(failed("DuplicateHandle"))?;
    Ok(given.into_iter().map(short).collect())
}
