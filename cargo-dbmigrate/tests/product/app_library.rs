//! Libraries that tests compile: functions of an application, and a module of virtual tables.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A library with the functions `is_uuid` and `norm` and the module `shelf`: a virtual table that keeps what is put into
/// it in a table of its own, of which the module says that it is (sqlite.org/vtab.html#the_xshadowname_method). Written
/// against the header that the engine is built with.
const SOURCE: &str = r#"
#include <stdlib.h>
#include <string.h>
#include "sqlite3ext.h"
SQLITE_EXTENSION_INIT1

typedef struct { sqlite3_vtab base; sqlite3 *db; char *schema; char *name; } Shelf;
typedef struct { sqlite3_vtab_cursor base; sqlite3_stmt *rows; int is_done; } Cursor;

static void is_uuid(sqlite3_context *context, int count, sqlite3_value **values) {
  sqlite3_result_int(context, sqlite3_value_bytes(values[0]) == 36);
}

static void norm(sqlite3_context *context, int count, sqlite3_value **values) {
  const char *text = (const char *)sqlite3_value_text(values[0]);
  if (!text) return;
  char *lower = sqlite3_mprintf("%s", text);
  for (char *at = lower; lower && *at; at++) if (*at >= 'A' && *at <= 'Z') *at += 32;
  sqlite3_result_text(context, lower, -1, sqlite3_free);
}

static int run(sqlite3 *db, char *sql) {
  int rc = sql ? sqlite3_exec(db, sql, 0, 0, 0) : SQLITE_NOMEM;
  sqlite3_free(sql);
  return rc;
}

static int connect(sqlite3 *db, void *aux, int count, const char *const *values, sqlite3_vtab **made, char **error) {
  int rc = sqlite3_declare_vtab(db, "CREATE TABLE x(title, body)");
  if (rc) return rc;
  Shelf *shelf = calloc(1, sizeof *shelf);
  shelf->db = db;
  shelf->schema = sqlite3_mprintf("%s", values[1]);
  shelf->name = sqlite3_mprintf("%s", values[2]);
  *made = &shelf->base;
  return SQLITE_OK;
}

static int create(sqlite3 *db, void *aux, int count, const char *const *values, sqlite3_vtab **made, char **error) {
  const char *own = "CREATE TABLE \"%w\".\"%w_rows\"(id INTEGER PRIMARY KEY, title, body)";
  int rc = run(db, sqlite3_mprintf(own, values[1], values[2]));
  if (rc) return rc;
  const char *index = "CREATE INDEX \"%w\".\"%w_rows_title\" ON \"%w_rows\"(title)";
  rc = run(db, sqlite3_mprintf(index, values[1], values[2], values[2]));
  return rc ? rc : connect(db, aux, count, values, made, error);
}

static int disconnect(sqlite3_vtab *table) {
  Shelf *shelf = (Shelf *)table;
  sqlite3_free(shelf->schema);
  sqlite3_free(shelf->name);
  free(shelf);
  return SQLITE_OK;
}

static int destroy(sqlite3_vtab *table) {
  Shelf *shelf = (Shelf *)table;
  int rc = run(shelf->db, sqlite3_mprintf("DROP TABLE \"%w\".\"%w_rows\"", shelf->schema, shelf->name));
  return rc ? rc : disconnect(table);
}

static int plan(sqlite3_vtab *table, sqlite3_index_info *info) {
  info->estimatedCost = 1000;
  return SQLITE_OK;
}

static int open(sqlite3_vtab *table, sqlite3_vtab_cursor **made) {
  Cursor *cursor = calloc(1, sizeof *cursor);
  *made = &cursor->base;
  return SQLITE_OK;
}

static int close(sqlite3_vtab_cursor *base) {
  sqlite3_finalize(((Cursor *)base)->rows);
  free(base);
  return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *base) {
  Cursor *cursor = (Cursor *)base;
  cursor->is_done = sqlite3_step(cursor->rows) != SQLITE_ROW;
  return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base, int number, const char *text, int count, sqlite3_value **values) {
  Cursor *cursor = (Cursor *)base;
  Shelf *shelf = (Shelf *)base->pVtab;
  sqlite3_finalize(cursor->rows);
  cursor->rows = 0;
  char *sql = sqlite3_mprintf("SELECT title, body, id FROM \"%w\".\"%w_rows\"", shelf->schema, shelf->name);
  int rc = sqlite3_prepare_v2(shelf->db, sql, -1, &cursor->rows, 0);
  sqlite3_free(sql);
  return rc ? rc : next(base);
}

