//! Schema to structs to schema: what comes back is what went in.

use std::collections::BTreeMap;
use std::path::Path;

use cargo_dbmigrate::source::{Package, Request, read_package};
use dbmigrate_core::plan::create_all;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::schema::validate::ProblemKind;
use dbmigrate_core::sql::Name;

use crate::project::{Project, Run, files, load, rendered, structs, text};
use crate::support::{data, history, law, shared};

/// One package whose crate root changes: cargo is asked about it once.
struct Reader {
    project: Project,
    package: Package,
}

impl Reader {
    fn new() -> Self {
        let project = Project::new(Run::InProcess);
        project.write_structs("");
        let manifest = Some(project.path("Cargo.toml"));
        let request = Request { current_dir: project.path(""), manifest_path: manifest, ..Request::default() };
        let package = Package::find(&request).unwrap_or_else(|error| panic!("{}", error.message));
        Self { project, package }
    }

    fn read(&self, source: &str) -> Result<Schema, Vec<String>> {
        self.project.write_structs(source);
        let declared = read_package(self.package.clone())
            .map_err(|errors| errors.into_iter().map(|error| error.message).collect::<Vec<_>>())?;
        // a key that cannot be enforced is tolerated, and said to be there
        let problems: Vec<String> = declared.schema.problems().into_iter().map(|problem| problem.message).collect();
        let warnings: Vec<String> = declared.warnings.into_iter().map(|warning| warning.message).collect();
        assert_eq!(warnings, problems);
        Ok(declared.schema)
    }
}

/// What came of a schema.
enum Outcome {
    Same,
    /// The schema is broken, and that is what is said of it.
    Broken(Vec<String>),
}

fn round_trip(reader: &Reader, sql: &str) -> Result<Outcome, String> {
    let loaded = load(sql)?;
    let mut source = structs(&loaded)?;
    if structs(&loaded)? != source {
        return Err("rendered twice, it differs".to_owned());
    }
    if source.is_empty() {
        source.push_str("// nothing\n");
    }
    // without enums it says the same
    text(&rendered(&loaded, false))?;
    let problems = loaded.schema.problems().into_iter().filter(|problem| problem.kind == ProblemKind::Declaration);
    let problems: Vec<String> = problems.map(|problem| problem.message).collect();
    match reader.read(&source) {
        Ok(found) if found.canonical() == loaded.schema.canonical() => made_again(&found, &source),
        Ok(found) => {
            let found = found.canonical();
            let wanted = loaded.schema.canonical();
            let lost: Vec<_> = wanted.iter().filter(|(key, text)| found.get(*key) != Some(*text)).collect();
            Err(format!("differs: {lost:#?}\n{source}"))
        }
        Err(errors) if !problems.is_empty() && errors == problems => Ok(Outcome::Broken(problems)),
        Err(errors) => Err(format!("{errors:#?}\n{source}")),
    }
}

/// A database that is made from structs has the same structs, documentation included.
fn made_again(declared: &Schema, source: &str) -> Result<Outcome, String> {
    let script = create_all(declared).join(";\n");
    let again = structs(&load(&script).map_err(|error| format!("{error}\n{script}"))?)?;
    let source = if declared.is_empty() { "" } else { source };
    if again == source {
        return Ok(Outcome::Same);
    }
    let differ = source.lines().zip(again.lines()).find(|(one, two)| one != two);
    Err(format!("a database made from the structs has others: {differ:#?}\n{script}"))
}

fn run_suite(suite: &str, schemas: &[(String, String)], at_least: usize) {
    let reader = Reader::new();
    let (mut same, mut failed) = (0, Vec::new());
    let mut broken: BTreeMap<String, usize> = BTreeMap::new();
    for (name, sql) in schemas {
        match round_trip(&reader, sql) {
            Ok(Outcome::Same) => same += 1,
            Ok(Outcome::Broken(problems)) => {
                *broken.entry(format!("{name}: {}", problems.join("; "))).or_default() += 1;
            }
            Err(error) => failed.push(format!("--- {name}: {error}")),
        }
    }
    for problem in broken.keys() {
        dbmigrate_test_support::say(&format!("{suite}, refused because it is broken: {problem}"));
    }
    dbmigrate_test_support::say(&format!(
        "{suite}: {same} of {} schemas come back, {} are broken",
        schemas.len(),
        broken.len()
    ));
    assert!(failed.is_empty(), "{} of {} fail:\n{}", failed.len(), schemas.len(), failed.join("\n"));
    assert!(schemas.len() >= at_least, "only {} schemas were found", schemas.len());
}

