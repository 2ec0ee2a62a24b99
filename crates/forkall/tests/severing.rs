//! What a child shares with its parent, and what it does not get.
#![cfg(target_os = "linux")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "plain system calls on objects of the tests' own")]

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;

use support::{Pool, errno, in_child, in_child_with, ok, pipe, read, readable, socket_pair, write};
use zygote_forkall::{Error, Forked, Options, fork, fork_single_threaded};

cases!(
    sockets_are_shared_by_default,
    shared_objects,
    severed_sockets_and_pipes,
    severed_in_an_epoll_set,
    own_pipes_are_not_severed,
    severing_needs_one_free_number,
    severing_by_the_other_strategy,
);

fn sockets_are_shared_by_default() {
    let [a, b] = socket_pair();
    in_child(|| {
        write(a, b"from the child");
    })
    .join();
    assert_eq!(read(b).expect("read"), b"from the child");
    // A pipe to another process too: this one's other end is in a child only.
    let [read_end, write_end] = pipe();
    let options = Options { share: &[read_end, write_end], ..Options::default() };
    let holder = in_child_with(&options, || {
        assert_eq!(read(read_end).expect("read"), b"x");
    });
    ok(unsafe { libc::close(read_end) });
    in_child(|| {
        write(write_end, b"x");
    })
    .join();
    holder.join();
}

fn shared_objects() {
    let event = ok(unsafe { libc::eventfd(0, libc::EFD_NONBLOCK) });
    let set = ok(unsafe { libc::epoll_create1(0) });
    let [read_end, write_end] = pipe();
    let clock = ok(unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_NONBLOCK) });
    let options = Options { share: &[event, set, read_end, write_end, clock], ..Options::default() };
    in_child_with(&options, || {
        write(event, &5_u64.to_ne_bytes());
        write(write_end, b"hello");
        let mut interest = libc::epoll_event { events: libc::EPOLLIN as u32, u64: 9 };
        ok(unsafe { libc::epoll_ctl(set, libc::EPOLL_CTL_ADD, event, &raw mut interest) });
        let soon = libc::itimerspec {
            it_interval: libc::timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: libc::timespec { tv_sec: 0, tv_nsec: 1 },
        };
        ok(unsafe { libc::timerfd_settime(clock, 0, &raw const soon, std::ptr::null_mut()) });
    })
    .join();
    assert!(readable(set, 0), "an epoll set that both use");
    assert_eq!(read(event).expect("read"), 5_u64.to_ne_bytes());
    assert_eq!(read(read_end).expect("read"), b"hello");
    assert!(readable(clock, 1000));
}

fn severed_sockets_and_pipes() {
    let pool = Pool::new(2);
    let [a, b] = socket_pair();
    let [kept, kept_peer] = socket_pair();
    let [read_end, write_end] = pipe();
    let [for_others, to_others] = pipe();
    // The other ends of these two are in another process.
    let options = Options { share: &[read_end, write_end, for_others, to_others], ..Options::default() };
    let other = in_child_with(&options, || {
        unsafe {
            libc::close(read_end);
            libc::close(to_others);
        }
        // Its end comes when the last writer is gone: a severed child is none.
        assert_eq!(read(for_others).expect("read"), b"");
        write(write_end, b"to the parent");
    });
    ok(unsafe { libc::close(write_end) });
    ok(unsafe { libc::close(for_others) });
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("address");
    let mut client = TcpStream::connect(address).expect("connect");
    let (mut server, _) = listener.accept().expect("accept");
    server.set_nonblocking(false).expect("blocking");
    let close_on_exec = |fd| unsafe { libc::fcntl(fd, libc::F_GETFD) };
    let flags = close_on_exec(a);
    let options = Options { sever_except: Some(&[kept]), ..Options::default() };
    let severed = [a, b, kept_peer, read_end, to_others, listener.as_raw_fd(), server.as_raw_fd()];
    let child = in_child_with(&options, || {
        for fd in severed {
            assert!(!readable(fd, 0));
            assert_eq!(read(fd), Err(libc::EAGAIN), "a read from it never waits and never gets anything");
            assert_eq!((write(fd, b"x"), errno()), (-1, libc::EINVAL));
            assert_eq!(unsafe { libc::accept(fd, std::ptr::null_mut(), std::ptr::null_mut()) }, -1);
        }
        assert_eq!(close_on_exec(a), flags);
        assert_eq!(write(kept, b"kept"), 4);
        pool.assert_alive();
        // For as long as it takes the parent to see that nobody else has these connections.
        std::thread::sleep(Duration::from_millis(300));
    });
    // Here all of them work.
    write(a, b"x");
    assert_eq!(read(b).expect("read"), b"x");
    assert_eq!(read(kept_peer).expect("read"), b"kept");
    client.write_all(b"ping").expect("write");
    let mut four = [0; 4];
    server.read_exact(&mut four).expect("read");
    TcpStream::connect(address).expect("connect");
    listener.accept().expect("the parent's listener accepts");
    drop(server);
    assert_eq!(client.read(&mut four).expect("read"), 0, "the end of the connection is seen while the child lives");
    ok(unsafe { libc::close(to_others) });
    other.join();
    assert_eq!(read(read_end).expect("read"), b"to the parent");
    child.join();
}

