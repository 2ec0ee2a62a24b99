//! Reading /proc without allocation: numbers in directory listings, words in status files.

use super::sys;

/// `/proc/self/<middle>/<number>` with a NUL at the end, in a fixed buffer.
pub(super) struct Path {
    bytes: [u8; 64],
    length: usize,
}

impl Path {
    pub(super) fn new(prefix: &[u8], number: i32, suffix: &[u8]) -> Self {
        let mut path = Self { bytes: [0; 64], length: 0 };
        path.push(prefix);
        let mut digits = [0_u8; 10];
        let (mut rest, mut at) = (number.unsigned_abs(), digits.len());
        loop {
            at -= 1;
            if let Some(digit) = digits.get_mut(at) {
                *digit = b'0' + (rest % 10) as u8;
            }
            rest /= 10;
            if rest == 0 || at == 0 {
                break;
            }
        }
        path.push(digits.get(at..).unwrap_or(&[]));
        path.push(suffix);
        path
    }

    fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            // The last byte stays NUL.
            if self.length + 1 < self.bytes.len()
                && let Some(place) = self.bytes.get_mut(self.length)
            {
                *place = *byte;
                self.length += 1;
            }
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..=self.length).unwrap_or(&[0])
    }
}

/// Calls `each` for every entry of an open directory whose name is a number.
pub(super) fn each_number(directory: i32, mut each: impl FnMut(i32)) -> Result<(), i32> {
    // struct linux_dirent64: u64 inode, i64 offset, u16 length, u8 type, name.
    const HEAD: usize = 19;
    let mut buffer = [0_u8; 4096];
    loop {
        let length = sys::read_directory(directory, &mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        let mut rest = buffer.get(..length).unwrap_or(&[]);
        while let (Some(record), Some(name)) = (rest.get(16..18), rest.get(HEAD..)) {
            let record = match record {
                [low, high] => usize::from(u16::from_ne_bytes([*low, *high])),
                _ => return Ok(()),
            };
            if let Some(number) = leading_number(name) {
                each(number);
            }
            rest = rest.get(record.max(HEAD)..).unwrap_or(&[]);
        }
    }
}

/// The decimal number that a name consists of, up to its NUL.
fn leading_number(name: &[u8]) -> Option<i32> {
    let mut value = 0_i32;
    for (index, byte) in name.iter().enumerate() {
        match byte {
            b'0'..=b'9' => value = value.checked_mul(10)?.checked_add(i32::from(byte - b'0'))?,
            0 if index > 0 => return Some(value),
            _ => return None,
        }
    }
    None
}

/// Whether a thread of this process is one that runs no user code any more: a zombie, or one of the kernel's workers.
///
/// Not yet one that is exiting (`PF_EXITING`): a copy of the process taken before the kernel has cleared that thread's id
/// in memory and left its robust futexes would wait for it for ever.
pub(super) fn never_returns_to_user(tid: i32) -> bool {
    const PF_IO_WORKER: u64 = 0x10;
    const PF_USER_WORKER: u64 = 0x4000;
    let path = Path::new(b"/proc/self/task/", tid, b"/stat");
    let file = match sys::open(path.as_bytes(), libc::O_RDONLY) {
        Ok(file) => file,
        Err(errno) => return errno == libc::ENOENT || errno == libc::ESRCH,
    };
    let mut buffer = [0_u8; 512];
    let length = sys::read(file, &mut buffer);
    sys::close(file);
    // The name is in parentheses and may hold anything: fields are counted from the last one on.
    let text = buffer.get(..length.unwrap_or(0)).unwrap_or(&[]);
    let Some(end) = text.iter().rposition(|byte| *byte == b')') else { return length == Err(libc::ESRCH) };
    let mut fields = text.get(end + 2..).unwrap_or(&[]).split(|byte| *byte == b' ');
    let state = fields.next().and_then(|field| field.first().copied());
    // After the state: ppid, pgrp, session, tty_nr, tpgid, flags.
    let flags = fields.nth(5).map_or(0, decimal);
    matches!(state, Some(b'Z' | b'X')) || flags & (PF_IO_WORKER | PF_USER_WORKER) != 0
}

fn decimal(digits: &[u8]) -> u64 {
    digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0, |value: u64, byte| value.wrapping_mul(10).wrapping_add(u64::from(byte - b'0')))
}

/// `/proc/self`, open: what is looked up in it needs no walk through `/proc` each time.
#[derive(Clone, Copy)]
pub(super) struct SelfDirectory(i32);

impl SelfDirectory {
    pub(super) fn open() -> Result<Self, i32> {
        sys::open(b"/proc/self\0", libc::O_RDONLY | libc::O_DIRECTORY).map(Self)
    }

    pub(super) fn close(self) {
        sys::close(self.0);
    }

    /// `fdinfo/<fd>`, which the kernel makes in one piece.
    pub(super) fn fdinfo(self, fd: i32) -> Result<Lines, i32> {
        let file = sys::open_at(self.0, Path::new(b"fdinfo/", fd, b"").as_bytes(), libc::O_RDONLY)?;
        Ok(Lines::of(file, true))
    }