fn read(path: &Path) -> (String, String) {
    (path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), std::fs::read_to_string(path).expect("text"))
}

#[test]
fn our_schemas_come_back_from_their_structs() {
    run_suite("our schemas", &history::schemas(), 7);
}

#[test]
fn every_state_of_our_histories_comes_back_from_its_structs() {
    let states = history::histories().into_iter().flat_map(|(history, states)| {
        states.into_iter().map(move |state| (format!("{history}/{}", state.name), state.sql))
    });
    run_suite("our histories", &states.collect::<Vec<_>>(), 90);
}

#[test]
fn real_schemas_come_back_from_their_structs() {
    let Some(folder) = shared("corpus/schemas") else { return };
    let schemas: Vec<_> = files(&folder, "sql").iter().map(|file| read(file)).collect();
    run_suite("schemas", &schemas, 15);
}

#[test]
fn every_state_of_real_histories_comes_back_from_its_structs() {
    let Some(folder) = shared("corpus/histories") else { return };
    let mut states = Vec::new();
    for history in std::fs::read_dir(folder).expect("a folder").flatten() {
        let name = history.file_name().to_string_lossy().into_owned();
        for file in files(&history.path(), "sql") {
            let (state, sql) = read(&file);
            states.push((format!("{name}/{state}"), sql));
        }
    }
    states.sort();
    states.dedup_by(|two, one| two.1 == one.1);
    run_suite("histories", &states, 200);
}

#[test]
fn the_schemas_of_all_cases_come_back_from_their_structs() {
    for (suite, at_least) in [
        ("hazards", 80),
        ("reports", 60),
        ("more_hazards", 300),
        ("more_reports", 120),
        ("sqlite_alter_tcl", 200),
        ("sqldef", 100),
        ("atlas", 120),
    ] {
        let cases = data::load(suite);
        if cases.is_empty() {
            continue;
        }
        let mut schemas = Vec::new();
        for case in cases.iter().filter(|case| !law::is_not_yet(case)) {
            for key in ["current_sql", "desired_sql"] {
                let name = format!("{}/{key}", case["name"].as_str().unwrap_or_default());
                schemas.push((name, case[key].as_str().unwrap_or_default().to_owned()));
            }
        }
        run_suite(suite, &schemas, at_least);
    }
}

