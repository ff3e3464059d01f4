//! A file copied page by page, as it is: every tree where it was, so that there is nothing to be sorted or encoded. What
//! is in pages that nobody uses stays behind.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::Unusual;
use super::pager::{Pager, Reader, read_at};
use super::write::write_at;

/// About how many bytes are copied at once.
const CHUNK: usize = 1024 * 1024;

/// One in so many pages may be free in what is copied as it is.
const FEW: u32 = 4;

/// Why it was not copied.
#[derive(Debug)]
pub(in crate::engine::backup) enum Failed {
    /// There is something in it that is not expected, or it cannot be read.
    Source,
    /// The copy cannot be written.
    Copy(io::Error),
}

impl From<Unusual> for Failed {
    fn from(_: Unusual) -> Self {
        Self::Source
    }
}

/// A file that nobody writes to, as it will be in the copy.
pub(in crate::engine::backup) struct Whole<'f> {
    file: &'f File,
    page_size: usize,
    count: u32,
    /// One bit for each page: whether it is free.
    free: Vec<u64>,
    /// The pages that the list of those is in, and how much of them it takes.
    lists: BTreeMap<u32, usize>,
}

impl<'f> Whole<'f> {
    /// `None` if so much of it is free, or it is so unusual, that copying its rows is better.
    pub(in crate::engine::backup) fn of(file: &'f File) -> Option<Self> {
        let pager = Pager::of(file).ok()?;
        let (page_size, count) = (pager.page_size, pager.count);
        let mut whole = Self { file, page_size, count, free: vec![0; count as usize / 64 + 1], lists: BTreeMap::new() };
        let is_small = whole.find_free(&pager).ok()? < count.div_ceil(FEW);
        is_small.then_some(whole)
    }

    /// Follows the list of free pages (sqlite.org/fileformat2.html#the_freelist), and returns how many there are. What the
    /// list itself is in has to be copied.
    fn find_free(&mut self, pager: &Pager<'_>) -> Result<u32, Unusual> {
        let mut reader = Reader::of(pager);
        let header = reader.page(1)?;
        let (mut trunk, listed) = (be32(header, 32), be32(header, 36));
        let mut found = 0_u32;
        while trunk != 0 {
            let page = reader.page(trunk)?;
            let (next, entries) = (be32(page, 0), be32(page, 4) as usize);
            // also where the list goes round in a circle
            found = found.saturating_add(1).saturating_add(be32(page, 4));
            if entries > page.len() / 4 - 2 || found > listed {
                return Err(Unusual("its list of free pages is not as long as it says"));
            }
            self.lists.insert(trunk, 8 + 4 * entries);
            for entry in 0..entries {
                let number = be32(page, 8 + 4 * entry);
                if number < 2 || number > self.count {
                    return Err(Unusual("a free page is not there"));
                }
                self.free[number as usize / 64] |= 1 << (number % 64);
            }
            trunk = next;
        }
        if found == listed { Ok(found) } else { Err(Unusual("its list of free pages is not as long as it says")) }
    }

    fn is_free(&self, number: u32) -> bool {
        self.free[number as usize / 64] >> (number % 64) & 1 == 1
    }

    /// Hands over what has to be in the copy, piece by piece, and where.
    fn each(&self, mut take: impl FnMut(u64, &[u8]) -> Result<(), Failed>) -> Result<(), Failed> {
        let step = u32::try_from(CHUNK / self.page_size).unwrap_or(1).max(1);
        let mut bytes = Vec::new();
        let mut first = 1;
        while first <= self.count {
            let pages = step.min(self.count - first + 1);
            let at = u64::from(first - 1) * self.page_size as u64;
            bytes.resize(pages as usize * self.page_size, 0);
            read_at(self.file, &mut bytes, at)?;
            for (number, page) in (first..).zip(bytes.chunks_exact_mut(self.page_size)) {
                if self.is_free(number) {
                    page.fill(0);
                } else if let Some(end) = self.lists.get(&number) {
                    page[*end..].fill(0);
                }
            }
            if first == 1 {
                // a copy has no log
                bytes[18..20].fill(1);
            }
            take(at, &bytes)?;
            first += pages;
        }
        Ok(())
    }

    /// Writes it to a new file.
    pub(in crate::engine::backup) fn write(&self, to: &Path) -> Result<(), Failed> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        // as the engine makes its files
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
        let copy = options.open(to).map_err(Failed::Copy)?;
        self.each(|at, bytes| write_at(&copy, bytes, at).map_err(Failed::Copy))
    }

    /// Whether a file is the copy of it, in every byte. Both are read for that.
    pub(in crate::engine::backup) fn is_same(&self, copy: &File) -> bool {
        let length = u64::from(self.count) * self.page_size as u64;
        let mut theirs = Vec::new();
        let compared = self.each(|at, ours| {
            theirs.resize(ours.len(), 0);
            read_at(copy, &mut theirs, at)?;
            if theirs == ours { Ok(()) } else { Err(Failed::Source) }
        });
        compared.is_ok() && copy.metadata().is_ok_and(|metadata| metadata.len() == length)
    }
}

fn be32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}