fn severed_in_an_epoll_set() {
    let [a, b] = socket_pair();
    let [other_a, other_b] = socket_pair();
    let set = ok(unsafe { libc::epoll_create1(0) });
    for (fd, data) in [(a, 1), (other_a, 2)] {
        let mut interest = libc::epoll_event { events: libc::EPOLLIN as u32, u64: data };
        ok(unsafe { libc::epoll_ctl(set, libc::EPOLL_CTL_ADD, fd, &raw mut interest) });
    }
    write(b, b"for the parent");
    write(other_b, b"for both");
    let options = Options { sever_except: Some(&[other_a]), ..Options::default() };
    in_child_with(&options, || {
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 4];
        assert_eq!(unsafe { libc::epoll_wait(set, events.as_mut_ptr(), 4, 50) }, 1);
        assert_eq!({ events[0].u64 }, 2);
        // As a loop that closes its handles does.
        let mut none = libc::epoll_event { events: 0, u64: 0 };
        ok(unsafe { libc::epoll_ctl(set, libc::EPOLL_CTL_DEL, a, &raw mut none) });
        ok(unsafe { libc::close(a) });
    })
    .join();
    assert_eq!(read(a).expect("read"), b"for the parent");
}

fn own_pipes_are_not_severed() {
    let [read_end, write_end] = pipe();
    write(write_end, b"wake-up");
    let options = Options { sever_except: Some(&[]), ..Options::default() };
    for _ in 0..2 {
        in_child_with(&options, || {
            assert_eq!(read(read_end).expect("read"), b"wake-up");
            assert_eq!((write(write_end, b"x"), readable(read_end, 0)), (1, true));
            assert!(std::io::stdout().write_all(b"").is_ok());
        })
        .join();
    }
    assert_eq!(read(read_end).expect("read"), b"wake-up");
}

/// The parent needs a number for the child's descriptor; with no more than that the child must do.
fn severing_needs_one_free_number() {
    let sockets: Vec<[i32; 2]> = (0..3).map(|_| socket_pair()).collect();
    let event = ok(unsafe { libc::eventfd(7, 0) });
    let [read_end, write_end] = pipe();
    write(write_end, b"unread");
    let limit = libc::rlimit { rlim_cur: 64, rlim_max: 64 };
    ok(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) });
    let mut fillers = Vec::new();
    while let fd @ 0.. = unsafe { libc::fcntl(2, libc::F_DUPFD_CLOEXEC, 0) } {
        fillers.push(fd);
    }
    let options = Options { sever_except: Some(&[]), ..Options::default() };
    let child = loop {
        match unsafe { fork(&options) } {
            Err(Error::Call { source, .. }) => assert_eq!(source.raw_os_error(), Some(libc::EMFILE)),
            Err(error) => panic!("{error}"),
            Ok(Forked::Parent { pid, pidfd, .. }) => break support::Child { pid, pidfd },
            Ok(Forked::Child) => support::end_child(|| {
                for [one, other] in &sockets {
                    assert_eq!((read(*one), read(*other)), (Err(libc::EAGAIN), Err(libc::EAGAIN)));
                }
                assert_eq!(read(event).expect("read"), 7_u64.to_ne_bytes());
                assert_eq!(read(read_end).expect("read"), b"unread");
            }),
        }
        ok(unsafe { libc::close(fillers.pop().expect("works with a few")) });
    };
    child.join();
}

fn severing_by_the_other_strategy() {
    let [a, b] = socket_pair();
    let [kept, kept_peer] = socket_pair();
    write(b, b"for the parent");
    let options = Options { sever_except: Some(&[kept]), ..Options::default() };
    match unsafe { fork_single_threaded(&options) }.expect("fork") {
        Forked::Child => support::end_child(|| {
            assert!(!readable(a, 0));
            assert_eq!(read(a), Err(libc::EAGAIN));
            write(kept, b"kept");
        }),
        Forked::Parent { pid, pidfd, .. } => support::Child { pid, pidfd }.join(),
    }
    assert_eq!(read(a).expect("read"), b"for the parent");
    assert_eq!(read(kept_peer).expect("read"), b"kept");
}
