//! Bytes and descriptors over a socket.
#![cfg(unix)]

use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::{FdFlags, fcntl_getfd};
use zygote_process::channel::pair;
use zygote_process::message::{MOST_DESCRIPTORS, Received, receive, send};

fn receive_some(fd: &OwnedFd) -> (Vec<u8>, Vec<OwnedFd>) {
    let mut buffer = [0; 4096];
    let Received { length, descriptors, .. } = receive(fd, &mut buffer).expect("receive").expect("something");
    (buffer[..length].to_vec(), descriptors)
}

#[test]
fn bytes_go_both_ways() {
    let (a, b) = pair().unwrap();
    for (from, to, text) in [(&a, &b, b"to b"), (&b, &a, b"to a")] {
        assert_eq!(send(from, text, &[]).unwrap(), Some(4));
        let (bytes, descriptors) = receive_some(to);
        assert_eq!((bytes.as_slice(), descriptors.len()), (text.as_slice(), 0));
    }
}

#[test]
fn nothing_now_is_not_the_end() {
    let (a, b) = pair().unwrap();
    assert!(receive(&b, &mut [0; 8]).unwrap().is_none());
    drop(a);
    for _ in 0..2 {
        assert_eq!(receive_some(&b).0, b"");
    }
}

#[test]
fn what_was_sent_before_the_end_comes_first() {
    let (a, b) = pair().unwrap();
    let (read_end, _write_end) = rustix::pipe::pipe().unwrap();
    send(&a, b"last", &[read_end.as_fd()]).unwrap();
    drop(a);
    let (bytes, descriptors) = receive_some(&b);
    assert_eq!((bytes.as_slice(), descriptors.len()), (b"last".as_slice(), 1));
    assert_eq!(receive_some(&b).0, b"");
}

#[test]
fn a_full_socket_would_block() {
    let (a, b) = pair().unwrap();
    let block = vec![7; 65_536];
    let (read_end, _write_end) = rustix::pipe::pipe().unwrap();
    let mut sent = 0;
    while let Some(length) = send(&a, &block, &[]).unwrap() {
        assert!(length > 0 && length <= block.len());
        sent += length;
    }
    // A descriptor that did not go is not on its way.
    assert!(send(&a, b"x", &[read_end.as_fd()]).unwrap().is_none());
    let mut buffer = vec![0; 65_536];
    let mut received = 0;
    while let Some(Received { length, descriptors, .. }) = receive(&b, &mut buffer).unwrap() {
        assert!(descriptors.is_empty() && buffer[..length].iter().all(|byte| *byte == 7));
        received += length;
    }
    assert_eq!(received, sent);
    assert_eq!(send(&a, b"x", &[read_end.as_fd()]).unwrap(), Some(1));
    assert_eq!(receive_some(&b).1.len(), 1);
}

/// What fits goes, with the descriptors; they do not come again with the rest.
#[test]
fn a_part_takes_the_descriptors_along() {
    let (a, b) = pair().unwrap();
    let (read_end, _write_end) = rustix::pipe::pipe().unwrap();
    let long = vec![9; 8 << 20];
    let sent = send(&a, &long, &[read_end.as_fd()]).unwrap().unwrap();
    assert!(sent > 0 && sent < long.len());
    let mut buffer = vec![0; long.len()];
    let (mut bytes, mut counts) = (0, Vec::new());
    while let Some(Received { length, descriptors, .. }) = receive(&b, &mut buffer).unwrap() {
        bytes += length;
        counts.push(descriptors.len());
    }
    assert_eq!(bytes, sent);
    assert_eq!((counts.first(), counts.iter().sum::<usize>()), (Some(&1), 1), "with the first byte");
}

/// They are the same objects, close-on-exec, and live on when the sender has closed its own.
#[test]
fn descriptors_survive() {
    let (a, b) = pair().unwrap();
    let path = std::env::temp_dir().join(format!("zygote-message-{}", std::process::id()));
    let mut file = std::fs::File::options().create_new(true).read(true).write(true).open(&path).unwrap();
    file.write_all(b"content").unwrap();
    std::fs::remove_file(&path).unwrap();
    let (read_end, write_end) = rustix::pipe::pipe().unwrap();
    send(&a, b"!", &[file.as_fd(), write_end.as_fd()]).unwrap();
    drop((file, write_end, a));
    let (bytes, mut descriptors) = receive_some(&b);
    assert_eq!((bytes.as_slice(), descriptors.len()), (b"!".as_slice(), 2));
    for descriptor in &descriptors {
        assert_eq!(fcntl_getfd(descriptor), Ok(FdFlags::CLOEXEC));
    }
    let write_end = descriptors.pop().unwrap();
    let mut file = std::fs::File::from(descriptors.pop().unwrap());
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "content");
    assert_eq!(rustix::io::write(write_end, b"through"), Ok(7));
    let mut buffer = [0; 16];
    assert_eq!(rustix::io::read(read_end, &mut buffer), Ok(7));
}

/// Two messages with descriptors are never received as one, so that it is known which is whose.
#[test]
fn messages_with_descriptors_stay_apart() {
    let (a, b) = pair().unwrap();
    let pipes: Vec<_> = (0..3).map(|_| rustix::pipe::pipe().unwrap()).collect();
    for (index, (read_end, _)) in pipes.iter().enumerate() {
        let descriptors: Vec<_> = std::iter::repeat_n(read_end.as_fd(), index + 1).collect();
        send(&a, &[index as u8; 3], &descriptors).unwrap();
    }
    for index in 0..3_u8 {
        let (bytes, descriptors) = receive_some(&b);
        assert_eq!((bytes, descriptors.len()), (vec![index; 3], usize::from(index) + 1));
    }
}

#[test]
fn as_many_as_the_kernel_takes() {
    let (a, b) = pair().unwrap();
    let null = std::fs::File::open("/dev/null").unwrap();
    let many: Vec<BorrowedFd<'_>> = std::iter::repeat_n(null.as_fd(), MOST_DESCRIPTORS).collect();
    assert_eq!(send(&a, b"many", &many).unwrap(), Some(4));
    let (bytes, descriptors) = receive_some(&b);
    assert_eq!((bytes.as_slice(), descriptors.len()), (b"many".as_slice(), 253));
    let too_many: Vec<_> = std::iter::repeat_n(null.as_fd(), MOST_DESCRIPTORS + 1).collect();
    let error = send(&a, b"too many", &too_many).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "254 descriptors cannot be sent at once: the limit is 253");
    assert!(receive(&b, &mut [0; 8]).unwrap().is_none(), "nothing was sent");
}

#[test]
fn nothing_to_send_or_no_room() {
    let (a, b) = pair().unwrap();
    assert_eq!(send(&a, b"", &[]).unwrap(), Some(0));
    assert_eq!(send(&a, b"", &[b.as_fd()]).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(receive(&b, &mut []).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn sending_to_nobody_is_an_error_of_the_call() {
    let (a, b) = pair().unwrap();
    drop(b);
    assert_eq!(send(&a, b"x", &[]).unwrap_err().kind(), ErrorKind::BrokenPipe);
}
