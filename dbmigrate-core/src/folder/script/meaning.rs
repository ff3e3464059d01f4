//! What a script says, apart from its comments and its layout: the statements and directives that it has.

use super::allow::reason;
use super::{Allow, Directive, Parsed, batched, directives, parse_directive, rust, undo};
use crate::folder::Checksum;
use crate::plan::{Lint, UNCHECKED};
use crate::sha256::Sha256;
use crate::sql::{Statement, TokenKind, split, tokenize};

/// The checksum of the statements and directives of a script: two that differ in comments, white space and empty
/// statements have the same one. Directives count by what they say and not by where they stand, except for `undo`,
/// whose section is a part of it, `rust`, which runs between statements, and `batched`, which belongs to one.
pub fn meaning(text: &str) -> Checksum {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut hash = Hash(Sha256::new());
    // what is not understood counts as it stands
    if hash.script(text).is_none() {
        return Checksum::of_sql(text);
    }
    Checksum::of_hash(hash.0.finish())
}

/// Everything goes in with its length, so that nothing can be told for two things.
struct Hash(Sha256);

impl Hash {
    fn script(&mut self, text: &str) -> Option<()> {
        let (undo, forward) = undo::find(text).ok()?;
        let text = &text[..forward];
        let statements = split(text);
        self.statements(&statements);
        for directive in directives(text).ok()?.iter().filter(|one| !undo::is_undo(one)) {
            match parse_directive(directive) {
                // says what the statements are, which they are without it, or how they are run
                Ok(Parsed::Rebuild(_) | Parsed::Online) => {}
                Ok(Parsed::Rust) => {
                    self.directive(directive);
                    let step = rust::place(directive, &statements, None).ok()?;
                    self.part(&step.after.to_string());
                }
                _ => self.directive(directive),
            }
            if let Ok(Parsed::Batched(rest)) = parse_directive(directive) {
                self.part(&batched::parse(directive, rest, &statements, &[]).ok()?.statement.to_string());
            }
        }
        if let Some(undo) = undo {
            self.part("undo");
            self.statements(&undo.statements());
            let all = undo.directives().ok()?;
            all.iter().filter(|one| !undo::is_undo(one)).for_each(|one| self.directive(one));
        }
        Some(())
    }

