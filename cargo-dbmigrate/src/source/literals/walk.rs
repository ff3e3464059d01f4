//! The walk through the tokens of a file: calls and macros that SQL is handed to, wherever they are, and what the names
//! stand for that are handed over.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::calls::{Callee, Calls};
use super::found::{Constant, Found};
use super::texts::{Text, beside, literal, split_at_commas, texts};
use crate::source::cfg::Cfg;
use crate::source::queries::{is_attribute, is_test};

/// The walk.
pub(super) struct Walk<'w> {
    file: usize,
    /// Bytes of the file before what was parsed.
    shift: usize,
    path: &'w Path,
    calls: &'w Calls,
    features: &'w HashSet<String>,
    found: &'w mut Found,
    /// The variables of the blocks around, the innermost last: what they can be, nothing if that is no text.
    scopes: Vec<HashMap<String, Vec<Text>>>,
}

impl<'w> Walk<'w> {
    pub(super) fn new(
        file: usize,
        shift: usize,
        path: &'w Path,
        calls: &'w Calls,
        features: &'w HashSet<String>,
        found: &'w mut Found,
    ) -> Self {
        Self { file, shift, path, calls, features, found, scopes: Vec::new() }
    }

    /// Walks through a file.
    pub(super) fn file(&mut self, tokens: TokenStream) {
        self.tokens(&tokens.into_iter().collect::<Vec<_>>());
    }

    fn tokens(&mut self, tokens: &[TokenTree]) {
        let mut at = 0;
        // a variable is there behind its statement: in `let rows = query(rows)` the last word is another one
        let mut variable: Option<(usize, String, Vec<Text>)> = None;
        while let Some(token) = tokens.get(at) {
            if let Some((_, name, value)) = variable.take_if(|(end, ..)| *end <= at)
                && let Some(scope) = self.scopes.last_mut()
            {
                scope.insert(name, value);
            }
            match token {
                TokenTree::Group(group) if is_attribute(tokens, at, group) => {
                    let is_inner = at >= 2 && matches!(&tokens[at - 1], TokenTree::Punct(one) if one.as_char() == '!');
                    if is_test(group) || !self.holds(group) {
                        if is_inner {
                            return;
                        }
                        at += length_of_item(&tokens[at + 1..]);
                    }
                }
                TokenTree::Ident(word) if *word == "let" || *word == "const" || *word == "static" => {
                    let bound = self.binding(*word == "let", &tokens[at + 1..]);
                    variable = bound.map(|(length, name, value)| (at + 1 + length, name, value)).or(variable);
                }
                TokenTree::Group(group) => self.group(tokens, at, group),
                _ => {}
            }
            at += 1;
        }
    }

