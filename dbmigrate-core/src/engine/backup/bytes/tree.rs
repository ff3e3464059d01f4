//! The trees of pages that tables and indexes are (sqlite.org/fileformat2.html#b_tree_pages).

use super::Unusual;
use super::noted::Noted;
use super::pager::{HEADER, Pager, Reader};

/// Which kind of tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Rows by rowid.
    Table,
    /// Entries by themselves: an index, or a table without rowids.
    Index,
}

/// Deeper than any tree can be.
const DEEPEST: usize = 30;

/// Walks through trees.
pub(super) struct Walk<'f> {
    reader: Reader<'f>,
    /// Pages that are no longer needed, to be written over.
    spare: Vec<Vec<u8>>,
    overflow: Vec<u8>,
    /// How many pages were seen: more than there are would be a circle.
    seen: u32,
    /// Where pages that were read are noted, if anywhere.
    pub(super) noted: Option<Noted>,
}

/// What is done with an entry: its rowid, if the tree is a table, and its record.
pub(super) trait Visit: FnMut(i64, &[u8]) -> Result<(), Unusual> {}

impl<V: FnMut(i64, &[u8]) -> Result<(), Unusual>> Visit for V {}

impl<'f> Walk<'f> {
    pub(super) fn of(pager: &'f Pager<'f>) -> Self {
        Self { reader: Reader::of(pager), spare: Vec::new(), overflow: Vec::new(), seen: 0, noted: None }
    }

    /// The pages directly below that one, in their order; none if it has none below it.
    pub(super) fn children(&mut self, number: u32) -> Result<Vec<u32>, Unusual> {
        let bytes = self.take(number)?;
        let page = Page::of(&bytes, number)?;
        let mut children = Vec::new();
        if let Some(last) = page.last_child {
            for cell in 0..page.cells {
                children.push(be32(&bytes, page.cell(cell)?)?);
            }
            children.push(last);
        }
        self.spare.push(bytes);
        Ok(children)
    }

    /// Hands over the pages of a tree that have none below them, in their order.
    pub(super) fn leaves(&mut self, number: u32, take: &mut impl FnMut(u32)) -> Result<(), Unusual> {
        // all leaves are equally deep, so the first one tells of those beside it
        let mut above = vec![number];
        for _ in 0..DEEPEST {
            let Some(first) = above.first() else { break };
            if self.children(*first)?.is_empty() {
                above.into_iter().for_each(take);
                return Ok(());
            }
            let mut below = Vec::new();
            for page in above {
                below.extend(self.children(page)?);
                if below.len() > self.reader.pager.count as usize {
                    return Err(CIRCLE);
                }
            }
            above = below;
        }
        Err(CIRCLE)
    }

    /// Visits all entries at and below a page, in their order.
    pub(super) fn visit(&mut self, number: u32, kind: Kind, visit: &mut impl Visit) -> Result<(), Unusual> {
        self.below(number, kind, 0, visit)
    }

    fn below(&mut self, number: u32, kind: Kind, depth: usize, visit: &mut impl Visit) -> Result<(), Unusual> {
        self.seen += 1;
        if depth > DEEPEST || self.seen > self.reader.pager.count {
            return Err(CIRCLE);
        }
        let bytes = self.take(number)?;
        let page = Page::of(&bytes, number)?;
        if page.kind != kind {
            return Err(Unusual("a page is of another kind than its tree"));
        }
        let is_leaf = page.last_child.is_none();
        for cell in 0..page.cells {
            let mut at = page.cell(cell)?;
            if !is_leaf {
                self.below(be32(&bytes, at)?, kind, depth + 1, visit)?;
                at += 4;
                if kind == Kind::Table {
                    continue;
                }
            }
            let length = varint(&bytes, &mut at)?;
            let length = usize::try_from(length).map_err(|_| Unusual("a record is too long"))?;
            let rowid = if kind == Kind::Table { varint(&bytes, &mut at)?.cast_signed() } else { 0 };
            let local = local_length(self.reader.pager.usable, length, kind);
            let start = bytes.get(at..at + local).ok_or(Unusual("a record does not fit on its page"))?;
            if local == length {
                visit(rowid, start)?;
            } else {
                let next = be32(&bytes, at + local)?;
                let mut overflow = std::mem::take(&mut self.overflow);
                overflow.clear();
                overflow.extend_from_slice(start);
                self.follow(next, length, &mut overflow)?;
                visit(rowid, &overflow)?;
                self.overflow = overflow;
            }
        }
        if let Some(last) = page.last_child {
            self.below(last, kind, depth + 1, visit)?;
        }
        self.spare.push(bytes);
        Ok(())
    }

