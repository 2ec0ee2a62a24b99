//! Descriptors that cannot all be taken. A program of its own with one test, as it counts and limits what the process has open.
#![cfg(target_os = "linux")]

use std::os::fd::AsFd;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use zygote_process::channel::pair;
use zygote_process::message::{receive, send};

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("/proc").count()
}

#[test]
fn nothing_leaks() {
    let (a, b) = pair().unwrap();
    let null = std::fs::File::open("/dev/null").unwrap();
    let before = open_descriptors();
    for _ in 0..3 {
        send(&a, b"x", &[null.as_fd(); 10]).unwrap();
        let received = receive(&b, &mut [0; 8]).unwrap().unwrap();
        assert_eq!(open_descriptors(), before + 10);
        drop(received);
        assert_eq!(open_descriptors(), before);
    }

    let former = getrlimit(Resource::Nofile);
    for room in [0, 4] {
        send(&a, b"lost", &[null.as_fd(); 10]).unwrap();
        setrlimit(Resource::Nofile, Rlimit { current: Some(before as u64 - 1 + room), ..former }).unwrap();
        let result = receive(&b, &mut [0; 8]);
        setrlimit(Resource::Nofile, former).unwrap();
        let received = result.unwrap().unwrap();
        assert_eq!((received.length, received.descriptors.len(), received.lost), (4, 0, true), "the bytes are there");
        assert_eq!(open_descriptors(), before, "those that came are closed");
    }

    send(&a, b"x", &[null.as_fd(); 10]).unwrap();
    assert_eq!(receive(&b, &mut [0; 8]).unwrap().unwrap().descriptors.len(), 10, "and it goes on");
}
