//! Finds where a list or object of JSON ends without reading it: 64 bytes at a time, brackets counted, texts left out.
//!
//! What belongs here: brackets and quotes. What does not: whether the rest is JSON, which whoever reads a value finds.

/// Bytes looked at together.
const BLOCK: usize = 64;

/// Why no end was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endless {
    /// The text ends first.
    Truncated,
    /// More brackets are open at this byte than may be.
    TooDeep(usize),
}

/// Where the things that count stand in a block: bit 0 for its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Marks {
    quote: u64,
    backslash: u64,
    open: u64,
    close: u64,
}

/// The byte after the list or object that begins at `start`; at most `most` may be open at once.
///
/// # Errors
/// Where there is no such byte.
pub(super) fn end(bytes: &[u8], start: usize, most: usize) -> Result<usize, Endless> {
    let rest = bytes.get(start..).unwrap_or_default();
    let (blocks, tail) = rest.as_chunks::<BLOCK>();
    let mut padded = [b' '; BLOCK];
    for (to, from) in padded.iter_mut().zip(tail) {
        *to = *from;
    }
    let (mut depth, mut escape, mut inside) = (0_usize, 0_u64, 0_u64);
    for (number, block) in blocks.iter().chain([&padded]).enumerate() {
        let marks = look(block);
        let quotes = if marks.backslash | escape == 0 {
            marks.quote
        } else {
            marks.quote & !escaped(marks.backslash, &mut escape)
        };
        let text = between(quotes) ^ inside;
        // All ones where the block ends inside of a text.
        inside = 0_u64.wrapping_sub(text >> (BLOCK - 1));
        let (open, close) = (marks.open & !text, marks.close & !text);
        let (opened, closed) = (open.count_ones() as usize, close.count_ones() as usize);
        if closed < depth && depth + opened <= most {
            depth += opened;
            depth -= closed;
            continue;
        }
        let mut left = open | close;
        while left != 0 {
            let bit = left.trailing_zeros();
            let at = start + number * BLOCK + bit as usize;
            left &= left - 1;
            if open >> bit & 1 == 1 {
                depth += 1;
                if depth > most {
                    return Err(Endless::TooDeep(at));
                }
            } else {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Ok(at + 1);
                }
            }
        }
    }
    Err(Endless::Truncated)
}

/// Where the first quote or backslash of eight bytes stands.
pub(super) fn quote_or_escape(word: [u8; 8]) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let word = u64::from_le_bytes(word);
    // The lowest mark is right; those above it may be carried over.
    let zero = |word: u64| word.wrapping_sub(LOW) & !word & HIGH;
    let found = zero(word ^ (LOW * u64::from(b'"'))) | zero(word ^ (LOW * u64::from(b'\\')));
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
}

/// The bytes that a backslash before them escapes. `carry` is 1 where the last block ended in one that counts.
fn escaped(backslash: u64, carry: &mut u64) -> u64 {
    const EVEN: u64 = 0x5555_5555_5555_5555;
    let backslash = backslash & !*carry;
    let follows = backslash << 1 | *carry;
    // Runs that begin at an odd place: the addition runs through them and marks their ends.
    let odd = backslash & !EVEN & !follows;
    let (ends, over) = odd.overflowing_add(backslash);
    *carry = u64::from(over);
    (EVEN ^ ends << 1) & follows
}

/// Ones from each odd mark up to the next one, the first included.
fn between(marks: u64) -> u64 {
    let mut text = marks;
    for shift in [1, 2, 4, 8, 16, 32] {
        text ^= text << shift;
    }
    text
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "every processor of this architecture has SSE2")]
fn look(block: &[u8; BLOCK]) -> Marks {
    // SAFETY: SSE2 is part of x86-64; the function has no other demand.
    unsafe { wide::look(block) }
}

#[cfg(not(target_arch = "x86_64"))]
fn look(block: &[u8; BLOCK]) -> Marks {
    plain::look(block)
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8,
    };

    use super::{BLOCK, Marks};

    #[target_feature(enable = "sse2")]
    fn equal(lane: __m128i, byte: u8) -> u64 {
        let found = _mm_cmpeq_epi8(lane, _mm_set1_epi8(byte.cast_signed()));
        u64::from(_mm_movemask_epi8(found).cast_unsigned())
    }

    #[target_feature(enable = "sse2")]
    pub(super) fn look(block: &[u8; BLOCK]) -> Marks {
        let mut marks = Marks {
            quote: 0,
            backslash: 0,
            open: 0,
            close: 0,
        };
        let (words, _) = block.as_chunks::<8>();
        let (lanes, _) = words.as_chunks::<2>();
        for (number, [low, high]) in lanes.iter().enumerate() {
            let lane = _mm_set_epi64x(i64::from_le_bytes(*high), i64::from_le_bytes(*low));
            // This bit tells `{` from `[` and `}` from `]`.
            let brackets = _mm_or_si128(lane, _mm_set1_epi8(0x20));
            let shift = 16 * number;
            marks.quote |= equal(lane, b'"') << shift;
            marks.backslash |= equal(lane, b'\\') << shift;
            marks.open |= equal(brackets, b'{') << shift;
            marks.close |= equal(brackets, b'}') << shift;
        }
        marks
    }
}

