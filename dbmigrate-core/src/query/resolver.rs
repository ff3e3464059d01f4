//! What goes through a statement and looks up its names: what was found so far, and common table expressions.

use std::ops::Range;
use std::sync::Arc;

use super::ast::{Cte, Expr, Ident, Span};
use super::catalog::Catalog;
use super::mistake::quoted;
use super::parse_statement::is_parameter;
use super::relation::{Column, Relation};
use super::scope::Scope;
use super::types::Ty;
use super::{Mistake, Parameter, Typed, Use};
use crate::sql::Name;
use crate::sql::token::{TokenKind, tokenize};

/// The highest index of a parameter (sqlite.org/limits.html#max_variable_number).
const MOST_PARAMETERS: u32 = 32_766;

/// How many mistakes of one statement are said.
const MOST_MISTAKES: usize = 50;

pub(super) struct Resolver<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) sql: &'a str,
    /// How many views are being looked into.
    pub(super) depth: usize,
    pub(super) mistakes: Vec<Mistake>,
    pub(super) uses: Vec<Use>,
    pub(super) parameters: Vec<Parameter>,
    /// Where parameters stand, and which of `parameters` they are.
    places: Vec<(usize, usize)>,
    /// Whether names that are not there may have been made by a statement before.
    pub(super) is_open: bool,
    /// The levels of the scopes that columns were found in, a bit each.
    pub(super) references: u64,
    frames: Vec<Frame<'a>>,
    /// The column that was looked up last; without an index its rowid.
    pub(super) found: Option<(Arc<Relation>, Option<usize>)>,
}

/// The common table expressions of a `WITH`.
struct Frame<'a> {
    ctes: &'a [Cte<'a>],
    states: Vec<State>,
}

#[derive(Clone)]
enum State {
    Unused,
    /// It is being resolved; its columns are known behind its first part.
    Working(Option<Arc<Relation>>),
    Done(Arc<Relation>),
}

impl<'a> Resolver<'a> {
    pub(super) fn new(catalog: &'a Catalog, sql: &'a str, depth: usize) -> Self {
        let mut resolver = Self {
            catalog,
            sql,
            depth,
            mistakes: Vec::new(),
            uses: Vec::new(),
            parameters: Vec::new(),
            places: Vec::new(),
            is_open: false,
            references: 0,
            frames: Vec::new(),
            found: None,
        };
        if depth == 0 {
            resolver.count_parameters();
        }
        resolver
    }

    pub(super) fn report(&mut self, mistake: Mistake) {
        // a clause may be resolved twice; and nobody reads hundreds
        if self.mistakes.len() < MOST_MISTAKES && !self.mistakes.contains(&mistake) {
            self.mistakes.push(mistake);
        }
    }

    pub(super) fn say(&mut self, span: Span, message: String) {
        self.report(Mistake::new(span, message));
    }

    pub(super) fn uses_table(&mut self, table: &Name, span: Range<usize>, write: bool) {
        self.uses.push(Use { table: table.clone(), column: None, span, write });
    }

    pub(super) fn uses_column(&mut self, table: &Name, column: &str, span: Range<usize>, write: bool) {
        self.uses.push(Use { table: table.clone(), column: Some(column.into()), span, write });
    }

    /// Counts parameters as the engine does, in the order of the text.
    fn count_parameters(&mut self) {
        let mut highest = 0;
        for token in tokenize(self.sql).filter(|token| token.kind == TokenKind::Variable) {
            let span = token.start..token.end();
            let known = |parameters: &[Parameter]| {
                parameters.iter().position(|parameter| parameter.name.as_deref() == Some(token.text))
            };
            let (index, name) = match token.text.strip_prefix('?') {
                Some("") => (highest + 1, None),
                Some(number) => (number.parse().unwrap_or(u32::MAX), Some(token.text.to_owned())),
                None => (highest + 1, Some(token.text.to_owned())),
            };
            if let Some(at) = name.as_ref().and_then(|_| known(&self.parameters)) {
                self.places.push((token.start, at));
                continue;
            }
            if !(1..=MOST_PARAMETERS).contains(&index) {
                self.say(span, format!("a parameter has a number between ?1 and ?{MOST_PARAMETERS}"));
                continue;
            }
            highest = highest.max(index);
            self.places.push((token.start, self.parameters.len()));
            // `?` may get the number of one that was written with it
            self.parameters.push(Parameter { index, name, span, ty: None });
        }
    }

