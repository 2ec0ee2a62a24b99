//! macOS: `shm_open`, whose name is taken away at once. A process killed in between leaves a name behind, and no memory.

use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::Mode;
use rustix::io::{Errno, FdFlags};
use rustix::shm::OFlags;

use crate::{Error, Result};

pub(super) use super::unix::{Object, map, map_over, unmap, write};

pub(super) fn create(size: usize) -> Result<Object> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let object = loop {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("/zygote-{}-{count}", std::process::id());
        match rustix::shm::open(&name, OFlags::CREATE | OFlags::EXCL | OFlags::RDWR, Mode::RUSR | Mode::WUSR) {
            Ok(object) => {
                let _ = rustix::shm::unlink(&name);
                break object;
            }
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(Error::call("shm_open")(errno.into())),
        }
    };
    rustix::io::fcntl_setfd(&object, FdFlags::CLOEXEC).map_err(|errno| Error::call("fcntl(F_SETFD)")(errno.into()))?;
    rustix::fs::ftruncate(&object, size as u64).map_err(|errno| Error::call("ftruncate")(errno.into()))?;
    Ok(object)
}

pub(super) fn punch(_object: &Object, _offset: usize, _length: usize) -> Result<()> {
    Err(Error::Unsupported("giving back a part of shared memory"))
}
