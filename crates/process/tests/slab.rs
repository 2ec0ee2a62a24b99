//! Slabs that messages pass through.
#![cfg(target_os = "linux")]

#[cfg(test)]
mod tests {
    use std::io;
    use std::os::fd::{AsFd, OwnedFd};
    use std::ptr::NonNull;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use zygote_process::slab::{AllPrivate, Held, Known, Slabs};

    const SIZE: usize = 4_000_000;

    /// Leases are the process's.
    fn alone() -> MutexGuard<'static, ()> {
        static ALONE: Mutex<()> = Mutex::new(());
        ALONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a message: its memory as a receiver gets it.
    fn send(slabs: &mut Slabs, byte: u8) -> OwnedFd {
        let message = vec![byte; SIZE];
        let memory = slabs.store(&[&message]).expect("a slab").expect("not too large");
        memory.as_fd().try_clone_to_owned().expect("a descriptor")
    }

    fn receive(known: &mut Known, memory: OwnedFd) -> Option<(NonNull<u8>, Held)> {
        known.read(memory, SIZE, |message| message.hold(0, SIZE)).expect("a message")
    }

    fn inode(memory: &OwnedFd) -> u64 {
        rustix::fs::fstat(memory).expect("fstat").st_ino
    }

    fn bytes(at: NonNull<u8>) -> &'static mut [u8] {
        // SAFETY: mapped as long as it is held, and nobody else has it: each test looks at it for so long only.
        unsafe { std::slice::from_raw_parts_mut(at.as_ptr(), SIZE) }
    }

    #[test]
    fn what_is_held_is_not_written_over_and_its_slab_is_used_again_after() {
        let _alone = alone();
        let (mut slabs, mut known) = (Slabs::default(), Known::default());
        let first = send(&mut slabs, 1);
        let number = inode(&first);
        let (at, held) = receive(&mut known, first).expect("a lease");
        let second = send(&mut slabs, 2);
        assert_ne!(inode(&second), number);
        assert!(bytes(at).iter().all(|byte| *byte == 1));
        let other = held.clone();
        drop(held);
        assert_ne!(inode(&send(&mut slabs, 3)), number);
        drop(other);
        assert_eq!(inode(&send(&mut slabs, 4)), number);
    }

    #[test]
    fn a_message_that_is_not_held_is_copied_and_its_slab_is_free_at_once() {
        let _alone = alone();
        let (mut slabs, mut known) = (Slabs::default(), Known::default());
        let memory = send(&mut slabs, 7);
        let number = inode(&memory);
        let mut copy = vec![0u8; SIZE];
        known
            // SAFETY: there is room for so many.
            .read(memory, SIZE, |message| unsafe { message.copy(0, SIZE, copy.as_mut_ptr()) })
            .expect("a message");
        assert!(copy.iter().all(|byte| *byte == 7));
        assert_eq!(inode(&send(&mut slabs, 8)), number);
    }

    #[test]
    fn there_is_an_end_to_what_is_leased() {
        let _alone = alone();
        let (mut slabs, mut known) = (Slabs::default(), Known::default());
        let received: Vec<_> = (0..60)
            .map(|byte| {
                let memory = send(&mut slabs, byte);
                (byte, receive(&mut known, memory))
            })
            .collect();
        let leased = received.iter().filter(|(_, held)| held.is_some()).count();
        assert!((10..=32).contains(&leased), "{leased}");
        for (byte, held) in &received {
            assert!(held.as_ref().is_none_or(|(at, _)| bytes(*at).iter().all(|other| other == byte)), "{byte}");
        }
    }

    #[test]
    fn for_a_fork_what_is_held_becomes_memory_of_this_process() {
        let _alone = alone();
        let (mut slabs, mut known) = (Slabs::default(), Known::default());
        let memory = send(&mut slabs, 1);
        let number = inode(&memory);
        let shared = memory.try_clone().expect("a descriptor");
        let (at, held) = receive(&mut known, memory).expect("a lease");
        bytes(at)[0] = 2;
        drop(AllPrivate::hold().expect("memory"));
        // As it was left, and from now on only here.
        bytes(at)[1] = 3;
        assert_eq!(bytes(at).get(..3), Some(&[2, 3, 1][..]));
        let mut in_memory = [0; 3];
        rustix::io::pread(&shared, &mut in_memory, 4096).expect("pread");
        assert_eq!(in_memory, [2, 1, 1]);
        // A child may look at it for longer.
        drop(held);
        assert_ne!(inode(&send(&mut slabs, 4)), number);
    }

    #[test]
    fn what_is_no_slab_is_refused() {
        let _alone = alone();
        let file = OwnedFd::from(std::fs::File::open("/proc/self/exe").expect("a file"));
        let refused = Known::default().read(file, 10, |_| Ok::<_, io::Error>(())).expect_err("no slab");
        assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
    }
}