    /// Says that a value of this type is expected where a parameter stands.
    pub(super) fn expect(&mut self, expr: &Expr<'_>, ty: &Ty) {
        if !is_parameter(expr) {
            return;
        }
        let Ok(place) = self.places.binary_search_by_key(&expr.span.start, |place| place.0) else { return };
        let at = self.places[place].1;
        let Some(new) = ty.typed() else { return };
        let parameter = &mut self.parameters[at].ty;
        let merged = match parameter.take() {
            None => new,
            Some(known) => {
                let nullable = if new.nullable == Some(true) { new.nullable } else { known.nullable.or(new.nullable) };
                let is_untyped = known.affinity.is_none() && known.declared.is_none();
                Typed { nullable, ..if is_untyped { new } else { known } }
            }
        };
        *parameter = Some(merged);
    }

    /// Resolves with the common table expressions of a `WITH` in sight.
    pub(super) fn with<T>(&mut self, ctes: &'a [Cte<'a>], resolve: impl FnOnce(&mut Self) -> T) -> T {
        if ctes.is_empty() {
            return resolve(self);
        }
        for (index, cte) in ctes.iter().enumerate() {
            if ctes[..index].iter().any(|other| other.name.is(&cte.name.text)) {
                self.say(cte.name.span.clone(), format!("there are two {} in this `WITH`", quoted(&cte.name)));
            }
        }
        self.frames.push(Frame { ctes, states: vec![State::Unused; ctes.len()] });
        let result = resolve(self);
        self.frames.pop();
        result
    }

    /// The common table expression of that name.
    pub(super) fn cte(&mut self, name: &Ident<'_>, outer: Option<&Scope<'_>>) -> Option<Arc<Relation>> {
        let is_it = |cte: &Cte<'_>| cte.name.is(&name.text);
        let found =
            self.frames.iter().enumerate().rev().find_map(|(at, frame)| Some((at, frame.ctes.iter().position(is_it)?)));
        let (frame, index) = found?;
        match self.frames[frame].states[index].clone() {
            State::Done(relation) | State::Working(Some(relation)) => return Some(relation),
            State::Working(None) => {
                self.say(name.span.clone(), format!("{} reads from itself before it has a row", quoted(name)));
                return Some(Arc::new(Relation::unknown(&name.text)));
            }
            State::Unused => {}
        }
        let ctes: &'a [Cte<'a>] = self.frames[frame].ctes;
        let cte = &ctes[index];
        self.frames[frame].states[index] = State::Working(None);
        // what is defined further in is not in sight
        let inner = self.frames.split_off(frame + 1);
        let publish = |resolver: &mut Self, columns: Vec<Column>, open: bool| {
            let relation = Arc::new(resolver.cte_relation(cte, columns, open, false));
            resolver.frames[frame].states[index] = State::Working(Some(relation));
        };
        let rows = self.select(&cte.query, outer, Some(&publish));
        let (columns, open) = rows.into_columns();
        let relation = Arc::new(self.cte_relation(cte, columns, open, true));
        self.frames[frame].states[index] = State::Done(Arc::clone(&relation));
        self.frames.extend(inner);
        Some(relation)
    }

    fn cte_relation(&mut self, cte: &Cte<'_>, mut columns: Vec<Column>, open: bool, complain: bool) -> Relation {
        if !cte.columns.is_empty() && !open {
            if columns.len() != cte.columns.len() && complain {
                let (named, returned) = (cte.columns.len(), columns.len());
                let message = format!("{} names {named} columns, and its query returns {returned}", quoted(&cte.name));
                self.say(cte.name.span.clone(), message);
            }
            for (column, name) in columns.iter_mut().zip(&cte.columns) {
                column.name = (*name.text).into();
            }
            columns.truncate(cte.columns.len());
        }
        Relation { open, ..Relation::derived(&cte.name.text, columns) }
    }

    /// The names of the common table expressions that are in sight.
    pub(super) fn cte_names(&self) -> impl Iterator<Item = &str> {
        self.frames.iter().flat_map(|frame| frame.ctes).map(|cte| &*cte.name.text)
    }
}
