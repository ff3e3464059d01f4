//! The texts that an expression can be, as far as its tokens say.

use std::path::Path;

use dbmigrate_core::sql::Literal;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// What an expression is.
#[derive(Debug, Clone)]
pub(super) enum Text {
    Literal(Literal),
    /// A constant or a variable, by the last part of its path.
    Named(String),
    /// A file that `include_str!` names, from the file of the source.
    File(String),
    /// What is put together while the program runs; with the line.
    AtRunTime(usize),
}

/// What puts texts together.
const FORMATS: [&str; 3] = ["format", "format_args", "formatcp"];

/// Methods and functions that change the type of a text and nothing else.
const SAME: [&str; 10] =
    ["to_string", "to_owned", "into", "as_str", "as_ref", "from", "Borrowed", "AssertSqlSafe", "new", "clone"];

/// The texts that an expression can be; none if it is something else. `shift` is added to the places.
pub(super) fn texts(tokens: &[TokenTree], shift: usize) -> Vec<Text> {
    let mut tokens = tokens;
    while let Some(TokenTree::Punct(punct)) = tokens.first()
        && matches!(punct.as_char(), '&' | '*')
    {
        tokens = &tokens[1..];
    }
    match tokens {
        [TokenTree::Ident(word), ..] if *word == "if" => branches(tokens, shift),
        [TokenTree::Ident(word), .., TokenTree::Group(arms)] if *word == "match" => arms_of(arms, shift),
        [TokenTree::Group(group)] if group.delimiter() != Delimiter::Bracket => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            texts(last_statement(&inner), shift)
        }
        [TokenTree::Literal(_), ..] => {
            let mut joined = Literal::default();
            let mut rest = tokens;
            while let [TokenTree::Literal(one), more @ ..] = rest {
                let Some(one) = literal(one, shift) else { return Vec::new() };
                joined.push(&one);
                rest = match more {
                    [TokenTree::Punct(plus), more @ ..] if plus.as_char() == '+' => more,
                    more => more,
                };
            }
            if is_same(rest) { vec![Text::Literal(joined)] } else { Vec::new() }
        }
        [TokenTree::Ident(name), TokenTree::Punct(mark), TokenTree::Group(group), rest @ ..]
            if mark.as_char() == '!' && is_same(rest) =>
        {
            of_macro(&name.to_string(), group, shift)
        }
        _ => path(tokens, shift),
    }
}

fn of_macro(name: &str, group: &Group, shift: usize) -> Vec<Text> {
    match name {
        "concat" => joined(group.stream(), shift).map(Text::Literal).into_iter().collect(),
        "include_str" => {
            let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
            match tokens.as_slice() {
                [TokenTree::Literal(name)] => {
                    literal(name, shift).map(|name| Text::File(name.value().to_owned())).into_iter().collect()
                }
                _ => Vec::new(),
            }
        }
        name if FORMATS.contains(&name) => vec![Text::AtRunTime(group.span_open().start().line)],
        _ => Vec::new(),
    }
}

/// A constant, a variable, or a function around a text: `a::B`, `String::from("…")`.
fn path(tokens: &[TokenTree], shift: usize) -> Vec<Text> {
    let mut last = None;
    let mut rest = tokens;
    loop {
        match rest {
            [TokenTree::Ident(name), TokenTree::Punct(one), TokenTree::Punct(two), more @ ..]
                if one.as_char() == ':' && two.as_char() == ':' =>
            {
                last = Some(name.to_string());
                rest = more;
            }
            [TokenTree::Ident(name), more @ ..] => {
                last = Some(name.to_string());
                rest = more;
                break;
            }
            _ => break,
        }
    }
    let Some(name) = last else { return Vec::new() };
    match rest {
        [TokenTree::Group(group), rest @ ..]
            if group.delimiter() == Delimiter::Parenthesis && SAME.contains(&name.as_str()) && is_same(rest) =>
        {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            texts(&inner, shift)
        }
        rest if is_same(rest) => vec![Text::Named(name)],
        _ => Vec::new(),
    }
}

