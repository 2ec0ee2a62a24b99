//! All memory is inherited, also what was kept from children.
#![cfg(target_os = "linux")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "plain system calls on objects of the tests' own")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use support::{Child, Random, end_child, in_child, spawn, wait_for};
use zygote_forkall::{Forked, Options, fork_single_threaded};

cases!(
    memory_kept_from_children,
    memory_that_another_thread_keeps_mapping,
    by_the_other_strategy,
    copies_are_private,
    a_device_mapping,
    wiped_memory_stays_wiped,
);

const PAGE: usize = 65536;

fn map() -> *mut u64 {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let address =
        unsafe { libc::mmap(std::ptr::null_mut(), PAGE, access, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0) };
    assert_ne!(address, libc::MAP_FAILED);
    address.cast()
}

/// Marked as V8 marks its heap.
fn map_kept() -> *mut u64 {
    let address = map();
    support::ok(unsafe { libc::madvise(address.cast(), PAGE, libc::MADV_DONTFORK) });
    address
}

fn kept_mappings() -> usize {
    let text = std::fs::read_to_string("/proc/self/smaps").expect("smaps");
    text.lines().filter(|line| line.starts_with("VmFlags:") && line.split_whitespace().any(|flag| flag == "dc")).count()
}

fn memory_kept_from_children() {
    for _ in 0..10 {
        // Between mappings of another kind, so that the walk meets holes and differences.
        let all: Vec<*mut u64> = (0..50)
            .map(|index| {
                let address = map_kept();
                unsafe { address.write(index) };
                if index % 3 == 0 {
                    unsafe { libc::munmap(map().cast(), PAGE) };
                }
                address
            })
            .collect();
        assert!(kept_mappings() > 0);
        in_child(|| {
            for (index, address) in all.iter().enumerate() {
                assert_eq!(unsafe { address.read() }, index as u64);
            }
            assert_eq!(kept_mappings(), 0);
        })
        .join();
    }
}

fn memory_that_another_thread_keeps_mapping() {
    let mut random = Random::new();
    let rounds = Arc::new(AtomicU64::new(0));
    for _ in 0..2 {
        let rounds = Arc::clone(&rounds);
        let mut random = Random::from(random.below(u64::MAX));
        spawn("maps", move || {
            let mut held: Vec<*mut u64> = Vec::new();
            loop {
                let address = map_kept();
                unsafe { address.write(address as u64) };
                held.push(address);
                // A child that lacked one of them would end here.
                for address in &held {
                    assert_eq!(unsafe { address.read() }, *address as u64);
                }
                if held.len() > 40 {
                    let gone = held.swap_remove(random.below(40) as usize);
                    support::ok(unsafe { libc::munmap(gone.cast(), PAGE) });
                }
                rounds.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    for _ in 0..400 {
        in_child(|| {
            let before = rounds.load(Ordering::SeqCst);
            wait_for("it goes on", || rounds.load(Ordering::SeqCst) > before + 50);
        })
        .join();
    }
}

fn by_the_other_strategy() {
    let address = map_kept();
    unsafe { address.write(5) };
    match unsafe { fork_single_threaded(&Options::default()) }.expect("fork") {
        Forked::Child => end_child(|| assert_eq!(unsafe { address.read() }, 5)),
        Forked::Parent { pid, pidfd, .. } => Child { pid, pidfd }.join(),
    }
}

fn copies_are_private() {
    let address = map_kept();
    unsafe { address.write(1) };
    in_child(|| unsafe { address.write(2) }).join();
    assert_eq!(unsafe { address.read() }, 1);
}

/// The kernel refuses the advice for such a mapping, and stops at it.
fn a_device_mapping() {
    // The highest gap first, as the kernel gives addresses downwards: some marked memory lies on each side of it.
    let above = map_kept();
    let device = ["/dev/mem", "/dev/hpet"].iter().find_map(|name| {
        let path = std::ffi::CString::new(*name).expect("no NUL");
        let fd = unsafe { libc::open(path.as_ptr(), libc::O_RDONLY) };
        let flags = libc::MAP_SHARED;
        let address = unsafe { libc::mmap(std::ptr::null_mut(), 4096, libc::PROT_READ, flags, fd, 0) };
        (fd >= 0 && address != libc::MAP_FAILED).then_some(address)
    });
    if device.is_none() {
        support::skip("no device here that can be mapped");
    }
    let below = map_kept();
    for address in [above, below] {
        unsafe { address.write(7) };
    }
    in_child(|| {
        for address in [above, below] {
            assert_eq!(unsafe { address.read() }, 7);
        }
    })
    .join();
}

fn wiped_memory_stays_wiped() {
    let address = map();
    support::ok(unsafe { libc::madvise(address.cast(), PAGE, libc::MADV_WIPEONFORK) });
    unsafe { address.write(3) };
    in_child(|| assert_eq!(unsafe { address.read() }, 0, "such as the state of a random generator")).join();
    assert_eq!(unsafe { address.read() }, 3);
}
