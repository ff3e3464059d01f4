//! The queries of a text, one within the other: what each reads from, and what each word of the text stands for.

use crate::sql::Name;
use crate::sql::keyword::{is_keyword, is_reserved};
use crate::sql::token::{Token, TokenKind};

/// What a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// A table, view or virtual table that is read or written.
    Table,
    /// What stands before a dot.
    Qualifier,
    /// What stands behind the dot of this qualifier.
    Qualified(Name),
    /// A column in the list of an `INSERT` into this table.
    ColumnOf(Name),
    /// A name alone: a column, or nothing that is known.
    Bare,
    /// No name of the schema.
    None,
}

/// Where rows come from.
#[derive(Debug)]
struct Source {
    /// What it is called in the query.
    name: Option<Name>,
    /// The object that it is; nothing for subqueries and the like.
    object: Option<Name>,
    /// Whether it is only written to, so that what is read is looked for elsewhere first.
    is_target: bool,
}

#[derive(Debug, Default)]
struct Scope {
    parent: Option<usize>,
    sources: Vec<Source>,
    /// Whether a source has columns that are not known.
    has_unknown: bool,
}

/// A pair of parentheses that is open, or the whole.
struct Frame {
    scope: usize,
    in_from: bool,
    in_select: bool,
    /// The columns in them belong to this table.
    columns_of: Option<Name>,
    /// Whether they are a query that stands where a table would.
    is_source: bool,
}

/// What the tokens of a text stand for.
pub(super) struct Scopes<'t> {
    tokens: &'t [Token<'t>],
    all: Vec<Scope>,
    /// Of each token.
    scope_of: Vec<usize>,
    roles: Vec<Role>,
    results: Vec<bool>,
    shared_names: Vec<Name>,
}

/// Words that end a list of sources.
const BEHIND_FROM: [&str; 12] =
    ["where", "group", "order", "limit", "having", "window", "set", "values", "select", "returning", "when", "do"];
/// Words that stand behind a source and are no other name for it.
const NO_ALIAS: [&str; 28] = [
    "where",
    "group",
    "order",
    "limit",
    "having",
    "window",
    "set",
    "values",
    "select",
    "returning",
    "join",
    "left",
    "right",
    "full",
    "inner",
    "cross",
    "natural",
    "outer",
    "on",
    "using",
    "union",
    "except",
    "intersect",
    "indexed",
    "not",
    "default",
    "as",
    "when",
];

