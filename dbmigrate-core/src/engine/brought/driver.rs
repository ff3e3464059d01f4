//! Connections that know the functions of the application. The crate `libsql` registers none, so they are of its sibling,
//! which is built on the same engine.

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use libsql_rusqlite::functions::{Context, FunctionFlags};
use libsql_rusqlite::hooks::Action;
#[cfg(any(feature = "backup", feature = "lint"))]
use libsql_rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use libsql_rusqlite::types::{Value as Foreign, ValueRef};
use libsql_rusqlite::{Connection as Inner, Error, OpenFlags, Statement, ffi};

use super::missing::{NOT_HERE, called};
use super::stand_in;
use crate::config::{Engine, Function, Returns};
#[cfg(feature = "lint")]
use crate::engine::driver::{Access, TellOfAccess};
use crate::engine::driver::{Driver, Scratch, now};
use crate::engine::error::{EngineError, ErrorKind};
use crate::engine::value::{Row, Value};
use crate::sql::token::{TokenKind, significant};

/// A new, empty database in memory, where stand-ins answer for the functions of the application.
pub(in crate::engine) fn in_memory(engine: &Arc<Engine>) -> Result<Box<dyn Driver>, EngineError> {
    initialize()?;
    let inner = Inner::open_in_memory()?;
    register(&inner, &engine.functions, |function| {
        let (name, returns) = (function.name.clone(), function.result());
        move |context: &Context<'_>| Ok(stand_in_for(&name, returns, context))
    })?;
    Ok(Box::new(Registered { inner, engine: Arc::clone(engine), guard: None }))
}

/// Opens a file of a user, where the functions of the application compile, and fail if a row needs them.
pub(in crate::engine) fn open(engine: &Arc<Engine>, path: &Path, create: bool) -> Result<Box<dyn Driver>, EngineError> {
    let guard = Arc::new(Guard::default());
    let inner = opened(engine, path, create, &guard)?;
    Ok(Box::new(Registered { inner, engine: Arc::clone(engine), guard: Some(guard) }))
}

/// The same, where they answer `NULL`: for what writes nothing, and to which their values are nothing.
#[cfg(feature = "backup")]
pub(in crate::engine) fn open_looking_away(engine: &Arc<Engine>, path: &Path) -> Result<Box<dyn Driver>, EngineError> {
    let guard = Guard { looks_away: AtomicBool::new(true), ..Guard::default() };
    let inner = opened(engine, path, false, &Arc::new(guard))?;
    Ok(Box::new(Registered { inner, engine: Arc::clone(engine), guard: None }))
}

/// What the functions of a connection to a file of a user go by.
#[derive(Default)]
struct Guard {
    /// Whether they answer `NULL` for now, and do not fail.
    looks_away: AtomicBool,
    /// The one that failed last. SQLite drops what it said where a statement of its own asked: `ALTER TABLE … ADD COLUMN`
    /// reads `pragma_quick_check`, and fails with "SQL logic error".
    needed: Mutex<Option<String>>,
}

impl Guard {
    fn fails(&self, function: &str) {
        *self.needed.lock().unwrap_or_else(PoisonError::into_inner) = Some(function.to_owned());
    }

