//! `io_uring`: its rings are shared memory, so a child that used them would break its parent.
//!
//! libuv (since 1.45) batches `epoll_ctl` through one ring a loop, and keeps all of the ring's state in the ring's own
//! memory. So the child gets a new ring, mapped at the same addresses and brought to the same positions.

use super::heap::each_mapping;
use super::procfs::Lines;
use super::sys::{self, RingParameters};

const IORING_SETUP_NO_SQARRAY: u32 = 1 << 16;
/// Offset at which a ring's submission entries are mapped (`IORING_OFF_SQES`).
const SQES: usize = 0x1000_0000;
const SQE_SIZE: usize = 64;
const CQE_SIZE: usize = 16;

/// The ring lies in memory that the caller brings (Linux 6.5; of more than one page since 6.10).
const IORING_SETUP_NO_MMAP: u32 = 1 << 14;

/// How a ring can be made at addresses of our choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// By mapping it there. Linux refuses that from 6.4 on.
    Map,
    /// In private memory that is there already.
    UserMemory,
    /// In parts of a huge page, moved there: Linux 6.5 to 6.9 insist on memory that is contiguous in the machine.
    HugePage,
}

const HUGE_PAGE: usize = 2 << 20;

/// Most rings of one process that are known at a time.
pub(super) const CAPACITY: usize = 64;

/// Where a ring lies and how it was made; found outside of the parked time, as it costs a walk over all mappings.
#[derive(Clone, Copy)]
pub(super) struct Ring {
    pub fd: i32,
    pub inode: u64,
    address: usize,
    length: usize,
    sqes_address: usize,
    sqes_length: usize,
    parameters: RingParameters,
    way: Way,
}

/// Positions and pending entries of a ring while all threads are parked.
#[derive(Clone, Copy)]
pub(super) struct RingState {
    sq_head: u32,
    sq_tail: u32,
    cq_head: u32,
    cq_tail: u32,
}

impl RingState {
    /// Whether a ring has made so many operations (a no-op takes 70 ns) that the child's positions will be other numbers.
    /// Then no thread may be in the midst of a step that has read one and is about to store the next.
    pub(super) fn is_far(&self) -> bool {
        self.cq_tail > 1 << 11
    }
}

/// Why a ring cannot be given to a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A kernel thread polls it, or it has registered buffers or files: its state is not all in its memory.
    Foreign,
    /// The kernel has not finished what was submitted.
    InFlight,
    /// A system call failed.
    Call(i32),
}

fn round_to_pages(length: usize) -> usize {
    // SAFETY: asks only.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    length.next_multiple_of(usize::try_from(page).unwrap_or(0).max(0x1000))
}

impl Ring {
    /// Finds out how a ring of this process was made. Not for the parked time: it opens a ring to compare with.
    pub(super) fn discover(fd: i32, inode: u64) -> Result<Self, Refusal> {
        let told = Self::entries_if_plain(fd)?;
        let (mut address, mut length, mut sqes_address, mut sqes_length) = (0, 0, 0, 0);
        each_mapping(|mapping| {
            if mapping.inode == inode && mapping.path.starts_with(b"anon_inode:[io_uring]") {
                let (start, size) = (mapping.start, mapping.end - mapping.start);
                if mapping.offset == 0 {
                    (address, length) = (start, size);
                } else if mapping.offset == SQES as u64 {
                    (sqes_address, sqes_length) = (start, size);
                }
            }
        })
        .map_err(Refusal::Call)?;
        if address == 0 || sqes_address == 0 {
            return Err(Refusal::Foreign);
        }
        // Before 5.16 the kernel does not tell; what is mapped does, as libuv's rings fill whole pages.
        let entries = told.unwrap_or((sqes_length / SQE_SIZE) as u32);
        let probe = |flags| {
            let (fd, parameters) = sys::ring_setup(entries, flags, None)?;
            sys::close(fd);
            Ok(parameters)
        };
        let plain = probe(0).map_err(Refusal::Call)?;
        // With an index array libuv fills it with 0, 1, 2, …; without one there are zeros, or nothing, at that place.
        let array = plain.sq.sixth as usize;
        let has_array = array + 4 * entries as usize <= length
            // SAFETY: inside the ring's mapping, just checked.
            && (0..entries).all(|index| unsafe { word(address, array + 4 * index as usize) } == index);
        let parameters = if has_array { plain } else { probe(IORING_SETUP_NO_SQARRAY).map_err(Refusal::Call)? };
        let way = find_way(&parameters, length, sqes_length).map_err(Refusal::Call)?;
        let ring = Self { fd, inode, address, length, sqes_address, sqes_length, parameters, way };
        if ring.needed_length() == length && sqes_length == round_to_pages(SQE_SIZE * entries as usize) {
            Ok(ring)
        } else {
            Err(Refusal::Foreign)
        }
    }

