//! Which tables the structs of a package declare, for rustc to look up: `embed_migrations!()` asks for each table of
//! the migrations.
//!
//! Each derive implements [`DeclaredBy`] a type of its own for the [`TableName`] of its table. Whether there is such an
//! implementation, in this crate or in the package's library, is found by looking for a method: rustc tries
//! [`ProbeBinary`] on a [`TableProbe`] behind two references, then [`ProbeLibrary`], and then [`ProbeUndeclared`], and
//! takes the first one that is implemented. A binary may include the modules of the library a second time, so each is
//! asked for on its own. Two structs at one place in the source are the same struct; at two places they are two, which
//! [`ProbeBoth`] finds.

/// The name of a table or view of a package, both by their hash.
pub struct TableName<const PACKAGE: u64, const TABLE: u64>;

/// A struct, represented by `T`, declares the table, in a binary or in the library. `PLACE` is where it is declared.
pub trait DeclaredBy<T, const BINARY: bool, const PLACE: u64> {}

/// Asks for the table.
pub struct TableProbe<const PACKAGE: u64, const TABLE: u64>;

/// The answer that there is a struct.
pub struct Declared;

/// The answer that there is none.
pub struct Undeclared;

/// See the module.
pub trait ProbeBinary<T, const PLACE: u64> {
    /// Whether a struct declares the table.
    fn by_a_struct(&self) -> Declared {
        Declared
    }
}

impl<T, const PLACE: u64, const PACKAGE: u64, const TABLE: u64> ProbeBinary<T, PLACE> for &TableProbe<PACKAGE, TABLE> where
    TableName<PACKAGE, TABLE>: DeclaredBy<T, true, PLACE>
{
}

/// See the module.
pub trait ProbeLibrary<T, const PLACE: u64> {
    /// Whether a struct declares the table.
    fn by_a_struct(&self) -> Declared {
        Declared
    }
}

impl<T, const PLACE: u64, const PACKAGE: u64, const TABLE: u64> ProbeLibrary<T, PLACE> for &&TableProbe<PACKAGE, TABLE> where
    TableName<PACKAGE, TABLE>: DeclaredBy<T, false, PLACE>
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

/// The places of the structs in a binary and in the library; the same if there are no two.
pub struct Places<const BINARY: u64, const LIBRARY: u64>;

/// See the module.
pub trait ProbeBoth<T, U, const P: u64, const Q: u64> {
    /// Where structs declare the table.
    fn places(&self) -> Places<P, Q> {
        Places
    }
}

impl<T, U, const P: u64, const Q: u64, const PACKAGE: u64, const TABLE: u64> ProbeBoth<T, U, P, Q>
    for &TableProbe<PACKAGE, TABLE>
where
    TableName<PACKAGE, TABLE>: DeclaredBy<T, true, P> + DeclaredBy<U, false, Q>,
{
}

/// See the module.
pub trait ProbeNotBoth {
    /// Where structs declare the table.
    fn places(&self) -> Places<0, 0> {
        Places
    }
}

impl<const PACKAGE: u64, const TABLE: u64> ProbeNotBoth for TableProbe<PACKAGE, TABLE> {}
