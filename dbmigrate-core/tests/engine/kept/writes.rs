//! Random writes and migrations behind one that keeps something: the kept values are exactly those of the rows that are
//! still there. What is expected is what a second database says, in which the column was never dropped: there, the rows
//! that are new have a default, and those that survive have what they had.

use std::fmt::Write as _;

use super::house::{House, KEEP, Next};

/// A table with a key, another unique column and a column that is dropped.
struct Kind {
    before: &'static str,
    /// The columns of the key.
    key: &'static [&'static str],
}

const KINDS: [Kind; 5] = [
    Kind {
        before: "id INTEGER PRIMARY KEY AUTOINCREMENT, mail TEXT UNIQUE, org INT REFERENCES orgs ON DELETE CASCADE, legacy DEFAULT 'new!'",
        key: &["id"],
    },
    Kind {
        before: "id INTEGER PRIMARY KEY, mail TEXT UNIQUE, org INT REFERENCES orgs ON DELETE CASCADE ON UPDATE CASCADE, legacy DEFAULT 'new!'",
        key: &["id"],
    },
    Kind {
        before: "id TEXT NOT NULL COLLATE NOCASE PRIMARY KEY, mail TEXT UNIQUE, org INT REFERENCES orgs ON DELETE CASCADE, legacy DEFAULT 'new!'",
        key: &["id"],
    },
    Kind {
        before: "id INT NOT NULL, part TEXT NOT NULL, mail TEXT UNIQUE, org INT REFERENCES orgs ON DELETE CASCADE, legacy DEFAULT 'new!', PRIMARY KEY (part, id)",
        key: &["part", "id"],
    },
    Kind {
        before: "id TEXT NOT NULL UNIQUE ON CONFLICT REPLACE, mail TEXT UNIQUE, org INT REFERENCES orgs ON DELETE CASCADE, legacy DEFAULT 'new!'",
        key: &["id"],
    },
];

struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[usize::try_from(self.below(list.len() as u64)).expect("small")]
    }
}

/// How table and key are called now in the migrated database, and what its other columns say.
struct Now {
    table: String,
    id: String,
    is_rebuilt: bool,
}

impl Now {
    fn declaration(&self, kind: &Kind) -> String {
        let mut columns = kind.before.replace(", legacy DEFAULT 'new!'", "");
        if self.id != "id" {
            columns = columns
                .replacen("id ", &format!("{} ", self.id), 1)
                .replace("part, id)", &format!("part, {})", self.id));
        }
        if self.is_rebuilt {
            columns = columns.replace("mail TEXT UNIQUE", "mail TEXT DEFAULT NULL UNIQUE CHECK (mail <> 'never')");
        }
        format!("CREATE TABLE orgs (id INTEGER PRIMARY KEY); CREATE TABLE {} ({columns});", self.table)
    }
}

/// A statement, with `{t}` and `{id}` for the names.
fn statement(kind: &Kind, chance: &mut Chance) -> String {
    let id = |chance: &mut Chance| chance.pick(&["1", "2", "3", "'4'", "'a'", "'A'", "'b'", "5"]).to_owned();
    let mail = |chance: &mut Chance| chance.pick(&["'m'", "'n'", "'o'", "NULL", "'p'"]).to_owned();
    let part = |chance: &mut Chance| chance.pick(&["'x'", "'y'"]).to_owned();
    let has_part = kind.key.len() > 1;
    let auto = kind.key == ["id"] && kind.before.starts_with("id INTEGER");
    let columns = if has_part { "part, {id}, mail, org" } else { "{id}, mail, org" };
    let values = |chance: &mut Chance| {
        let key = if auto && chance.below(2) == 0 { "NULL".to_owned() } else { id(chance) };
        let org = chance.pick(&["1", "2", "NULL"]);
        let part = if has_part { part(chance) + ", " } else { String::new() };
        format!("{part}{key}, {}, {org}", mail(chance))
    };
    let insert = |verb: &str, chance: &mut Chance| format!("{verb} INTO {{t}} ({columns}) VALUES ({})", values(chance));
    match chance.below(14) {
        0..=2 => insert("INSERT", chance),
        3 => insert("INSERT OR IGNORE", chance),
        4 => insert("REPLACE", chance),
        5 => insert("INSERT", chance) + " ON CONFLICT DO NOTHING",
        6 => insert("INSERT", chance) + &format!(" ON CONFLICT (mail) DO UPDATE SET org = 1, mail = {}", mail(chance)),
        7 => format!("DELETE FROM {{t}} WHERE {{id}} = {}", id(chance)),
        8 => format!("UPDATE {{t}} SET {{id}} = {} WHERE {{id}} = {}", id(chance), id(chance)),
        9 => format!("UPDATE OR REPLACE {{t}} SET {{id}} = {} WHERE {{id}} = {}", id(chance), id(chance)),
        10 => format!("UPDATE OR REPLACE {{t}} SET mail = {} WHERE {{id}} = {}", mail(chance), id(chance)),
        11 => format!("UPDATE OR IGNORE {{t}} SET {{id}} = {}, mail = {}", id(chance), mail(chance)),
        12 if auto => "UPDATE {t} SET rowid = rowid + 1000".to_owned(),
        12 => format!("DELETE FROM {{t}} WHERE mail = {}", mail(chance)),
        _ => format!(
            "DELETE FROM orgs WHERE id = {}; INSERT OR IGNORE INTO orgs VALUES (1), (2)",
            chance.pick(&["1", "2"])
        ),
    }
}

