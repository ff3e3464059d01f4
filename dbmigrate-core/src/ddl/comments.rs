//! The comments in a `CREATE` statement as documentation: of the table or view, and of each column.
//!
//! People write them where the layout of the text says what they speak of, so the layout decides: a comment at the end
//! of a line speaks of what ends there, one on lines of its own of the column below it. See [`comments`].

use std::collections::HashSet;

use crate::schema::Comments;
use crate::sql::Name;
use crate::sql::token::{Token, TokenKind, tokenize};

/// Reads the comments of a `CREATE` statement. The marks of comments and the white space around each line are taken
/// off; lines that only draw a line are left out.
///
/// Of the table are comments before its `(` or behind it on the same line, those behind the last column and the closing
/// parenthesis, and those above the first column with an empty line in between. Of a column are comments at the end of
/// its lines, behind its comma too, and those directly above it. A comment on a constraint is one on the table that
/// names the constraint. Of a view are the comments before its query; those in the query, and in the body of a trigger,
/// stay where they are.
pub fn comments(sql: &str) -> Comments {
    if !sql.contains("--") && !sql.contains("/*") {
        return Comments::default();
    }
    let tokens: Vec<Token<'_>> = tokenize(sql).filter(|token| token.kind != TokenKind::Space).collect();
    let layout = Layout::of(sql, &tokens);
    let mut docs = Docs { table: Vec::new(), items: vec![Vec::new(); layout.items.len()] };
    let mut last: Option<(usize, Target)> = None;
    for (at, comment) in tokens.iter().enumerate().filter(|(_, token)| token.kind == TokenKind::Comment) {
        let target = match last {
            // goes on below a comment at the end of a line
            Some((before, target)) if layout.continues(before, at) => target,
            _ => layout.target(at),
        };
        last = Some((at, target));
        match target {
            Target::Table => docs.table.extend(lines(comment.text)),
            Target::Item(item) => docs.items[item].extend(lines(comment.text)),
            Target::Text => {}
        }
    }
    docs.finish(&layout)
}

/// What a comment speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Table,
    /// A column or constraint by its number.
    Item(usize),
    /// Itself: a part of a query or a body that is kept as it is.
    Text,
}

/// The lines that are collected.
struct Docs {
    table: Vec<String>,
    items: Vec<Vec<String>>,
}

impl Docs {
    fn finish(mut self, layout: &Layout<'_, '_>) -> Comments {
        let mut columns: Vec<(Name, String)> = Vec::new();
        let mut named = HashSet::new();
        for (item, lines) in layout.items.iter().zip(self.items) {
            let Some(text) = joined(&lines) else { continue };
            match layout.column_name(item) {
                Some(name) if named.insert(name.clone()) => columns.push((name, text)),
                Some(_) => {}
                None => self.table.push(format!("`{}`: {text}", layout.title(item))),
            }
        }
        Comments { table: joined(&self.table), columns }
    }
}

/// Where what is in a statement.
struct Layout<'t, 's> {
    sql: &'s str,
    /// Everything but white space.
    tokens: &'t [Token<'s>],
    /// The parenthesis that opens the list of columns, and the one that closes it.
    body: Option<(usize, usize)>,
    /// Each column or constraint: its first token, and the comma or parenthesis behind it.
    items: Vec<(usize, usize)>,
    /// The last token before and the first one behind each token that is no comment.
    code_around: Vec<(Option<usize>, Option<usize>)>,
    /// The last token before the first column that an empty line is behind.
    set_off: Option<usize>,
    /// The first token of a query or a body.
    text: Option<usize>,
    /// Whether what is in the body of a table: columns and constraints, not only names.
    has_constraints: bool,
}

