//! Numbers of descriptors.
#![cfg(unix)]

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};

use rustix::io::{FdFlags, fcntl_getfd};
use zygote_process::descriptor::{duplicate, replace, set_close_on_exec};

/// A pipe that holds one byte: the object that a number stands for is told by it.
fn marked(mark: u8) -> OwnedFd {
    let (read_end, write_end) = rustix::pipe::pipe().expect("pipe");
    assert_eq!(rustix::io::write(write_end, &[mark]), Ok(1));
    read_end
}

fn mark_of(fd: BorrowedFd<'_>) -> u8 {
    let mut mark = [0];
    assert_eq!(rustix::io::read(fd, &mut mark), Ok(1));
    mark[0]
}

fn borrow(number: RawFd) -> BorrowedFd<'static> {
    // SAFETY: the tests' own numbers, open where they are used.
    unsafe { BorrowedFd::borrow_raw(number) }
}

#[test]
fn replaces_an_open_descriptor() {
    let (from, to) = (marked(1), marked(2));
    replace(&from, to.as_raw_fd()).unwrap();
    assert_eq!(fcntl_getfd(&to), Ok(FdFlags::CLOEXEC));
    drop(from);
    assert_eq!(mark_of(borrow(to.as_raw_fd())), 1);
}

#[test]
fn takes_a_free_number() {
    let number = 777;
    assert!(fcntl_getfd(borrow(number)).is_err(), "it is free");
    replace(marked(3), number).unwrap();
    assert_eq!(mark_of(borrow(number)), 3);
    assert_eq!(fcntl_getfd(borrow(number)), Ok(FdFlags::CLOEXEC));
    // SAFETY: made above.
    unsafe { rustix::io::close(number) };
}

#[test]
fn standard_streams_are_for_programs_too() {
    let before = duplicate(std::io::stdin());
    replace(marked(4), 0).unwrap();
    assert_eq!(fcntl_getfd(std::io::stdin()), Ok(FdFlags::empty()));
    set_close_on_exec(std::io::stdin(), true).unwrap();
    replace(std::io::stdin(), 0).unwrap();
    assert_eq!(fcntl_getfd(std::io::stdin()), Ok(FdFlags::empty()), "by itself");
    assert_eq!(mark_of(borrow(0)), 4);
    if let Ok(before) = before {
        replace(before, 0).unwrap();
    }
}

#[test]
fn by_itself_it_stays_what_it_is() {
    let fd = marked(5);
    set_close_on_exec(&fd, false).unwrap();
    replace(&fd, fd.as_raw_fd()).unwrap();
    assert_eq!(fcntl_getfd(&fd), Ok(FdFlags::CLOEXEC));
    assert_eq!(mark_of(borrow(fd.as_raw_fd())), 5);
}

#[test]
fn refuses_numbers_that_cannot_be() {
    for number in [-1, RawFd::MIN, RawFd::MAX] {
        let error = replace(marked(6), number).unwrap_err();
        assert_eq!(rustix::io::Errno::from_io_error(&error), Some(rustix::io::Errno::BADF), "{number}");
    }
}

#[test]
fn duplicates() {
    let fd = marked(7);
    let other = duplicate(&fd).unwrap();
    assert!(other.as_raw_fd() > 2 && other.as_raw_fd() != fd.as_raw_fd());
    assert_eq!(fcntl_getfd(&other), Ok(FdFlags::CLOEXEC));
    drop(fd);
    assert_eq!(mark_of(borrow(other.as_raw_fd())), 7);
}

#[test]
fn close_on_exec() {
    let fd = marked(8);
    for (on, flags) in [(true, FdFlags::CLOEXEC), (false, FdFlags::empty())] {
        set_close_on_exec(&fd, on).unwrap();
        assert_eq!(fcntl_getfd(&fd), Ok(flags));
    }
}
