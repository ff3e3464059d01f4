//! A plan as the text of a `migration.sql`.

use std::fmt::Write as _;

use super::layout::lines;
use super::{Plan, Preflight};
use crate::sql::path::path;

/// What `allow` says of a view or trigger that need not compile.
pub const UNCHECKED: &str = "unchecked";

/// The directive of a migration that waits until its release runs everywhere.
pub const AFTER_DEPLOY: &str = "after-deploy";

/// What the lines of a query begin with.
const MARGIN: &str = "--     ";

impl Plan {
    /// The text of the migration: what it does and costs, its directives, its statements.
    pub fn to_sql(&self, name: &str) -> String {
        let mut text = format!("-- {name}\n");
        for step in &self.steps {
            let _ = writeln!(text, "--   {} ({})", one_line(&step.title), step.cost.word());
        }
        text.push('\n');
        if self.after_deploy {
            let _ = writeln!(text, "-- dbmigrate: {AFTER_DEPLOY}");
        }
        for (lint, object) in &self.allowed {
            let _ = writeln!(text, "-- dbmigrate: allow({lint}) {}", one_line(object));
        }
        for keep in self.kept.iter().flat_map(crate::kept::KeptTable::keeps) {
            let _ = writeln!(text, "-- dbmigrate: {}", keep.directive());
        }
        for restore in &self.restored {
            let _ = writeln!(text, "-- dbmigrate: {}", one_line(&restore.directive()));
            push_query(&mut text, &restore.query);
            text.push('\n');
        }
        for name in &self.unchecked {
            let _ = writeln!(text, "-- dbmigrate: allow({UNCHECKED}) {}", path([name]));
        }
        for preflight in &self.preflights {
            let _ = writeln!(text, "{}", preflight.directive());
        }
        let has_directives = !(self.allowed.is_empty() && self.unchecked.is_empty() && self.preflights.is_empty());
        if has_directives || self.after_deploy || !self.restored.is_empty() {
            text.push('\n');
        }
        for step in &self.steps {
            if step.statements.len() > 1 {
                let _ = writeln!(text, "-- {}", one_line(&step.title));
            }
            if let Some(table) = &step.rebuilds {
                let _ = writeln!(text, "-- dbmigrate: rebuild {}", path([table]));
            }
            for statement in &step.statements {
                let _ = writeln!(text, "{statement};");
            }
            text.push('\n');
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }
}

/// A query on lines that belong to the directive before it.
fn push_query(text: &mut String, query: &str) {
    let lines = lines(query, MARGIN.len());
    let lines: Vec<String> = lines.iter().flat_map(|line| line.lines()).map(|line| format!("{MARGIN}{line}")).collect();
    text.push_str(&lines.join("\n"));
}

impl Preflight {
    /// The directive without what can be done, on one line, to be typed. `None` if a name in it has a line break.
    pub fn directive_on_a_line(&self) -> Option<String> {
        let message = one_line(&self.message).replace('"', "\"\"");
        let is_one = !self.query.contains(['\n', '\r']);
        is_one.then(|| format!("-- dbmigrate: expect-none \"{message}\" {}", self.query))
    }

    /// The directive that runs the query before the migration: the message, below it the query, and what can be done
    /// about the rows, by flags of `generate`.
    pub fn directive(&self) -> String {
        let message = one_line(&self.message).replace('"', "\"\"");
        let mut text = format!("-- dbmigrate: expect-none \"{message}\"");
        text.push('\n');
        push_query(&mut text, &self.query);
        // a name with a line break in it cannot be said in a line
        for (words, flag) in self.answers.iter().filter(|(_, flag)| !flag.contains(['\n', '\r'])) {
            let _ = write!(text, "\n-- {words}: {flag}");
        }
        text
    }
}

/// Comments and directives end at the line, so what goes into them must not contain one.
pub(super) fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::folder::Script;
    use crate::sql::token::significant;

    /// The directive as it is read back, with the line ends of Windows too.
    fn read_back(preflight: &Preflight) -> (String, String) {
        let text = preflight.directive();
        assert!(text.lines().all(|line| line.starts_with("--")), "{text}");
        let mut found = Vec::new();
        for text in [text.clone(), text.replace('\n', "\r\n")] {
            let text = format!("-- note\n{text}\nSELECT 1;\n");
            let script = Script::parse(&text, Path::new("migration.sql")).expect("it is read");
            let [only] = &script.preflights[..] else { panic!("one directive: {text}") };
            assert_eq!(script.statements.len(), 1);
            let tokens = significant(&only.query).iter().map(|token| token.text).collect::<Vec<_>>().join(" ");
            found.push((only.message.clone().unwrap_or_default(), tokens));
        }
        assert_eq!(found[0], found[1]);
        found.remove(0)
    }

    #[test]
    fn a_preflight_is_read_as_it_was_planned_however_it_is_laid_out() {
        let table = "t".into();
        for query in [
            "SELECT * FROM (SELECT count(*) AS _count, min(rowid) FROM t WHERE a IS NULL) WHERE _count > 0".to_owned(),
            format!(
                "SELECT * FROM (SELECT count(*) AS _count FROM t WHERE NOT ({})) WHERE _count > 0",
                "a > 0 OR ".repeat(60) + "b"
            ),
            "SELECT 1 FROM \"a -- b\" WHERE x = 'it''s -- no comment; \"q\" /* nor this */'".to_owned(),
            format!("SELECT 1 FROM t WHERE x IN ({}'end')", "'dbmigrate: allow(drop_table) t', ".repeat(20)),
            "SELECT 1 FROM \"two\nlines\" WHERE [a b] = `c`".to_owned(),
        ] {
            let preflight = Preflight::new(&table, "{} \"rows\" of\n`t`".to_owned(), query.clone());
            let tokens = significant(&query).iter().map(|token| token.text).collect::<Vec<_>>().join(" ");
            assert_eq!(read_back(&preflight), ("{} \"rows\" of `t`".to_owned(), tokens));
        }
        let broken = Preflight::new(&table, "m".to_owned(), "SELECT 1 WHERE x = 'a\r\nb'".to_owned());
        let query = read_back(&broken).1;
        assert_eq!(query, "SELECT 1 WHERE x = ( 'a' || char ( 13 ) || '' || char ( 10 ) || 'b' )");
    }

    #[test]
    fn a_preflight_on_one_line_is_read_as_ever() {
        let old = "-- dbmigrate: expect-none \"{} rows of `posts` violate CHECK (state IN ('draft')), first at rowid {}\" SELECT * FROM (SELECT count(*) AS _count, min(rowid) FROM posts WHERE NOT (state IN ('draft'))) WHERE _count > 0\nSELECT 1;\n";
        let script = Script::parse(old, Path::new("migration.sql")).expect("it is read");
        assert_eq!(
            script.preflights[0].query,
            "SELECT * FROM (SELECT count(*) AS _count, min(rowid) FROM posts WHERE NOT (state IN ('draft'))) WHERE _count > 0"
        );
        assert!(script.preflights[0].message.as_deref().is_some_and(|message| message.ends_with("first at rowid {}")));
    }
}