static int eof(sqlite3_vtab_cursor *base) { return ((Cursor *)base)->is_done; }

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int at) {
  sqlite3_result_value(context, sqlite3_column_value(((Cursor *)base)->rows, at));
  return SQLITE_OK;
}

static int rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *id) {
  *id = sqlite3_column_int64(((Cursor *)base)->rows, 2);
  return SQLITE_OK;
}

static int update(sqlite3_vtab *table, int count, sqlite3_value **values, sqlite3_int64 *id) {
  Shelf *shelf = (Shelf *)table;
  if (sqlite3_value_type(values[0]) != SQLITE_NULL) {
    const char *gone = "DELETE FROM \"%w\".\"%w_rows\" WHERE id = %lld";
    int rc = run(shelf->db, sqlite3_mprintf(gone, shelf->schema, shelf->name, sqlite3_value_int64(values[0])));
    if (rc || count == 1) return rc;
  }
  sqlite3_stmt *insert = 0;
  const char *text = "INSERT INTO \"%w\".\"%w_rows\"(id, title, body) VALUES (?1, ?2, ?3)";
  char *sql = sqlite3_mprintf(text, shelf->schema, shelf->name);
  int rc = sqlite3_prepare_v2(shelf->db, sql, -1, &insert, 0);
  sqlite3_free(sql);
  if (rc) return rc;
  for (int at = 1; at <= 3; at++) sqlite3_bind_value(insert, at, values[at]);
  sqlite3_step(insert);
  rc = sqlite3_finalize(insert);
  *id = sqlite3_last_insert_rowid(shelf->db);
  return rc;
}

static int rename_to(sqlite3_vtab *table, const char *name) {
  Shelf *shelf = (Shelf *)table;
  const char *sql = "ALTER TABLE \"%w\".\"%w_rows\" RENAME TO \"%w_rows\"";
  int rc = run(shelf->db, sqlite3_mprintf(sql, shelf->schema, shelf->name, name));
  if (rc) return rc;
  sqlite3_free(shelf->name);
  shelf->name = sqlite3_mprintf("%s", name);
  return SQLITE_OK;
}

static int is_own(const char *suffix) { return strcmp(suffix, "rows") == 0; }

static const sqlite3_module SHELF = {
  .iVersion = 3, .xCreate = create, .xConnect = connect, .xBestIndex = plan, .xDisconnect = disconnect,
  .xDestroy = destroy, .xOpen = open, .xClose = close, .xFilter = filter, .xNext = next, .xEof = eof,
  .xColumn = column, .xRowid = rowid, .xUpdate = update, .xRename = rename_to, .xShadowName = is_own,
};

int sqlite3_shelf_init(sqlite3 *db, char **error, const sqlite3_api_routines *routines) {
  SQLITE_EXTENSION_INIT2(routines);
  int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  sqlite3_create_function(db, "is_uuid", 1, flags, 0, is_uuid, 0, 0);
  sqlite3_create_function(db, "norm", 1, flags, 0, norm, 0, 0);
  return sqlite3_create_module(db, "shelf", &SHELF, 0);
}
"#;

/// What the library is called.
pub(crate) const NAME: &str = "shelf";

/// Compiles the library into a folder, and returns its file.
pub(crate) fn compile(folder: &Path) -> PathBuf {
    fs_err::create_dir_all(folder).expect("the folder can be made");
    let source = folder.join("shelf.c");
    fs_err::write(&source, SOURCE).expect("the folder is writable");
    let library = folder.join(format!("{NAME}{}", std::env::consts::DLL_SUFFIX));
    let compiler = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-I"])
        .arg(header())
        .arg("-o")
        .args([&library, &source])
        .output()
        .expect("there is a C compiler");
    assert!(compiler.status.success(), "{}", String::from_utf8_lossy(&compiler.stderr));
    library
}

/// The folder with the header that the engine is built with. What only other platforms need may not have been downloaded.
fn header() -> PathBuf {
    let rustc = Command::new("rustc").arg("-vV").output().expect("there is a compiler");
    let host =
        String::from_utf8_lossy(&rustc.stdout).lines().find_map(|line| line.strip_prefix("host: ").map(str::to_owned));
    let host = host.expect("it is for a platform");
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .other_options(["--offline".to_owned(), "--filter-platform".to_owned(), host])
        .exec();
    let metadata = metadata.expect("the workspace has metadata");
    let engine = metadata.packages.iter().find(|package| package.name.as_str() == "libsql-ffi").expect("the engine");
    engine.manifest_path.with_file_name("bundled").join("src").into_std_path_buf()
}
