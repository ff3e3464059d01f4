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
    let is_with = |token: &Token<'_>| token.identifier().is_some_and(|name| with.contains(&name.to_ascii_lowercase()));
    if is_exists {
        return true;
    }
    if at >= 2 && tokens[at - 1].kind == TokenKind::Dot {
        // `q.*`, where `q` is of a `WITH`, or what a query in `FROM` is called
        let name = &tokens[at - 2];
        let is_named_query = (0..tokens.len()).filter(|at| tokens[*at].kind == TokenKind::Close).any(|close| {
            let behind = usize::from(tokens.get(close + 1).is_some_and(|token| token.is_word("as")));
            tokens.get(close + 1 + behind).is_some_and(|alias| alias.text.eq_ignore_ascii_case(name.text))
        });
        return is_with(name) || is_named_query;
    }
    let sources = sources(&tokens[at..]);
    !sources.is_empty() && sources.iter().all(|source| source.kind == TokenKind::Open || is_with(source))
}

/// The first tokens of what a query selects from: tables, names of queries, parentheses. `tokens` begin among its columns.
fn sources<'t, 's>(tokens: &'t [Token<'s>]) -> Vec<&'t Token<'s>> {
    let (mut depth, mut found, mut is_next, mut is_from) = (0_usize, Vec::new(), false, false);
    for token in tokens {
        let ends = ["where", "group", "having", "order", "limit", "window", "union", "except", "intersect"];
        match token.kind {
            TokenKind::Close if depth == 0 => break,
            _ if depth == 0 && ends.iter().any(|word| token.is_word(word)) => break,
            _ if depth == 0 && is_next => {
                found.push(token);
                is_next = false;
            }
            TokenKind::Comma => is_next = depth == 0 && is_from,
            _ if depth == 0 && token.is_word("from") => (is_next, is_from) = (true, true),
            _ if depth == 0 && token.is_word("join") => is_next = true,
            _ => {}
        }
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth -= 1,
            _ => {}
        }
    }
    found
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