#[test]
fn kept_values_are_those_of_the_rows_that_survive_whatever_is_written_and_migrated() {
    let mut writes = 0;
    for (at, kind) in KINDS.iter().enumerate() {
        for seed in 1..=12_u64 {
            let mut chance = Chance(0x9e37_79b9_7f4a_7c15 ^ (seed << 20) ^ (at as u64 + 1));
            writes += run(kind, &mut chance, &format!("kind {at}, seed {seed}"));
        }
    }
    assert!(writes > 500, "only {writes} statements changed something");
}

fn run(kind: &Kind, chance: &mut Chance, what: &str) -> usize {
    let orgs = "CREATE TABLE orgs (id INTEGER PRIMARY KEY);";
    let before = format!("{orgs} CREATE TABLE t ({});", kind.before);
    let mut rows = "INSERT INTO orgs VALUES (1), (2);".to_owned();
    let part = if kind.key.len() > 1 { ("part, ", "'x', ") } else { ("", "") };
    for (id, mail, legacy) in [
        ("1", "'m'", "7"),
        ("2", "'n'", "7.5"),
        ("3", "NULL", "'text'"),
        ("'4'", "'o'", "x'00ff'"),
        ("5", "'p'", "NULL"),
    ] {
        let _ = write!(
            rows,
            "INSERT INTO t ({}id, mail, org, legacy) VALUES ({}{id}, {mail}, {id} % 2 + 1, {legacy});",
            part.0, part.1
        );
    }
    let mut house = House::of(&before, &rows);
    let oracle = House::of(&before, &rows);
    let mut now = Now { table: "t".to_owned(), id: "id".to_owned(), is_rebuilt: false };
    house.migrate(&now.declaration(kind), &KEEP).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut done = Vec::new();
    for step in 0..30 {
        if step % 10 == 9 {
            let (table, id) = (now.table.clone(), now.id.clone());
            let change = chance.below(3);
            now.is_rebuilt ^= change != 1;
            if change == 1 {
                now.table = format!("t{step}");
            } else if change == 2 {
                now.id = format!("id{step}");
            }
            let tables = [(table.as_str(), now.table.as_str())];
            let columns = [(table.as_str(), id.as_str(), now.id.as_str())];
            let next = Next {
                tables: &tables[..usize::from(change == 1)],
                columns: &columns[..usize::from(change == 2)],
                ..Next::default()
            };
            let sql = now.declaration(kind);
            house.migrate(&sql, &next).unwrap_or_else(|error| panic!("{what}, {done:#?}, to {sql}: {error}"));
            done.push(sql);
        }
        let text = statement(kind, chance);
        let here = house.run(&text.replace("{t}", &now.table).replace("{id}", &now.id));
        let there = oracle.run(&text.replace("{t}", "t").replace("{id}", "id"));
        assert_eq!(here.is_ok(), there.is_ok(), "{what}, {done:#?}, {text}: {here:?}, {there:?}");
        done.push(text);
        let columns = kind.key.iter().map(|column| format!("quote({column})")).collect::<Vec<_>>().join(", ");
        let kept_columns = columns.replace("quote(", "quote(k.");
        let joined: Vec<String> = kind
            .key
            .iter()
            .map(|column| format!("k.{column} = u.{}", if *column == "id" { now.id.as_str() } else { column }))
            .collect();
        let found = house.rows(&format!(
            "SELECT {kept_columns}, quote(k.legacy) FROM _dbmigrate_kept_0002_t AS k WHERE EXISTS (SELECT 1 FROM {} AS u WHERE {}) ORDER BY 1, 2",
            now.table,
            joined.join(" AND ")
        ));
        let expected =
            oracle.rows(&format!("SELECT {columns}, quote(legacy) FROM t WHERE legacy IS NOT 'new!' ORDER BY 1, 2"));
        let folded = |rows: Vec<String>| {
            let mut rows: Vec<String> = rows.into_iter().map(|row| row.replace("'A'", "'a'")).collect();
            rows.sort();
            rows
        };
        assert_eq!(folded(found), folded(expected), "{what}: {done:#?}");
    }
    done.len()
}
