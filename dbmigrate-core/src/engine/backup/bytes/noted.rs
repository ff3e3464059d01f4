//! Which pages of a file were read, and what was in them, so that it can be told later whether it still is.

use super::Unusual;
use super::order::Digest;
use super::pager::{Pager, Reader};

/// The pages that were read, each once.
#[derive(Debug, Clone, Default)]
pub(super) struct Noted {
    /// One bit for each page: whether it was.
    pages: Vec<u64>,
    /// The sum of their digests.
    sum: u128,
}

impl Noted {
    /// Notes what was in a page.
    pub(super) fn add(&mut self, number: u32, page: &[u8]) -> Result<(), Unusual> {
        let (word, bit) = (number as usize / 64, 1 << (number % 64));
        if self.pages.len() <= word {
            self.pages.resize(word + 1, 0);
        }
        if self.pages[word] & bit != 0 {
            return Err(Unusual("a page is in two places"));
        }
        self.pages[word] |= bit;
        self.sum = self.sum.wrapping_add(digest(number, page));
        Ok(())
    }

    /// The pages that may have been noted, in so many parts of about the same size.
    pub(super) fn parts(&self, parts: usize) -> Vec<std::ops::Range<u32>> {
        let end = u32::try_from(self.pages.len() * 64).unwrap_or(u32::MAX);
        let size = end.div_ceil(u32::try_from(parts).unwrap_or(1).max(1)).max(1);
        (0..end).step_by(size as usize).map(|start| start..end.min(start.saturating_add(size))).collect()
    }

    /// The sum of the digests of those pages that are between these, as they are now.
    pub(super) fn sum_now(&self, pager: &Pager<'_>, range: std::ops::Range<u32>) -> Result<u128, Unusual> {
        let mut reader = Reader::of(pager);
        let mut sum = 0_u128;
        for number in range.filter(|number| self.pages[*number as usize / 64] >> (number % 64) & 1 == 1) {
            sum = sum.wrapping_add(digest(number, reader.page(number)?));
        }
        Ok(sum)
    }

    /// Whether that is what all of them had in them.
    pub(super) fn is(&self, sums: impl Iterator<Item = u128>) -> bool {
        sums.fold(0, u128::wrapping_add) == self.sum
    }
}

fn digest(number: u32, page: &[u8]) -> u128 {
    let mut digest = Digest::NEW;
    digest.word(u64::from(number));
    digest.bytes(0, page);
    digest.value()
}
