//! The lines of a lock, read: each a migration, indented below the one that replaces it.

use super::{Checksum, DEEPEST, FORMAT_1, INDENT, LockError, LockProblem, Migration, MigrationName, chain};

/// A line with a migration.
pub(super) struct Line<'t> {
    pub(super) number: usize,
    pub(super) depth: usize,
    pub(super) migration: Migration,
    /// The part that its last hash covers.
    pub(super) covered: &'t str,
    format: u32,
}

impl<'t> Line<'t> {
    pub(super) fn parse(line: &'t str, number: usize, format: u32) -> Option<Self> {
        let text = line.trim_start_matches(' ');
        let indent = line.len() - text.len();
        let (covered, chain) = text.rsplit_once(' ')?;
        let mut fields = covered.split(' ');
        let name = MigrationName::parse(fields.next()?)?;
        let mut hash = || fields.next().and_then(Checksum::from_hex);
        let sql = hash()?;
        let statements = if format == FORMAT_1 { None } else { Some(hash()?) };
        let (snapshot, schema) = (hash()?, hash()?);
        let (chain, replaces) = (Checksum::from_hex(chain)?, Vec::new());
        let depth = indent / INDENT.len();
        let is_indented = indent.is_multiple_of(INDENT.len()) && depth <= if format == FORMAT_1 { 0 } else { DEEPEST };
        let is_whole = fields.next().is_none() && is_indented;
        let migration = Migration { index: 0, name, sql, statements, snapshot, schema, chain, replaces };
        is_whole.then_some(Self { number, depth, migration, covered, format })
    }

    /// The migrations of one depth, each with those below it, behind the hash `before`.
    pub(super) fn tree(
        lines: &mut std::iter::Peekable<std::vec::IntoIter<Self>>,
        depth: usize,
        before: &mut Checksum,
    ) -> Result<Vec<Migration>, LockError> {
        let mut all = Vec::with_capacity(if depth == 0 { lines.len() } else { 0 });
        while let Some(line) = lines.next_if(|line| line.depth == depth) {
            let Self { number, mut migration, covered, format, .. } = line;
            let wrong = |problem| LockError { line: number, problem };
            migration.index = all.len();
            if lines.peek().is_some_and(|next| next.depth > depth) {
                migration.replaces = Self::tree(lines, depth + 1, before)?;
                if migration.replaces.is_empty() {
                    let line = lines.peek().map_or(number, |next| next.number);
                    return Err(LockError { line, problem: LockProblem::malformed(format) });
                }
            }
            if chain(before, covered, migration.replaces.len()) != migration.chain {
                return Err(wrong(LockProblem::Chain(migration.name)));
            }
            *before = migration.chain;
            all.push(migration);
        }
        Ok(all)
    }
}

/// The first line with a name that is listed before it, replaced ones included.
pub(super) fn twice(lines: &[Line<'_>]) -> Option<LockError> {
    // sorted, not hashed or compared each with each: a thousand names are nothing
    let mut names: Vec<&Line<'_>> = lines.iter().collect();
    names.sort_by(|one, two| one.migration.name.cmp(&two.migration.name).then(one.number.cmp(&two.number)));
    let twice = names.windows(2).filter(|pair| pair[0].migration.name == pair[1].migration.name).map(|pair| pair[1]);
    let first = twice.min_by_key(|line| line.number)?;
    Some(LockError { line: first.number, problem: LockProblem::Twice(first.migration.name.clone()) })
}