/// Clauses that no struct of this repository has otherwise, each as small as can be.
const ODD: &[&str] = &[
    "CREATE TABLE t (a, b BLOB, c ANY, d \"my type\", e VARCHAR(10, 2))",
    "CREATE TABLE t (\"a b\" TEXT, \"type\" TEXT, self TEXT, \"unique\" TEXT, \"1st\" TEXT, \"größe\" TEXT, userId TEXT);
     CREATE INDEX \"odd index\" ON t (\"unique\", \"a b\" DESC);
     CREATE UNIQUE INDEX t_type_key ON t (type)",
    "CREATE TABLE string (id INTEGER PRIMARY KEY); CREATE TABLE \"Table\" (id INTEGER PRIMARY KEY, s REFERENCES string);
     CREATE TABLE foo_bar (a); CREATE TABLE fooBar (a)",
    "CREATE TABLE t (a INTEGER DEFAULT 0x10, b INTEGER DEFAULT '1', c TEXT DEFAULT 1, d REAL DEFAULT 1e3,
       e BLOB DEFAULT x'00ff22', f TEXT DEFAULT 'it''s \"so\" \\ ', g TEXT DEFAULT (lower('A')), h INTEGER DEFAULT -7,
       i INTEGER DEFAULT NULL, j BOOLEAN DEFAULT TRUE, k BOOLEAN DEFAULT 2, l TEXT DEFAULT CURRENT_TIMESTAMP, m DEFAULT +1)",
    "CREATE TABLE t (a TEXT CONSTRAINT nn NOT NULL ON CONFLICT IGNORE CONSTRAINT uq UNIQUE ON CONFLICT REPLACE UNIQUE,
       b TEXT COLLATE RTRIM CONSTRAINT \"odd name\" CHECK (b <> ''), CONSTRAINT pk PRIMARY KEY (a, b DESC) ON CONFLICT FAIL,
       UNIQUE (b COLLATE NOCASE), CHECK (a <> b), CHECK (1 > 0))",
    "CREATE TABLE t (a INTEGER PRIMARY KEY DESC)",
    "CREATE TABLE t (a TEXT PRIMARY KEY, b INTEGER) WITHOUT ROWID; CREATE TABLE s (a TEXT PRIMARY KEY) STRICT",
    "CREATE TABLE p (a INTEGER, b TEXT, PRIMARY KEY (a, b));
     CREATE TABLE c (x INTEGER, y TEXT, z INTEGER, \"deferrable\" INTEGER,
       FOREIGN KEY (x, y) REFERENCES p DEFERRABLE INITIALLY DEFERRED,
       CONSTRAINT fk FOREIGN KEY (z, y) REFERENCES p (a, b) ON DELETE SET NULL ON UPDATE CASCADE MATCH SIMPLE,
       FOREIGN KEY (\"deferrable\", y) REFERENCES p NOT DEFERRABLE)",
    "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, up INTEGER REFERENCES t ON DELETE CASCADE,
       again INTEGER REFERENCES t (id) REFERENCES t (id) ON DELETE SET NULL, other TEXT REFERENCES t (id))",
    "CREATE TABLE t (a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 2) STORED NOT NULL, c AS (a || '''\"')) RANDOM ROWID",
    "CREATE TABLE t (a TEXT, b INTEGER); CREATE INDEX i ON t (lower(a) DESC, b COLLATE BINARY) WHERE b > 0;
     CREATE INDEX j ON t (a COLLATE NOCASE DESC) WHERE a LIKE 'x%'; CREATE INDEX t_b_idx ON t (b); CREATE INDEX T_A_IDX ON t (a)",
    "CREATE TABLE t (a TEXT, b TEXT);
     CREATE TRIGGER one BEFORE INSERT ON t BEGIN SELECT raise(ABORT, 'no; \"never\"') WHERE new.a = ''; END;
     CREATE TRIGGER \"two words\" AFTER UPDATE OF a, b ON t WHEN new.a <> old.a BEGIN
       UPDATE t SET b = CASE WHEN new.a > 0 THEN 'x' ELSE 'y' END; -- why
       DELETE FROM t WHERE a = 1;
     END;
     CREATE VIEW v AS SELECT a, count(*) AS n, b || '\\' FROM t -- counts
       GROUP BY a; CREATE VIEW w (x, \"y z\") AS SELECT a, b FROM t;
     CREATE TRIGGER three INSTEAD OF DELETE ON w BEGIN DELETE FROM t WHERE a = old.x; END",
    "CREATE VIEW twice AS SELECT 1 AS a, 2 AS a",
    "CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT, body TEXT);
     CREATE VIRTUAL TABLE f USING fts5 (title, body UNINDEXED, content='posts', content_rowid='id', tokenize = \"unicode61 tokenchars '-_'\");
     CREATE VIRTUAL TABLE words USING fts5vocab ('f', 'row');
     CREATE VIRTUAL TABLE mixed USING fts5 (title, prefix='2 3', body, \"odd name\");
     CREATE VIRTUAL TABLE r USING rtree (id, x0, x1, +label TEXT)",
    "CREATE TABLE t (id INTEGER PRIMARY KEY, e F32_BLOB(3), g F64_BLOB(2), h FLOAT32(3));
     CREATE INDEX e ON t (libsql_vector_idx(e, 'metric=cosine'))",
];

#[test]
fn odd_clauses_come_back_from_their_structs() {
    let schemas: Vec<_> = ODD.iter().enumerate().map(|(at, sql)| (format!("odd {at}"), (*sql).to_owned())).collect();
    run_suite("odd", &schemas, ODD.len());
    let reader = Reader::new();
    for sql in ODD {
        assert!(matches!(round_trip(&reader, sql), Ok(Outcome::Same)), "refused: {sql}");
    }
}

#[test]
fn what_cannot_be_said_is_refused_by_name() {
    let mut loaded = load("CREATE TABLE t (a TEXT); CREATE VIEW v AS SELECT a FROM t").expect("it loads");
    loaded.views.remove(&Name::from("v"));
    let error = structs(&loaded).expect_err("nobody knows its columns");
    assert_eq!(error, "view `v` cannot be written as a struct: `V` has no fields, and a view needs columns");
    let mut loaded =
        load("CREATE TABLE t (a TEXT); CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END").expect("it loads");
    loaded.schema.tables.remove(&Name::from("t"));
    let error = structs(&loaded).expect_err("it is on nothing");
    assert_eq!(error, "trigger `g` cannot be written as a struct: its table has no struct");
}
