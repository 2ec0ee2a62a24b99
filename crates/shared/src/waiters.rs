//! Those who wait for an object, in the order in which they came: rows of slots in its region.

use std::sync::atomic::AtomicU64;

use crate::identity::ProcessId;
use crate::peers::has_ended;
use crate::region::Session;
use crate::{Error, Result};

/// Most waits for one object at a time, of all processes together.
pub(crate) const MOST: usize = 4096;

/// One wait. All zeros are a slot that was never used.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Slot {
    /// Whose it is; 0 is nobody's.
    who: AtomicU64,
    /// Which wait: no two have the same.
    ticket: AtomicU64,
    /// For the object's own use.
    pub(crate) value: AtomicU64,
    /// Places in the row, counted from 1.
    next: AtomicU64,
    previous: AtomicU64,
    _padding: [u64; 3],
}

/// A row of slots: first come, first served.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Row {
    first: AtomicU64,
    last: AtomicU64,
    length: AtomicU64,
}

/// All slots of an object.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Pool {
    tickets: AtomicU64,
    /// Slots that were used before and are free, by `next`.
    free: AtomicU64,
    /// Slots that were ever used.
    used: AtomicU64,
    _padding: AtomicU64,
    slots: [Slot; MOST],
}

const _: () = assert!(size_of::<Slot>() == 64 && size_of::<Row>() == 24 && size_of::<Pool>() == 32 + 64 * MOST);

/// A wait: its slot, and its ticket, by which it knows the slot again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    slot: u64,
    pub(crate) ticket: u64,
    who: ProcessId,
}

impl Place {
    /// False in a forked child: there it is the parent who waits.
    pub(crate) fn is_own(&self) -> bool {
        self.who == ProcessId::own()
    }
}

impl Pool {
    /// A number that nobody else has.
    pub(crate) fn ticket(&self, session: &Session<'_>) -> u64 {
        session.add(&self.tickets, 1)
    }

    fn slot(&self, place: u64) -> Option<&Slot> {
        self.slots.get((place as usize).checked_sub(1)?)
    }

    /// Goes to the end of `row`. `rows` are all of the object's, in which those may be purged who have died if nothing is free.
    pub(crate) fn append(&self, session: &Session<'_>, row: &Row, rows: &[&Row]) -> Result<Place> {
        let mut number = self.take_free(session);
        if number.is_none() {
            self.purge(session, rows);
            number = self.take_free(session);
        }
        let number = number.ok_or(Error::Full(MOST))?;
        let ticket = self.ticket(session);
        let slot = self.slot(number).ok_or(Error::Full(MOST))?;
        let who = ProcessId::own();
        session.set(&slot.who, who.raw());
        session.set(&slot.ticket, ticket);
        session.set(&slot.value, 0);
        self.link(session, row, number);
        Ok(Place { slot: number, ticket, who })
    }

    /// The slot, if it is still this wait's, and this process's.
    pub(crate) fn find(&self, session: &Session<'_>, place: Place) -> Option<&Slot> {
        let slot = self.slot(place.slot)?;
        (place.is_own() && session.get(&slot.ticket) == place.ticket).then_some(slot)
    }

    /// Takes the wait out of its row, if it is still in it.
    pub(crate) fn remove(&self, session: &Session<'_>, row: &Row, place: Place) -> bool {
        let found = self.find(session, place).is_some();
        if found {
            self.free(session, row, place.slot);
        }
        found
    }

    /// Takes the one who came first out of the row: who it is, and its ticket.
    pub(crate) fn pop(&self, session: &Session<'_>, row: &Row) -> Option<(u64, u64)> {
        let number = session.get(&row.first);
        let slot = self.slot(number)?;
        let (who, ticket) = (session.get(&slot.who), session.get(&slot.ticket));
        self.free(session, row, number);
        Some((who, ticket))
    }

    /// Moves the one who came first to the end of another row.
    pub(crate) fn shift(&self, session: &Session<'_>, from: &Row, to: &Row) -> Option<&Slot> {
        let number = session.get(&from.first);
        let slot = self.slot(number)?;
        self.unlink(session, from, number);
        self.link(session, to, number);
        Some(slot)
    }