    fn failed(&self) -> Option<String> {
        self.needed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// That a function is needed where it is not.
pub(in crate::engine) fn not_here(function: &str) -> String {
    format!("`{function}` {NOT_HERE}")
}

/// A connection to a file, whose functions answer `NULL` while it looks away, and fail otherwise.
fn opened(engine: &Engine, path: &Path, create: bool, guard: &Arc<Guard>) -> Result<Inner, EngineError> {
    initialize()?;
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    if create {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let inner = Inner::open_with_flags(path, flags)?;
    register(&inner, &engine.functions, |function| {
        let name = function.name.clone();
        let guard = AssertUnwindSafe(Arc::clone(guard));
        move |_: &Context<'_>| {
            let guard = &guard;
            if guard.looks_away.load(Ordering::Relaxed) {
                return Ok(Foreign::Null);
            }
            guard.fails(&name);
            let error = ffi::Error { code: libsql_rusqlite::ErrorCode::Unknown, extended_code: ffi::SQLITE_ERROR };
            Err(Error::SqliteFailure(error, Some(not_here(&name))))
        }
    })?;
    Ok(inner)
}

/// The first of these functions that libSQL has of its own.
pub(super) fn built_in(functions: &[Function]) -> Result<Option<&Function>, EngineError> {
    if functions.is_empty() {
        return Ok(None);
    }
    initialize()?;
    let inner = Inner::open_in_memory()?;
    let mut statement = inner.prepare("SELECT DISTINCT name FROM pragma_function_list")?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(functions.iter().find(|function| names.iter().any(|name| name.eq_ignore_ascii_case(&function.name))))
}

/// The crate `libsql` sets the engine up once, and only as long as nobody else has begun with it.
fn initialize() -> Result<(), EngineError> {
    now(libsql::Builder::new_local(":memory:").build())?;
    Ok(())
}

/// Registers functions, each with what it does.
fn register<F, R>(inner: &Inner, functions: &[Function], does: impl Fn(&Function) -> F) -> Result<(), EngineError>
where
    F: FnMut(&Context<'_>) -> Result<R, Error> + Send + std::panic::UnwindSafe + 'static,
    R: libsql_rusqlite::ToSql,
{
    // the same for the same values, and harmless: so a schema may use them wherever it may use any
    let flags = || FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    for function in functions {
        for arguments in &function.arguments {
            inner.create_scalar_function(&function.name, *arguments, flags(), does(function))?;
        }
    }
    Ok(())
}

fn stand_in_for(name: &str, returns: Returns, context: &Context<'_>) -> Foreign {
    let arguments: Vec<Value> = (0..context.len()).map(|at| value(context.get_raw(at))).collect();
    foreign(stand_in::answer(name, returns, &arguments))
}

/// Whether a statement adds a column that has nothing to do with the functions. Of a STRICT table, SQLite then looks at
/// all constraints of all rows (`PRAGMA quick_check`), also at those that the column does not touch, which hold as they
/// held before; it stores nothing of what it computes.
fn only_looks(sql: &str, engine: &Engine) -> bool {
    let tokens = significant(sql);
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is_word(word));
    let is_qualified = tokens.get(3).is_some_and(|token| token.kind == TokenKind::Dot);
    let adds = is(if is_qualified { 5 } else { 3 }, "add");
    is(0, "alter") && is(1, "table") && adds && called(&engine.functions, &[sql]).is_empty()
}

/// A connection with the functions of the application.
struct Registered {
    inner: Inner,
    engine: Arc<Engine>,
    /// Of a file that is written.
    guard: Option<Arc<Guard>>,
}

impl Registered {
    /// Runs a statement to its end.
    fn run(&self, sql: &str, values: Vec<Value>) -> Result<(), EngineError> {
        let Some(mut statement) = self.bound(sql, values)? else { return Ok(()) };
        let mut rows = statement.raw_query();
        while rows.next()?.is_some() {}
        Ok(())
    }

    /// The first rows that are wanted, at most so many.
    fn rows(
        &self,
        sql: &str,
        values: Vec<Value>,
        most: usize,
        is_wanted: &dyn Fn(&Row) -> bool,
    ) -> Result<Vec<Row>, EngineError> {
        let mut found = Vec::new();
        let Some(mut statement) = self.bound(sql, values)? else { return Ok(found) };
        let width = statement.column_count();
        let mut rows = statement.raw_query();
        while found.len() < most
            && let Some(row) = rows.next()?
        {
            let values = (0..width).map(|at| text_or_value(row.get_ref(at)?)).collect::<Result<Row, EngineError>>()?;
            if is_wanted(&values) {
                found.push(values);
            }
        }
        Ok(found)
    }

    /// A result that names the function that was needed, if that is why there is none.
    fn told<T>(&self, result: Result<T, EngineError>) -> Result<T, EngineError> {
        let needed = self.guard.as_ref().and_then(|guard| guard.failed());
        result.map_err(|error| match needed {
            Some(function) if !error.message.contains(NOT_HERE) => {
                EngineError { message: not_here(&function), ..error }
            }
            _ => error,
        })
    }

    /// The statement with its values.
    fn bound(&self, sql: &str, values: Vec<Value>) -> Result<Option<Statement<'_>>, EngineError> {
        let mut statement = self.inner.prepare(sql)?;
        if statement.column_count() == 0 && significant(sql).is_empty() {
            // white space and comments are no statement
            return Ok(None);
        }
        for (at, value) in values.into_iter().enumerate() {
            statement.raw_bind_parameter(at + 1, foreign(value))?;
        }
        Ok(Some(statement))
    }
}

impl Driver for Registered {
    fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<(), EngineError> {
        let looks_away = self.guard.as_ref().filter(|_| only_looks(sql, &self.engine));
        if let Some(guard) = looks_away {
            guard.looks_away.store(true, Ordering::Relaxed);
        }
        let result = self.run(sql, values);
        if let Some(guard) = looks_away {
            guard.looks_away.store(false, Ordering::Relaxed);
        }
        self.told(result)
    }

