//! Every case of `tests/rebase`, through the binary: two branches, or three, of one history, and what `rebase` makes of
//! them: a chain that databases with rows go through, or a named conflict and what its answer leads to.
//!
//! A case is a folder. `ours.sql` and `theirs.sql` say what each branch makes of `base.sql` (that of the case, or that of
//! all): `-- replace: A => B` changes its text, statements add to it, `-- rename: t.a=b`, `-- backfill: t.a=SQL`,
//! `-- convert: t.a=SQL`, `-- accept: LINT:OBJECT` and `-- keep` are decisions, `---- next` begins the next migration,
//! `-- custom` one that is written by hand, and `-- squash: A..B` folds some in the end. `expect` has the conflicts, the answers (`with:`), the tables whose rows
//! change (`rows:`), and the schema of the new head in the same words (`head:`), or as a whole (`whole:`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use dbmigrate_core::diff::diff;
use dbmigrate_core::engine::apply::{Applied, Database, Loss, Observer, apply_pending};
use dbmigrate_core::engine::prove::differences;
use dbmigrate_core::engine::{Connection, content, introspect, populate};
use dbmigrate_core::folder::{Folder, Script, Slug, Verify};
use dbmigrate_core::plan::{Decisions, Trace, follow, plan};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::path::parse_path;
use dbmigrate_core::sql::{Expr, Name, split};
use pollster::block_on;

use crate::project::Project;

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rebase")
}

fn read(path: &Path) -> Option<String> {
    fs_err::read_to_string(path).ok()
}

/// A migration of a branch.
struct Step {
    text: String,
}

impl Step {
    fn directives<'s>(&'s self, key: &'s str) -> impl Iterator<Item = &'s str> {
        let prefix = format!("-- {key}:");
        self.text.lines().filter_map(move |line| line.strip_prefix(&prefix)).map(str::trim)
    }

    fn has(&self, word: &str) -> bool {
        self.text.lines().any(|line| line.trim() == format!("-- {word}"))
    }

    /// The text of the schema behind it.
    fn after(&self, before: &str) -> String {
        let mut text = before.to_owned();
        for replaced in self.directives("replace") {
            let (was, now) = replaced.split_once("=>").expect("`A => B`");
            assert!(text.contains(was.trim()), "`{}` is not in {text}", was.trim());
            text = text.replace(was.trim(), now.trim());
        }
        let added = self.text.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join("\n");
        format!("{text}\n{added}")
    }

    fn decisions(&self, number: u32) -> Decisions {
        let mut decisions = Decisions::default();
        let place = |mut path: Vec<Name>| (path.remove(0), path.remove(0));
        for text in self.directives("rename") {
            let (mut path, to) = parse_path(text).expect("a path");
            let (to, from) = (Name::from(to.expect("a name")), path.pop().expect("a name"));
            match path.pop() {
                Some(table) => decisions.renames.columns.push((table, from, to)),
                None => decisions.renames.tables.push((from, to)),
            }
        }
        for text in self.directives("accept") {
            let (lint, object) = text.split_once(':').expect("`LINT:OBJECT`");
            decisions.accepted.add(lint.parse().expect("a lint"), object);
        }
        for (key, to) in [("backfill", &mut decisions.backfills), ("convert", &mut decisions.conversions)] {
            for text in self.directives(key) {
                let (path, expr) = parse_path(text).expect("a path");
                to.insert(place(path), Expr::new(expr.expect("an expression")));
            }
        }
        decisions.keep = self.has("keep").then_some(number);
        decisions
    }
}

fn schema_of(text: &str) -> Schema {
    block_on(async {
        let connection = Connection::in_memory().await?;
        for statement in split(text) {
            connection.run(statement.text).await?;
        }
        introspect(&connection).await
    })
    .unwrap_or_else(|error| panic!("{error}: {text}"))
    .schema
}

/// The package of a branch.
fn branch(base: &str, steps: &str, name: &str) -> Project {
    let project = Project::new("");
    let mut folder = Folder::open(project.path("migrations")).expect("the folder is made");
    let (mut text, mut schema) = (base.to_owned(), Schema::default());
    let first = Step { text: base.to_owned() };
    let later = steps.split("---- next").map(|text| Step { text: text.to_owned() });
    for (at, step) in std::iter::once(first).chain(later).enumerate() {
        let name = if at == 0 { "base".to_owned() } else { name.to_owned() };
        let slug = Slug::sanitize(&name).expect("a name");
        let number = folder.next_sequence();
        let decisions = step.decisions(number);
        let (after, sql) = if step.has("custom") {
            let script: String = step.text.lines().filter(|line| *line != "-- custom").collect::<Vec<_>>().join("\n");
            let creates = split(&script).into_iter().filter(|statement| statement.kind.changes_schema());
            text += &creates.map(|statement| format!("\n{};", statement.text)).collect::<Vec<_>>().concat();
            (schema_of(&text), format!("-- {}\n{script}\n", folder.next_name(&slug).as_str()))
        } else {
            text = if at == 0 { text } else { step.after(&text) };
            let after = schema_of(&text);
            let difference = diff(&schema, &after, &decisions.renames).expect("the renames fit");
            let plan = plan(&schema, &after, &difference, &decisions).expect("there is a plan");
            (after, plan.to_sql(folder.next_name(&slug).as_str()))
        };
        folder.add(&slug, &sql, &after.clone().into()).expect("the folder is writable");
        schema = after;
    }
    for range in (Step { text: steps.to_owned() }).directives("squash") {
        project.runs(&format!("squash {range}"));
    }
    project
}

