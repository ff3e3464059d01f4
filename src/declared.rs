//! Which tables some struct declares, for rustc to look up: `embed_migrations!()` asks for each table of the migrations.
//!
//! Each derive implements [`DeclaredBy`] a type of its own for the [`TableName`] of its table. Whether there is such an
//! implementation, in this crate or one that it uses, is found by looking for a method: [`ProbeDeclared`] has it where
//! there is one, and otherwise rustc goes on to [`ProbeUndeclared`], one reference further.

/// The name of a table or view, by its hash.
pub struct TableName<const HASH: u64>;

/// A struct, which `T` stands for, declares the table.
pub trait DeclaredBy<T> {}

/// Asks for the table.
pub struct TableProbe<const HASH: u64>;

/// The answer that there is a struct.
pub struct Declared;

/// The answer that there is none.
pub struct Undeclared;

/// See the module.
pub trait ProbeDeclared<T> {
    /// Whether a struct declares the table.
    fn by_a_struct(&self) -> Declared {
        Declared
    }
}

impl<T, const HASH: u64> ProbeDeclared<T> for TableProbe<HASH> where TableName<HASH>: DeclaredBy<T> {}

/// See the module.
pub trait ProbeUndeclared {
    /// Whether a struct declares the table.
    fn by_a_struct(&self) -> Undeclared {
        Undeclared
    }
}

impl<const HASH: u64> ProbeUndeclared for &TableProbe<HASH> {}