    /// Number of submission entries where the kernel tells it; refuses a ring whose state is not all in its memory.
    fn entries_if_plain(fd: i32) -> Result<Option<u32>, Refusal> {
        let mut lines = Lines::fdinfo(fd).map_err(Refusal::Call)?;
        let mut entries = None;
        while let Some(line) = lines.next() {
            let mut words = super::procfs::Words(line);
            match words.next() {
                Some(b"SqMask:") => entries = words.hexadecimal().map(|mask| mask as u32 + 1),
                Some(b"SqThread:") if words.next() != Some(b"-1") => return Err(Refusal::Foreign),
                Some(b"UserFiles:" | b"UserBufs:") if words.decimal() != Some(0) => return Err(Refusal::Foreign),
                _ => {}
            }
        }
        Ok(entries.filter(|entries| *entries > 0))
    }

    fn needed_length(&self) -> usize {
        let p = &self.parameters;
        let sq = p.sq.sixth as usize + 4 * p.sq_entries as usize;
        let cq = p.cq.fifth as usize + CQE_SIZE * p.cq_entries as usize;
        round_to_pages(sq.max(cq))
    }

    /// Whether an address is in the ring's memory.
    pub(super) fn contains(&self, address: usize) -> bool {
        address.wrapping_sub(self.address) < self.length || address.wrapping_sub(self.sqes_address) < self.sqes_length
    }

    /// Positions of the ring; for the parked time.
    pub(super) fn state(&self) -> Result<RingState, Refusal> {
        let p = &self.parameters;
        // SAFETY: the offsets lie inside the mapping, checked at discovery; the owner of the ring is parked.
        let state = unsafe {
            RingState {
                sq_head: word(self.address, p.sq.head as usize),
                sq_tail: word(self.address, p.sq.tail as usize),
                cq_head: word(self.address, p.cq.head as usize),
                cq_tail: word(self.address, p.cq.tail as usize),
            }
        };
        // Every submission has made its completion: nothing is in the kernel's hands.
        if state.sq_head == state.cq_tail { Ok(state) } else { Err(Refusal::InFlight) }
    }

    /// Hands out, for the parked time, the entries that the child needs: each as its address and length. These are the
    /// completions that nobody has looked at, the submissions that have not been made, and the one after them, which a
    /// parked thread may have half written.
    pub(super) fn each_entry(&self, state: RingState, mut each: impl FnMut(usize, usize)) {
        let p = &self.parameters;
        for position in 0..state.cq_tail.wrapping_sub(state.cq_head).min(p.cq_entries) {
            let index = state.cq_head.wrapping_add(position) % p.cq_entries;
            each(self.address + p.cq.fifth as usize + CQE_SIZE * index as usize, CQE_SIZE);
        }
        for position in 0..=state.sq_tail.wrapping_sub(state.sq_head).min(p.sq_entries - 1) {
            let index = state.sq_head.wrapping_add(position) % p.sq_entries;
            each(self.sqes_address + SQE_SIZE * index as usize, SQE_SIZE);
        }
    }

