//! Entries sorted by their keys, however many there are: what does not fit into memory is sorted in runs, which lie in a
//! file without a name until they are merged.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::pager::read_at;
use super::write::write_at;
use crate::engine::backup::publish::SORTED;

/// What is sorted.
pub(super) struct Sorter {
    /// Beside which a file is made.
    beside: PathBuf,
    /// How many bytes may be in memory.
    budget: usize,
    /// Of all entries in memory, the key and behind it what belongs to it.
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    runs: Vec<Run>,
    file: Option<File>,
    length: u64,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// The beginning of its key.
    prefix: u128,
    start: usize,
    key: u32,
    value: u32,
}

/// Where a run is in the file.
#[derive(Debug, Clone, Copy)]
struct Run {
    start: u64,
    end: u64,
}

/// The least that is read of a run at once.
const PIECE: usize = 4096;

/// In front of each entry of a run: the lengths of its parts.
const LENGTHS: usize = 8;

fn prefix(key: &[u8]) -> u128 {
    if let Some(first) = key.first_chunk::<16>() {
        return u128::from_be_bytes(*first);
    }
    let mut first = [0; 16];
    first[..key.len()].copy_from_slice(key);
    u128::from_be_bytes(first)
}

impl Entry {
    fn key(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start..self.start + self.key as usize]
    }

    fn value(self, bytes: &[u8]) -> &[u8] {
        let start = self.start + self.key as usize;
        &bytes[start..start + self.value as usize]
    }
}

impl Sorter {
    pub(super) fn of(beside: &Path, budget: usize) -> Self {
        Self {
            beside: beside.to_owned(),
            budget,
            bytes: Vec::new(),
            entries: Vec::new(),
            runs: Vec::new(),
            file: None,
            length: 0,
        }
    }

    /// Adds an entry: `put` adds its key to the bytes that it is given.
    pub(super) fn add(&mut self, put: impl FnOnce(&mut Vec<u8>), value: &[u8]) -> io::Result<()> {
        let start = self.bytes.len();
        put(&mut self.bytes);
        let key = &self.bytes[start..];
        let length =
            |bytes: &[u8]| u32::try_from(bytes.len()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge));
        let entry = Entry { prefix: prefix(key), start, key: length(key)?, value: length(value)? };
        self.bytes.extend_from_slice(value);
        self.entries.push(entry);
        if self.bytes.len() + self.entries.len() * size_of::<Entry>() > self.budget {
            self.spill()?;
        }
        Ok(())
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        self.entries.sort_unstable_by(|a, b| a.prefix.cmp(&b.prefix).then_with(|| a.key(bytes).cmp(b.key(bytes))));
    }

    /// Writes what is in memory as a run.
    fn spill(&mut self) -> io::Result<()> {
        self.sort();
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(without_name(&self.beside)?),
        };
        let (start, mut piece) = (self.length, Vec::with_capacity(self.budget.min(256 * 1024)));
        for (at, entry) in self.entries.iter().enumerate() {
            piece.extend_from_slice(&entry.key.to_le_bytes());
            piece.extend_from_slice(&entry.value.to_le_bytes());
            piece.extend_from_slice(&self.bytes[entry.start..entry.start + (entry.key + entry.value) as usize]);
            if piece.len() >= 192 * 1024 || at + 1 == self.entries.len() {
                write_at(file, &piece, self.length)?;
                self.length += piece.len() as u64;
                piece.clear();
            }
        }
        self.runs.push(Run { start, end: self.length });
        self.bytes.clear();
        self.entries.clear();
        Ok(())
    }

    /// Hands the values over in the order of their keys.
    pub(super) fn finish(mut self, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        if self.runs.is_empty() {
            self.sort();
            return self.entries.iter().try_for_each(|entry| take(entry.value(&self.bytes)));
        }
        if !self.entries.is_empty() {
            self.spill()?;
        }
        let Some(file) = self.file else { return Ok(()) };
        (self.bytes, self.entries) = (Vec::new(), Vec::new());
        let piece = (self.budget / self.runs.len()).clamp(PIECE, 256 * 1024);
        let mut heap = BinaryHeap::new();
        for run in self.runs {
            let mut head = Head { prefix: 0, key: 0, value: 0, at: 0, bytes: Vec::new(), rest: run, piece };
            if head.next(&file)? {
                heap.push(head);
            }
        }
        while let Some(mut first) = heap.peek_mut() {
            take(first.value())?;
            if !first.next(&file)? {
                PeekMut::pop(first);
            }
        }
        Ok(())
    }
}