    fn part(&mut self, text: &str) {
        self.0.update(&(text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    fn statements(&mut self, statements: &[Statement<'_>]) {
        for statement in statements {
            self.part("statement");
            let significant = tokenize(statement.text).filter(crate::sql::Token::is_significant);
            significant.for_each(|token| self.part(token.text));
        }
    }

    fn directive(&mut self, directive: &Directive) {
        // what a lint is told is no part of what is applied, nor is the reason for it
        let text = match allow(directive) {
            Some(allow) if allow.accepts().is_none() && allow.lint != UNCHECKED => return,
            Some(Allow { because: Some(_), .. }) => reason(&directive.text).0,
            _ => &directive.text,
        };
        self.part("directive");
        let words = tokenize(text).filter(|token| token.kind != TokenKind::Space);
        words.for_each(|token| self.part(token.text));
        for (words, flag) in &directive.answers {
            self.part(words);
            self.part(flag);
        }
    }
}

/// The directive, if it is an `allow`.
fn allow(directive: &Directive) -> Option<Allow> {
    match parse_directive(directive) {
        Ok(Parsed::Allow(allow)) => Some(allow),
        _ => None,
    }
}

impl Allow {
    /// The risk that it accepts, which a migration was planned with. An `allow` of another lint is for that lint alone.
    pub fn accepts(&self) -> Option<Lint> {
        self.lint.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(one: &str, other: &str) {
        assert_eq!(meaning(one), meaning(other), "{one}\n---\n{other}");
    }

    #[track_caller]
    fn different(one: &str, other: &str) {
        assert_ne!(meaning(one), meaning(other), "{one}\n---\n{other}");
    }

    #[test]
    fn comments_and_layout_do_not_count() {
        let script = "CREATE TABLE t (id INTEGER, name TEXT);\nINSERT INTO t VALUES (1, 'a -- b');\n";
        same(
            script,
            "-- 0001_t\n--\n-- why\nCREATE TABLE t (\n  id INTEGER, -- the key\n  name TEXT\n);\nINSERT INTO t VALUES (1, 'a -- b');",
        );
        same(
            script,
            "\u{feff}/* a */ CREATE TABLE t (id INTEGER, name /* of it */ TEXT); ;\r\nINSERT INTO t\nVALUES (1,'a -- b')",
        );
        same("", "-- nothing\n;;\n");
    }

    #[test]
    fn what_is_executed_counts() {
        let script = "CREATE TABLE t (id INTEGER);\nDROP TABLE u;\n";
        different(script, "DROP TABLE u;\nCREATE TABLE t (id INTEGER);\n");
        different(script, "CREATE TABLE t (id INTEGER);\n-- DROP TABLE u;\n");
        different(script, "CREATE TABLE t (id TEXT);\nDROP TABLE u;\n");
        different("SELECT 'a b'", "SELECT 'a  b'");
        different("SELECT a b", "SELECT ab");
        different("SELECT 1; SELECT 2", "SELECT 1 SELECT 2");
        // a comment that is a part of a literal is none
        different("SELECT '-- a'", "SELECT '-- b'");
    }

    #[test]
    fn directives_count_wherever_they_stand_and_however_they_are_laid_out() {
        let with = |directive: &str| format!("{directive}\nDROP TABLE t;\n");
        for directive in [
            "-- dbmigrate: allow(drop_table) t",
            "-- dbmigrate: expect-none \"rows\" SELECT 1 FROM t",
            "-- dbmigrate: expect-time 5s",
            "-- dbmigrate: no-transaction",
            "-- dbmigrate: keep t in _dbmigrate_kept_0001_t",
        ] {
            different("DROP TABLE t;", &with(directive));
            same(&with(directive), &with(&format!("-- note\n--   {}", &directive[3..])));
            same(&with(directive), &format!("DROP TABLE t;\n{directive}\n"));
        }
        let query = with("-- dbmigrate: expect-none \"rows\" SELECT 1\n--   FROM t");
        same(&query, &with("-- dbmigrate: expect-none \"rows\"   SELECT 1 FROM t"));
        different(
            &query,
            &with("-- dbmigrate: expect-none \"rows\" SELECT 1\n--   FROM t\n-- to fill them: --backfill t.a=1"),
        );
    }

    #[test]
    fn where_a_step_in_rust_runs_counts() {
        let before = "-- dbmigrate: rust\nDROP TABLE t;\n";
        different("DROP TABLE t;\n", before);
        different(before, "DROP TABLE t;\n-- dbmigrate: rust\n");
        same(before, "-- why\n\n--   dbmigrate:   rust\n-- dbmigrate: allow(later) t\nDROP TABLE t;\n");
    }

    #[test]
    fn what_only_lints_are_told_does_not_count_nor_does_a_reason() {
        let script = "DROP TABLE t;\n";
        let with = |directive: &str| format!("-- dbmigrate: {directive}\n{script}");
        for directive in ["foreign_key_without_index", "a_rule_of_tomorrow"] {
            same(script, &with(&format!("allow({directive}) posts.author_id")));
            same(script, &with(&format!("allow({directive}) posts.author_id because \"there are ten\"")));
        }
        // what migrating goes by
        for lint in Lint::ALL.map(Lint::name).into_iter().chain([UNCHECKED]) {
            different(script, &with(&format!("allow({lint}) t")));
            same(&with(&format!("allow({lint}) t")), &with(&format!("allow({lint}) t because \"it is empty\"")));
            different(&with(&format!("allow({lint}) t")), &with(&format!("allow({lint}) u because \"it is empty\"")));
        }
        // in quotes, it is a part of the name
        different(&with("allow(drop_table) t"), &with("allow(drop_table) t because"));
    }

    #[test]
    fn the_way_back_counts_in_all_of_its_forms() {
        let script = "DROP INDEX i;\n";
        let behind = format!("{script}-- dbmigrate: undo\nCREATE INDEX i ON t (a);\n");
        different(script, &behind);
        same(&behind, &format!("{script}-- dbmigrate: undo\n-- CREATE INDEX i ON t (a);\n"));
        same(&behind, &format!("{script}-- dbmigrate: undo\n--   CREATE INDEX i\n--   ON t (a);\n"));
        same(&behind, &format!("{script}-- dbmigrate: undo\n-- as it was\nCREATE INDEX i ON t (a); -- so\n"));
        different(&behind, &format!("{script}-- dbmigrate: undo\nCREATE INDEX i ON t (b);\n"));
    }

    #[test]
    fn what_is_not_understood_counts_as_it_stands() {
        different(
            "-- dbmigrate allow(drop_table) t\nDROP TABLE t;",
            "-- dbmigrate allow(drop_table)  t\nDROP TABLE t;",
        );
    }
}
