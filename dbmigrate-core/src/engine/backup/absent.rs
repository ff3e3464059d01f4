//! Functions that a file calls and the engine does not have: only the application that wrote it does. A copy needs none
//! of their values, but the engine reads no further than to the first that it does not know.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::local::{Local, now};
use crate::config::{ANY_NUMBER, Engine, Function};
use crate::ddl::{self, Object};
use crate::engine::brought::{self, Missing, MissingKind};
use crate::engine::connection::{Connection, Row, integer, text};
use crate::engine::driver::real;
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::stored::StoredObject;
use crate::sql::Name;
use crate::sql::token::significant;

/// An index whose entries were not compared with the rows, because they are what functions make of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncompared {
    /// The index.
    pub index: Name,
    /// Functions that only the application has.
    pub functions: Vec<String>,
    /// Whether functions also decide which rows have an entry, so that these were not even counted.
    pub is_partial: bool,
}

/// Such functions, as far as they are known.
#[derive(Debug, Clone, Default)]
pub(super) struct Absent {
    engine: Arc<Engine>,
}

/// All indexes, with their statements, and the statements of their tables.
const INDEXES: &str = "SELECT l.name, i.sql, l.partial, m.name, m.sql FROM sqlite_schema AS m, \
     pragma_index_list(m.name) AS l LEFT JOIN sqlite_schema AS i ON i.type = 'index' AND i.name = l.name \
     WHERE m.type = 'table' AND m.rootpage > 0 ORDER BY l.name";

/// The columns that are computed when they are read, and the indexes that have them by themselves.
const COMPUTED: &str = "SELECT m.name, x.name, (SELECT group_concat(l.name, char(10)) FROM pragma_index_list(m.name) AS l \
     WHERE EXISTS (SELECT 1 FROM pragma_index_info(l.name) AS i WHERE i.cid = x.cid)) \
     FROM sqlite_schema AS m, pragma_table_xinfo(m.name) AS x WHERE m.type = 'table' AND m.rootpage > 0 AND x.hidden = 2";

impl Absent {
    pub(super) fn is_empty(&self) -> bool {
        self.engine.functions.is_empty()
    }

    /// Whether something failed because of a function that was not known to be absent. It is from now on, and another
    /// try gets further.
    pub(super) fn learns(&mut self, error: &EngineError) -> bool {
        let Some(missing) = Missing::of(&error.message).filter(|missing| missing.kind == MissingKind::Function) else {
            return false;
        };
        if self.engine.function(&missing.name).is_some() {
            return false;
        }
        let function = Function { name: missing.name, arguments: vec![ANY_NUMBER], returns: None, at: (0, 0) };
        Arc::make_mut(&mut self.engine).functions.push(function);
        true
    }

    /// Opens a file. The functions compile, and fail as soon as a value of theirs is needed.
    pub(super) fn open(&self, path: &Path, create: bool, busy_timeout: Duration) -> Result<Local, EngineError> {
        if self.is_empty() {
            return Local::open(path, create, busy_timeout);
        }
        let driver = brought::open(&self.engine, &real(path), create)?;
        Ok(Local { connection: now(Connection::open_with(driver, busy_timeout))? })
    }

    /// Opens a file for reading. The functions answer `NULL`.
    pub(super) fn open_looking_away(&self, path: &Path, busy_timeout: Duration) -> Result<Local, EngineError> {
        if self.is_empty() {
            return Local::open(path, false, busy_timeout);
        }
        let driver = brought::open_looking_away(&self.engine, &real(path))?;
        Ok(Local { connection: now(Connection::open_with(driver, busy_timeout))? })
    }

    /// Refuses what rows store of these functions, where the rows are written anew.
    ///
    /// # Errors
    /// For a stored column that calls one of them.
    pub(super) fn refuse_stored<'o>(
        &self,
        mut objects: impl Iterator<Item = &'o StoredObject>,
    ) -> Result<(), EngineError> {
        let stored = |object: &StoredObject| {
            let Ok(Object::Table(table)) = ddl::read(&object.sql) else { return None };
            let generated = table.columns.iter().filter_map(|column| column.generated.as_ref());
            let called = generated.filter(|generated| generated.stored).flat_map(|one| self.called(one.expr.as_str()));
            called.into_iter().next()
        };
        match objects.find_map(stored) {
            Some(function) => Err(EngineError { kind: ErrorKind::Statement, message: brought::not_here(&function) }),
            None => Ok(()),
        }
    }

    /// The indexes whose entries are what these functions make of rows.
    pub(super) fn indexes(&self, local: &Local) -> Result<Vec<Uncompared>, EngineError> {
        let computed = local.rows(COMPUTED)?;
        let mut indexes = Vec::new();
        for row in local.rows(INDEXES)? {
            let [name, sql, table, table_sql] = [0, 1, 3, 4].map(|at| text(&row[at]));
            let mut functions = self.called(sql);
            let reads = |column: &&Row| {
                text(&column[0]) == table
                    && (names(sql, text(&column[1])) || text(&column[2]).lines().any(|index| index == name))
            };
            if functions.is_empty() && computed.iter().any(|column| reads(&column)) {
                functions = self.called(table_sql);
            }
            if !functions.is_empty() {
                let index = Name::from(name.to_owned());
                indexes.push(Uncompared { index, functions, is_partial: integer(&row[2]) != 0 });
            }
        }
        Ok(indexes)
    }

    /// Which of the functions a statement names.
    fn called(&self, sql: &str) -> Vec<String> {
        let functions = self.engine.functions.iter().map(|function| &function.name);
        functions.filter(|name| names(sql, name)).cloned().collect()
    }
}

/// Whether a statement names something. `REGEXP` is a function that is called without parentheses.
fn names(sql: &str, name: &str) -> bool {
    let is_name = |found: Option<String>| found.is_some_and(|found| found.eq_ignore_ascii_case(name));
    significant(sql).iter().any(|token| token.is_word(name) || is_name(token.identifier()))
}