    /// Moves the first one that is chosen to the end of another row.
    pub(crate) fn shift_first(
        &self,
        session: &Session<'_>,
        from: &Row,
        to: &Row,
        is_chosen: impl Fn(&Slot) -> bool,
    ) -> Option<&Slot> {
        let mut number = session.get(&from.first);
        while let Some(slot) = self.slot(number) {
            if is_chosen(slot) {
                self.unlink(session, from, number);
                self.link(session, to, number);
                return Some(slot);
            }
            number = session.get(&slot.next);
        }
        None
    }

    /// Takes all out of the row, with few changes.
    pub(crate) fn clear(&self, session: &Session<'_>, row: &Row) {
        if let Some(last) = self.slot(session.get(&row.last)) {
            session.set(&last.next, session.get(&self.free));
            session.set(&self.free, session.get(&row.first));
            session.set(&row.first, 0);
            session.set(&row.last, 0);
            session.set(&row.length, 0);
        }
    }

    /// The slots of a row and whose they are, in order.
    pub(crate) fn each<'pool>(
        &'pool self,
        session: &'pool Session<'_>,
        row: &'pool Row,
    ) -> impl Iterator<Item = (&'pool Slot, Option<ProcessId>)> {
        let mut number = session.get(&row.first);
        std::iter::from_fn(move || {
            let slot = self.slot(number)?;
            number = session.get(&slot.next);
            Some((slot, ProcessId::from_raw(session.get(&slot.who))))
        })
        .take(MOST)
    }

    /// Takes those out of the row whose process is chosen: how many.
    pub(crate) fn retain(&self, session: &Session<'_>, row: &Row, mut stays: impl FnMut(ProcessId) -> bool) -> usize {
        let (mut number, mut removed) = (session.get(&row.first), 0);
        while let Some(slot) = self.slot(number) {
            let next = session.get(&slot.next);
            if !ProcessId::from_raw(session.get(&slot.who)).is_some_and(&mut stays) {
                self.free(session, row, number);
                removed += 1;
            }
            number = next;
        }
        removed
    }

    fn take_free(&self, session: &Session<'_>) -> Option<u64> {
        let free = session.get(&self.free);
        if let Some(slot) = self.slot(free) {
            session.set(&self.free, session.get(&slot.next));
            return Some(free);
        }
        (session.get(&self.used) < MOST as u64).then(|| session.add(&self.used, 1))
    }

    fn purge(&self, session: &Session<'_>, rows: &[&Row]) {
        let mut known = std::collections::HashMap::new();
        for row in rows {
            self.retain(session, row, |process| !*known.entry(process).or_insert_with(|| has_ended(process)));
        }
    }

    fn free(&self, session: &Session<'_>, row: &Row, number: u64) {
        self.unlink(session, row, number);
        let Some(slot) = self.slot(number) else { return };
        session.set(&slot.who, 0);
        session.set(&slot.ticket, 0);
        session.set(&slot.next, session.get(&self.free));
        session.set(&self.free, number);
    }

    fn link(&self, session: &Session<'_>, row: &Row, number: u64) {
        let Some(slot) = self.slot(number) else { return };
        let last = session.get(&row.last);
        session.set(&slot.previous, last);
        session.set(&slot.next, 0);
        session.set(self.slot(last).map_or(&row.first, |last| &last.next), number);
        session.set(&row.last, number);
        session.add(&row.length, 1);
    }

    fn unlink(&self, session: &Session<'_>, row: &Row, number: u64) {
        let Some(slot) = self.slot(number) else { return };
        let (previous, next) = (session.get(&slot.previous), session.get(&slot.next));
        session.set(self.slot(previous).map_or(&row.first, |previous| &previous.next), next);
        session.set(self.slot(next).map_or(&row.last, |next| &next.previous), previous);
        session.add(&row.length, u64::MAX);
    }
}

impl Row {
    pub(crate) fn length(&self, session: &Session<'_>) -> u64 {
        session.get(&self.length)
    }

    pub(crate) fn is_empty(&self, session: &Session<'_>) -> bool {
        self.length(session) == 0
    }
}
