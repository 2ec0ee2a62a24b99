//! Whole pieces over a byte stream.
#![cfg(unix)]

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use zygote_process::channel::{pair, read_exactly, write_all};

fn set_nonblocking(fd: impl AsFd) {
    rustix::io::ioctl_fionbio(fd, true).expect("ioctl");
}

#[expect(clippy::disallowed_methods, reason = "somebody has to be slow")]
fn meanwhile(body: impl FnOnce() + Send + 'static) -> std::thread::JoinHandle<()> {
    std::thread::spawn(body)
}

#[test]
fn reads_what_was_written() {
    let (a, b) = pair().unwrap();
    write_all(&a, b"first second").unwrap();
    let mut buffer = [0; 6];
    assert!(read_exactly(&b, &mut buffer).unwrap());
    assert_eq!(&buffer, b"first ");
    assert!(read_exactly(&b, &mut []).unwrap());
    assert!(read_exactly(&b, &mut buffer).unwrap());
    assert_eq!(&buffer, b"second");
}

#[test]
fn both_sides_wait_whether_non_blocking_or_not() {
    for non_blocking in [false, true] {
        let (a, b) = pair().unwrap();
        if non_blocking {
            set_nonblocking(&a);
            set_nonblocking(&b);
        }
        let sent: Vec<u8> = (0..3_000_000_u32).map(|number| (number / 7) as u8).collect();
        let copy = sent.clone();
        let writer = meanwhile(move || {
            std::thread::sleep(Duration::from_millis(20));
            for piece in copy.chunks(999_999) {
                write_all(&a, piece).unwrap();
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let mut received = vec![0; sent.len()];
        assert!(read_exactly(&b, &mut received).unwrap());
        assert!(received == sent);
        writer.join().unwrap();
        assert!(!read_exactly(&b, &mut received).unwrap(), "the end");
    }
}

#[test]
fn an_end_in_the_middle_is_an_error() {
    let (a, b) = pair().unwrap();
    write_all(&a, b"abc").unwrap();
    drop(a);
    let error = read_exactly(&b, &mut [0; 4]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(error.to_string(), "the stream ended after 3 of 4 bytes");
    assert!(!read_exactly(&b, &mut [0; 4]).unwrap());
}

#[test]
fn reads_a_pipe_too() {
    let (read_end, write_end) = rustix::pipe::pipe().unwrap();
    set_nonblocking(&read_end);
    let writer = meanwhile(move || {
        for byte in b"slow" {
            std::thread::sleep(Duration::from_millis(3));
            assert_eq!(rustix::io::write(&write_end, &[*byte]), Ok(1));
        }
    });
    let mut buffer = [0; 4];
    assert!(read_exactly(&read_end, &mut buffer).unwrap());
    assert_eq!(&buffer, b"slow");
    writer.join().unwrap();
    assert!(!read_exactly(&read_end, &mut buffer).unwrap());
}

#[test]
fn writing_to_nobody_is_an_error_of_the_call() {
    let (a, b) = pair().unwrap();
    drop(b);
    assert_eq!(write_all(&a, b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn the_ends_are_close_on_exec() {
    let (a, b) = pair().unwrap();
    for end in [a, b] {
        assert_eq!(rustix::io::fcntl_getfd(&end), Ok(rustix::io::FdFlags::CLOEXEC));
    }
}