    /// Whether a `cfg` holds; other attributes do.
    fn holds(&self, group: &Group) -> bool {
        let mut tokens = group.stream().into_iter();
        if !matches!(tokens.next(), Some(TokenTree::Ident(word)) if word == "cfg") {
            return true;
        }
        let attribute: syn::Result<Vec<syn::Attribute>> = {
            let tokens = quote::quote!(# #group);
            syn::parse::Parser::parse2(syn::Attribute::parse_outer, tokens)
        };
        // what only rustc could say is taken to hold
        let cfg = Cfg::alone(self.features.clone());
        attribute.is_ok_and(|attributes| cfg.allows(&attributes).unwrap_or(true)) || cfg.is_doubtful()
    }

    fn group(&mut self, tokens: &[TokenTree], at: usize, group: &Group) {
        let inner: Vec<TokenTree> = group.stream().into_iter().collect();
        let callee = if group.delimiter() == Delimiter::Brace { None } else { callee(tokens, at) };
        if let Some(callee) = &callee {
            if Calls::take_a_file(callee) {
                let named = inner.iter().filter_map(|token| match token {
                    TokenTree::Literal(one) => literal(one, self.shift),
                    _ => None,
                });
                let named: Vec<_> = named.collect();
                self.found.files.extend(named.iter().map(|name| beside(Path::new(""), name.value())));
                return;
            }
            if self.calls.take(callee) {
                for argument in split_at_commas(&inner) {
                    self.argument(callee, argument);
                }
            }
        }
        self.scopes.push(HashMap::new());
        self.tokens(&inner);
        self.scopes.pop();
    }

    /// What is handed over.
    fn argument(&mut self, callee: &Callee, argument: &[TokenTree]) {
        let mut found = texts(argument, self.shift);
        if found.is_empty() && matches!(callee, Callee::Macro(_)) {
            // `query!(User: "…")`, `query!(as User, "…")`
            let at = argument.iter().position(|token| matches!(token, TokenTree::Literal(_)));
            found = at.map(|at| texts(&argument[at..], self.shift)).unwrap_or_default();
        }
        for text in found {
            self.add(text, 0);
        }
    }

    fn add(&mut self, text: Text, depth: usize) {
        match text {
            Text::Literal(literal) => self.found.texts.push((self.file, literal)),
            Text::File(name) => self.found.files.push(beside(self.path, &name)),
            Text::AtRunTime(line) => self.found.at_run_time.push((self.file, line)),
            Text::Named(name) => {
                let scope = self.scopes.iter().rev().find_map(|scope| scope.get(&name)).cloned();
                match scope {
                    // a variable may be made of another one
                    Some(all) if depth < 8 => all.into_iter().for_each(|text| self.add(text, depth + 1)),
                    None if !name.contains(|char: char| char.is_ascii_lowercase()) => {
                        self.found.named.push((self.file, name));
                    }
                    Some(_) | None => {}
                }
            }
        }
    }

    /// Remembers what a constant is; `tokens` begin behind its keyword. Returns what a variable is, with its name, and
    /// how many tokens there are before it is there.
    fn binding(&mut self, is_let: bool, tokens: &[TokenTree]) -> Option<(usize, String, Vec<Text>)> {
        let (name, rest) = match tokens {
            [TokenTree::Ident(word), TokenTree::Ident(name), rest @ ..] if *word == "mut" => (name, rest),
            [TokenTree::Ident(name), rest @ ..] => (name, rest),
            _ => return None,
        };
        let is = |token: &TokenTree, char| matches!(token, TokenTree::Punct(one) if one.as_char() == char);
        let end = rest.iter().position(|token| is(token, ';')).unwrap_or(rest.len());
        let equals = rest[..end].iter().position(|token| is(token, '='))?;
        let value = texts(&rest[equals + 1..end], self.shift);
        let name = name.to_string();
        if !is_let {
            for text in &value {
                let constant = match text {
                    Text::Literal(literal) => Constant::Literal(literal.clone()),
                    Text::File(name) => Constant::File(beside(self.path, name)),
                    Text::Named(_) | Text::AtRunTime(_) => continue,
                };
                self.found.constants.entry(name.clone()).or_default().push((self.file, constant));
            }
            return None;
        }
        // `let sql = sql.to_string()`: what it was before
        let is_itself = value.iter().any(|text| matches!(text, Text::Named(other) if *other == name));
        (!is_itself).then(|| (tokens.len() - rest.len() + end, name, value))
    }
}

/// How many tokens an item, a statement or an arm behind an attribute has.
fn length_of_item(tokens: &[TokenTree]) -> usize {
    let mut is_arm = false;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return at + 1,
            TokenTree::Punct(punct) if punct.as_char() == ';' => return at + 1,
            TokenTree::Punct(punct) if punct.as_char() == ',' && is_arm => return at + 1,
            TokenTree::Punct(punct) if punct.as_char() == '=' => {
                is_arm |= matches!(tokens.get(at + 1), Some(TokenTree::Punct(next)) if next.as_char() == '>');
            }
            _ => {}
        }
    }
    tokens.len()
}

/// What the call or macro is whose arguments a group is.
fn callee(tokens: &[TokenTree], at: usize) -> Option<Callee> {
    let is = |at: usize, char| matches!(tokens.get(at), Some(TokenTree::Punct(one)) if one.as_char() == char);
    let ident = |at: usize| match tokens.get(at) {
        Some(TokenTree::Ident(name)) => Some(name.to_string()),
        _ => None,
    };
    let mut last = at.checked_sub(1)?;
    if is(last, '!') {
        return Some(Callee::Macro(ident(last.checked_sub(1)?)?));
    }
    if is(last, '>') {
        // `name::<A, B<C>>(…)`
        let mut open = 0_usize;
        loop {
            let is_arrow = is(last, '>') && last.checked_sub(1).is_some_and(|before| is(before, '-'));
            if is(last, '>') && !is_arrow {
                open += 1;
            } else if is(last, '<') {
                open = open.checked_sub(1)?;
            }
            last = last.checked_sub(1)?;
            if open == 0 {
                break;
            }
        }
        if !is(last, ':') {
            return None;
        }
        last = last.checked_sub(2)?;
    }
    let name = ident(last)?;
    let before = last.checked_sub(1);
    if before.is_some_and(|before| is(before, '.')) {
        return Some(Callee::Method(name));
    }
    if before.and_then(ident).is_some_and(|word| word == "fn") {
        return None;
    }
    let mut path = vec![name];
    let mut first = last;
    while first >= 3 && is(first - 1, ':') && is(first - 2, ':') {
        let Some(part) = ident(first - 3) else { break };
        path.insert(0, part);
        first -= 3;
    }
    Some(Callee::Function(path))
}