/// Whether what follows an expression leaves it what it is: nothing, `.to_string()`, `?`.
fn is_same(rest: &[TokenTree]) -> bool {
    match rest {
        [] => true,
        [TokenTree::Punct(dot), TokenTree::Ident(name), TokenTree::Group(group), rest @ ..] => {
            dot.as_char() == '.'
                && SAME.contains(&name.to_string().as_str())
                && group.stream().is_empty()
                && is_same(rest)
        }
        _ => false,
    }
}

/// `if a { "…" } else { "…" }`.
fn branches(tokens: &[TokenTree], shift: usize) -> Vec<Text> {
    let blocks = tokens.iter().filter_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group),
        _ => None,
    });
    blocks
        .flat_map(|block| {
            let inner: Vec<TokenTree> = block.stream().into_iter().collect();
            texts(last_statement(&inner), shift)
        })
        .collect()
}

/// The values of the arms of a `match`.
fn arms_of(arms: &Group, shift: usize) -> Vec<Text> {
    let tokens: Vec<TokenTree> = arms.stream().into_iter().collect();
    let is_arrow = |at: usize| {
        let is =
            |token: Option<&TokenTree>, char| matches!(token, Some(TokenTree::Punct(one)) if one.as_char() == char);
        is(tokens.get(at), '=') && is(tokens.get(at + 1), '>')
    };
    let mut found = Vec::new();
    for at in (0..tokens.len()).filter(|at| is_arrow(*at)) {
        let rest = &tokens[at + 2..];
        let is_end = |token: &TokenTree| matches!(token, TokenTree::Punct(one) if one.as_char() == ',');
        let end = match rest.first() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => 1,
            _ => rest.iter().position(is_end).unwrap_or(rest.len()),
        };
        found.extend(texts(&rest[..end], shift));
    }
    found
}

/// What stands behind the last semicolon.
fn last_statement(tokens: &[TokenTree]) -> &[TokenTree] {
    let is_end = |token: &TokenTree| matches!(token, TokenTree::Punct(one) if one.as_char() == ';');
    &tokens[tokens.iter().rposition(is_end).map_or(0, |at| at + 1)..]
}

/// What `concat!` joins. `None` if one of its parts is known to rustc alone.
fn joined(stream: TokenStream, shift: usize) -> Option<Literal> {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut all = Literal::default();
    for part in split_at_commas(&tokens) {
        match part {
            [] => {}
            [TokenTree::Literal(one)] => {
                let read = literal(one, shift).or_else(|| {
                    let range = one.span().byte_range();
                    let text = one.to_string();
                    // a number as it is written; of other literals nobody makes SQL
                    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                    is_number.then(|| Literal::of_text(&text, range.start + shift..range.end + shift))
                });
                all.push(&read?);
            }
            [TokenTree::Ident(name), TokenTree::Punct(_), TokenTree::Group(group)] if *name == "concat" => {
                all.push(&joined(group.stream(), shift)?);
            }
            _ => return None,
        }
    }
    Some(all)
}

/// A string literal.
pub(super) fn literal(token: &proc_macro2::Literal, shift: usize) -> Option<Literal> {
    Literal::read(&token.to_string(), token.span().byte_range().start + shift)
}

/// The arguments of a call.
pub(super) fn split_at_commas(tokens: &[TokenTree]) -> impl Iterator<Item = &[TokenTree]> {
    tokens.split(|token| matches!(token, TokenTree::Punct(one) if one.as_char() == ','))
}

/// The path of a file that lies beside another one, or is named from its directory.
pub(super) fn beside(source: &Path, name: &str) -> std::path::PathBuf {
    let mut path = std::path::PathBuf::new();
    for part in source.parent().unwrap_or(Path::new("")).join(name).components() {
        match part {
            std::path::Component::ParentDir if path.file_name().is_some() => drop(path.pop()),
            std::path::Component::CurDir => {}
            part => path.push(part),
        }
    }
    path
}