struct Quiet;

impl Observer for Quiet {
    fn begin(&mut self, _: &str, _: usize, _: usize) {}
    fn loses(&mut self, _: &Loss) {}
    fn applied(&mut self, _: &Applied) {}
}

fn open(project: &Project, name: &str) -> Database {
    let limit = std::time::Duration::from_secs(5);
    let database = block_on(Database::open(&project.path(name), true, limit)).expect("it opens");
    block_on(database.connection().run("PRAGMA synchronous = OFF")).expect("it is one");
    database
}

fn apply(database: &mut Database, folder: &Folder, to: Option<usize>) {
    block_on(database.connection().run("PRAGMA foreign_keys = ON")).expect("it is one");
    let target = to.map(|to| folder.migrations()[to - 1].name.as_str().to_owned());
    let target = target.as_deref();
    block_on(apply_pending(database, folder, target, &mut Quiet)).unwrap_or_else(|error| panic!("{error:?}"));
}

/// What `expect` says.
struct Expected {
    text: String,
}

impl Expected {
    fn all<'e>(&'e self, key: &'e str) -> impl Iterator<Item = &'e str> {
        self.text.lines().filter_map(move |line| line.strip_prefix(key)?.strip_prefix(": "))
    }

    fn head(&self, base: &str) -> Option<Schema> {
        let head = self.text.split_once("\nhead:\n").or_else(|| self.text.split_once("head:\n"));
        let whole = self.text.split_once("whole:\n").map(|(_, whole)| whole.to_owned());
        let text = whole.or_else(|| head.map(|(_, head)| Step { text: head.to_owned() }.after(base)));
        text.map(|text| schema_of(&text))
    }
}

/// Rebases one branch on another, and checks what comes of it.
fn rebase(project: &Project, onto: &Path, expected: &Expected) -> bool {
    let command = format!("rebase --onto {}", onto.display());
    let conflicts: BTreeSet<&str> = expected.all("conflict").collect();
    if let Some(code) = expected.all("fails").next() {
        let run = project.refuses(code.parse().expect("an exit code"), &command);
        let said = expected.all("says").find(|said| !run.err.contains(said));
        assert_eq!(said, None, "{}", run.err);
        return false;
    }
    if conflicts.is_empty() {
        project.runs(&command);
        return true;
    }
    let run = project.refuses(3, &command);
    for conflict in &conflicts {
        assert!(run.err.contains(conflict), "`{conflict}` is not said:\n{}", run.err);
    }
    let count = run.err.matches("\nerror").count() + usize::from(run.err.starts_with("error"));
    // the last one says how many there are
    assert_eq!(count, conflicts.len() + 1, "{}", run.err);
    let Some(with) = expected.all("with").next() else { return false };
    project.runs(&format!("{command} {with}"));
    true
}

/// That databases of all kinds go through the chain: one with the common schema and rows, one that had theirs, a new
/// one. `theirs` is how many migrations the other side has.
fn is_proven(project: &Project, theirs: usize, expected: &Expected, base: &str) {
    let folder = Folder::open(project.path("migrations")).expect("it is there");
    folder.verify(Verify::All).expect("the folder is whole");
    let head = folder.head_schema().expect("a snapshot");
    if let Some(wanted) = expected.head(base) {
        assert_eq!(differences(&head, &wanted), [""; 0], "the head is another one");
    }
    let first = folder.snapshot_at(&folder.migrations()[0]).expect("a snapshot").schema;
    let changing: BTreeSet<Name> = expected.all("rows").flat_map(|list| list.split(", ")).map(Name::from).collect();
    let trace = trace(&folder);
    for (name, before) in [("new.db", None), ("base.db", Some(1)), ("theirs.db", Some(theirs))] {
        let mut database = open(project, name);
        let mut rows = Vec::new();
        if let Some(count) = before {
            apply(&mut database, &folder, Some(1));
            fill(database.connection(), &first);
            rows = kept(&trace, &first, &head, &changing)
                .into_iter()
                .map(|(old, new)| (block_on(content::rows(database.connection(), &old.0, &old.1)).expect("rows"), new))
                .collect();
            assert!(rows.iter().any(|(rows, _)| !rows.is_empty()), "no row was generated");
            if count > 1 {
                apply(&mut database, &folder, Some(count));
            }
        }
        apply(&mut database, &folder, None);
        let connection = database.connection();
        let found = block_on(introspect(connection)).expect("it is readable").schema;
        assert_eq!(differences(&found, &head), [""; 0], "{name}");
        let broken = block_on(connection.rows("PRAGMA foreign_key_check")).expect("it is checked");
        assert!(broken.is_empty(), "{name}: {broken:?}");
        let integrity = block_on(connection.rows("PRAGMA integrity_check")).expect("it is checked");
        assert!(format!("{integrity:?}").contains("\"ok\""), "{integrity:?}");
        for (before, (table, columns)) in rows {
            let after = block_on(content::rows(connection, &table, &columns)).expect("rows");
            assert_eq!(before, after, "{name}: rows of {table}");
        }
    }
}

