//! `AArch64`: AAPCS64, `svc #0` (`d4000001`), arguments in x0 to x5, number in x8, result in x0.

use core::arch::{asm, global_asm};
use core::ffi::c_void;

use super::super::table::Slot;

// See the x86-64 file for what these two do. Here d8 to d15 are callee-saved too, and a revived thread starts with its
// creator's, so they are part of what `park` saves.
//
// park(x0 = slot, x1 = the slot's go word, w2 = generation, x3 = remaining word) -> w0
// revive(x0 = slot, x1 = clone flags, x2 = clear-child-tid address, x3 = thread pointer) -> w0 = tid or -errno
global_asm!(
    ".text",
    ".p2align 4",
    ".hidden zygote_forkall_park",
    ".globl zygote_forkall_park",
    ".type zygote_forkall_park, @function",
    "zygote_forkall_park:",
    ".cfi_startproc",
    "stp x29, x30, [sp, #-160]!",
    ".cfi_def_cfa_offset 160",
    ".cfi_offset x29, -160",
    ".cfi_offset x30, -152",
    "stp x19, x20, [sp, #16]",
    "stp x21, x22, [sp, #32]",
    "stp x23, x24, [sp, #48]",
    "stp x25, x26, [sp, #64]",
    "stp x27, x28, [sp, #80]",
    "stp d8, d9, [sp, #96]",
    "stp d10, d11, [sp, #112]",
    "stp d12, d13, [sp, #128]",
    "stp d14, d15, [sp, #144]",
    "mov x9, sp",
    "str x9, [x0]", // Slot::stack_pointer
    "mov x20, x1",
    "mov w21, w2",
    "mov x22, x3",
    "1:",
    "ldaxr w9, [x22]",
    "sub w9, w9, #1",
    "stlxr w10, w9, [x22]", // publishes the slot
    "cbnz w10, 1b",
    "cbnz w9, 2f",
    "mov x0, x22", // futex(remaining, FUTEX_WAKE_PRIVATE, 1)
    "mov x1, #129",
    "mov x2, #1",
    "mov x3, #0",
    "mov x8, #98",
    "svc #0",
    "2:",
    "ldar w2, [x20]",
    "subs w9, w2, w21",
    "b.pl 3f",     // go - generation >= 0, wrapping
    "mov x0, x20", // futex(go, FUTEX_WAIT_PRIVATE, seen, no timeout)
    "mov x1, #128",
    "mov x3, #0",
    "mov x8, #98",
    "svc #0",
    "b 2b",
    "3:",
    "mov w0, #0",
    "4:",
    "ldp d14, d15, [sp, #144]",
    "ldp d12, d13, [sp, #128]",
    "ldp d10, d11, [sp, #112]",
    "ldp d8, d9, [sp, #96]",
    "ldp x27, x28, [sp, #80]",
    "ldp x25, x26, [sp, #64]",
    "ldp x23, x24, [sp, #48]",
    "ldp x21, x22, [sp, #32]",
    "ldp x19, x20, [sp, #16]",
    "ldp x29, x30, [sp], #160",
    ".cfi_def_cfa_offset 0",
    "ret",
    ".cfi_endproc",
    ".size zygote_forkall_park, . - zygote_forkall_park",
    "",
    ".p2align 4",
    ".hidden zygote_forkall_revive",
    ".globl zygote_forkall_revive",
    ".type zygote_forkall_revive, @function",
    "zygote_forkall_revive:",
    "mov x9, x2",
    "mov x10, x1",
    "ldr x1, [x0]", // stack
    "mov x0, x10",  // flags
    "mov x4, x9",   // child tid
    "mov x2, #0",   // parent tid: none; x3 is the thread pointer already
    "mov x8, #220", // clone
    "svc #0",
    "cbz w0, 5f",
    "ret",
    "5:",
    "mov w0, #1",
    "b 4b",
    ".size zygote_forkall_revive, . - zygote_forkall_revive",
);

