//! Linux: `/proc/PID/smaps_rollup` (4.14 and newer, else the sum over `smaps`) and `/proc/PID/stat`.

use std::{
    fs::File,
    io::{self, Read},
};

use crate::{Error, ProcessMemory};

const ROLLUP: &str = "/proc/PID/smaps_rollup";
const SMAPS: &str = "/proc/PID/smaps";
const STAT: &str = "/proc/PID/stat";
/// Both cheap files fit, so that each is one read.
const USUAL_SIZE: usize = 4096;
const NO_SUCH_PROCESS: i32 = 3; // ESRCH

pub(crate) fn process_memory(pid: u32) -> Result<ProcessMemory, Error> {
    let memory = match read(pid, ROLLUP, "smaps_rollup")? {
        Some(text) => parse_maps(ROLLUP, &text)?,
        None => sum_of_maps(pid)?,
    };
    let (minor_faults, major_faults) = page_faults(pid)?;
    Ok(ProcessMemory { minor_faults, major_faults, ..memory })
}

/// musl keeps no large blocks, and has no such function.
pub(crate) fn release_free_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: `malloc_trim` may be called at any time and from any thread; it takes the locks of the allocator itself,
    // and touches only blocks that are free.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// For a kernel without the rollup: much slower, because the kernel writes a thousand mappings and we read them.
fn sum_of_maps(pid: u32) -> Result<ProcessMemory, Error> {
    match read(pid, SMAPS, "smaps")? {
        // What a process that has ended, but has not been waited for, has here.
        Some(text) if text.is_empty() => Err(Error::NotFound { pid }),
        Some(text) => parse_maps(SMAPS, &text),
        // Distinguish "no such file" from "no such process": stat is always there.
        None => match read(pid, STAT, "stat")? {
            Some(_) => Err(Error::Unsupported {
                reason: "the kernel has no /proc/PID/smaps (it is built without CONFIG_PROC_PAGE_MONITOR); \
                         /proc/PID/statm has the resident set size alone",
            }),
            None => Err(Error::NotFound { pid }),
        },
    }
}

fn page_faults(pid: u32) -> Result<(u64, u64), Error> {
    let text = read(pid, STAT, "stat")?.ok_or(Error::NotFound { pid })?;
    parse_faults(&text)
}

/// The sums over all mappings in a text such as that of `smaps` or `smaps_rollup`.
fn parse_maps(file: &'static str, text: &[u8]) -> Result<ProcessMemory, Error> {
    let mut memory = ProcessMemory::default();
    let mut seen_rss = false;
    let mut seen_pss = false;
    for line in text.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (key, value) = line.split_at(colon);
        let sum = match key {
            b"Rss" => {
                seen_rss = true;
                &mut memory.rss
            }
            b"Pss" => {
                seen_pss = true;
                &mut memory.pss
            }
            b"Shared_Clean" => &mut memory.shared_clean,
            b"Shared_Dirty" => &mut memory.shared_dirty,
            b"Private_Clean" => &mut memory.private_clean,
            b"Private_Dirty" => &mut memory.private_dirty,
            b"Swap" => &mut memory.swap,
            _ => continue,
        };
        let kilobytes =
            first_number(&value[1..]).ok_or(Error::Malformed { file, missing: "number where a size is" })?;
        *sum += kilobytes * 1024;
    }
    match (seen_rss, seen_pss) {
        (true, true) => Ok(memory),
        (false, _) => Err(Error::Malformed { file, missing: "line 'Rss:'" }),
        (true, false) => Err(Error::Malformed { file, missing: "line 'Pss:'" }),
    }
}

/// Minor and major faults: the fields 10 and 12 of `stat`.
fn parse_faults(text: &[u8]) -> Result<(u64, u64), Error> {
    // Field 2 is the program's name in parentheses, in which there may be spaces and parentheses.
    let name_end =
        text.iter().rposition(|byte| *byte == b')').ok_or(Error::Malformed { file: STAT, missing: "')'" })?;
    let mut fields = text[name_end + 1..].split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
    // The next field is number 3.
    let minor = fields.nth(10 - 3).and_then(first_number);
    let major = fields.nth(12 - 11).and_then(first_number);
    match (minor, major) {
        (Some(minor), Some(major)) => Ok((minor, major)),
        _ => Err(Error::Malformed { file: STAT, missing: "fields 10 and 12" }),
    }
}

