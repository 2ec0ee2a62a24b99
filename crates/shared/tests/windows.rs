//! Bells, ends of processes and memory between processes on Windows, where nothing is forked: a child is this program, started
//! again, and is given handles.
#![cfg(windows)]
#![allow(clippy::undocumented_unsafe_blocks, reason = "plain system calls on processes of the tests' own")]
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

use std::io::{Read, Write};
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::process::{Child, Command, Stdio};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use windows_sys::Win32::Foundation::{DUPLICATE_SAME_ACCESS, DuplicateHandle};
use windows_sys::Win32::System::Threading::GetCurrentProcess;
use zygote_shared::bell::Bell;
use zygote_shared::identity::ProcessId;
use zygote_shared::memory::{Access, Mapping, Memory};
use zygote_shared::peers::has_ended;
use zygote_shared::region::Region;
use zygote_shared::waits::{Step, Waits};

const KIND: u32 = 0x7e57;
const ROLE: &str = "ZYGOTE_TEST_ROLE";

/// This program again, in a role, with handles of its own for these objects.
fn start(role: &str, handles: &[BorrowedHandle<'_>]) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(ROLE, role)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let given: Vec<String> = handles
        .iter()
        .map(|handle| {
            let mut there = ptr::null_mut();
            let done = unsafe {
                DuplicateHandle(
                    GetCurrentProcess(),
                    handle.as_raw_handle(),
                    child.as_raw_handle(),
                    &raw mut there,
                    0,
                    0,
                    DUPLICATE_SAME_ACCESS,
                )
            };
            assert_ne!(done, 0);
            there.addr().to_string()
        })
        .collect();
    child.stdin.take().unwrap().write_all(given.join(" ").as_bytes()).unwrap();
    child
}

/// What this program does as a child; nothing as a test.
#[test]
fn child() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let mut given = String::new();
    std::io::stdin().read_to_string(&mut given).unwrap();
    let mut handles = given.split(' ').map(|number| unsafe {
        OwnedHandle::from_raw_handle(ptr::without_provenance_mut(number.parse::<usize>().unwrap()))
    });
    let memory = Memory::from_descriptor(handles.next().unwrap()).unwrap();
    match role.as_str() {
        "hears" => {
            let shared = memory.map(Access::Shared).unwrap();
            hears(&shared, &Arc::new(Bell::from_descriptors([handles.next().unwrap()]).unwrap()));
        }
        "is there" => {
            word(&memory.map(Access::Shared).unwrap()).store(ProcessId::own().raw(), Ordering::SeqCst);
            std::thread::sleep(Duration::from_secs(600));
        }
        "sees" => {
            let [shared, own] = [Access::Shared, Access::CopyOnWrite].map(|access| memory.map(access).unwrap());
            assert_eq!(word(&own).load(Ordering::SeqCst), 5);
            word(&own).store(6, Ordering::SeqCst);
            assert_eq!(word(&shared).load(Ordering::SeqCst), 5);
            word(&shared).store(7, Ordering::SeqCst);
            assert_eq!(word(&own).load(Ordering::SeqCst), 6);
        }
        "dies inside" => {
            let region = Region::open(memory, KIND, "a test").unwrap();
            let counter = unsafe { region.at::<AtomicU64>(0) }.unwrap();
            let session = region.enter();
            session.set(counter, 99);
            std::process::exit(3);
        }
        "adds" => {
            let region = Region::open(memory, KIND, "a test").unwrap();
            add(&region, 2000);
        }
        _ => unreachable!(),
    }
}

fn hears(shared: &Mapping, bell: &Arc<Bell>) {
    let word = word(shared);
    let mut waits = Waits::new().unwrap();
    let mut listening = waits.begin(bell).unwrap();
    word.fetch_add(1, Ordering::SeqCst);
    let mut seen = 0;
    while seen < 100 {
        let step = waits.advance(&mut listening, |_| {
            let now = word.load(Ordering::SeqCst) >> 32;
            Ok(if now > seen { Step::Ready(now) } else { Step::Pending(Vec::new()) })
        });
        match step.unwrap() {
            Some(now) => seen = now,
            None => drop(waits.hear(None).unwrap()),
        }
    }
    waits.finish(listening);
}

fn add(region: &Region, times: u64) {
    let counter = unsafe { region.at::<AtomicU64>(0) }.unwrap();
    for _ in 0..times {
        let session = region.enter();
        session.add(counter, 1);
        session.commit();
    }
}

fn word(mapping: &Mapping) -> &AtomicU64 {
    unsafe { mapping.at::<AtomicU64>(0) }.unwrap()
}

fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn each_who_waits_hears_each_ring() {
    let bell = Arc::new(Bell::create().unwrap());
    let memory = Memory::create(4096).unwrap();
    let shared = memory.map(Access::Shared).unwrap();
    let children: Vec<_> = (0..3).map(|_| start("hears", &[memory.as_handle(), bell.as_handle()])).collect();
    until(|| word(&shared).load(Ordering::SeqCst) as u32 == 3);
    for _ in 0..100 {
        word(&shared).fetch_add(1 << 32, Ordering::SeqCst);
        bell.ring();
    }
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    // Slots of those who are gone do no harm.
    bell.ring();
}