/// Rows of the common schema, while no trigger fires.
fn fill(connection: &Connection, schema: &Schema) {
    let run = |sql: &str| block_on(connection.run(sql)).unwrap_or_else(|error| panic!("{error}: {sql}"));
    run("PRAGMA foreign_keys = OFF");
    for trigger in &schema.triggers {
        run(&format!("DROP TRIGGER {}", trigger.name.sql()));
    }
    block_on(populate::populate(connection, schema)).expect("rows are made up");
    for trigger in &schema.triggers {
        run(&dbmigrate_core::ddl::render::create_trigger(trigger));
    }
    run("PRAGMA foreign_keys = ON");
}

/// What becomes of the names of the first migration.
fn trace(folder: &Folder) -> Trace {
    let schema = |at: usize| folder.snapshot_at(&folder.migrations()[at]).expect("a snapshot").schema;
    let mut trace = Trace::of_same(&schema(0));
    for at in 1..folder.migrations().len() {
        let sql = folder.sql(&folder.migrations()[at]).expect("it is there");
        let script = Script::parse(&sql, Path::new("migration.sql")).expect("it is one");
        trace = trace.then(&follow(&schema(at - 1), &schema(at), &script.statements).0);
    }
    trace
}

type Columns = (Name, Vec<String>);

/// The tables that stay, each with the columns whose values are to stay.
fn kept(trace: &Trace, first: &Schema, head: &Schema, changing: &BTreeSet<Name>) -> Vec<(Columns, Columns)> {
    let mut all = Vec::new();
    for table in first.tables.iter().filter(|table| !changing.contains(&table.name)) {
        let Some(now) = trace.table(&table.name).and_then(|name| head.table(name)) else { continue };
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for column in &table.columns {
            let after = trace.column(&table.name, &column.name).and_then(|(_, name)| now.column(name));
            if let Some(after) = after.filter(|after| after.decl_type == column.decl_type) {
                old.push(content::exact(&column.name.sql()));
                new.push(content::exact(&after.name.sql()));
            }
        }
        all.push(((table.name.clone(), old), (now.name.clone(), new)));
    }
    all
}

fn run_case(case: &Path) {
    let text = |name: &str| read(&case.join(name)).unwrap_or_else(|| panic!("{name} is missing in {}", case.display()));
    let base = read(&case.join("base.sql")).or_else(|| read(&cases().join("base.sql"))).expect("the common schema");
    let expected = Expected { text: text("expect") };
    let (ours, theirs) = (branch(&base, &text("ours.sql"), "ours"), branch(&base, &text("theirs.sql"), "theirs"));
    let lock = |project: &Project| project.path("migrations/migrations.lock");
    let count = |project: &Project| Folder::open(project.path("migrations")).expect("it is there").migrations().len();
    if !rebase(&ours, &lock(&theirs), &expected) {
        return;
    }
    let Some(third) = read(&case.join("third.sql")) else {
        return is_proven(&ours, count(&theirs), &expected, &base);
    };
    let third = branch(&base, &third, "third");
    third.runs(&format!("rebase --onto {}", lock(&ours).display()));
    is_proven(&third, count(&ours), &expected, &base);
}

/// Runs every so many cases, in threads of the test runner's own.
fn run_part(part: usize) {
    let mut folders: Vec<PathBuf> = fs_err::read_dir(cases())
        .expect("the cases are there")
        .map(|entry| entry.expect("it is readable").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    assert!(folders.len() >= 40, "only {} cases", folders.len());
    let only = std::env::var("REBASE_CASE").ok();
    let wanted = |path: &&PathBuf| only.as_ref().is_none_or(|only| path.ends_with(only));
    let mut failed = Vec::new();
    for case in folders.iter().skip(part).step_by(PARTS).filter(wanted) {
        let result = std::panic::catch_unwind(|| run_case(case));
        if result.is_err() {
            failed.push(case.file_name().unwrap_or_default().to_owned());
        }
    }
    assert!(failed.is_empty(), "failed: {failed:?}");
}

const PARTS: usize = 3;

#[test]
fn every_case_of_a_rebase_ends_in_a_proven_chain_or_a_named_conflict_1() {
    run_part(0);
}

#[test]
fn every_case_of_a_rebase_ends_in_a_proven_chain_or_a_named_conflict_2() {
    run_part(1);
}

#[test]
fn every_case_of_a_rebase_ends_in_a_proven_chain_or_a_named_conflict_3() {
    run_part(2);
}