impl<'t> Scopes<'t> {
    pub(super) fn of(tokens: &'t [Token<'t>], is_object: &dyn Fn(&Name) -> bool) -> Self {
        let mut scopes = Self {
            tokens,
            all: vec![Scope::default()],
            scope_of: Vec::with_capacity(tokens.len()),
            roles: vec![Role::None; tokens.len()],
            results: vec![false; tokens.len()],
            shared_names: Vec::new(),
        };
        scopes.find_shared_names();
        scopes.read(is_object);
        scopes
    }

    pub(super) fn role(&self, at: usize) -> &Role {
        &self.roles[at]
    }

    /// Whether a column is all there is of a result of the outermost query.
    pub(super) fn is_result(&self, at: usize) -> bool {
        self.results[at]
    }

    /// The object that a qualifier means.
    pub(super) fn source(&self, at: usize, qualifier: &Name) -> Option<&Name> {
        let found = self.around(at).find_map(|scope| {
            let mut sources = scope.sources.iter();
            sources.find(|source| source.name.as_ref() == Some(qualifier))
        });
        if found.is_none() && *qualifier == *"excluded" {
            return self
                .around(at)
                .find_map(|scope| scope.sources.iter().find(|source| source.is_target))?
                .object
                .as_ref();
        }
        found?.object.as_ref()
    }

    /// The tables that a bare column may belong to, and whether the text leaves no doubt that it is one of them.
    pub(super) fn tables_with(&self, at: usize, name: &Name, has: &dyn Fn(&Name) -> bool) -> (Vec<Name>, bool) {
        let of = |scope: &Scope, is_target: bool| {
            let sources = scope.sources.iter().filter(|source| source.is_target == is_target);
            let mut tables: Vec<Name> =
                sources.filter_map(|source| source.object.clone()).filter(|one| has(one)).collect();
            tables.sort();
            tables.dedup();
            tables
        };
        let mut is_unknown = false;
        for scope in self.around(at) {
            for is_target in [false, true] {
                let tables = of(scope, is_target);
                if !tables.is_empty() {
                    return (tables, !is_unknown);
                }
            }
            is_unknown |= scope.has_unknown;
        }
        if !is_unknown {
            return (Vec::new(), true);
        }
        // a result of a query within: called as it is called there, unless there is another name for it
        let mut tables: Vec<Name> = self.all.iter().flat_map(|scope| of(scope, false)).collect();
        tables.sort();
        tables.dedup();
        let has_alias = self
            .tokens
            .windows(2)
            .any(|pair| pair[0].is_word("as") && pair[1].identifier().is_some_and(|alias| *name == *alias));
        (tables, !has_alias)
    }

    /// The scope of a token and those around it, the nearest first.
    fn around(&self, at: usize) -> impl Iterator<Item = &Scope> {
        std::iter::successors(self.all.get(self.scope_of[at]), |scope| self.all.get(scope.parent?))
    }

    fn identifier(&self, at: usize) -> Option<Name> {
        let token = self.tokens.get(at)?;
        let is_name = match token.kind {
            TokenKind::Word => !is_reserved(token.text),
            TokenKind::QuotedName => true,
            _ => false,
        };
        token.identifier().filter(|_| is_name).map(Name::from)
    }

    /// Whether it is a name and no keyword at all.
    fn is_plain_name(&self, at: usize) -> bool {
        let is_quoted = self.is_kind(at, TokenKind::QuotedName);
        is_quoted || self.tokens.get(at).is_some_and(|token| token.kind == TokenKind::Word && !is_keyword(token.text))
    }

    fn is_kind(&self, at: usize, kind: TokenKind) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind == kind)
    }

    fn is_word(&self, at: usize, word: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is_word(word))
    }

    /// The names of common table expressions: `name AS (`, `name(columns) AS (`.
    fn find_shared_names(&mut self) {
        if !self.tokens.iter().any(|token| token.is_word("with")) {
            return;
        }
        for at in 0..self.tokens.len() {
            let is_first = at > 0
                && (self.is_word(at - 1, "with")
                    || self.is_word(at - 1, "recursive")
                    || self.is_kind(at - 1, TokenKind::Comma));
            let Some(name) = self.identifier(at).filter(|_| is_first) else { continue };
            let mut next = at + 1;
            if self.is_kind(next, TokenKind::Open) {
                next = (next..self.tokens.len()).find(|at| self.is_kind(*at, TokenKind::Close)).unwrap_or(next) + 1;
            }
            if self.is_word(next, "as") {
                let behind =
                    (next + 1..next + 4).find(|at| !self.is_word(*at, "not") && !self.is_word(*at, "materialized"));
                if behind.is_some_and(|at| self.is_kind(at, TokenKind::Open)) {
                    self.shared_names.push(name);
                }
            }
        }
    }

    fn new_scope(&mut self, parent: Option<usize>) -> usize {
        self.all.push(Scope { parent, ..Scope::default() });
        self.all.len() - 1
    }

    fn read(&mut self, is_object: &dyn Fn(&Name) -> bool) {
        let mut frames = vec![Frame { scope: 0, in_from: false, in_select: false, columns_of: None, is_source: false }];
        let mut expects_source = false;
        let mut columns_of: Option<Name> = None;
        let mut at = 0;
        while let Some(token) = self.tokens.get(at) {
            let depth = frames.len();
            let Some(frame) = frames.last_mut() else { return };
            self.scope_of.resize(at, frame.scope);
            let word = if token.kind == TokenKind::Word { token.text.to_ascii_lowercase() } else { String::new() };
            match token.kind {
                TokenKind::Open => {
                    let is_query = ["select", "with", "values"].iter().any(|word| self.is_word(at + 1, word));
                    let (scope, in_from) = (frame.scope, expects_source && !is_query);
                    let is_source = expects_source && is_query;
                    let scope = if is_query { self.new_scope(Some(scope)) } else { scope };
                    let columns_of = columns_of.take();
                    frames.push(Frame { scope, in_from, in_select: false, columns_of, is_source });
                    // within parentheses a join begins with a source again
                    expects_source = in_from;
                    self.scope_of.push(scope);
                    at += 1;
                    continue;
                }
                TokenKind::Close if depth > 1 => {
                    let was_source = frame.is_source;
                    frames.pop();
                    self.scope_of.push(frames.last().map_or(0, |frame| frame.scope));
                    at += 1;
                    if was_source && let Some(frame) = frames.last_mut() {
                        frame.in_from = true;
                        let scope = frame.scope;
                        at = self.alias(at, scope, None, false);
                    }
                    expects_source = false;
                    continue;
                }
                TokenKind::Semicolon => {
                    let scope = self.new_scope(None);
                    *frame = Frame { scope, in_from: false, in_select: false, columns_of: None, is_source: false };
                }
                TokenKind::Comma if frame.in_from => expects_source = true,
                _ => {}
            }
            let is_distinct = at > 0 && self.is_word(at - 1, "distinct");
            match word.as_str() {
                "union" | "except" | "intersect" => {
                    let parent = self.all[frame.scope].parent;
                    frame.scope = self.new_scope(parent);
                    (frame.in_from, frame.in_select) = (false, false);
                }
                "select" => (frame.in_from, frame.in_select) = (false, depth == 1),
                "from" if !is_distinct => {
                    (frame.in_from, frame.in_select) = (true, false);
                    expects_source = true;
                }
                "join" | "into" => expects_source = true,
                "update" if !self.is_word(at + 1, "set") => {
                    expects_source = true;
                    if self.is_word(at + 1, "or") {
                        // `OR IGNORE`
                        self.scope_of.resize(at + 3, frame.scope);
                        at += 3;
                        continue;
                    }
                }
                word if BEHIND_FROM.contains(&word) => (frame.in_from, frame.in_select) = (false, false),
                _ => {}
            }
            let scope = frame.scope;
            self.scope_of.push(scope);
            let is_keyword = matches!(word.as_str(), "from" | "join" | "into" | "update" | "lateral");
            if expects_source && !is_keyword && token.kind != TokenKind::Comma {
                expects_source = false;
                let (is_into, is_update) = (self.follows(at, "into"), self.follows(at, "update"));
                if let Some(next) = self.source_at(at, scope, is_into, is_object) {
                    frame.in_from |= !is_into && !is_update;
                    if is_into && self.is_kind(next, TokenKind::Open) {
                        columns_of = self.all[scope].sources.last().and_then(|source| source.object.clone());
                    }
                    at = next;
                    continue;
                }
            }
            let role = self.role_at(at, frame);
            if role == Role::Bare || matches!(role, Role::Qualified(_)) {
                self.results[at] = frame.in_select && self.is_whole_result(at);
            }
            self.roles[at] = role;
            at += 1;
        }
        let scope = frames.last().map_or(0, |frame| frame.scope);
        self.scope_of.resize(self.tokens.len(), scope);
    }

    /// Whether the nearest keyword before is this one: `UPDATE OR IGNORE t`.
    fn follows(&self, at: usize, word: &str) -> bool {
        let before = |steps: usize| at.checked_sub(steps).is_some_and(|at| self.is_word(at, word));
        before(1) || (before(3) && at.checked_sub(2).is_some_and(|at| self.is_word(at, "or")))
    }

    /// Reads a source with its other name; returns where it ends.
    fn source_at(
        &mut self,
        at: usize,
        scope: usize,
        is_target: bool,
        is_object: &dyn Fn(&Name) -> bool,
    ) -> Option<usize> {
        let mut at = at;
        self.identifier(at)?;
        if self.is_kind(at + 1, TokenKind::Dot) {
            self.push_scope(at, scope);
            at += 2;
        }
        let name = self.identifier(at)?;
        // a function that returns rows
        let is_function = self.is_kind(at + 1, TokenKind::Open) && !is_target;
        let is_known = is_object(&name) && !is_function && !self.shared_names.contains(&name);
        if is_known {
            self.roles[at] = Role::Table;
        }
        self.push_scope(at, scope);
        if is_function {
            self.all[scope].has_unknown = true;
            return Some(at + 1);
        }
        Some(self.alias(at + 1, scope, Some((name, is_known)), is_target))
    }

    fn push_scope(&mut self, at: usize, scope: usize) {
        self.scope_of.resize(self.scope_of.len().max(at + 1), scope);
    }

    /// Reads the other name of a source, if there is one, and adds the source.
    fn alias(&mut self, at: usize, scope: usize, what: Option<(Name, bool)>, is_target: bool) -> usize {
        let has_as = self.is_word(at, "as");
        let place = at + usize::from(has_as);
        let is_alias = self.tokens.get(place).is_some_and(|token| {
            has_as || token.kind == TokenKind::QuotedName || !NO_ALIAS.iter().any(|word| token.is_word(word))
        });
        let alias = self.identifier(place).filter(|_| is_alias);
        let next = if alias.is_some() { place + 1 } else { at };
        self.scope_of.resize(self.scope_of.len().max(next), scope);
        let object = what.as_ref().filter(|(_, is_known)| *is_known).map(|(name, _)| name.clone());
        let name = alias.or_else(|| what.map(|(name, _)| name));
        self.all[scope].has_unknown |= object.is_none();
        self.all[scope].sources.push(Source { name, object, is_target });
        next
    }

    fn role_at(&self, at: usize, frame: &Frame) -> Role {
        if self.identifier(at).is_none() {
            return Role::None;
        }
        if self.is_kind(at + 1, TokenKind::Dot) {
            return Role::Qualifier;
        }
        if at > 1 && self.is_kind(at - 1, TokenKind::Dot) {
            return match self.tokens[at - 2].identifier() {
                Some(qualifier) => Role::Qualified(qualifier.into()),
                None => Role::None,
            };
        }
        if self.is_kind(at + 1, TokenKind::Open) {
            return Role::None;
        }
        if let Some(table) = &frame.columns_of {
            return Role::ColumnOf(table.clone());
        }
        // another name for what stands before it
        let is_alias = at > 0
            && (self.is_word(at - 1, "as")
                || self.is_word(at - 1, "collate")
                || self.is_plain_name(at - 1)
                || matches!(
                    self.tokens[at - 1].kind,
                    TokenKind::Close | TokenKind::Number | TokenKind::String | TokenKind::Blob
                )
                || (self.is_word(at - 1, "end") && frame.in_select));
        if is_alias { Role::None } else { Role::Bare }
    }

    /// Whether a column stands alone between commas.
    fn is_whole_result(&self, at: usize) -> bool {
        let mut first = at;
        while first > 1 && self.is_kind(first - 1, TokenKind::Dot) {
            first -= 2;
        }
        let is_first = first > 0
            && (self.is_kind(first - 1, TokenKind::Comma)
                || ["select", "distinct", "all"].iter().any(|word| self.is_word(first - 1, word)));
        let is_last = at + 1 == self.tokens.len()
            || self.is_kind(at + 1, TokenKind::Comma)
            || ["from", "union", "except", "intersect", "where"].iter().any(|word| self.is_word(at + 1, word));
        is_first && is_last
    }
}
