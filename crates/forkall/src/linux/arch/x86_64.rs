//! x86-64: System V ABI, `syscall` instruction (`0f 05`), arguments in rdi rsi rdx r10 r8 r9, number and result in rax.

use core::arch::{asm, global_asm};
use core::ffi::c_void;

use super::super::table::Slot;

// The parked thread keeps all that it needs on its own stack, which the child inherits. `park` therefore returns once
// in each process: 0 in the thread that parked, 1 in the kernel thread that `revive` starts in the child.
//
// park(rdi = slot, rsi = the slot's go word, edx = generation, rcx = remaining word) -> eax
// revive(rdi = slot, rsi = clone flags, rdx = clear-child-tid address, rcx = thread pointer) -> eax = tid or -errno
global_asm!(
    ".text",
    ".p2align 4",
    ".hidden zygote_forkall_park",
    ".globl zygote_forkall_park",
    ".type zygote_forkall_park, @function",
    "zygote_forkall_park:",
    ".cfi_startproc",
    "push rbp",
    ".cfi_adjust_cfa_offset 8",
    "push rbx",
    ".cfi_adjust_cfa_offset 8",
    "push r12",
    ".cfi_adjust_cfa_offset 8",
    "push r13",
    ".cfi_adjust_cfa_offset 8",
    "push r14",
    ".cfi_adjust_cfa_offset 8",
    "push r15",
    ".cfi_adjust_cfa_offset 8",
    "mov [rdi], rsp", // Slot::stack_pointer
    "mov r13, rsi",
    "mov r14d, edx",
    "mov r15, rcx",
    "lock dec dword ptr [r15]", // publishes the slot: a locked operation is a full barrier
    "jnz 2f",
    "mov eax, 202", // futex(remaining, FUTEX_WAKE_PRIVATE, 1)
    "mov rdi, r15",
    "mov esi, 129",
    "mov edx, 1",
    "xor r10d, r10d",
    "syscall",
    "2:",
    "mov edx, [r13]",
    "mov eax, edx",
    "sub eax, r14d",
    "jns 3f",       // go - generation >= 0, wrapping
    "mov eax, 202", // futex(go, FUTEX_WAIT_PRIVATE, seen, no timeout)
    "mov rdi, r13",
    "mov esi, 128",
    "xor r10d, r10d",
    "syscall",
    "jmp 2b",
    "3:",
    "xor eax, eax",
    "4:",
    "pop r15",
    ".cfi_adjust_cfa_offset -8",
    "pop r14",
    ".cfi_adjust_cfa_offset -8",
    "pop r13",
    ".cfi_adjust_cfa_offset -8",
    "pop r12",
    ".cfi_adjust_cfa_offset -8",
    "pop rbx",
    ".cfi_adjust_cfa_offset -8",
    "pop rbp",
    ".cfi_adjust_cfa_offset -8",
    "ret",
    ".cfi_endproc",
    ".size zygote_forkall_park, . - zygote_forkall_park",
    "",
    ".p2align 4",
    ".hidden zygote_forkall_revive",
    ".globl zygote_forkall_revive",
    ".type zygote_forkall_revive, @function",
    "zygote_forkall_revive:",
    "mov r8, rcx",
    "mov r10, rdx",
    "mov r9, rdi", // clone takes five arguments: r9 comes through unharmed
    "mov rdi, rsi",
    "mov rsi, [r9]",
    "xor edx, edx",
    "mov eax, 56", // clone
    "syscall",
    "test eax, eax",
    "jz 5f",
    "ret",
    "5:",
    "mov eax, 1",
    "jmp 4b",
    ".size zygote_forkall_revive, . - zygote_forkall_revive",
    "",
    // The kernel returns from a handler through this. Debuggers and unwinders know a signal frame by these very bytes.
    ".p2align 4",
    "nop",
    ".hidden zygote_forkall_restorer",
    ".globl zygote_forkall_restorer",
    ".type zygote_forkall_restorer, @function",
    "zygote_forkall_restorer:",
    ".byte 0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00", // mov rax, 15 (rt_sigreturn)
    "syscall",
    ".size zygote_forkall_restorer, . - zygote_forkall_restorer",
);

unsafe extern "C" {
    /// Parks the calling thread. See the assembly above.
    #[link_name = "zygote_forkall_park"]
    pub(in super::super) fn park(slot: *mut Slot, go: *const u32, generation: u32, remaining: *const u32) -> u32;
    /// Starts the kernel thread that goes on from a parked slot.
    #[link_name = "zygote_forkall_revive"]
    pub(in super::super) fn revive(slot: *const Slot, flags: u64, clear_tid: *mut i32, thread_pointer: usize) -> i32;
    fn zygote_forkall_restorer();
}

