//! Copies of what is larger than caches.

#[cfg_attr(target_arch = "x86_64", path = "copy/x86_64.rs")]
#[cfg_attr(not(target_arch = "x86_64"), path = "copy/elsewhere.rs")]
mod arch;

pub(crate) use arch::past_cache;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_arrive_wherever_they_begin_and_end_and_nothing_else_is_written() {
        let source: Vec<u8> = (0..2_000_003u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for (begin, offset, length) in
            [(0, 0, 1 << 20), (1, 3, 1_000_001), (5, 63, 524_288), (7, 64, 524_289), (0, 1, 3)]
        {
            let mut target = vec![0xee; length + 200];
            // SAFETY: both have so many bytes from there on.
            unsafe { past_cache(source.as_ptr().add(begin), target.as_mut_ptr().add(offset), length) };
            assert_eq!(target.get(offset..offset + length), source.get(begin..begin + length));
            assert!(target.iter().take(offset).chain(target.iter().skip(offset + length)).all(|byte| *byte == 0xee));
        }
    }
}
