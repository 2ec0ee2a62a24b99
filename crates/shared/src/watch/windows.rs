//! Windows: an event, which whoever rings one of the bells sets, and the system when a process has ended.

use std::collections::HashMap;
use std::ffi::c_void;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Threading::{
    INFINITE, RegisterWaitForSingleObject, SetEvent, UnregisterWaitEx, WT_EXECUTEINWAITTHREAD, WT_EXECUTEONLYONCE,
};

use super::Heard;
use crate::Result;
use crate::bell::{Bell, Shared};
use crate::identity::ProcessId;
use crate::peers::Peer;
use crate::windows::{Event, failed};

#[derive(Debug)]
pub(crate) struct Watch {
    event: Event,
    bells: HashMap<u32, Awaited>,
    peers: HashMap<ProcessId, Ending>,
}

#[derive(Debug)]
struct Awaited {
    bell: Arc<Shared>,
    slot: usize,
    /// How often it was rung before what was heard of last.
    rings: u64,
}

/// A process whose end sets the event.
#[derive(Debug)]
struct Ending {
    peer: Peer,
    wait: HANDLE,
    heard: bool,
}

// SAFETY: the handle of a wait belongs to no thread.
unsafe impl Send for Ending {}
// SAFETY: as above; only who has it alone ends the wait.
unsafe impl Sync for Ending {}

impl Watch {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self { event: Event::take()?, bells: HashMap::new(), peers: HashMap::new() })
    }

    pub(crate) fn add_bell(&mut self, bell: &Bell) -> Result<()> {
        let bell = Arc::clone(bell.shared());
        let slot = bell.enter(&self.event)?;
        let rings = bell.rings();
        self.bells.insert(bell.token(), Awaited { bell, slot, rings });
        Ok(())
    }

    pub(crate) fn remove_bell(&mut self, bell: &Bell) {
        if let Some(Awaited { bell, slot, .. }) = self.bells.remove(&bell.token()) {
            bell.leave(slot);
        }
    }

    /// Who ended in between is heard of.
    pub(crate) fn add_peer(&mut self, peer: &Peer, process: ProcessId) -> Result<()> {
        let ending = Ending::new(peer.clone(), &self.event)?;
        self.peers.insert(process, ending);
        Ok(())
    }

    pub(crate) fn remove_peer(&mut self, peer: &Peer) {
        self.peers.remove(&peer.process());
    }

    /// What was heard since the last time; waits until there is something, or so long.
    pub(crate) fn hear(&mut self, longest: Option<Duration>) -> Result<Vec<Heard>> {
        let heard = self.collect();
        if !heard.is_empty() || longest.is_some_and(|longest| longest.is_zero()) {
            return Ok(heard);
        }
        self.event.wait(longest.map_or(INFINITE, milliseconds))?;
        Ok(self.collect())
    }

    fn collect(&mut self) -> Vec<Heard> {
        let mut heard = Vec::new();
        for (token, awaited) in &mut self.bells {
            let rings = awaited.bell.rings();
            if rings != awaited.rings {
                awaited.rings = rings;
                heard.push(Heard::Bell(*token));
            }
        }
        for (process, ending) in &mut self.peers {
            if !ending.heard && ending.peer.has_ended() {
                ending.heard = true;
                heard.push(Heard::End(*process));
            }
        }
        heard
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        for Awaited { bell, slot, .. } in self.bells.values() {
            bell.leave(*slot);
        }
        // Before the event is somebody else's.
        self.peers.clear();
    }
}

impl AsHandle for Watch {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.event.handle()
    }
}

impl Ending {
    fn new(peer: Peer, event: &Event) -> Result<Self> {
        let mut wait = ptr::null_mut();
        let context = event.handle().as_raw_handle();
        let flags = WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD;
        // SAFETY: the process's handle lives until `drop` has ended the wait; events are never closed.
        let registered = unsafe {
            RegisterWaitForSingleObject(
                &raw mut wait,
                peer.as_handle().as_raw_handle(),
                Some(on_end),
                context,
                INFINITE,
                flags,
            )
        };
        if registered == 0 {
            return Err(failed("RegisterWaitForSingleObject"));
        }
        Ok(Self { peer, wait, heard: false })
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        // SAFETY: registered in `new`; waits until the callback, which takes no lock, is over.
        unsafe { UnregisterWaitEx(self.wait, INVALID_HANDLE_VALUE) };
    }
}

/// On a thread of the system's.
unsafe extern "system" fn on_end(event: *mut c_void, _timed_out: bool) {
    // SAFETY: an event of this process, none of which is ever closed.
    unsafe { SetEvent(event) };
}

/// Rounded up: nobody wakes too early.
fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(INFINITE - 1).min(INFINITE - 1)
}
