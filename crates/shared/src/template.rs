//! Memory of which every process has a copy of its own, made by the system page by page when it is first written to.
//!
//! Who makes it fills it first. From [`freeze`](Template::freeze) on it is what every process begins with, and what the
//! maker writes is its own, too: at the same address, so that nobody who uses the memory notices.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::Result;
use crate::memory::{Access, Mapping, Memory};

#[cfg_attr(target_os = "linux", path = "template/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "template/other.rs")]
mod system;

/// See the [module](self).
#[derive(Debug)]
pub struct Template {
    memory: Memory,
    mapping: Mapping,
    is_frozen: Mutex<bool>,
}

/// Those that are not frozen yet, or were not.
static OPEN: Mutex<Vec<Weak<Template>>> = Mutex::new(Vec::new());

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Template {
    /// Of new memory, to be filled: what is written there is written to the memory itself.
    ///
    /// # Errors
    /// As [`Memory::map`].
    pub fn to_fill(memory: Memory) -> Result<Arc<Self>> {
        // Waits for a fork that is under way, which has frozen all that were known.
        let mut open = lock(&OPEN);
        let mapping = memory.map(Access::Shared)?;
        let template = Arc::new(Self { memory, mapping, is_frozen: Mutex::new(false) });
        open.retain(|other| other.strong_count() > 0);
        open.push(Arc::downgrade(&template));
        Ok(template)
    }

    /// Of memory whose content is complete.
    ///
    /// # Errors
    /// As [`Memory::map`]; [`Error::Call`].
    pub fn frozen(memory: Memory) -> Result<Arc<Self>> {
        let mapping = memory.map(Access::CopyOnWrite)?;
        system::seal(&memory)?;
        Ok(Arc::new(Self { memory, mapping, is_frozen: Mutex::new(true) }))
    }

    /// The memory behind it.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// This process's own.
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// What is there now is what every other process begins with. More than once it does nothing.
    ///
    /// # Errors
    /// [`Error::Call`] (`ENOMEM`).
    pub fn freeze(&self) -> Result<()> {
        let mut is_frozen = lock(&self.is_frozen);
        if !*is_frozen {
            // SAFETY: the place of this very mapping, of this very memory: it reads as before.
            unsafe { self.memory.map_over(self.mapping.address(), Access::CopyOnWrite) }?;
            system::seal(&self.memory)?;
            *is_frozen = true;
        }
        Ok(())
    }
}

/// All are frozen while it lives: for the time of a fork, whose child would else write to the memory itself.
#[derive(Debug)]
pub struct AllFrozen {
    _open: MutexGuard<'static, Vec<Weak<Template>>>,
}

impl AllFrozen {
    /// Freezes all.
    ///
    /// # Errors
    /// As [`Template::freeze`].
    pub fn hold() -> Result<Self> {
        let mut open = lock(&OPEN);
        for template in open.iter().filter_map(Weak::upgrade) {
            template.freeze()?;
        }
        open.clear();
        Ok(Self { _open: open })
    }
}
