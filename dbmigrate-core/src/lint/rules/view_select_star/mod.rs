//! `view_select_star`.

use crate::lint::{Finding, Group, Level, Migration, Rule};
use crate::schema::View;
use crate::schema::validate::Place;
use crate::sql::StatementKind;
use crate::sql::path::path;
use crate::sql::token::{Token, TokenKind, significant};

pub(super) static RULE: Rule = Rule {
    name: "view_select_star",
    group: Group::Correctness,
    level: Level::Warn,
    summary: "a view selects `*`, so that its columns change whenever those of a table do",
    explanation: include_str!("explanation.md"),
    find,
};

fn find(migration: &Migration<'_>, found: &mut Vec<Finding>) {
    let views = &migration.diff.views;
    for name in views.created.iter().chain(&views.changed) {
        let Some(star) = migration.new.views.get(name).and_then(star) else { continue };
        if migration.diff.renamed.views.get(name).is_some_and(|before| self::star(before).is_some()) {
            continue;
        }
        let view = path([name]);
        let mut finding = Finding::new(&RULE, &view, format!("the view `{view}` selects `{}`", star.written))
            .at(Place::View(name.clone()))
            .note(match star.has_names {
                true => "as soon as the table gets or loses a column, each use of the view fails: it names as many as there are now",
                false => "a column that a table gets is one of the view too, and programs that read columns by number read others",
            })
            .help("name the columns");
        finding.statement = migration.statement_with(StatementKind::CreateView, name);
        found.push(finding);
    }
}

struct Star {
    written: String,
    /// Whether the view gives names to its columns.
    has_names: bool,
}

/// The star that stands for whatever columns a table has.
fn star(view: &View) -> Option<Star> {
    let tokens = significant(view.query.as_str());
    let with = names_of_with(&tokens);
    let at = (0..tokens.len()).find(|at| is_star(&tokens, *at) && !is_explicit(&tokens, *at, &with))?;
    let written = match at {
        2.. if tokens[at - 1].kind == TokenKind::Dot => format!("{}.*", tokens[at - 2].text),
        _ => "*".to_owned(),
    };
    Some(Star { written, has_names: !view.columns.is_empty() })
}

/// Whether the token is a `*` for all columns, and neither a product nor that of `count(*)`.
fn is_star(tokens: &[Token<'_>], at: usize) -> bool {
    if tokens[at].text != "*" || at == 0 {
        return false;
    }
    let ends = tokens.get(at + 1).is_none_or(|next| {
        matches!(next.kind, TokenKind::Comma | TokenKind::Close)
            || ["from", "union", "except", "intersect", "where"].iter().any(|word| next.is_word(word))
    });
    let before = &tokens[at - 1];
    let begins = matches!(before.kind, TokenKind::Comma | TokenKind::Dot)
        || ["select", "distinct", "all"].iter().any(|word| before.is_word(word));
    ends && begins
}

/// Whether the columns are named elsewhere in the query, or do not matter: in `EXISTS (SELECT * …)`, of a query in `FROM`, of
/// a `WITH`.
fn is_explicit(tokens: &[Token<'_>], at: usize, with: &[String]) -> bool {
    let select = tokens[..at].iter().rposition(|token| token.is_word("select"));
    let is_exists = select.is_some_and(|select| {
        select >= 2 && tokens[select - 1].kind == TokenKind::Open && tokens[select - 2].is_word("exists")
    });
    if is_exists {
        return true;
    }
    let from = tokens[at..].iter().position(|token| token.is_word("from")).map(|from| at + from);
    let Some(source) = from.and_then(|from| tokens.get(from + 1)) else { return false };
    // of one source only: another one is joined by a comma or a word
    let is_with = source.identifier().is_some_and(|name| with.contains(&name.to_ascii_lowercase()));
    let is_joined = || {
        let mut depth = 0_usize;
        let behind = tokens.get(from.unwrap_or(at) + 1..).unwrap_or_default();
        let outside = behind.iter().take_while(|token| {
            match token.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close if depth == 0 => return false,
                TokenKind::Close => depth -= 1,
                _ => {}
            }
            depth > 0 || !["where", "group", "order", "limit", "union"].iter().any(|word| token.is_word(word))
        });
        let mut inner = 0_usize;
        outside.into_iter().any(|token| {
            match token.kind {
                TokenKind::Open => inner += 1,
                TokenKind::Close => inner = inner.saturating_sub(1),
                TokenKind::Comma => return inner == 0,
                _ => return inner == 0 && token.is_word("join"),
            }
            false
        })
    };
    (source.kind == TokenKind::Open || is_with) && !is_joined()
}

/// The names of the queries of a `WITH`, in lower case.
fn names_of_with(tokens: &[Token<'_>]) -> Vec<String> {
    if !tokens.first().is_some_and(|first| first.is_word("with")) {
        return Vec::new();
    }
    let is_name = |at: &usize| {
        let before = *at > 0 && {
            let before = &tokens[at - 1];
            before.is_word("with") || before.is_word("recursive") || before.kind == TokenKind::Comma
        };
        before && tokens.get(at + 1).is_some_and(|next| next.is_word("as") || next.kind == TokenKind::Open)
    };
    (0..tokens.len()).filter(is_name).filter_map(|at| tokens[at].identifier()).map(|name| name.to_ascii_lowercase()).collect()
}
