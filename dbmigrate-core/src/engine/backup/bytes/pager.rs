//! The pages of a database file (sqlite.org/fileformat2.html).

use std::fs::File;

use super::Unusual;

/// How many pages are read at once where they are read one after the other.
const AHEAD: usize = 16;

/// The length of the header of a file, which is on its first page.
pub(super) const HEADER: usize = 100;

/// How a file says that it is a database.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// A file, its pages not read yet.
#[derive(Debug)]
pub(super) struct Pager<'f> {
    file: &'f File,
    pub(super) page_size: usize,
    /// What of each page may be used.
    pub(super) usable: usize,
    /// How many pages there are.
    pub(super) count: u32,
    /// Whether text is not UTF-8 but UTF-16.
    pub(super) is_utf16: bool,
}

/// What the header of a file says of its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Log {
    /// It is written to a journal that undoes what is half done.
    Journal,
    /// New pages are written to a log first.
    WriteAhead,
}

/// Reads as many bytes at a place of a file as there is room for.
#[cfg(unix)]
pub(super) fn read_at(file: &File, bytes: &mut [u8], at: u64) -> Result<(), Unusual> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at).map_err(|_| Unusual("it cannot be read"))
}

#[cfg(not(unix))]
pub(super) fn read_at(_: &File, _: &mut [u8], _: u64) -> Result<(), Unusual> {
    Err(Unusual("it cannot be read at a place"))
}

/// What the header of a file says of its log.
pub(super) fn log_of(file: &File) -> Result<Log, Unusual> {
    let mut header = [0; HEADER];
    read_at(file, &mut header, 0)?;
    match (&header[..16] == MAGIC, header[18], header[19]) {
        (true, 1, 1) => Ok(Log::Journal),
        (true, 2, 2) => Ok(Log::WriteAhead),
        _ => Err(Unusual("its header is of no known kind")),
    }
}

impl<'f> Pager<'f> {
    /// A file whose pages nobody writes.
    pub(super) fn of(file: &'f File) -> Result<Self, Unusual> {
        let mut header = [0; HEADER];
        read_at(file, &mut header, 0)?;
        if &header[..16] != MAGIC {
            return Err(Unusual("it has no header of a database"));
        }
        let page_size = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 65_536,
            size => usize::from(size),
        };
        if !(512..=65_536).contains(&page_size) || !page_size.is_power_of_two() {
            return Err(Unusual("its page size is none"));
        }
        let usable = page_size - usize::from(header[20]);
        if usable < 480 {
            return Err(Unusual("too much of its pages is reserved"));
        }
        let length = file.metadata().map_err(|_| Unusual("it has no length"))?.len();
        let count = u32::from_be_bytes([header[28], header[29], header[30], header[31]]);
        // otherwise somebody has written to it who did not know of the number of pages
        if header[24..28] != header[92..96] || length < u64::from(count) * page_size as u64 {
            return Err(Unusual("it has another length than its header says"));
        }
        let is_utf16 = match header[59] {
            1 => false,
            2 | 3 => true,
            _ => return Err(Unusual("its encoding is none")),
        };
        Ok(Self { file, page_size, usable, count, is_utf16 })
    }

    /// The same with the pages that there are so far: others are being written behind them.
    pub(super) fn so_far<'g>(&self, file: &'g File, count: u32) -> Pager<'g> {
        Pager { file, count, ..*self }
    }
}

/// Reads the pages of a file, several at once where they lie one behind the other.
#[derive(Debug)]
pub(super) struct Reader<'f> {
    pub(super) pager: &'f Pager<'f>,
    /// The number of the first page that was read, and how many.
    first: u32,
    read: u32,
    bytes: Vec<u8>,
    last: u32,
}

impl<'f> Reader<'f> {
    pub(super) fn of(pager: &'f Pager<'f>) -> Self {
        Self { pager, first: 0, read: 0, bytes: Vec::new(), last: 0 }
    }

    /// What can be used of the page of that number, from 1.
    pub(super) fn page(&mut self, number: u32) -> Result<&[u8], Unusual> {
        let size = self.pager.page_size;
        if number == 0 || number > self.pager.count {
            return Err(Unusual("a page is not there"));
        }
        if number < self.first || number - self.first >= self.read {
            let follows = number > self.last && number - self.last <= 4;
            let ahead = if follows { u32::try_from(AHEAD).unwrap_or(1) } else { 1 };
            let count = ahead.min(self.pager.count - number + 1);
            self.bytes.resize(count as usize * size, 0);
            self.read = 0;
            read_at(self.pager.file, &mut self.bytes, u64::from(number - 1) * size as u64)?;
            (self.first, self.read) = (number, count);
        }
        self.last = number;
        let start = (number - self.first) as usize * size;
        Ok(&self.bytes[start..start + self.pager.usable])
    }
}