    /// Gives the child a ring of its own in this one's place, in the same state. For the time before revival.
    ///
    /// # Safety
    /// In the child only, with `saved` (what `each_entry` handed out, in its order) and `state` taken while the parent's
    /// threads were parked.
    pub(super) unsafe fn renew(&mut self, state: RingState, saved: &[u8], close_on_exec: bool) -> Result<(), i32> {
        let p = self.parameters;
        let p = &p;
        // SAFETY: the child's copies of the ring's own two mappings, which only the ring's users look at.
        let fd = unsafe { make_at(self.way, p, (self.address, self.length), (self.sqes_address, self.sqes_length))? };
        self.inode = sys::stat(fd)?.st_ino;
        sys::replace(fd, self.fd, close_on_exec)?;
        let at = |offset: u32| (self.address + offset as usize) as *mut u32;
        let indexed = p.flags & IORING_SETUP_NO_SQARRAY == 0;
        // No-ops bring the new ring to the old one's positions. They count up for ever; beyond a limit only their place in
        // the ring is made the same (see `is_far`).
        let mut steps = if state.is_far() { state.cq_tail % p.cq_entries } else { state.cq_tail };
        // SAFETY: words and entries inside the two mappings, which no other thread of this process uses yet.
        unsafe {
            if indexed {
                for index in 0..p.sq_entries {
                    at(p.sq.sixth).add(index as usize).write_volatile(index);
                }
            }
            // All zeros is a no-op, in memory that is new.
            while steps > 0 {
                let count = steps.min(p.sq_entries);
                let tail = at(p.sq.tail).read_volatile();
                at(p.sq.tail).write_volatile(tail.wrapping_add(count));
                if sys::ring_enter(self.fd, count)? != count as usize {
                    return Err(libc::EIO);
                }
                at(p.cq.head).write_volatile(at(p.cq.tail).read_volatile());
                steps -= count;
            }
            // Completions that had not been looked at, and submissions that had not been made.
            let unseen = state.cq_tail.wrapping_sub(state.cq_head);
            let mut rest = saved;
            self.each_entry(state, |target, length| {
                if let Some((entry, others)) = rest.split_at_checked(length) {
                    core::ptr::copy_nonoverlapping(entry.as_ptr(), target as *mut u8, length);
                    rest = others;
                }
            });
            let tail = at(p.cq.tail).read_volatile();
            at(p.cq.head).write_volatile(tail.wrapping_sub(unseen));
            let head = at(p.sq.head).read_volatile();
            at(p.sq.tail).write_volatile(head.wrapping_add(state.sq_tail.wrapping_sub(state.sq_head)));
        }
        Ok(())
    }
}

/// Tries on memory of its own how a ring like this one can be made at given addresses.
fn find_way(parameters: &RingParameters, length: usize, sqes_length: usize) -> Result<Way, i32> {
    let scratch = sys::reserve(length + sqes_length)? as usize;
    let attempt = |way| {
        // SAFETY: the scratch memory is nobody else's.
        unsafe { make_at(way, parameters, (scratch, length), (scratch + length, sqes_length)) }.map(|fd| {
            sys::close(fd);
            way
        })
    };
    let found = attempt(Way::Map).or_else(|_| attempt(Way::UserMemory)).or_else(|_| attempt(Way::HugePage));
    sys::unmap(scratch, length + sqes_length);
    found
}

