//! Ends that learn when nobody has the other one.
#![cfg(windows)]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::os::windows::io::{AsHandle, AsRawHandle};
use std::process::{Command, Stdio};

use windows_sys::Win32::System::Threading::WaitForSingleObject;
use zygote_process::handle;
use zygote_process::tether::{Watch, is_alone, pair};

fn is_set(watch: &Watch, milliseconds: u32) -> bool {
    // SAFETY: an open handle.
    unsafe { WaitForSingleObject(watch.event().as_raw_handle(), milliseconds) == 0 }
}

#[test]
fn an_end_learns_that_the_other_one_is_gone() {
    for watched_before in [true, false] {
        for turned in [true, false] {
            let (first, second) = pair().unwrap();
            let (own, other) = if turned { (second, first) } else { (first, second) };
            let again = other.try_clone().unwrap();
            let before = watched_before.then(|| Watch::new(own.as_handle()).unwrap());
            drop(other);
            assert!(!is_alone(own.as_handle()));
            assert!(before.as_ref().is_none_or(|watch| !is_set(watch, 0)));
            drop(again);
            assert!(is_alone(own.as_handle()));
            let watch = before.unwrap_or_else(|| Watch::new(own.as_handle()).unwrap());
            assert!(is_set(&watch, 60_000));
        }
    }
}

#[test]
fn also_that_who_had_it_was_killed() {
    let (own, other) = pair().unwrap();
    let watches = [(); 3].map(|()| Watch::new(own.as_handle()).unwrap());
    let mut child =
        Command::new("cmd.exe").args(["/c", "pause"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    assert_eq!(handle::give(child.id(), &[other.as_handle()]).unwrap().len(), 1);
    drop(other);
    assert!(!is_alone(own.as_handle()));
    let [first, ..] = watches;
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(is_set(&first, 60_000));
    assert!(is_alone(own.as_handle()));
    assert!(handle::give(child.id(), &[own.as_handle()]).is_err());
}