#[test]
fn a_bell_is_heard_no_more_after_the_wait() {
    let bell = Arc::new(Bell::create().unwrap());
    let mut waits = Waits::new().unwrap();
    let (first, second) = (waits.begin(&bell).unwrap(), waits.begin(&bell).unwrap());
    waits.finish(first);
    bell.ring();
    assert_eq!(waits.hear(None).unwrap().bells, [bell.token()]);
    waits.finish(second);
    bell.ring();
    assert!(waits.hear(Some(Duration::ZERO)).unwrap().is_empty());
}

#[test]
fn the_end_of_a_process_is_heard_also_when_it_came_before() {
    let bell = Arc::new(Bell::create().unwrap());
    for killed_before in [false, true] {
        let memory = Memory::create(8).unwrap();
        let shared = memory.map(Access::Shared).unwrap();
        let mut child = start("is there", &[memory.as_handle()]);
        until(|| word(&shared).load(Ordering::SeqCst) != 0);
        let peer = ProcessId::from_raw(word(&shared).load(Ordering::SeqCst)).unwrap();
        assert_eq!(peer.pid(), child.id());
        assert!(!has_ended(peer));
        let mut waits = Waits::new().unwrap();
        let mut listening = waits.begin(&bell).unwrap();
        let mut look = |waits: &mut Waits| {
            waits.advance(&mut listening, |ended| {
                Ok(if ended(peer) { Step::Ready(()) } else { Step::Pending(vec![peer]) })
            })
        };
        if killed_before {
            child.kill().unwrap();
            until(|| has_ended(peer));
            assert_eq!(look(&mut waits).unwrap(), Some(()));
        } else {
            assert_eq!(look(&mut waits).unwrap(), None);
            child.kill().unwrap();
            while !waits.hear(None).unwrap().ended {}
            assert_eq!(look(&mut waits).unwrap(), Some(()));
        }
        child.wait().unwrap();
        waits.finish(listening);
        drop(child);
        assert!(has_ended(peer), "its number is free again");
    }
}

#[test]
fn a_reused_number_is_not_the_process_that_had_it() {
    let own = ProcessId::own();
    let earlier = ProcessId::from_raw(own.raw() ^ (1 << 40)).unwrap();
    assert_eq!(earlier.pid(), own.pid());
    assert!(!has_ended(own));
    assert!(has_ended(earlier));
}

#[test]
fn memory_is_shared_or_copied_when_it_is_written() {
    let memory = Memory::create(8).unwrap();
    let shared = memory.map(Access::Shared).unwrap();
    word(&shared).store(5, Ordering::SeqCst);
    assert!(start("sees", &[memory.as_handle()]).wait().unwrap().success());
    assert_eq!(word(&shared).load(Ordering::SeqCst), 7);
}

#[test]
fn what_is_mapped_over_keeps_its_address_and_its_content() {
    for size in [8, 4096, 5_000_000] {
        let memory = Memory::create(size).unwrap();
        let [other, mapping] = [(); 2].map(|()| memory.map(Access::Shared).unwrap());
        word(&mapping).store(5, Ordering::SeqCst);
        for _ in 0..2 {
            unsafe { memory.map_over(mapping.address(), Access::CopyOnWrite) }.unwrap();
            assert_eq!(word(&mapping).load(Ordering::SeqCst), 5);
            word(&mapping).store(6, Ordering::SeqCst);
            assert_eq!(word(&other).load(Ordering::SeqCst), 5);
        }
    }
}

#[test]
fn a_change_of_who_dies_inside_is_undone() {
    let region = Region::create(KIND, 4, 64).unwrap();
    let counter = unsafe { region.at::<AtomicU64>(0) }.unwrap();
    let session = region.enter();
    session.set(counter, 1);
    session.commit();
    assert_eq!(start("dies inside", &[region.as_handle()]).wait().unwrap().code(), Some(3));
    assert_eq!(region.enter().get(counter), 1);
    assert_eq!(region.recoveries(), 1);
}

#[test]
fn no_change_is_lost_between_processes() {
    let region = Region::create(KIND, 4, 64).unwrap();
    let counter = unsafe { region.at::<AtomicU64>(0) }.unwrap();
    let children: Vec<_> = (0..2).map(|_| start("adds", &[region.as_handle()])).collect();
    add(&region, 2000);
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(region.enter().get(counter), 6000);
}

#[test]
fn what_is_no_such_object_is_refused() {
    let memory = Memory::create(1).unwrap();
    let handle = memory.as_handle().try_clone_to_owned().unwrap();
    assert!(Bell::from_descriptors([handle]).is_err());
    assert!(Region::open(memory, KIND, "a test").is_err());
}
