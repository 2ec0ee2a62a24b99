//! What an environment has acquired: it is given back when the environment ends. A process that ends needs no such care, but a
//! Worker can end in the midst of it, and its process goes on.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use napi::{Env, sys};
use zygote_shared::lock::Lock;
use zygote_shared::semaphore::{Back, Semaphore};

#[derive(Default)]
struct Held {
    agent: u64,
    locks: HashMap<(usize, u64), Weak<Lock>>,
    semaphores: HashMap<usize, (Weak<Semaphore>, u64)>,
}

thread_local! {
    static HELD: RefCell<Option<Held>> = const { RefCell::new(None) };
}

fn with<T>(env: Env, act: impl FnOnce(&mut Held) -> T) -> T {
    static AGENTS: AtomicU64 = AtomicU64::new(1);
    HELD.with_borrow_mut(|held| {
        let held = held.get_or_insert_with(|| {
            // SAFETY: a living environment; the hook takes no argument.
            unsafe { sys::napi_add_env_cleanup_hook(env.raw(), Some(on_end), ptr::null_mut()) };
            Held { agent: AGENTS.fetch_add(1, Ordering::Relaxed), ..Held::default() }
        });
        act(held)
    })
}

/// Tells this environment from the others of the process.
pub(super) fn agent(env: Env) -> u64 {
    with(env, |held| held.agent)
}

/// Notes it.
pub(super) fn acquired(env: Env, lock: &Arc<Lock>, ticket: u64) {
    with(env, |held| held.locks.insert((Arc::as_ptr(lock).addr(), ticket), Arc::downgrade(lock)));
}

/// It was given back.
pub(super) fn released(env: Env, lock: &Arc<Lock>, ticket: u64) {
    with(env, |held| held.locks.remove(&(Arc::as_ptr(lock).addr(), ticket)));
}

/// Notes a permit, or that one was given back.
pub(super) fn permits(env: Env, semaphore: &Arc<Semaphore>, change: i64) {
    with(env, |held| {
        let key = Arc::as_ptr(semaphore).addr();
        let (_, permits) = held.semaphores.entry(key).or_insert_with(|| (Arc::downgrade(semaphore), 0));
        *permits = permits.saturating_add_signed(change);
        if *permits == 0 {
            held.semaphores.remove(&key);
        }
    });
}

unsafe extern "C" fn on_end(_: *mut c_void) {
    let Some(held) = HELD.take() else { return };
    for ((_, ticket), lock) in held.locks {
        if let Some(lock) = lock.upgrade() {
            lock.abandon(ticket);
        }
    }
    for (semaphore, permits) in held.semaphores.into_values() {
        if let Some(semaphore) = semaphore.upgrade() {
            for _ in 0..permits {
                let _ = semaphore.give_back(Back::Release);
            }
        }
    }
}