    fn query(&mut self, sql: &str, values: Vec<Value>, most: usize) -> Result<Vec<Row>, EngineError> {
        self.told(self.rows(sql, values, most, &|_| true))
    }

    #[cfg(feature = "backup")]
    fn wanted(&mut self, sql: &str, is_wanted: &dyn Fn(&Row) -> bool) -> Result<Vec<Row>, EngineError> {
        self.rows(sql, Vec::new(), usize::MAX, is_wanted)
    }

    fn columns(&mut self, sql: &str) -> Result<Vec<String>, EngineError> {
        let statement = self.inner.prepare(sql)?;
        Ok(statement.column_names().into_iter().map(str::to_owned).collect())
    }

    fn is_autocommit(&mut self) -> Result<bool, EngineError> {
        Ok(self.inner.is_autocommit())
    }

    fn set_busy_timeout(&mut self, timeout: Duration) -> Result<(), EngineError> {
        Ok(self.inner.busy_timeout(timeout)?)
    }

    fn changes(&mut self) -> u64 {
        self.inner.changes()
    }

    fn tell_of_rows(&mut self, tell: Arc<dyn Fn() + Send + Sync>) -> Result<(), EngineError> {
        self.inner.update_hook(Some(move |_: Action, _: &str, _: &str, _: i64| tell()));
        Ok(())
    }

    #[cfg(feature = "backup")]
    fn tell_of_reads(&mut self, tell: Option<Arc<dyn Fn() + Send + Sync>>) -> Result<(), EngineError> {
        let hook = tell.map(|tell| {
            let tell = AssertUnwindSafe(tell);
            move |context: AuthContext<'_>| {
                let tell = &tell;
                if matches!(context.action, AuthAction::Read { .. }) && context.database_name == Some("main") {
                    tell();
                }
                Authorization::Allow
            }
        });
        self.inner.authorizer(hook);
        Ok(())
    }

    #[cfg(feature = "lint")]
    fn tell_of_access(&mut self, tell: Option<TellOfAccess>) -> Result<(), EngineError> {
        let hook = tell.map(|tell| {
            let tell = AssertUnwindSafe(tell);
            move |context: AuthContext<'_>| {
                let tell = &tell;
                if context.accessor.is_none() {
                    let (table, column, is_write) = match context.action {
                        AuthAction::Read { table_name, column_name } => (table_name, column_name, false),
                        AuthAction::Update { table_name, column_name } => (table_name, column_name, true),
                        AuthAction::Insert { table_name } | AuthAction::Delete { table_name } => (table_name, "", true),
                        _ => return Authorization::Allow,
                    };
                    tell(Access::of(table, column, is_write));
                }
                Authorization::Allow
            }
        });
        self.inner.authorizer(hook);
        Ok(())
    }

    fn scratch(&self) -> Option<Scratch> {
        let engine = Arc::clone(&self.engine);
        Some(Arc::new(move || in_memory(&engine)))
    }
}

impl From<Error> for EngineError {
    fn from(error: Error) -> Self {
        match error {
            Error::SqliteFailure(code, Some(message)) => Self::of_sqlite(code.extended_code, message),
            Error::SqlInputError { error, msg, .. } => Self::of_sqlite(error.extended_code, msg),
            other => Self { kind: ErrorKind::Statement, message: other.to_string() },
        }
    }
}

/// A value of a row.
fn text_or_value(found: ValueRef<'_>) -> Result<Value, EngineError> {
    match found {
        ValueRef::Text(bytes) if std::str::from_utf8(bytes).is_err() => {
            Err(EngineError { kind: ErrorKind::Statement, message: "the text is not UTF-8".to_owned() })
        }
        found => Ok(value(found)),
    }
}

fn value(found: ValueRef<'_>) -> Value {
    match found {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Real(real) => Value::Real(real),
        ValueRef::Text(bytes) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}

fn foreign(value: Value) -> Foreign {
    match value {
        Value::Null => Foreign::Null,
        Value::Integer(integer) => Foreign::Integer(integer),
        Value::Real(real) => Foreign::Real(real),
        Value::Text(text) => Foreign::Text(text),
        Value::Blob(bytes) => Foreign::Blob(bytes),
    }
}
