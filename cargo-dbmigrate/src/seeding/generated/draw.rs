//! Random numbers at an address: what is drawn for a value depends on the seed, the table, the column and the number of
//! the row, and on nothing else.
//!
//! Each column has a ChaCha stream of its own, whose key is a hash of the seed, the table and the column. The block of 16
//! words at position n of the stream belongs to row n; a value that needs more goes on in a stream of its own. So rows can
//! be asked for in any order, and rows one after the other cost a quarter of a computation each.

use std::convert::Infallible;

use dbmigrate_core::sha256::Sha256;
use dbmigrate_core::sql::Name;
use fake::rand::TryRng;
use fake::rand::rand_core::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

/// How many words a row has in the stream of its column.
const WORDS: usize = 16;
/// How many rows are computed at once.
const ROWS: u64 = 4;

/// What a column draws from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key([u8; 32]);

impl Key {
    /// The key for a purpose in a column of a table.
    pub(super) fn new(seed: u64, table: &Name, column: &str, purpose: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"dbmigrate rows 1");
        hash.update(&seed.to_le_bytes());
        for part in [table.folded().as_str(), &column.to_ascii_lowercase(), purpose] {
            hash.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            hash.update(part.as_bytes());
        }
        Self(hash.finish())
    }

    /// A number of it, for what is decided once.
    pub(super) fn number(self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|at| self.0[at]))
    }
}

/// The stream of a column, with the rows that were computed last.
pub(super) struct Stream {
    key: Key,
    source: ChaCha8Rng,
    first: Option<u64>,
    words: [u32; WORDS * 4],
}

impl Stream {
    pub(super) fn new(key: Key) -> Self {
        Self { key, source: ChaCha8Rng::from_seed(key.0), first: None, words: [0; WORDS * 4] }
    }

    /// The words of a row.
    fn words(&mut self, row: u64) -> &[u32] {
        let first = row / ROWS;
        if self.first != Some(first) {
            let position = u128::from(first) * u128::from(ROWS) * WORDS as u128;
            if self.source.get_word_pos() != position {
                self.source.set_word_pos(position);
            }
            for word in &mut self.words {
                *word = next(&mut self.source);
            }
            self.first = Some(first);
        }
        let at = usize::try_from(row % ROWS).unwrap_or_default() * WORDS;
        &self.words[at..at + WORDS]
    }

    /// What is drawn for a row.
    pub(super) fn draw(&mut self, row: u64) -> Draw<'_> {
        let key = self.key;
        Draw { words: self.words(row), at: 0, key, row, attempt: 0, more: None }
    }

    /// What is drawn for a row for the n-th time, because something refuses what was drawn before.
    pub(super) fn draw_again(&mut self, row: u64, attempt: u32) -> Draw<'_> {
        if attempt == 0 {
            return self.draw(row);
        }
        Draw { words: &[], at: 0, key: self.key, row, attempt, more: None }
    }

    /// A word at a position of the stream, where a row needs no more than that.
    pub(super) fn word(&mut self, position: u64) -> u32 {
        self.words(position / WORDS as u64)[usize::try_from(position % WORDS as u64).unwrap_or_default()]
    }
}

fn next(source: &mut ChaCha8Rng) -> u32 {
    let Ok(word) = source.try_next_u32();
    word
}

/// Random numbers for one value.
pub(super) struct Draw<'a> {
    words: &'a [u32],
    at: usize,
    key: Key,
    row: u64,
    attempt: u32,
    more: Option<Box<ChaCha8Rng>>,
}

impl Draw<'_> {
    pub(super) fn word(&mut self) -> u32 {
        if let Some(word) = self.words.get(self.at) {
            self.at += 1;
            return *word;
        }
        let more = self.more.get_or_insert_with(|| {
            let mut more = ChaCha8Rng::from_seed(self.key.0);
            more.set_stream(self.row.wrapping_add(1));
            more.set_word_pos(u128::from(self.attempt) << 36);
            Box::new(more)
        });
        next(more)
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        if let Ok(end) = u32::try_from(end) {
            return (u64::from(self.word()) * u64::from(end)) >> 32;
        }
        let number = u64::from(self.word()) << 32 | u64::from(self.word());
        u64::try_from((u128::from(number) * u128::from(end)) >> 64).unwrap_or_default()
    }

    /// An index of a list that is not empty.
    pub(super) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or_default()
    }

    /// One of the list, which is not empty.
    pub(super) fn pick<'v, T: ?Sized>(&mut self, list: &[&'v T]) -> &'v T {
        list[self.index(list.len())]
    }

    /// Whether something happens that does so in so many of 2³² cases.
    pub(super) fn happens(&mut self, share: Share) -> bool {
        // the word is drawn in any case, so that a share that changes moves nothing else
        let word = self.word();
        u64::from(word) < share.0
    }
}