/// `SA_RESTORER`: x86-64 has no return trampoline of its own.
pub(in super::super) const SA_RESTORER: u64 = 0x0400_0000;

/// Address of the return trampoline for `rt_sigaction`.
pub(in super::super) fn restorer() -> usize {
    zygote_forkall_restorer as *const () as usize
}

/// `RSEQ_SIG` of this architecture, as glibc registers it.
pub(in super::super) const RSEQ_SIGNATURE: u32 = 0x5305_3053;

/// The thread pointer (`%fs:0` holds its own address in every libc for this architecture).
pub(in super::super) fn thread_pointer() -> usize {
    let value: usize;
    // SAFETY: the TCB's first word is its own address (System V TLS ABI, variant II); reading it has no side effect.
    unsafe { asm!("mov {}, fs:0", out(reg) value, options(nostack, preserves_flags, readonly)) };
    value
}

/// A raw system call; the result is the value or `-errno`. Touches neither `errno` nor any lock.
///
/// # Safety
/// The arguments must be what the system call `number` asks for.
#[inline]
pub(in super::super) unsafe fn syscall(number: i64, a: [usize; 6]) -> isize {
    let result: isize;
    // SAFETY: the caller vouches for the arguments; the clobbers are those of the `syscall` instruction.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a[0], in("rsi") a[1], in("rdx") a[2], in("r10") a[3], in("r8") a[4], in("r9") a[5],
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    result
}

/// Order of the last two arguments of `clone(2)` for a process: (child tid address, thread pointer).
pub(in super::super) const fn clone_tail(child_tid: usize, tls: usize) -> [usize; 2] {
    [child_tid, tls]
}

/// What a signal context says of the system call that was interrupted.
pub(in super::super) struct Interrupted {
    /// Number of the call that will be made (again) when the thread goes on.
    pub number: i64,
    /// Its first argument.
    pub first: usize,
}

/// The system call that the thread is about to make or to restart, if it is at a `syscall` instruction.
///
/// # Safety
/// `context` is the third argument of a signal handler of a thread that is still inside that handler.
pub(in super::super) unsafe fn interrupted_call(context: *const c_void) -> Option<Interrupted> {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: a signal context of a living handler, per the caller.
    let registers = unsafe { &(*context).uc_mcontext.gregs };
    let at = registers[libc::REG_RIP as usize] as usize;
    if at >> 47 != 0 {
        // The vsyscall page, which cannot be read.
        return None;
    }
    // SAFETY: the thread will execute the instruction at this address, so it is mapped and readable here.
    let code = unsafe { [*(at as *const u8), *((at + 1) as *const u8)] };
    (code == [0x0f, 0x05]).then(|| Interrupted {
        number: registers[libc::REG_RAX as usize],
        first: registers[libc::REG_RDI as usize] as usize,
    })
}

/// The registers of a thread that was interrupted in its own code, the stack pointer first; `None` if it was in a system
/// call, or its code cannot be read.
///
/// # Safety
/// As [`interrupted_call`].
pub(in super::super) unsafe fn own_registers(context: *const c_void) -> Option<[usize; 17]> {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: a signal context of a living handler, per the caller.
    let registers = unsafe { &(*context).uc_mcontext.gregs };
    let at = registers[libc::REG_RIP as usize] as usize;
    if at >> 47 != 0 {
        return None;
    }
    // SAFETY: the bytes of the call that has just returned, if it was one, or of other code before this instruction:
    // code starts at least with the head of its file.
    let before = unsafe { [*((at - 2) as *const u8), *((at - 1) as *const u8)] };
    let mut all = [registers[libc::REG_RSP as usize] as usize; 17];
    // General registers come first, the instruction pointer ends them.
    for (place, register) in all.iter_mut().skip(1).zip(registers.iter().take(libc::REG_RIP as usize)) {
        *place = *register as usize;
    }
    (before != [0x0f, 0x05]).then_some(all)
}

/// Makes the call that [`interrupted_call`] found end with `-errno` instead of being made.
///
/// # Safety
/// As [`interrupted_call`], which must have returned `Some` for this context.
pub(in super::super) unsafe fn fail_call(context: *mut c_void, errno: i32) {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: as above; the thread reads these registers when it leaves the handler.
    let registers = unsafe { &mut (*context).uc_mcontext.gregs };
    registers[libc::REG_RIP as usize] += 2;
    registers[libc::REG_RAX as usize] = -i64::from(errno);
}