    /// What `fd/<fd>` leads to; cut off where it is longer than the buffer.
    pub(super) fn link(self, fd: i32, buffer: &mut [u8; 64]) -> &[u8] {
        let length = sys::read_link_at(self.0, Path::new(b"fd/", fd, b"").as_bytes(), buffer).unwrap_or(0);
        buffer.get(..length).unwrap_or(&[])
    }

    /// Calls `each` with every open descriptor but this one, and its status.
    ///
    /// To list a directory of /proc the kernel makes an entry for each name, which costs more than to ask for every
    /// number up to the last one. How many there are is the size of `fd` (Linux 6.2); where that is not told, or the
    /// numbers lie far apart, the directory is listed.
    pub(super) fn each_descriptor(self, mut each: impl FnMut(i32, &libc::stat)) -> Result<(), i32> {
        let count = sys::stat_at(self.0, b"fd\0").map_or(0, |status| usize::try_from(status.st_size).unwrap_or(0));
        let mut found = 0;
        let mut fd = 0;
        // Whoever is called may have opened descriptors meanwhile, but closes them before it returns.
        while found < count && (fd as usize) < 4 * count + 256 {
            if let Ok(status) = sys::stat(fd) {
                found += 1;
                if fd != self.0 {
                    each(fd, &status);
                }
            }
            fd += 1;
        }
        if count > 0 && found == count {
            return Ok(());
        }
        let directory = sys::open_at(self.0, b"fd\0", libc::O_RDONLY | libc::O_DIRECTORY)?;
        // The numbers below have been handled already.
        let rest = fd;
        let result = each_number(directory, |fd| {
            if fd >= rest
                && fd != directory
                && fd != self.0
                && let Ok(status) = sys::stat(fd)
            {
                each(fd, &status);
            }
        });
        sys::close(directory);
        result
    }
}

/// Reads a file of /proc line by line through a fixed buffer.
pub(super) struct Lines {
    file: i32,
    buffer: [u8; 4096],
    start: usize,
    end: usize,
    finished: bool,
    /// The file is made in one piece, so that a read which does not fill the buffer was the last.
    one_piece: bool,
}

impl Lines {
    /// For files with a record a line, such as `maps`.
    pub(super) fn open(path: &[u8]) -> Result<Self, i32> {
        sys::open(path, libc::O_RDONLY).map(|file| Self::of(file, false))
    }

    /// `/proc/self/fdinfo/<fd>`.
    pub(super) fn fdinfo(fd: i32) -> Result<Self, i32> {
        sys::open(Path::new(b"/proc/self/fdinfo/", fd, b"").as_bytes(), libc::O_RDONLY).map(|file| Self::of(file, true))
    }

    fn of(file: i32, one_piece: bool) -> Self {
        Self { file, buffer: [0; 4096], start: 0, end: 0, finished: false, one_piece }
    }

    /// The next line without its end; lines longer than the buffer come in parts.
    pub(super) fn next(&mut self) -> Option<&[u8]> {
        loop {
            let window = self.buffer.get(self.start..self.end)?;
            let newline = window.iter().position(|byte| *byte == b'\n');
            let whole = newline.or_else(|| {
                let full = self.start == 0 && self.end == self.buffer.len();
                (full || self.finished && !window.is_empty()).then_some(window.len())
            });
            if let Some(length) = whole {
                let from = self.start;
                self.start = (from + length + usize::from(newline.is_some())).min(self.end);
                return self.buffer.get(from..from + length);
            }
            if self.finished {
                return None;
            }
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            let free = self.buffer.len() - self.end;
            let read = self.buffer.get_mut(self.end..).map_or(0, |free| sys::read(self.file, free).unwrap_or(0));
            self.finished = read == 0 || self.one_piece && read < free;
            self.end += read;
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        sys::close(self.file);
    }
}

/// Takes the words of a line one after the other.
pub(super) struct Words<'a>(pub &'a [u8]);

impl<'a> Words<'a> {
    pub(super) fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.0.iter().position(|byte| !byte.is_ascii_whitespace())?;
        let rest = self.0.get(start..)?;
        let length = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        self.0 = rest.get(length..)?;
        rest.get(..length)
    }

    pub(super) fn decimal(&mut self) -> Option<u64> {
        self.next().map(decimal)
    }

    pub(super) fn hexadecimal(&mut self) -> Option<u64> {
        self.next().map(hexadecimal)
    }
}

/// The value of the leading hexadecimal digits, with or without `0x`.
pub(super) fn hexadecimal(digits: &[u8]) -> u64 {
    digits
        .strip_prefix(b"0x")
        .unwrap_or(digits)
        .iter()
        .map_while(|byte| char::from(*byte).to_digit(16))
        .fold(0, |value, digit| value << 4 | u64::from(digit))
}