impl TryRng for Draw<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.word())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from(self.word()) | u64::from(self.word()) << 32)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(4) {
            chunk.copy_from_slice(&self.word().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// A share from 0 to 1, in steps of 2⁻³².
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Share(u64);

impl Share {
    pub(super) const NONE: Self = Self(0);
    pub(super) const ALL: Self = Self(1 << 32);

    /// So many of a thousand.
    pub(super) const fn thousandths(count: u32) -> Self {
        Self(((count as u64) << 32) / 1000)
    }

    /// A number from 0 to 1; `None` for any other.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 2³²")]
    pub(super) fn of(share: f64) -> Option<Self> {
        (0.0..=1.0).contains(&share).then_some(Self((share * 4_294_967_296.0) as u64))
    }
}

/// A way to number `0..count` anew, so that different places stay different.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shuffle {
    count: u64,
    half: u32,
    key: u64,
}

impl Shuffle {
    pub(super) fn new(key: u64, count: u64) -> Self {
        // a network over the next even number of bits; what falls outside of the count goes round again
        let bits = (64 - count.saturating_sub(1).leading_zeros()).max(2);
        Self { count, half: bits.div_ceil(2), key }
    }

    /// The place of `at`, which is below the count.
    pub(super) fn place(self, at: u64) -> u64 {
        let mut place = at;
        loop {
            place = self.round_trip(place);
            if place < self.count || at >= self.count {
                return place;
            }
        }
    }

    fn round_trip(self, number: u64) -> u64 {
        let mask = (1_u64 << self.half) - 1;
        let (mut left, mut right) = (number >> self.half, number & mask);
        for round in 0..4 {
            let mixed = mix(right ^ self.key.wrapping_add(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(round + 1)));
            (left, right) = (right, left ^ (mixed & mask));
        }
        left << self.half | right
    }
}

/// The finalizer of SplitMix64 (doi.org/10.1145/2714064.2660195).
pub(super) fn mix(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(column: &str) -> Stream {
        Stream::new(Key::new(0, &"users".into(), column, "value"))
    }

    #[test]
    fn a_row_draws_the_same_in_whatever_order_it_is_asked_for() {
        let mut forwards = stream("a");
        let all: Vec<Vec<u32>> = (0..40)
            .map(|row| {
                let mut draw = forwards.draw(row);
                (0..30).map(|_| draw.word()).collect()
            })
            .collect();
        let mut backwards = stream("A");
        for row in (0..40).rev() {
            let mut draw = backwards.draw(row);
            let again: Vec<u32> = (0..30).map(|_| draw.word()).collect();
            assert_eq!(again, all[usize::try_from(row).unwrap()]);
        }
        let distinct: std::collections::BTreeSet<&Vec<u32>> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_ne!(stream("b").draw(0).word(), all[0][0]);
    }

    #[test]
    fn what_is_drawn_again_differs() {
        let mut stream = stream("a");
        let drawn: std::collections::BTreeSet<u32> = (0..50).map(|again| stream.draw_again(7, again).word()).collect();
        assert_eq!(drawn.len(), 50);
    }

    /// Pins the numbers themselves: another version of the crate, or another machine, must not change them.
    #[test]
    fn the_numbers_are_those_of_every_machine() {
        let mut stream = stream("email");
        let mut draw = stream.draw(3);
        let words: Vec<u32> = (0..3).map(|_| draw.word()).collect();
        assert_eq!(words, [873_947_441, 1_176_954_967, 3_381_245_405]);
        let mut draw = stream.draw(1_000_000);
        let words: Vec<u64> = (0..20).map(|_| draw.below(1_000_000_007)).skip(17).collect();
        assert_eq!(words, [145_382_491, 507_906_342, 536_761_803]);
    }

    #[test]
    fn a_shuffle_keeps_places_apart() {
        for count in [1, 2, 3, 7, 64, 1000, 4097] {
            let shuffle = Shuffle::new(42, count);
            let mut places: Vec<u64> = (0..count).map(|at| shuffle.place(at)).collect();
            places.sort_unstable();
            assert!(places.iter().copied().eq(0..count), "{count}");
        }
    }
}
