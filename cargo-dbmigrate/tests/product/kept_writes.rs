//! Random writes between a migration that keeps a column and its revert: every row that is still there has its old value,
//! with its storage class, and no other row has anybody's. What is expected is what a second database says, in which the
//! column was never dropped.

use crate::project::Project;

/// The fields of a table without the column that goes, its key, and what the same is in SQL.
struct Kind {
    attributes: &'static str,
    fields: &'static str,
    key: &'static str,
    sql: &'static str,
}

const KINDS: [Kind; 3] = [
    Kind {
        attributes: "",
        fields: "#[column(primary_key)] id: i64, #[column(unique)] mail: Option<String>",
        key: "id",
        sql: "id INTEGER PRIMARY KEY, mail TEXT UNIQUE, legacy DEFAULT 'new!'",
    },
    Kind {
        attributes: ", without_rowid",
        fields: "#[column(primary_key, collate = nocase)] id: String, #[column(unique)] mail: Option<String>",
        key: "id",
        sql: "id TEXT NOT NULL COLLATE NOCASE PRIMARY KEY, mail TEXT UNIQUE, legacy DEFAULT 'new!'",
    },
    Kind {
        attributes: ", primary_key(part, id)",
        fields: "id: i64, part: String, #[column(unique)] mail: Option<String>",
        key: "part, id",
        sql: "id INTEGER NOT NULL, part TEXT NOT NULL, mail TEXT UNIQUE, legacy DEFAULT 'new!', PRIMARY KEY (part, id)",
    },
];

/// A value of every storage class.
const VALUES: [&str; 5] = ["7", "7.5", "'text'", "x'00ff'", "NULL"];

/// Where the migrated database is.
pub(crate) trait Place {
    /// The project that migrates it.
    fn project(&self) -> &Project;
    /// Runs a statement, and says whether it was done.
    fn writes(&self, sql: &str) -> bool;
    /// The rows of a query.
    fn reads(&self, sql: &str) -> Vec<String>;
}

struct Chance(u64);

impl Chance {
    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        list[usize::try_from((self.0 >> 11) % list.len() as u64).expect("small")]
    }
}

fn statement(kind: &Kind, chance: &mut Chance) -> String {
    let mut id = || chance.pick(&["1", "2", "3", "4", "5", "6"]).to_owned();
    let (one, two) = (id(), id());
    let mail = chance.pick(&["'m1'", "'m2'", "'m3'", "NULL", "'n'"]);
    let part = chance.pick(&["'x'", "'y'"]);
    let key = |id: &str| if kind.key == "id" { id.to_owned() } else { format!("{part}, {id}") };
    let insert = |verb: &str| format!("{verb} INTO t ({}, mail) VALUES ({}, {mail})", kind.key, key(&one));
    match chance.pick(&["0", "1", "2", "3", "4", "5", "6", "7", "8"]) {
        "0" => insert("INSERT"),
        "1" => insert("INSERT OR IGNORE"),
        "2" => insert("REPLACE"),
        "3" => insert("INSERT") + " ON CONFLICT (mail) DO UPDATE SET mail = 'again'",
        "4" => format!("DELETE FROM t WHERE id = {one}"),
        "5" => format!("UPDATE t SET id = {one} WHERE id = {two}"),
        "6" => format!("UPDATE OR REPLACE t SET id = {one} WHERE id = {two}"),
        "7" => format!("UPDATE t SET mail = 'changed' WHERE id = {one}"),
        _ => "DELETE FROM t WHERE id = (SELECT max(id) FROM t)".to_owned(),
    }
}

fn structs(kind: &Kind, more: &str) -> String {
    let Kind { attributes, fields, .. } = kind;
    format!("#[derive(Table)]\n#[table(name = \"t\"{attributes})]\nstruct T {{\n    {fields},\n{more}}}\n")
}

/// Drops and keeps, writes, reverts, and compares; in a database without migrations, for each kind of table.
pub(crate) fn values_survive(seeds: std::ops::Range<u64>, place: &dyn Fn(&str) -> Option<Box<dyn Place>>) {
    let legacy = "    legacy: Option<Vec<u8>>,\n";
    for (at, kind) in KINDS.iter().enumerate() {
        for seed in seeds.clone() {
            let what = format!("kind {at}, seed {seed}");
            let Some(place) = place(&structs(kind, legacy)) else { return };
            let project = place.project();
            project.runs("generate");
            project.runs("migrate");
            let oracle = project.database("oracle.db");
            oracle.run(&format!("CREATE TABLE t ({})", kind.sql));
            for (value, id) in VALUES.iter().zip(1..) {
                let part = if kind.key == "id" { "" } else { "'x', " };
                let row = format!("INSERT INTO t ({}, mail, legacy) VALUES ({part}{id}, 'm{id}', {value})", kind.key);
                assert!(place.writes(&row), "{what}: {row}");
                oracle.run(&row);
            }
            project.structs(&structs(kind, ""));
            project.runs("generate --keep --accept drop_column:t.legacy");
            project.runs("migrate");
            let mut chance = Chance(0x9e37_79b9_7f4a_7c15 ^ (seed << 20) ^ (at as u64 + 1));
            let mut done = Vec::new();
            for _ in 0..12 {
                let sql = statement(kind, &mut chance);
                let here = place.writes(&sql);
                assert_eq!(here, oracle.tries(&sql), "{what}: {done:#?}, {sql}");
                done.push(sql);
            }
            project.runs("revert --write");
            project.runs("migrate");
            project.runs("check");
            let columns = kind.key.replace("part", "quote(part)").replace("id", "quote(id)");
            let now = place.reads(&format!("SELECT {columns}, mail, quote(legacy) FROM t ORDER BY {}", kind.key));
            let expected = oracle.query(&format!(
                "SELECT {columns}, mail, quote(iif(legacy IS 'new!', NULL, legacy)) FROM t ORDER BY {}",
                kind.key
            ));
            assert_eq!(now, expected, "{what}: {done:#?}");
            assert_eq!(place.reads("SELECT name FROM sqlite_schema WHERE name LIKE '%kept%'"), [""; 0], "{what}");
        }
    }
}