impl<'t, 's> Layout<'t, 's> {
    fn of(sql: &'s str, tokens: &'t [Token<'s>]) -> Self {
        let code = |from: usize| (from..tokens.len()).filter(|at| tokens[*at].is_significant());
        let head: Vec<usize> = code(0).take(4).collect();
        let is = |word: &str| head.iter().skip(1).any(|at| tokens[*at].is_word(word));
        let has_constraints = is("table") && !is("virtual");
        let text = match (is("view"), is("trigger")) {
            // the reader leaves out what is before the query, and keeps what is before the body
            (true, _) => code(0).find(|at| tokens[*at].is_word("as")).and_then(|word| code(word + 1).next()),
            (_, true) => code(0).find(|at| tokens[*at].is_word("begin")),
            _ => None,
        };
        let open = code(0).find(|at| tokens[*at].kind == TokenKind::Open);
        let open = open.filter(|open| text.is_none_or(|text| *open < text) && !is("trigger") && !is("index"));
        let code_around = code_around(tokens);
        let mut layout =
            Self { sql, tokens, body: None, items: Vec::new(), code_around, set_off: None, text, has_constraints };
        let Some(open) = open else { return layout };
        let (mut depth, mut first) = (0_usize, None);
        for at in code(open) {
            let kind = tokens[at].kind;
            let ends = depth == 1 && matches!(kind, TokenKind::Comma | TokenKind::Close);
            match kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth -= 1,
                _ => {}
            }
            if ends {
                layout.items.push((first.take().unwrap_or(at), at));
            } else if at > open {
                first = first.or(Some(at));
            }
            if depth == 0 {
                layout.body = Some((open, at));
                break;
            }
        }
        let column = layout.items.first().map_or(open, |(first, _)| *first);
        let mut pairs = tokens[open..=column].windows(2);
        let is_apart = |pair: &[Token<'_>]| sql[pair[0].end()..pair[1].start].matches('\n').count() > 1;
        layout.set_off = pairs.rposition(is_apart).map(|pair| open + pair);
        layout
    }

    fn target(&self, at: usize) -> Target {
        if self.text.is_some_and(|text| at > text) {
            return Target::Text;
        }
        let Some((_, close)) = self.body.filter(|(open, close)| at > *open && at < *close) else {
            return Target::Table;
        };
        let own_line = self.starts_line(at);
        let next = self.next_code(at);
        let comment_ends_line = self.sql[self.tokens[at].end()..self.tokens[next].start].contains('\n');
        // the item that the comment is in or before
        let item = self.items.partition_point(|(_, end)| *end <= at);
        let (first, end) = self.items[item];
        let is_between = at < first;
        match (is_between, own_line) {
            // `a INT, -- of a`, and `( -- of the table`, but `a INT, /* of b */ b INT`
            (true, false) if comment_ends_line => item.checked_sub(1).map_or(Target::Table, Target::Item),
            (true, true) if item == 0 && self.set_off >= Some(at) => Target::Table,
            // behind the last column
            (false, true) if next == close => Target::Table,
            // commas may stand at the beginnings of lines
            (false, true) if next == end => Target::Item(item + 1),
            _ => Target::Item(item),
        }
    }

    /// Whether no code stands before the token on its line.
    fn starts_line(&self, at: usize) -> bool {
        let before = self.code_around[at].0.map(|before| self.tokens[before].end());
        before.is_none_or(|before| self.sql[before..self.tokens[at].start].contains('\n'))
    }

    fn next_code(&self, at: usize) -> usize {
        self.code_around[at].1.unwrap_or(at)
    }

    /// Whether a comment on a line of its own begins below one at the end of a line, in the same column.
    fn continues(&self, before: usize, at: usize) -> bool {
        let (above, below) = (&self.tokens[before], &self.tokens[at]);
        let between = &self.sql[above.end()..below.start];
        at == before + 1
            && above.text.starts_with("--")
            && between.matches('\n').count() == 1
            && self.indentation(above) == self.indentation(below)
    }

    /// The number of characters before a token on its line.
    fn indentation(&self, token: &Token<'_>) -> usize {
        self.sql[..token.start].chars().rev().take_while(|character| *character != '\n').count()
    }

    fn column_name(&self, item: &(usize, usize)) -> Option<Name> {
        let mut first = &self.tokens[item.0];
        if !self.has_constraints && first.text == "+" {
            // an auxiliary column of an R-Tree
            first = &self.tokens[self.next_code(item.0)];
        }
        let is_constraint = super::read_table::TABLE_CONSTRAINT_WORDS.iter().any(|word| first.is_word(word));
        if self.has_constraints && is_constraint {
            return None;
        }
        first.identifier().map(Name::from)
    }

    /// A constraint in one line, what is in its parentheses left out if it is long.
    fn title(&self, item: &(usize, usize)) -> String {
        const LONGEST: usize = 60;
        let tokens = self.tokens[item.0..item.1].iter().filter(|token| token.is_significant());
        let text = |tokens: &[&Token<'_>]| {
            let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return String::new() };
            crate::sql::Expr::new(&self.sql[first.start..last.end()])
                .as_str()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        };
        let tokens: Vec<&Token<'_>> = tokens.collect();
        let whole = text(&tokens);
        if whole.chars().count() <= LONGEST {
            return whole;
        }
        let open = tokens.iter().position(|token| token.kind == TokenKind::Open).unwrap_or(tokens.len());
        format!("{} (…)", text(&tokens[..open]))
    }
}

