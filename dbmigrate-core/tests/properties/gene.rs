//! Random choices as lists of numbers, so that a failing case shrinks: a smaller number is a simpler choice, 0 the
//! simplest, and a list that has run out goes on with zeros.

use proptest::prelude::*;

/// The choices for one thing: a column, a constraint, an edit, a row.
pub(crate) type Gene = Vec<u16>;

/// The choices for a table.
#[derive(Debug, Clone)]
pub(crate) struct TableGenes {
    pub(crate) table: Gene,
    pub(crate) columns: Vec<Gene>,
    pub(crate) constraints: Vec<Gene>,
}

/// The choices for a schema.
#[derive(Debug, Clone)]
pub(crate) struct SchemaGenes {
    pub(crate) tables: Vec<TableGenes>,
    /// Views, triggers and virtual tables.
    pub(crate) objects: Vec<Gene>,
}

/// The choices for a whole case.
#[derive(Debug, Clone)]
pub(crate) struct CaseGenes {
    pub(crate) first: SchemaGenes,
    /// How the first schema becomes the second one.
    pub(crate) second: Second,
    /// What the user answers.
    pub(crate) answers: Gene,
    pub(crate) rows: Vec<Gene>,
}

/// Where the second schema comes from.
#[derive(Debug, Clone)]
pub(crate) enum Second {
    Edits(Vec<Gene>),
    Independent(SchemaGenes),
}

/// Hands out the choices of a gene.
pub(crate) struct Choices<'g> {
    gene: &'g [u16],
    at: usize,
}

impl<'g> Choices<'g> {
    pub(crate) fn of(gene: &'g [u16]) -> Self {
        Self { gene, at: 0 }
    }

    /// A number below `end`, 0 if `end` is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let choice = self.gene.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        usize::from(choice) % end.max(1)
    }

    /// True in so many of a hundred cases; false is the simpler choice.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) >= 100 - percent
    }

    /// One of `all`, the first of which is the simplest.
    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let at = self.below(all.len());
        all.get(at)
    }

    /// One of `all`, which are known not to be none.
    pub(crate) fn one<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// One of `all` in so many of a hundred cases.
    pub(crate) fn maybe<T: Copy>(&mut self, percent: usize, all: &[T]) -> Option<T> {
        let wanted = self.chance(percent);
        let one = self.one(all);
        wanted.then_some(one)
    }

    /// Up to `count` different ones of `all`, at least one if there is any.
    pub(crate) fn several<T: Copy + PartialEq>(&mut self, count: usize, all: &[T]) -> Vec<T> {
        let wanted = 1 + self.below(count);
        let mut chosen = Vec::new();
        for _ in 0..wanted {
            if let Some(one) = self.pick(all).copied()
                && !chosen.contains(&one)
            {
                chosen.push(one);
            }
        }
        chosen
    }
}

fn gene(length: usize) -> impl Strategy<Value = Gene> {
    prop::collection::vec(any::<u16>(), length)
}

fn table() -> impl Strategy<Value = TableGenes> {
    let columns = prop::collection::vec(gene(14), 1..=6);
    let constraints = prop::collection::vec(gene(12), 0..=4);
    (gene(12), columns, constraints).prop_map(|(table, columns, constraints)| TableGenes {
        table,
        columns,
        constraints,
    })
}

/// Schemas of up to four tables.
pub(crate) fn schemas() -> impl Strategy<Value = SchemaGenes> {
    let tables = prop::collection::vec(table(), 1..=4);
    (tables, prop::collection::vec(gene(14), 0..=4)).prop_map(|(tables, objects)| SchemaGenes { tables, objects })
}

/// A schema, edits to it, rows, and answers.
pub(crate) fn edits() -> impl Strategy<Value = CaseGenes> {
    let edits = prop::collection::vec(gene(24), 1..=5);
    (schemas(), edits, gene(4), rows()).prop_map(|(first, edits, answers, rows)| CaseGenes {
        first,
        second: Second::Edits(edits),
        answers,
        rows,
    })
}

/// A schema, edits of one side to it, rows, and edits of another side.
#[allow(dead_code, reason = "not every test binary merges")]
pub(crate) fn two_sides() -> impl Strategy<Value = (CaseGenes, Vec<Gene>)> {
    let edits = || prop::collection::vec(gene(24), 1..=3);
    (schemas(), edits(), edits(), gene(4), rows()).prop_map(|(first, ours, theirs, answers, rows)| {
        (CaseGenes { first, second: Second::Edits(ours), answers, rows }, theirs)
    })
}

/// Two schemas that have nothing to do with each other, though names may be the same.
pub(crate) fn pairs() -> impl Strategy<Value = CaseGenes> {
    (schemas(), schemas(), gene(4), rows()).prop_map(|(first, second, answers, rows)| CaseGenes {
        first,
        second: Second::Independent(second),
        answers,
        rows,
    })
}

fn rows() -> impl Strategy<Value = Vec<Gene>> {
    prop::collection::vec(gene(10), 0..=16)
}

/// How a script is written.
#[allow(dead_code, reason = "not every test binary reads scripts")]
pub(crate) fn styles() -> impl Strategy<Value = Gene> {
    prop::collection::vec(any::<u16>(), 0..=300)
}
