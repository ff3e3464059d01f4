//! Statements that are made up: what is made to fit fits, and a single name that is changed is found.

use proptest::prelude::*;

use crate::oracle::{Oracle, Verdict};
use crate::statements::oracle;

/// Tables of the schema with some of their columns.
const TABLES: [(&str, &[&str]); 5] = [
    ("users", &["id", "email", "name", "age", "created_at"]),
    ("posts", &["id", "user_id", "title", "body", "rating", "slug"]),
    ("tags", &["post_id", "tag"]),
    ("authors", &["id", "email", "posts"]),
    ("search", &["title", "body"]),
];

/// What takes a value and gives one.
const CALLS: [&str; 6] =
    ["lower(#)", "coalesce(#, 1)", "abs(#)", "CAST(# AS TEXT)", "(# IS NULL)", "CASE WHEN # THEN 1 END"];

/// The pieces of a statement: those that are names can be changed. A name is marked by `«` and `»`.
#[derive(Debug, Clone)]
struct Made(String);

impl Made {
    fn sql(&self) -> String {
        self.0.replace(['«', '»'], "")
    }

    /// The statement with one of its names changed into one that is nowhere.
    fn mutations(&self) -> impl Iterator<Item = (String, usize)> + '_ {
        self.0.match_indices('«').map(|(at, _)| {
            let changed = format!("{}zq{}", &self.0[..at], &self.0[at..]);
            (changed.replace(['«', '»'], ""), self.0[..at].replace(['«', '»'], "").len())
        })
    }
}

fn name(name: &str) -> String {
    format!("«{name}»")
}

/// A column of one of two sources, qualified by its alias.
fn column() -> impl Strategy<Value = (usize, usize)> {
    (0..2_usize, 0..8_usize)
}

fn select() -> impl Strategy<Value = Made> {
    let tables = (0..TABLES.len(), 0..TABLES.len());
    let columns = proptest::collection::vec((column(), 0..=CALLS.len()), 1..4);
    (tables, columns, column(), column(), 0..4_usize, 0..6_usize).prop_map(
        |((one, two), columns, left, right, join, form)| {
            let tables = [TABLES[one], TABLES[two]];
            let aliases = ["a", "b"];
            let said = |(table, column): (usize, usize)| {
                let columns = tables[table].1;
                format!("{}.{}", name(aliases[table]), name(columns[column % columns.len()]))
            };
            let result: Vec<String> = columns
                .iter()
                .map(|(column, call)| {
                    CALLS.get(*call).map_or_else(|| said(*column), |call| call.replace('#', &said(*column)))
                })
                .collect();
            let join = ["JOIN", "LEFT JOIN", ",", "CROSS JOIN"][join];
            let on = if join == "," { "WHERE" } else { "ON" };
            let (left, right) = (said(left), said(right));
            let from = format!("FROM {} AS a {join} {} AS b", name(tables[0].0), name(tables[1].0));
            let result = result.join(", ");
            Made(match form {
                0 => format!("SELECT {result} {from} {on} {left} = {right}"),
                1 => format!(
                    "SELECT count(*), {left} AS x {from} {on} {right} > 1 GROUP BY {} ORDER BY {right}",
                    name("x")
                ),
                2 => format!(
                    "SELECT {result} {from} {on} {left} IN (SELECT {} FROM tags WHERE {right} = 1)",
                    name("tag")
                ),
                3 => format!("WITH c(y) AS (SELECT {left} {from}) SELECT {} FROM {}", name("y"), name("c")),
                4 => format!(
                    "SELECT (SELECT {right} FROM tags) {from} {on} EXISTS (SELECT {left} FROM users) OR {right} LIKE ?"
                ),
                _ => format!(
                    "SELECT x.{} FROM (SELECT {left} AS l, {right} AS r {from}) AS x ORDER BY {}",
                    name("l"),
                    name("r")
                ),
            })
        },
    )
}

fn write() -> impl Strategy<Value = Made> {
    (0..5_usize, 0..8_usize, 0..8_usize).prop_map(|(form, one, two)| {
        let (users, posts) = (TABLES[0].1, TABLES[1].1);
        let (one, two) = (name(users[one % users.len()]), name(posts[two % 5]));
        Made(match form {
            0 => format!(
                "INSERT INTO {} ({}, {}) VALUES (?, ?) RETURNING {one}",
                name("users"),
                name("email"),
                name("name")
            ),
            1 => format!("UPDATE {} SET {two} = ? WHERE {two} IS NULL RETURNING {two}", name("posts")),
            2 => format!("DELETE FROM {} WHERE {one} = (SELECT {two} FROM {})", name("users"), name("posts")),
            3 => format!(
                "INSERT INTO users (email) VALUES ('') ON CONFLICT ({}) DO UPDATE SET {one} = {}.{one}",
                name("email"),
                name("excluded")
            ),
            _ => format!("UPDATE users SET {one} = p.{two} FROM {} AS p WHERE {}.{two} = 1", name("posts"), name("p")),
        })
    })
}

async fn holds(oracle: &Oracle, made: &Made) -> Result<(), TestCaseError> {
    let sql = made.sql();
    prop_assert_eq!(oracle.judge(&sql).await, Verdict::Accepted, "{}", sql);
    for (changed, at) in made.mutations() {
        let verdict = oracle.judge(&changed).await;
        prop_assert_eq!(&verdict, &Verdict::Refused, "{}", changed);
        let mistakes = dbmigrate_core::query::resolve(oracle.catalog(), &changed).expect_err("it was refused");
        prop_assert!(mistakes.iter().any(|mistake| mistake.span.start == at), "{} at {}: {:?}", changed, at, mistakes);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_made_to_fit_fits_and_a_changed_name_is_found(made in proptest::collection::vec(prop_oneof![select(), write()], 8)) {
        pollster::block_on(async {
            let oracle = oracle().await;
            for made in &made {
                holds(&oracle, made).await?;
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}
