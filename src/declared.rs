//! Which tables some struct of a package declares, for rustc to look up: `embed_migrations!()` asks for each table of the
//! migrations.
//!
//! Each derive implements [`DeclaredBy`] a type of its own for the [`TableName`] of its table. Whether there is such an
//! implementation, in this crate or in the package's library, is found by looking for a method: rustc tries
//! [`ProbeBinary`] on a [`TableProbe`] behind two references, then [`ProbeLibrary`], and then [`ProbeUndeclared`], and
//! takes the first one that is implemented. A binary may have the modules of the library a second time, so each is asked
//! for on its own.

/// The name of a table or view of a package, both by their hash.
pub struct TableName<const PACKAGE: u64, const TABLE: u64>;

/// A struct, which `T` stands for, declares the table; in a binary, or in the library.
pub trait DeclaredBy<T, const BINARY: bool> {}

/// Asks for the table.
pub struct TableProbe<const PACKAGE: u64, const TABLE: u64>;

/// The answer that there is a struct.
pub struct Declared;

/// The answer that there is none.
pub struct Undeclared;

/// See the module.
pub trait ProbeBinary<T> {
    /// Whether a struct declares the table.
    fn by_a_struct(&self) -> Declared {
        Declared
    }
}

impl<T, const PACKAGE: u64, const TABLE: u64> ProbeBinary<T> for &TableProbe<PACKAGE, TABLE> where
    TableName<PACKAGE, TABLE>: DeclaredBy<T, true>
{
}

/// See the module.
pub trait ProbeLibrary<T> {
    /// Whether a struct declares the table.
    fn by_a_struct(&self) -> Declared {
        Declared
    }
}

impl<T, const PACKAGE: u64, const TABLE: u64> ProbeLibrary<T> for &&TableProbe<PACKAGE, TABLE> where
    TableName<PACKAGE, TABLE>: DeclaredBy<T, false>
{
}

/// See the module.
pub trait ProbeUndeclared {
    /// Whether a struct declares the table.
    fn by_a_struct(&self) -> Undeclared {
        Undeclared
    }
}

impl<const PACKAGE: u64, const TABLE: u64> ProbeUndeclared for TableProbe<PACKAGE, TABLE> {}