/// The decimal number that a text starts with, after spaces.
fn first_number(text: &[u8]) -> Option<u64> {
    let digits = text.trim_ascii_start();
    let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    str::from_utf8(&digits[..end]).ok()?.parse().ok()
}

/// The content of `/proc/PID/name`; nothing where there is no such file or no such process.
fn read(pid: u32, file: &'static str, name: &str) -> Result<Option<Vec<u8>>, Error> {
    let mut text = Vec::with_capacity(USUAL_SIZE);
    let outcome = File::open(format!("/proc/{pid}/{name}")).and_then(|mut file| file.read_to_end(&mut text));
    match outcome {
        Ok(_) => Ok(Some(text)),
        Err(cause) => match cause.kind() {
            io::ErrorKind::NotFound => Ok(None),
            io::ErrorKind::PermissionDenied => Err(Error::PermissionDenied { pid }),
            _ if cause.raw_os_error() == Some(NO_SUCH_PROCESS) => Err(Error::NotFound { pid }),
            _ => Err(Error::Io { file, cause }),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        process::{Child, Command, Stdio},
    };

    use super::*;

    const ROLLUP_TEXT: &[u8] = b"\
55d69c274000-7ffe21945000 ---p 00000000 00:00 0                          [rollup]
Rss:                1732 kB
Pss:                 502 kB
Pss_Dirty:           116 kB
Pss_Anon:            116 kB
Pss_File:            386 kB
Pss_Shmem:             0 kB
Shared_Clean:       1564 kB
Shared_Dirty:          8 kB
Private_Clean:        52 kB
Private_Dirty:       108 kB
Referenced:         1732 kB
Anonymous:           116 kB
LazyFree:              0 kB
AnonHugePages:         0 kB
Shared_Hugetlb:        0 kB
Private_Hugetlb:       0 kB
Swap:                 12 kB
SwapPss:              12 kB
Locked:                0 kB
";

    const SMAPS_TEXT: &[u8] = b"\
55d69c274000-55d69c276000 r--p 00000000 fe:00 1034  /usr/bin/odd: name
Size:                  8 kB
Rss:                   8 kB
Pss:                   4 kB
Shared_Clean:          8 kB
Shared_Dirty:          0 kB
Private_Clean:         0 kB
Private_Dirty:         0 kB
Swap:                  0 kB
VmFlags: rd mr mw me sd
55d69c276000-55d69c278000 rw-p 00000000 00:00 0 [heap]
Size:                  8 kB
Rss:                   8 kB
Pss:                   8 kB
Shared_Clean:          0 kB
Shared_Dirty:          0 kB
Private_Clean:         0 kB
Private_Dirty:         8 kB
Swap:                  4 kB
VmFlags: rd wr mr mw me ac sd
";

    const STAT_TEXT: &[u8] =
        b"6835 (a) b (c) R 6833 6833 2628 0 -1 4194304 104 7 9 3 0 0 0 0 20 0 1 0 183069 3133440\n";

    #[test]
    fn a_rollup_is_read_in_bytes() {
        let memory = parse_maps(ROLLUP, ROLLUP_TEXT).unwrap();
        let expected = ProcessMemory {
            rss: 1_773_568,
            pss: 514_048,
            shared_clean: 1_601_536,
            shared_dirty: 8_192,
            private_clean: 53_248,
            private_dirty: 110_592,
            swap: 12_288,
            minor_faults: 0,
            major_faults: 0,
        };
        assert_eq!(memory, expected);
        assert_eq!(memory.uss(), 163_840);
    }

    #[test]
    fn mappings_are_summed() {
        let memory = parse_maps(SMAPS, SMAPS_TEXT).unwrap();
        let expected = ProcessMemory {
            rss: 16_384,
            pss: 12_288,
            shared_clean: 8_192,
            private_dirty: 8_192,
            swap: 4_096,
            ..ProcessMemory::default()
        };
        assert_eq!(memory, expected);
    }

    #[test]
    fn a_text_without_the_two_main_lines_is_malformed() {
        for (text, expected) in [
            (&b""[..], "/proc/PID/smaps_rollup has no line 'Rss:'"),
            (b"Rss: 4 kB\n", "/proc/PID/smaps_rollup has no line 'Pss:'"),
            (b"Rss: many kB\nPss: 4 kB\n", "/proc/PID/smaps_rollup has no number where a size is"),
        ] {
            let error = parse_maps(ROLLUP, text).unwrap_err();
            assert!(matches!(error, Error::Malformed { .. }), "{error:?}");
            assert!(error.to_string().starts_with(expected), "{error}");
        }
    }

    #[test]
    fn faults_are_found_behind_a_name_with_spaces_and_parentheses() {
        assert_eq!(parse_faults(STAT_TEXT).unwrap(), (104, 9));
    }

    #[test]
    fn a_short_stat_is_malformed() {
        for text in [&b""[..], b"1 (init", b"1 (init) S 0 1 1 0 -1 4194560 104 7"] {
            assert!(matches!(parse_faults(text), Err(Error::Malformed { .. })));
        }
    }

    #[test]
    fn memory_that_is_written_becomes_private_and_dirty() {
        const SIZE: usize = 32 << 20;
        const TOLERANCE: u64 = 4 << 20; // the other tests run in other threads of this process
        let pid = std::process::id();
        let before = process_memory(pid).unwrap();
        let mut block = vec![0_u8; SIZE];
        for page in block.chunks_mut(1024) {
            page[0] = 1;
        }
        let after = process_memory(pid).unwrap();
        drop(std::hint::black_box(block));
        let grown = after.private_dirty - before.private_dirty;
        assert!(grown.abs_diff(SIZE as u64) < TOLERANCE, "private and dirty grew by {grown}");
        assert!(after.rss >= before.rss + SIZE as u64 - TOLERANCE);
        assert!(after.minor_faults > before.minor_faults);
    }

    #[test]
    fn releasing_leaves_what_is_in_use_alone() {
        let mut blocks: Vec<Vec<u8>> = (0..=u8::MAX).map(|fill| vec![fill; 5000]).collect();
        blocks.retain(|block| block[0] % 2 == 0);
        release_free_memory();
        assert!(
            blocks.iter().zip((0..=u8::MAX).step_by(2)).all(|(block, fill)| block.iter().all(|byte| *byte == fill))
        );
    }

    #[test]
    fn the_sums_agree_with_the_rollup() {
        let mut child = sleeper();
        let rollup = parse_maps(ROLLUP, &read(child.id(), ROLLUP, "smaps_rollup").unwrap().unwrap()).unwrap();
        let sums = sum_of_maps(child.id()).unwrap();
        end(&mut child);
        assert_eq!(rollup.rss, sums.rss);
        assert_eq!(rollup.uss(), sums.uss());
        // The shares of single mappings are each rounded down to a kilobyte.
        assert!(rollup.pss.abs_diff(sums.pss) < 1 << 20);
    }

    #[test]
    fn a_process_that_has_ended_is_not_found() {
        let mut child = sleeper();
        child.kill().unwrap();
        // Until it is waited for it is a zombie. Its memory goes a moment after the signal.
        while process_memory(child.id()).is_ok() {
            std::thread::yield_now();
        }
        assert!(matches!(process_memory(child.id()), Err(Error::NotFound { .. })));
        assert!(matches!(sum_of_maps(child.id()), Err(Error::NotFound { .. })));
        let pid = child.id();
        child.wait().unwrap();
        assert!(matches!(process_memory(pid), Err(Error::NotFound { .. })));
    }

    /// A process that is up, and ends when its standard input does: at the latest with this process.
    fn sleeper() -> Child {
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.as_mut().unwrap().write_all(b"!").unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        child
    }

    fn end(child: &mut Child) {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
