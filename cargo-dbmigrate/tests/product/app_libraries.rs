//! Libraries that the application loads: found by name in folders of the user, loaded by path only if somebody has
//! allowed it, and then part of every proof and of every local database.

use std::process::Command;

use crate::project::Project;

/// A library with the function `is_uuid`, written against the order of SQLite's table of functions, which never changes
/// (sqlite.org/src/file/src/sqlite3ext.h).
const SOURCE: &str = r"
typedef void (*any)(void);
static const any *api;
static void is_uuid(void *context, int count, void **values) {
  int length = ((int (*)(void *))api[103])(values[0]);
  ((void (*)(void *, int))api[82])(context, length == 36);
}
int sqlite3_appfunctions_init(void *db, char **error, const any *routines) {
  api = routines;
  return ((int (*)(void *, const char *, int, int, void *, void *, void *, void *))api[45])(
      db, NAME, 1, 1 | 0x800, 0, is_uuid, 0, 0);
}
";

const USERS: &str = "#[derive(Table)]\n#[table(name = \"users\", strict, check = \"is_uuid(id)\")]\n\
    struct User { #[column(primary_key)] id: String, name: String, /* more */ }";

const ANN: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

/// Compiles the library into a folder of the project.
fn compiled(project: &Project, folder: &str, function: &str) {
    project.write(&format!("{folder}/source.c"), SOURCE.replace("NAME", &format!("\"{function}\"")));
    let library = project.path(&format!("{folder}/appfunctions{}", std::env::consts::DLL_SUFFIX));
    let output = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(project.path(&format!("{folder}/source.c")))
        .output()
        .expect("there is a C compiler");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn with_library(extension: &str) -> Project {
    let project = Project::new(USERS);
    compiled(&project, "ext", "is_uuid");
    project.write("dbmigrate.toml", format!("[engine]\nextensions = [\"{extension}\"]\n"));
    project
}

#[test]
fn a_library_of_the_checkout_is_loaded_once_it_was_allowed_by_name() {
    let path = format!("ext/appfunctions{}", std::env::consts::DLL_SUFFIX);
    let project = with_library(&path);
    let run = project.refuses(2, "generate");
    assert!(
        run.err.contains(&format!("the library `{path}` is not loaded before you have agreed to it")),
        "{}",
        run.err
    );
    assert!(run.err.contains("comes with the checkout") && run.err.contains("nothing was loaded"), "{}", run.err);
    // without a repository there is nothing that could remember it
    assert!(!run.err.contains("git config"), "{}", run.err);
    assert!(run.err.contains(&format!("`DBMIGRATE_ALLOW_EXTENSIONS={path}`")), "{}", run.err);
    project.shell("git init -q .");
    let run = project.refuses(2, "generate");
    let agree = format!("git config --local --add dbmigrate.extension {path}");
    assert!(run.err.contains(&format!("if you trust it: `{agree}`")), "{}", run.err);
    project.shell(&agree);
    project.runs("generate");
    // another file was not agreed to
    compiled(&project, "other", "is_uuid");
    project.write(
        "dbmigrate.toml",
        format!("[engine]\nextensions = [\"other/appfunctions{}\"]\n", std::env::consts::DLL_SUFFIX),
    );
    project.refuses(2, "check");
}

#[test]
fn ci_allows_a_library_by_its_name() {
    let project = with_library("ext/appfunctions");
    project.set("CI", "true");
    project.refuses(2, "generate");
    project.set("DBMIGRATE_ALLOW_EXTENSIONS", "ext/other, ext/appfunctions");
    project.runs("generate");
    project.runs("check");
}

#[test]
fn a_name_is_looked_for_in_the_folders_of_the_user_only() {
    let project = with_library("appfunctions");
    let run = project.refuses(2, "generate");
    assert!(run.err.contains("the library `appfunctions` was not found"), "{}", run.err);
    assert!(run.err.contains("`DBMIGRATE_EXTENSION_PATH=/FOLDER`"), "{}", run.err);
    // a relative folder would be one of the checkout
    project.set("DBMIGRATE_EXTENSION_PATH", "ext");
    project.refuses(2, "generate");
    project.set("DBMIGRATE_EXTENSION_PATH", &project.path("ext").display().to_string());
    project.runs("generate");
}

#[test]
fn the_functions_of_a_library_decide_about_real_rows() {
    let project = with_library("appfunctions");
    project.set("DBMIGRATE_EXTENSION_PATH", &project.path("ext").display().to_string());
    // a function that the library has needs no stand-in
    project.write("dbmigrate.toml", "[engine]\nextensions = [\"appfunctions\"]\nfunctions = { is_uuid = 1 }\n");
    let run = project.runs("generate");
    assert!(!run.err.contains("Assumed"), "{}", run.err);
    project.runs("migrate");
    project.runs("generate --custom --name rows");
    let file = crate::project::sql_of("0002_rows");
    project.write(&file, format!("-- 0002_rows\nINSERT INTO users (id, name) VALUES ('{ANN}', 'Ann');\n"));
    project.runs("generate --custom");
    project.runs("migrate");
    project.structs(&USERS.replace("name: String,", "#[column(check = \"name <> ''\")] name: String,"));
    project.runs("generate");
    project.runs("migrate");
    project.runs("check");
    project.runs("backup");
    assert_eq!(project.query("SELECT id, name FROM users"), [format!("{ANN}|Ann")]);
    project.runs("generate --custom --name wrong");
    let file = crate::project::sql_of("0004_wrong");
    project.write(&file, "-- 0004_wrong\nUPDATE users SET id = 'short';\n");
    let run = project.ends(1, "generate --custom");
    assert!(run.err.contains("CHECK constraint failed: is_uuid(id)"), "{}", run.err);
}

#[test]
fn what_no_library_has_is_said_where_it_is_declared() {
    let project = with_library("appfunctions");
    project.set("DBMIGRATE_EXTENSION_PATH", &project.path("ext").display().to_string());
    project
        .write("dbmigrate.toml", "[engine]\nextensions = [\"appfunctions\"]\nfunctions = { is_uuid = 1, norm = 1 }\n");
    let run = project.refuses(2, "generate");
    assert!(run.err.contains("no library of `extensions` has the function `norm`"), "{}", run.err);
    assert!(run.err.contains("dbmigrate.toml:3:28"), "{}", run.err);
}

#[test]
fn a_file_that_is_no_library_is_an_error() {
    let project = with_library("ext/source.c");
    project.set("DBMIGRATE_ALLOW_EXTENSIONS", "ext/source.c");
    let run = project.refuses(1, "generate");
    assert!(run.err.contains("cannot load the library `ext/source.c`"), "{}", run.err);
    project.write("dbmigrate.toml", "[engine]\nextensions = [\"ext/none\"]\n");
    let run = project.refuses(2, "generate");
    assert!(run.err.contains("no library at `ext/none`"), "{}", run.err);
}

#[test]
fn a_missing_module_is_an_error_with_the_line_that_loads_it() {
    let project = Project::new(
        "#[derive(Table)]\n#[table(name = \"v\", using = vec0, options(\"embedding float[4]\"))]\nstruct V { embedding: Vec<u8> }",
    );
    let run = project.run("generate");
    assert_ne!(run.code, 0);
    assert!(run.err.contains("no such module: vec0"), "{}", run.err);
    let help = "load the library that has it, in `[engine]` of `dbmigrate.toml`: `extensions = [\"vec0\"]`";
    assert!(run.err.contains(help), "{}", run.err);
}
