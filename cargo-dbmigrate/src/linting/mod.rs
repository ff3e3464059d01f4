//! Lints as commands need them: their levels, the migrations that they look at, what the rows say, and the findings as
//! people and programs are shown them.

mod drafted;
pub(crate) mod fix;
pub(crate) mod levels;
mod places;
pub(crate) mod probes;
pub(crate) mod run;
pub(crate) mod scope;
pub(crate) mod shown;

pub(crate) use drafted::Drafted;
pub(crate) use levels::{LintLevels, Set};
pub(crate) use run::{Linted, Subject};
