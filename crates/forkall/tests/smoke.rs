use std::sync::{Arc, Condvar, Mutex, atomic::{AtomicU64, Ordering}};
use std::time::Duration;
use zygote_forkall::{Forked, Options, fork};
fn main() {
    let counter: Vec<Arc<AtomicU64>> = (0..6).map(|_| Arc::new(AtomicU64::new(0))).collect();
    let pair = Arc::new((Mutex::new(0_u64), Condvar::new()));
    let mut handles = vec![];
    for (i, c) in counter.iter().enumerate() {
        let (c, pair) = (c.clone(), pair.clone());
        handles.push(std::thread::Builder::new().name(format!("w{i}")).spawn(move || loop {
            c.fetch_add(1, Ordering::SeqCst);
            if i % 2 == 0 { let mut g = pair.0.lock().unwrap(); *g += 1; pair.1.notify_all(); if *g > u64::MAX / 2 { return; } let v = vec![1u8; 1000 + i]; std::hint::black_box(v); }
            else { std::thread::sleep(Duration::from_micros(50)); let v = vec![1u8; 100_000 + i]; std::hint::black_box(v); }
        }).unwrap());
    }
    let mut tot = zygote_forkall::Timings::default();
    for round in 0..300 {
        match unsafe { fork(&Options::default()) }.unwrap() {
            Forked::Child => {
                let before: Vec<u64> = counter.iter().map(|c| c.load(Ordering::SeqCst)).collect();
                let start = std::time::Instant::now();
                while counter.iter().zip(&before).any(|(c, b)| c.load(Ordering::SeqCst) < b + 3) { std::thread::sleep(Duration::from_micros(100)); if start.elapsed() > Duration::from_secs(5) { eprintln!("stuck"); unsafe { libc::_exit(2) } } }
                unsafe { libc::_exit(0) }
            }
            Forked::Parent { pid, pidfd, timings } => {
                let mut st = 0;
                unsafe { libc::waitpid(pid, &raw mut st, 0); if let Some(fd) = pidfd { libc::close(fd); } }
                assert_eq!(st, 0, "round {round}");
                tot.park += timings.park; tot.snapshot += timings.snapshot; tot.clone += timings.clone; tot.release += timings.release; tot.threads = timings.threads;
            }
        }
    }
    println!("{:?} {:?} {:?} {:?} {}", tot.park/300, tot.snapshot/300, tot.clone/300, tot.release/300, tot.threads);
    std::process::exit(0);
}
