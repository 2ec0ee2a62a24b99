//! Random bytes from the system itself: in a clone nothing of its parent's generators can be relied on.

use std::io;

use crate::system;

/// What one call gives whole.
const MOST: usize = 256;

/// Fills `bytes`.
///
/// # Errors
/// `ENOSYS` on kernels older than Linux 3.17.
pub fn fill(bytes: &mut [u8]) -> io::Result<()> {
    for part in bytes.chunks_mut(MOST) {
        system::fill_random(part)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn every_part_of_a_long_buffer_is_filled() {
        let mut bytes = vec![0; 1000];
        fill(&mut bytes).expect("random bytes");
        for part in bytes.chunks(32) {
            // 32 zeros by chance: once in 2^256 runs.
            assert!(part.iter().take(32).any(|byte| *byte != 0) || part.len() < 32);
        }
    }
}