unsafe extern "C" {
    /// Parks the calling thread. See the assembly above.
    #[link_name = "zygote_forkall_park"]
    pub(in super::super) fn park(slot: *mut Slot, go: *const u32, generation: u32, remaining: *const u32) -> u32;
    /// Starts the kernel thread that goes on from a parked slot.
    #[link_name = "zygote_forkall_revive"]
    pub(in super::super) fn revive(slot: *const Slot, flags: u64, clear_tid: *mut i32, thread_pointer: usize) -> i32;
}

/// The kernel's vDSO has the return trampoline on this architecture.
pub(in super::super) const SA_RESTORER: u64 = 0;

/// No trampoline of ours is needed.
pub(in super::super) const fn restorer() -> usize {
    0
}

/// `RSEQ_SIG` of this architecture, as glibc registers it (`brk #0x45E0`).
pub(in super::super) const RSEQ_SIGNATURE: u32 = 0xd428_bc00;

/// The thread pointer (`TPIDR_EL0`).
pub(in super::super) fn thread_pointer() -> usize {
    let value: usize;
    // SAFETY: reading the user thread pointer register has no side effect.
    unsafe { asm!("mrs {}, tpidr_el0", out(reg) value, options(nostack, preserves_flags, nomem)) };
    value
}

/// A raw system call; the result is the value or `-errno`. Touches neither `errno` nor any lock.
///
/// # Safety
/// The arguments must be what the system call `number` asks for.
#[inline]
pub(in super::super) unsafe fn syscall(number: i64, a: [usize; 6]) -> isize {
    let result: isize;
    // SAFETY: the caller vouches for the arguments; `svc` changes no register but x0.
    unsafe {
        asm!(
            "svc #0",
            in("x8") number,
            inlateout("x0") a[0] as isize => result,
            in("x1") a[1], in("x2") a[2], in("x3") a[3], in("x4") a[4], in("x5") a[5],
            options(nostack),
        );
    }
    result
}

/// Order of the last two arguments of `clone(2)` for a process: (thread pointer, child tid address).
pub(in super::super) const fn clone_tail(child_tid: usize, tls: usize) -> [usize; 2] {
    [tls, child_tid]
}

/// What a signal context says of the system call that was interrupted.
pub(in super::super) struct Interrupted {
    /// Number of the call that will be made (again) when the thread goes on.
    pub number: i64,
    /// Its first argument.
    pub first: usize,
}

/// The system call that the thread is about to make or to restart, if it is at an `svc` instruction.
///
/// # Safety
/// `context` is the third argument of a signal handler of a thread that is still inside that handler.
pub(in super::super) unsafe fn interrupted_call(context: *const c_void) -> Option<Interrupted> {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: a signal context of a living handler, per the caller.
    let machine = unsafe { &(*context).uc_mcontext };
    // SAFETY: the thread will execute the instruction at this address, so it is mapped and readable here.
    let code = unsafe { *(machine.pc as usize as *const u32) };
    (code == 0xd400_0001).then(|| Interrupted { number: machine.regs[8] as i64, first: machine.regs[0] as usize })
}

/// The registers of a thread that was interrupted in its own code, the stack pointer first; `None` if it was in a system
/// call, or its code cannot be read.
///
/// # Safety
/// As [`interrupted_call`].
pub(in super::super) unsafe fn own_registers(context: *const c_void) -> Option<[usize; 32]> {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: a signal context of a living handler, per the caller.
    let machine = unsafe { &(*context).uc_mcontext };
    // SAFETY: the instruction before this one, which may be a call that has just returned: code starts at least with the
    // head of its file.
    let before = unsafe { *((machine.pc as usize - 4) as *const u32) };
    let mut all = [machine.sp as usize; 32];
    for (place, register) in all.iter_mut().skip(1).zip(&machine.regs) {
        *place = *register as usize;
    }
    (before != 0xd400_0001).then_some(all)
}

/// Makes the call that [`interrupted_call`] found end with `-errno` instead of being made.
///
/// # Safety
/// As [`interrupted_call`], which must have returned `Some` for this context.
pub(in super::super) unsafe fn fail_call(context: *mut c_void, errno: i32) {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: as above; the thread reads these registers when it leaves the handler.
    let machine = unsafe { &mut (*context).uc_mcontext };
    machine.pc += 4;
    machine.regs[0] = (-i64::from(errno)) as u64;
}
