//! Processes that are killed at each single instruction of a change: it has happened as a whole, or not at all.

mod support;

use std::sync::atomic::AtomicU64;

use support::{Fate, kill_after};
use zygote_shared::region::Region;

const KIND: u32 = 0x7e57;

#[repr(C)]
struct Accounts {
    first: AtomicU64,
    second: AtomicU64,
    moves: AtomicU64,
}

fn accounts(region: &Region) -> &Accounts {
    // SAFETY: atomics.
    unsafe { region.at::<Accounts>(0) }.expect("a state")
}

fn move_one(region: &Region) {
    let accounts = accounts(region);
    let session = region.enter();
    session.add(&accounts.first, u64::MAX);
    session.add(&accounts.second, 1);
    session.add(&accounts.moves, 1);
    session.commit();
}

fn a_change_is_whole_at_each_instant() {
    let region = Region::create(KIND, 8, size_of::<Accounts>()).expect("a region");
    let state = accounts(&region);
    let session = region.enter();
    session.set(&state.first, 1_000_000);
    session.commit();
    let (mut instant, mut undone) = (0, 0);
    loop {
        let before = state.moves.load(std::sync::atomic::Ordering::Relaxed);
        let fate = kill_after(instant, || move_one(&region));
        let session = region.enter();
        let moves = session.get(&state.moves);
        assert_eq!(session.get(&state.second), moves, "killed after {instant} instructions");
        assert_eq!(session.get(&state.first), 1_000_000 - moves, "killed after {instant} instructions");
        drop(session);
        undone += u32::from(moves == before);
        if fate == Fate::Done {
            assert_eq!(moves, before + 1);
            break;
        }
        instant += 1;
    }
    assert!(region.recoveries() > 0, "some were killed inside");
    assert!(undone > 0 && undone <= instant, "{undone} of {instant} changed nothing");
}

cases!(a_change_is_whole_at_each_instant);