/// Makes a ring whose two parts lie at the given addresses and lengths, over what is mapped there.
///
/// # Safety
/// Nothing may rely on what was at these addresses.
unsafe fn make_at(
    way: Way,
    like: &RingParameters,
    (address, length): (usize, usize),
    (sqes_address, sqes_length): (usize, usize),
) -> Result<i32, i32> {
    let flags = like.flags & IORING_SETUP_NO_SQARRAY;
    // SAFETY: per the caller.
    let (fd, made) = unsafe {
        match way {
            Way::Map => {
                let (fd, made) = sys::ring_setup(like.sq_entries, flags, None)?;
                let mapped = sys::map_over(address, length, Some((fd, 0)))
                    .and_then(|()| sys::map_over(sqes_address, sqes_length, Some((fd, SQES))));
                if let Err(errno) = mapped {
                    sys::close(fd);
                    return Err(errno);
                }
                (fd, made)
            }
            Way::UserMemory | Way::HugePage => {
                if way == Way::HugePage {
                    move_huge_page(&[(address, length), (sqes_address, sqes_length)])?;
                } else {
                    sys::map_over(address, length, None)?;
                    sys::map_over(sqes_address, sqes_length, None)?;
                }
                sys::ring_setup(like.sq_entries, flags | IORING_SETUP_NO_MMAP, Some((address, sqes_address)))?
            }
        }
    };
    let same = made.sq.head == like.sq.head
        && made.sq.tail == like.sq.tail
        && made.sq.sixth == like.sq.sixth
        && made.cq.head == like.cq.head
        && made.cq.tail == like.cq.tail
        && made.cq.fifth == like.cq.fifth;
    if same {
        Ok(fd)
    } else {
        sys::close(fd);
        Err(libc::EPROTO)
    }
}

/// Puts parts of one new huge page at the given addresses and lengths, over what is mapped there. Where the system gives no
/// huge page they are ordinary memory, and making the ring may fail.
///
/// # Safety
/// Nothing may rely on what was at these addresses.
unsafe fn move_huge_page(targets: &[(usize, usize)]) -> Result<(), i32> {
    let region = sys::reserve(2 * HUGE_PAGE)? as usize;
    let start = region.next_multiple_of(HUGE_PAGE);
    let _ = sys::advise(start, start + HUGE_PAGE, libc::MADV_HUGEPAGE);
    // SAFETY: the region is new and nobody else's; the first touch makes the page.
    unsafe { (start as *mut u8).write_volatile(0) };
    let mut from = start;
    for (address, length) in targets {
        // SAFETY: per the caller, and the source is part of the region.
        unsafe { sys::move_mapping(from, *length, *address)? };
        from += length;
    }
    sys::unmap(region, start - region);
    sys::unmap(from, region + 2 * HUGE_PAGE - from);
    Ok(())
}

/// A word of ring memory, which the kernel may change.
///
/// # Safety
/// `address + offset` is inside a mapped ring.
unsafe fn word(address: usize, offset: usize) -> u32 {
    // SAFETY: per the caller.
    unsafe { ((address + offset) as *const u32).read_volatile() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each way of making a ring at given addresses, where this kernel has it, gives one that works there.
    #[test]
    fn rings_made_at_given_addresses_complete_no_ops() {
        let (fd, like) = match sys::ring_setup(256, 0, None) {
            Ok(made) => made,
            // Sandboxes often forbid io_uring.
            Err(libc::ENOSYS | libc::EPERM) => return,
            Err(errno) => panic!("io_uring_setup: {errno}"),
        };
        sys::close(fd);
        let mut worked = 0;
        for way in [Way::Map, Way::UserMemory, Way::HugePage] {
            let ring = like.sq.sixth as usize + 4 * like.sq_entries as usize;
            let length = round_to_pages(ring.max(like.cq.fifth as usize + CQE_SIZE * like.cq_entries as usize));
            let sqes_length = round_to_pages(SQE_SIZE * like.sq_entries as usize);
            let address = sys::reserve(length + sqes_length).expect("memory") as usize;
            // SAFETY: memory of this test's own.
            let made = unsafe { make_at(way, &like, (address, length), (address + length, sqes_length)) };
            let Ok(fd) = made else { continue };
            // SAFETY: words of the ring that was made there; a zeroed entry is a no-op.
            unsafe { ((address + like.sq.tail as usize) as *mut u32).write_volatile(3) };
            assert_eq!(sys::ring_enter(fd, 3), Ok(3), "{way:?}");
            // SAFETY: as above.
            assert_eq!(unsafe { word(address, like.cq.tail as usize) }, 3, "{way:?}");
            sys::close(fd);
            worked += 1;
        }
        assert!(worked > 0, "this kernel has io_uring, but none of the ways works");
    }
}
