//! What the source of a package asks its databases.

use dbmigrate_core::config::Queries;
use dbmigrate_core::engine::trial::made_by;
use dbmigrate_core::lint::Query;
use dbmigrate_core::sql::split;

use crate::source::{Declared, Files, Literals, OnDisk, Package, literals};

/// The statements in the source of a version of the package.
#[derive(Debug)]
pub(crate) struct Application {
    /// What was read.
    pub(crate) literals: Literals,
    /// The statements by which it makes tables and views of its own.
    pub(crate) made: Vec<String>,
}

impl Application {
    /// That of the source as it lies there.
    pub(crate) fn of(declared: &Declared, config: &Queries) -> Self {
        Self::read(&declared.package, &OnDisk(&declared.package, &declared.files), config)
    }

    /// That of files, wherever they come from.
    pub(crate) fn read(package: &Package, files: &dyn Files, config: &Queries) -> Self {
        let literals = literals(package, files, config);
        let made = literals.written.iter().flat_map(|one| made_by(one.literal.value())).collect();
        Self { literals, made }
    }

    /// Each of its statements, with its place.
    pub(crate) fn statements(&self) -> Vec<Query> {
        let of_literal = |one: &crate::source::Written| -> Vec<Query> {
            let statements = split(one.literal.value());
            let place = format!("{}:{}", one.path, one.line);
            statements.iter().map(|it| Query { place: place.clone(), sql: it.text.to_owned() }).collect()
        };
        self.literals.written.iter().flat_map(of_literal).collect()
    }
}