#[cfg(any(test, not(target_arch = "x86_64")))]
mod plain {
    use super::{BLOCK, Marks};

    /// One bit for each of eight bytes that is `byte`, the first byte's lowest.
    fn equal(word: u64, byte: u8) -> u64 {
        const LOW: u64 = 0x0101_0101_0101_0101;
        const REST: u64 = 0x7F7F_7F7F_7F7F_7F7F;
        let differs = word ^ (LOW * u64::from(byte));
        // The top bit of each byte that is not zero; then those that are, gathered by a multiplication.
        let zero = !(((differs & REST) + REST) | differs | REST);
        (zero >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
    }

    pub(super) fn look(block: &[u8; BLOCK]) -> Marks {
        let mut marks = Marks {
            quote: 0,
            backslash: 0,
            open: 0,
            close: 0,
        };
        let (words, _) = block.as_chunks::<8>();
        for (number, word) in words.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            let brackets = word | 0x2020_2020_2020_2020;
            let shift = 8 * number;
            marks.quote |= equal(word, b'"') << shift;
            marks.backslash |= equal(word, b'\\') << shift;
            marks.open |= equal(brackets, b'{') << shift;
            marks.close |= equal(brackets, b'}') << shift;
        }
        marks
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, byte by byte.
    fn slow(bytes: &[u8], start: usize, most: usize) -> Result<usize, Endless> {
        let (mut depth, mut inside, mut escape) = (0, false, false);
        for (at, byte) in bytes.iter().enumerate().skip(start) {
            let escaped = std::mem::take(&mut escape);
            match byte {
                b'\\' if !escaped => escape = true,
                b'"' if !escaped => inside = !inside,
                _ if inside => {}
                b'{' | b'[' => {
                    depth += 1;
                    if depth > most {
                        return Err(Endless::TooDeep(at));
                    }
                }
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(at + 1);
                    }
                }
                _ => {}
            }
        }
        Err(Endless::Truncated)
    }

    #[test]
    fn ends_are_found_across_blocks() {
        for length in 0..200 {
            let text = format!(
                "xx[\"{}\\\\\", {{\"}}\\\"\": [1]}}] ]",
                "\\\"a".repeat(length)
            );
            let end = end(text.as_bytes(), 2, 8);
            assert_eq!(end, Ok(text.len() - 2), "{text}");
        }
        assert_eq!(end(b"[[[", 0, 2), Err(Endless::TooDeep(2)));
        assert_eq!(end(b"[\"]", 0, 2), Err(Endless::Truncated));
        assert_eq!(end(b"", 0, 2), Err(Endless::Truncated));
    }

    proptest! {
        #[test]
        fn the_first_quote_or_escape_is_found(word in prop::array::uniform8(prop_oneof![any::<u8>(), Just(b'"'), Just(b'\\'), Just(b'#'), Just(b']')])) {
            let first = word.iter().position(|byte| matches!(byte, b'"' | b'\\'));
            prop_assert_eq!(quote_or_escape(word), first);
        }

        #[test]
        fn is_what_a_byte_by_byte_look_finds(text in "[\\[{](\\\\\\\\|\\\\\"|[\\[\\]{}\",:a \\\\]){0,300}", start in 0_usize..3, most in 1_usize..9) {
            let text = format!("{}{text}", "  ".get(..start).unwrap_or_default());
            prop_assert_eq!(end(text.as_bytes(), start, most), slow(text.as_bytes(), start, most));
        }

        #[test]
        fn both_ways_to_look_agree(block in prop::array::uniform32(any::<u8>()), other in prop::array::uniform32("[\\[\\]{}\"\\\\a]")) {
            let mut bytes = [0; BLOCK];
            let other = other.iter().map(|text| text.as_bytes()[0]);
            for (to, from) in bytes.iter_mut().zip(block.into_iter().chain(other)) {
                *to = from;
            }
            prop_assert_eq!(look(&bytes), plain::look(&bytes));
        }
    }
}