    /// Adds what lies on further pages to the beginning of a record.
    fn follow(&mut self, mut next: u32, length: usize, record: &mut Vec<u8>) -> Result<(), Unusual> {
        while record.len() < length {
            self.seen += 1;
            if self.seen > self.reader.pager.count {
                return Err(CIRCLE);
            }
            let page = self.reader.page(next)?;
            if let Some(noted) = &mut self.noted {
                noted.add(next, page)?;
            }
            next = be32(page, 0)?;
            let part = (length - record.len()).min(page.len() - 4);
            record.extend_from_slice(&page[4..4 + part]);
        }
        if next == 0 { Ok(()) } else { Err(Unusual("a record has more pages than it needs")) }
    }

    fn take(&mut self, number: u32) -> Result<Vec<u8>, Unusual> {
        let page = self.reader.page(number)?;
        if let Some(noted) = &mut self.noted {
            noted.add(number, page)?;
        }
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.clear();
        bytes.extend_from_slice(page);
        Ok(bytes)
    }
}

/// How much of a record of that length is on the page itself.
pub(super) fn local_length(usable: usize, length: usize, kind: Kind) -> usize {
    let most = match kind {
        Kind::Table => usable - 35,
        Kind::Index => (usable - 12) * 64 / 255 - 23,
    };
    if length <= most {
        return length;
    }
    let least = (usable - 12) * 32 / 255 - 23;
    let rest = least + (length - least) % (usable - 4);
    if rest <= most { rest } else { least }
}

/// A page of a tree.
struct Page<'b> {
    bytes: &'b [u8],
    kind: Kind,
    /// Where the places of its cells are.
    pointers: usize,
    cells: usize,
    /// The page behind all of its cells, if it has pages below it.
    last_child: Option<u32>,
}

impl<'b> Page<'b> {
    fn of(bytes: &'b [u8], number: u32) -> Result<Self, Unusual> {
        let start = if number == 1 { HEADER } else { 0 };
        let (kind, is_leaf) = match bytes[start] {
            2 => (Kind::Index, false),
            5 => (Kind::Table, false),
            10 => (Kind::Index, true),
            13 => (Kind::Table, true),
            _ => return Err(Unusual("a page is of no kind")),
        };
        let cells = usize::from(be16(bytes, start + 3)?);
        let last_child = if is_leaf { None } else { Some(be32(bytes, start + 8)?) };
        Ok(Self { bytes, kind, pointers: start + if is_leaf { 8 } else { 12 }, cells, last_child })
    }

    /// Where a cell begins.
    fn cell(&self, number: usize) -> Result<usize, Unusual> {
        be16(self.bytes, self.pointers + 2 * number).map(usize::from)
    }
}

const CUT: Unusual = Unusual("a page ends too early");
const CIRCLE: Unusual = Unusual("its pages go round in a circle");

fn be16(bytes: &[u8], at: usize) -> Result<u16, Unusual> {
    let bytes = bytes.get(at..at + 2).ok_or(CUT)?;
    Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
}

fn be32(bytes: &[u8], at: usize) -> Result<u32, Unusual> {
    let bytes = bytes.get(at..at + 4).ok_or(CUT)?;
    Ok(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

/// The integer of one to nine bytes that begins there; `at` is behind it afterwards.
#[inline]
pub(super) fn varint(bytes: &[u8], at: &mut usize) -> Result<u64, Unusual> {
    let mut value = 0;
    for place in 0..9 {
        let byte = *bytes.get(*at).ok_or(CUT)?;
        *at += 1;
        if place == 8 {
            return Ok(value << 8 | u64::from(byte));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            break;
        }
    }
    Ok(value)
}
