//! What differs between processor architectures: the parking primitive, the clone of a thread, and how a signal context
//! shows the system call that the thread was interrupted in.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
pub(super) use aarch64::*;
#[cfg(target_arch = "x86_64")]
pub(super) use x86_64::*;

#[cfg(test)]
mod tests {
    //! The machine code alone, without a fork: what an emulator of the processor can run too.

    use core::ffi::c_void;
    use std::sync::atomic::{AtomicI32, AtomicU32, AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use super::super::sys;
    use super::super::table::Slot;

    #[expect(clippy::disallowed_methods, reason = "threads are what parking is about")]
    fn spawn(body: impl FnOnce() + Send + 'static) -> std::thread::JoinHandle<()> {
        std::thread::spawn(body)
    }

    fn wait_for(what: &str, condition: impl Fn() -> bool) {
        let start = Instant::now();
        while !condition() {
            assert!(start.elapsed() < Duration::from_secs(20), "timeout: {what}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    struct Place {
        slot: *mut Slot,
        go: AtomicU32,
        remaining: AtomicU32,
        outcomes: AtomicU32,
        thread_pointer: AtomicUsize,
    }

    // SAFETY: one thread at a time uses the slot, as `remaining` says.
    unsafe impl Sync for Place {}

    impl Place {
        fn new(go: u32) -> &'static Self {
            let slot = sys::reserve(size_of::<Slot>()).expect("memory") as usize as *mut Slot;
            Box::leak(Box::new(Self {
                slot,
                go: AtomicU32::new(go),
                remaining: AtomicU32::new(1),
                outcomes: AtomicU32::new(0),
                thread_pointer: AtomicUsize::new(0),
            }))
        }

        /// Parks the calling thread amid values that live in registers and on the stack.
        #[inline(never)]
        fn park(&self, generation: u32) -> u32 {
            let seed = std::hint::black_box(3_u64);
            let whole: [u64; 12] = core::array::from_fn(|index| seed.wrapping_mul(index as u64 + 0x9e37_79b9));
            let broken: [f64; 12] = core::array::from_fn(|index| seed as f64 / (index + 1) as f64);
            // SAFETY: the slot and both words live for ever.
            let outcome = unsafe { super::park(self.slot, self.go.as_ptr(), generation, self.remaining.as_ptr()) };
            for index in 0..12 {
                assert_eq!(whole[index], std::hint::black_box(3_u64).wrapping_mul(index as u64 + 0x9e37_79b9));
                assert_eq!(
                    broken[index].to_bits(),
                    (std::hint::black_box(3_u64) as f64 / (index + 1) as f64).to_bits()
                );
            }
            outcome
        }
    }

    #[test]
    fn a_parked_thread_waits_for_its_generation() {
        // Also where the numbers wrap around.
        for generation in [7, 0, u32::MAX, 1 << 31] {
            let place = Place::new(generation.wrapping_sub(1));
            let thread = spawn(move || {
                assert_eq!(place.park(generation), 0);
                place.outcomes.store(1, Ordering::SeqCst);
            });
            wait_for("it is parked", || place.remaining.load(Ordering::SeqCst) == 0);
            for other in [generation.wrapping_sub(1), generation.wrapping_sub(5)] {
                place.go.store(other, Ordering::SeqCst);
                sys::futex_wake(place.go.as_ptr(), i32::MAX);
                std::thread::sleep(Duration::from_millis(10));
                assert_eq!(place.outcomes.load(Ordering::SeqCst), 0);
            }
            place.go.store(generation.wrapping_add(2), Ordering::SeqCst);
            sys::futex_wake(place.go.as_ptr(), i32::MAX);
            thread.join().expect("join");
        }
    }

    #[test]
    fn the_last_one_wakes_who_waits_for_all() {
        let place = Place::new(0);
        place.remaining.store(2, Ordering::SeqCst);
        let start = Instant::now();
        for _ in 0..2 {
            spawn(move || {
                std::thread::sleep(Duration::from_millis(30));
                // SAFETY: as above; both threads write the same slot, which nobody reads here.
                unsafe { super::park(place.slot, place.go.as_ptr(), 1, place.remaining.as_ptr()) };
            });
        }
        while let remaining @ 1.. = place.remaining.load(Ordering::SeqCst) {
            sys::futex_wait(place.remaining.as_ptr(), remaining, 1_000_000_000);
        }
        assert!(start.elapsed() < Duration::from_millis(900));
    }

    /// In one process here: the thread itself stays parked, and the new one has its stack and its thread pointer.
    #[test]
    fn a_revived_thread_goes_on_where_another_was_parked() {
        let place = Place::new(0);
        spawn(move || {
            let outcome = place.park(1);
            place.thread_pointer.store(super::thread_pointer(), Ordering::SeqCst);
            place.outcomes.store(100 + outcome, Ordering::SeqCst);
            // It has another thread's locals for ever, so: nothing that uses them.
            loop {
                sys::sleep(1_000_000_000);
            }
        });
        wait_for("it is parked", || place.remaining.load(Ordering::SeqCst) == 0);
        // From the count-down to its wait it needs its stack no more.
        let pointer = Box::leak(Box::new(AtomicI32::new(0)));
        // SAFETY: `park` has stored the stack pointer; nobody else will go on from it.
        let stack = unsafe { (*place.slot).stack_pointer };
        assert_ne!(stack, 0);
        let own = super::thread_pointer();
        let flags = (libc::CLONE_VM
            | libc::CLONE_FS
            | libc::CLONE_FILES
            | libc::CLONE_SIGHAND
            | libc::CLONE_THREAD
            | libc::CLONE_SYSVSEM
            | libc::CLONE_SETTLS
            | libc::CLONE_CHILD_CLEARTID) as u64;
        // SAFETY: as above.
        let tid = unsafe { super::revive(place.slot, flags, pointer.as_ptr(), own) };
        assert!(tid > 0, "errno {}", -tid);
        wait_for("the revived one goes on", || place.outcomes.load(Ordering::SeqCst) == 101);
        assert_eq!(place.thread_pointer.load(Ordering::SeqCst), own);
    }

    static FOUND: AtomicI32 = AtomicI32::new(0);
    static FAIL: AtomicI32 = AtomicI32::new(0);

    extern "C" fn look(_signal: i32, _info: *mut libc::siginfo_t, context: *mut c_void) {
        // SAFETY: inside the handler that the context is of.
        let call = unsafe { super::interrupted_call(context) };
        let Some(call) = call else { return };
        if call.number == libc::SYS_read {
            FOUND.store(call.first as i32, Ordering::SeqCst);
            let errno = FAIL.load(Ordering::SeqCst);
            if errno != 0 {
                // SAFETY: as above, and a call was found.
                unsafe { super::fail_call(context, errno) };
            }
        }
    }

    #[test]
    fn an_interrupted_call_is_found_and_can_be_made_to_fail() {
        let mut ends = [-1; 2];
        // SAFETY: plain system calls; the handler does nothing but look at its context.
        unsafe {
            assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
            let mut action: libc::sigaction = core::mem::zeroed();
            action.sa_sigaction = look as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
            assert_eq!(libc::sigaction(libc::SIGUSR2, &raw const action, core::ptr::null_mut()), 0);
        }
        let [read_end, write_end] = ends;
        for errno in [0, libc::ECANCELED] {
            FOUND.store(0, Ordering::SeqCst);
            FAIL.store(errno, Ordering::SeqCst);
            let tid: &'static AtomicI32 = Box::leak(Box::new(AtomicI32::new(0)));
            let thread = spawn(move || {
                tid.store(sys::gettid(), Ordering::SeqCst);
                let mut byte = [0];
                assert_eq!(sys::read(read_end, &mut byte), if errno == 0 { Ok(1) } else { Err(errno) });
            });
            wait_for("it reads", || tid.load(Ordering::SeqCst) != 0);
            wait_for("its call is found", || {
                // SAFETY: a signal to a thread of this test.
                unsafe { libc::syscall(libc::SYS_tgkill, sys::getpid(), tid.load(Ordering::SeqCst), libc::SIGUSR2) };
                std::thread::sleep(Duration::from_millis(5));
                FOUND.load(Ordering::SeqCst) == read_end
            });
            if errno == 0 {
                // SAFETY: writes one byte of a constant.
                assert_eq!(unsafe { libc::write(write_end, c"x".as_ptr().cast(), 1) }, 1);
            }
            thread.join().expect("join");
        }
    }
}