/// A line without control characters, and without those that turn the direction of the text around, which rustc
/// refuses in comments (`text_direction_codepoint_in_comment`).
pub fn plain(line: &str) -> String {
    let is_unseen = |char: &char| matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let chars = line.chars().filter(|char| !is_unseen(char));
    chars.map(|char| if char.is_control() { ' ' } else { char }).collect()
}

fn code_around(tokens: &[Token<'_>]) -> Vec<(Option<usize>, Option<usize>)> {
    let mut around = vec![(None, None); tokens.len()];
    let mut before = None;
    for (at, token) in tokens.iter().enumerate() {
        around[at].0 = before;
        before = token.is_significant().then_some(at).or(before);
    }
    let mut behind = None;
    for (at, token) in tokens.iter().enumerate().rev() {
        around[at].1 = behind;
        behind = token.is_significant().then_some(at).or(behind);
    }
    around
}

/// The lines of a comment without its marks.
fn lines(comment: &str) -> Vec<String> {
    if let Some(text) = comment.strip_prefix("--") {
        let text = &plain(text);
        let is_framed = text.starts_with('-');
        let text = if is_framed { text.trim().trim_matches('-') } else { text };
        return vec![text.trim().to_owned()];
    }
    let text = comment.trim_start_matches('/').trim_start_matches('*');
    let text = text.strip_suffix('/').unwrap_or(text).trim_end_matches('*');
    if is_query_tag(text) {
        return Vec::new();
    }
    let line = |line: &str| {
        let line = plain(line);
        let line = line.trim();
        // `*` at the beginning of each line is a part of the frame
        line.strip_prefix('*').map_or(line, str::trim).to_owned()
    };
    text.lines().map(line).collect()
}

/// Whether it is what Rails and SQLCommenter put behind every statement: `application='Shop',action='x'`.
pub(super) fn is_query_tag(text: &str) -> bool {
    let is_tag = |tag: &str| {
        let key = tag.split(['=', ':']).next().unwrap_or_default();
        let is_word = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_word && (tag.ends_with('\'') && tag[key.len()..].starts_with("='") || tag.starts_with("application:"))
    };
    text.trim().split(',').all(is_tag)
}

/// Lines as one text; `None` if nothing is in it. What would end a comment does not once it is written as one.
pub(super) fn joined(lines: &[String]) -> Option<String> {
    let is_rule = |line: &str| !line.is_empty() && line.chars().all(|character| "-=*#_+~/ ".contains(character));
    let mut kept: Vec<&str> = Vec::with_capacity(lines.len());
    for line in lines.iter().map(String::as_str).filter(|line| !is_rule(line)) {
        // one empty line is as good as many
        if !line.is_empty() || kept.last().is_some_and(|last| !last.is_empty()) {
            kept.push(line);
        }
    }
    let text = kept.join("\n").trim().replace("*/", "* /");
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The comments of a statement in one line: the table's, then `column: text`.
    fn read(sql: &str) -> String {
        let Comments { table, columns } = comments(sql);
        let columns = columns.into_iter().map(|(name, text)| format!("{name}: {text}"));
        table.into_iter().chain(columns).collect::<Vec<_>>().join(" | ").replace('\n', "/")
    }

    #[test]
    fn comments_at_the_ends_of_lines_are_of_what_ends_there() {
        let sql = "CREATE TABLE t ( -- people\n  id INTEGER, -- the key\n  name TEXT -- as in the passport\n)";
        assert_eq!(read(sql), "people | id: the key | name: as in the passport");
        let sql = "CREATE TABLE t (\n  id INTEGER\n, name TEXT -- full\n, age INT /* in years */)";
        assert_eq!(read(sql), "name: full | age: in years");
        let sql = "CREATE TABLE t (\n  a INT, b INT, -- of b\n  c INT, -- of c\n         -- goes on\n  d INT)";
        assert_eq!(read(sql), "b: of b | c: of c/goes on");
    }

    #[test]
    fn comments_on_their_own_lines_are_of_the_column_below() {
        let sql = "CREATE TABLE t (\n  -- the key\n  id INTEGER,\n\n  -- first\n  -- second\n  name TEXT)";
        assert_eq!(read(sql), "id: the key | name: first/second");
        let sql = "CREATE TABLE t (\n  id INTEGER\n  -- the name\n  , name TEXT\n  -- was: age\n)";
        assert_eq!(read(sql), "was: age | name: the name");
        assert_eq!(read("CREATE TABLE t (/* key */ id INT, /* name */ name TEXT)"), "id: key | name: name");
    }

    #[test]
    fn an_empty_line_sets_a_comment_on_the_table_off() {
        let sql = "CREATE TABLE t (\n  -- People,\n  -- all of them.\n\n  -- the key\n  id INTEGER)";
        assert_eq!(read(sql), "People,/all of them. | id: the key");
        assert_eq!(read("CREATE TABLE t (\n  -- People.\n\n  id INTEGER)"), "People.");
        assert_eq!(read("/* People */\nCREATE TABLE t -- all\n(id INTEGER) -- done"), "People/all/done");
    }

    #[test]
    fn comments_inside_of_a_column_are_of_it() {
        let sql = "CREATE TABLE t (\n  id INTEGER -- the key\n    PRIMARY KEY, -- never reused\n  s TEXT CHECK (s IN (\n    -- new\n    'n', 'o' -- old\n  )))";
        assert_eq!(read(sql), "id: the key/never reused | s: new/old");
    }

    #[test]
    fn a_comment_on_a_constraint_names_it() {
        let sql = "CREATE TABLE t (\n  a INT, -- of a\n  b INT,\n  UNIQUE (a,\n b) -- no duplicates\n)";
        assert_eq!(read(sql), "`UNIQUE (a, b)`: no duplicates | a: of a");
        let sql = "CREATE TABLE t (\n  a INT,\n  -- sane\n  CONSTRAINT c CHECK (a > 1 AND a < 1000000000 OR a = -1 OR a = -20000000000))";
        assert_eq!(read(sql), "`CONSTRAINT c CHECK (…)`: sane");
    }

    #[test]
    fn frames_and_rules_are_taken_off() {
        let sql = "CREATE TABLE t (\n  /**\n   * The key.\n   *\n   * Never reused.\n   **/\n  id INTEGER,\n  -- ======\n  ---- Names ----\n  -- ------\n  name TEXT)";
        assert_eq!(read(sql), "id: The key.//Never reused. | name: Names");
        assert_eq!(read("CREATE TABLE t (\n  a INT, --\n  b INT /**/)"), "");
    }

    #[test]
    fn what_machines_write_is_left_out() {
        let sql =
            "CREATE TABLE t (a INT /*application='Shop'*/, b INT /*application:Shop*/, c INT /* application='x' */)";
        assert_eq!(read(sql), "");
        assert_eq!(
            read("CREATE TABLE t (a INT /* in 'a', 'b' */, b INT /* unit='cm' or so */)"),
            "a: in 'a', 'b' | b: unit='cm' or so"
        );
    }

    #[test]
    fn strings_and_names_are_no_comments() {
        assert_eq!(read("CREATE TABLE \"a--b\" (a TEXT DEFAULT '-- no', [b/*] INT)"), "");
    }

    #[test]
    fn a_view_is_documented_before_its_query() {
        let sql =
            "CREATE VIEW v (\n  a, -- of a\n  b\n) AS\n\n/*\n\tHelper view\n*/\n\nSELECT 1 AS a, -- stays\n 2 AS b";
        assert_eq!(read(sql), "Helper view | a: of a");
        assert_eq!(read("CREATE TRIGGER r AFTER INSERT ON t -- why\nBEGIN\n  -- stays\n  SELECT 1;\nEND"), "why");
    }

    #[test]
    fn columns_of_virtual_tables_are_documented_too() {
        assert_eq!(
            read("CREATE VIRTUAL TABLE f USING fts5( -- search\n  title, -- of title\n  body)"),
            "search | title: of title"
        );
    }

    #[test]
    fn auxiliary_columns_are_columns() {
        assert_eq!(
            read("CREATE VIRTUAL TABLE r USING rtree(id, a, b /* far */, +note TEXT /* free */)"),
            "b: far | note: free"
        );
    }

    #[test]
    fn what_is_read_can_be_written_as_a_comment_of_either_language() {
        assert_eq!(read("CREATE TABLE t (a INT -- ends */ here\tand\rthere\u{202e}\n)"), "a: ends * / here and there");
    }

    #[test]
    fn text_that_is_no_statement_does_no_harm() {
        for sql in
            ["--", "/*", "CREATE TABLE t (-- a", "( -- a", ") -- a", "CREATE TABLE t (,-- a\n,)", "CREATE VIEW v AS --"]
        {
            let _ = comments(sql);
        }
    }
}