/// The first entry of a run that was not handed over yet.
struct Head {
    prefix: u128,
    /// How long its parts are.
    key: usize,
    value: usize,
    /// Where it begins in what was read of the run.
    at: usize,
    bytes: Vec<u8>,
    /// What was not read of it.
    rest: Run,
    piece: usize,
}

impl Head {
    fn key(&self) -> &[u8] {
        &self.bytes[self.at..self.at + self.key]
    }

    fn value(&self) -> &[u8] {
        &self.bytes[self.at + self.key..self.at + self.key + self.value]
    }

    /// Goes on to the next entry. Returns whether there is one.
    fn next(&mut self, file: &File) -> io::Result<bool> {
        self.at += self.key + self.value;
        (self.key, self.value) = (0, 0);
        if !self.has(LENGTHS, file)? {
            return Ok(false);
        }
        let length = |at: usize| {
            let bytes = self.bytes.get(at..at + 4).and_then(<[u8]>::first_chunk::<4>);
            bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize)
        };
        let (key, value) = (length(self.at), length(self.at + 4));
        self.at += LENGTHS;
        if !self.has(key + value, file)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        (self.key, self.value) = (key, value);
        self.prefix = prefix(self.key());
        Ok(true)
    }

    /// Whether there are so many bytes more, which are read then.
    fn has(&mut self, count: usize, file: &File) -> io::Result<bool> {
        let there = self.bytes.len() - self.at;
        if there >= count {
            return Ok(true);
        }
        self.bytes.drain(..self.at);
        self.at = 0;
        let left = self.rest.end - self.rest.start;
        let more = usize::try_from(left).unwrap_or(usize::MAX).min(self.piece.max(count - there));
        self.bytes.resize(there + more, 0);
        read_at(file, &mut self.bytes[there..], self.rest.start)
            .map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        self.rest.start += more as u64;
        Ok(self.bytes.len() >= count)
    }
}

impl Ord for Head {
    /// The largest of a heap comes first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.prefix.cmp(&self.prefix).then_with(|| other.key().cmp(self.key()))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}

/// A new file that is gone when it is closed, however that comes about.
fn without_name(beside: &Path) -> io::Result<File> {
    let name = crate::engine::backup::beside(beside, SORTED);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&name)?;
    std::fs::remove_file(&name)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_into_memory_is_sorted_as_well() {
        let folder = tempfile::tempdir().expect("a folder");
        for budget in [1 << 20, 20_000, 300] {
            let mut sorter = Sorter::of(&folder.path().join("a.db"), budget);
            let mut wanted = Vec::new();
            let mut random = 1_u64;
            for number in 0..3000_u32 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let key = format!("{:0>width$}", random >> 44, width = usize::try_from(random >> 59).expect("small"));
                let value = vec![b'x'; (number % 50) as usize];
                sorter
                    .add(|bytes| bytes.extend_from_slice(key.as_bytes()), &[key.as_bytes(), b" ", &value].concat())
                    .expect("room");
                wanted.push((key.clone(), [key.as_bytes(), b" ", &value].concat()));
            }
            assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
            wanted.sort();
            let mut found = Vec::new();
            sorter
                .finish(|value| {
                    found.push(value.to_vec());
                    Ok(())
                })
                .expect("sorted");
            let keys = |value: &[u8]| value.split(|byte| *byte == b' ').next().map(<[u8]>::to_vec);
            assert!(found.iter().zip(&wanted).all(|(found, (key, _))| keys(found).as_deref() == Some(key.as_bytes())));
            assert_eq!(found.len(), wanted.len());
        }
    }
}
