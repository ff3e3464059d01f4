//! Completes what a derive can lower with what only rustc knows: the types of fields, the values of consts, and the
//! tables of other structs. It assumes that the struct says what the migrations say, and records the assumption for
//! rustc to check, so that aliases, newtypes and names that hide those of std count as what they are, not as what they
//! look like.

use std::ops::Range;

use dbmigrate_core::declare::Deferred;
use dbmigrate_core::declare::ast::{At, DefaultClause, Field, ForeignKeyClause, Item, Reference, ReferenceOptions};
use dbmigrate_core::declare::naming::{snake_case, unraw};
use dbmigrate_core::declare::rust_types::{first_span, is_spelled_option, spelled};
use dbmigrate_core::schema::canonical::{canonical_check, canonical_column};
use dbmigrate_core::schema::{Check, ForeignKey, Schema, Table};
use dbmigrate_core::sql::token::tokenize;
use dbmigrate_core::sql::{DeclType, Expr, Name};
use proc_macro2::{Delimiter, Span, TokenTree};
use quote::ToTokens as _;
use syn::PathArguments;

use super::Difference;
use super::words::Words;

/// Something that the migrations say, for rustc to compare with what the struct says.
#[derive(Debug, Clone)]
pub(crate) struct Assumption {
    /// The first and the last token that it is about.
    pub(crate) span: Range<SpanEnd>,
    /// What the migrations say.
    pub(crate) what: What,
}

/// A span that is one end of a range.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpanEnd(pub(crate) Span);

/// See [`Assumption`].
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// What a column is by the type of its field.
    Type(ByType),
    /// A const is the default of a column.
    Default {
        /// The const.
        path: syn::Path,
        /// The column.
        column: Name,
        /// The default.
        value: Expr,
    },
    /// A field of a struct is the column of a table.
    Parent {
        /// The column that refers to it.
        child: Name,
        /// The struct and its field.
        path: syn::Path,
        /// The table.
        table: Name,
        /// The column.
        column: Name,
    },
}

/// What a column is by the type of its field.
#[derive(Debug, Clone)]
pub(crate) struct ByType {
    /// Which field.
    pub(crate) at: usize,
    /// The column.
    pub(crate) name: Name,
    /// The field with its type, as text for a message.
    pub(crate) field: String,
    /// The declared type, unless the struct says it in words.
    pub(crate) decl_type: Option<DeclType>,
    /// Whether the column may be NULL, if the field's type decides that.
    pub(crate) nullable: Option<bool>,
    /// The checks that may be the type's, the column written `{}`.
    pub(crate) checks: Vec<Expr>,
    /// Whether it is so by what is written, unless a name there hides one of std.
    pub(crate) is_spelled: bool,
    /// What else to do than to generate a migration.
    pub(crate) help: Option<String>,
}

/// Completes `table` with `before`, which is the same table as the migrations have it, in the names of the struct.
/// `old` is the schema that it is in.
pub(crate) fn complete(
    item: &Item,
    deferred: &[Deferred],
    table: &mut Table,
    before: &Table,
    old: &Schema,
    words: &Words<'_>,
) -> (Vec<Assumption>, Vec<Difference>) {
    let mut completing = Completing { item, before, old, words, assumptions: Vec::new(), differences: Vec::new() };
    completing.columns(table);
    completing.defaults(deferred, table);
    completing.foreign_keys(deferred, table);
    (completing.assumptions, completing.differences)
}

struct Completing<'a> {
    item: &'a Item,
    before: &'a Table,
    old: &'a Schema,
    words: &'a Words<'a>,
    assumptions: Vec<Assumption>,
    differences: Vec<Difference>,
}

impl<'a> Completing<'a> {
    fn columns(&mut self, table: &mut Table) {
        let mut spelled_so = vec![false; table.columns.len()];
        for ((field, column), spelled_so) in self.item.fields.iter().zip(&mut table.columns).zip(&mut spelled_so) {
            let Some(known) = self.before.column(&column.name) else { continue };
            let same = column.decl_type == known.decl_type && column.not_null == known.not_null;
            *spelled_so = same && !column.decl_type.as_str().is_empty();
            if field.decl_type.is_none() {
                column.decl_type = known.decl_type.clone();
            }
            if field.not_null.is_none() {
                column.not_null = known.not_null;
            }
        }
        let checks = self.checks_of_types(table);
        for (at, (field, column)) in self.item.fields.iter().zip(&table.columns).enumerate() {
            let Some(known) = self.before.column(&column.name) else { continue };
            let is_said = |not_null| {
                let column = dbmigrate_core::schema::Column { not_null, ..column.clone() };
                canonical_column(table, &column)
            };
            // a key that has moved is a difference of its own, and takes NOT NULL along
            let in_key = |table: &Table| table.is_primary_key(&column.name);
            let is_key = in_key(table);
            let may_matter = || !is_key || is_said(true) != is_said(false);
            let matters = field.not_null.is_none() && is_key == in_key(self.before) && may_matter();
            let decl_type = field.decl_type.is_none().then(|| known.decl_type.clone());
            if decl_type.is_none() && !matters {
                continue;
            }
            // where the type is said in words, nothing is looked for in the Rust type but an `Option`
            let may_hide = decl_type.is_none() && known.not_null && !is_spelled_option(&field.ty);
            let mine = |(on, check): &(usize, &Check)| (*on == at).then(|| with_placeholder(&check.expr, &column.name));
            let checks: Vec<Expr> = checks.iter().filter_map(mine).collect();
            let what = What::Type(ByType {
                at,
                name: column.name.clone(),
                field: format!("`{}` is `{}`", unraw(&field.ident), spelled(&field.ty)),
                nullable: matters.then_some(!known.not_null),
                is_spelled: spelled_so[at] && decl_type.is_some() && checks.is_empty(),
                decl_type,
                checks,
                help: may_hide.then(|| {
                    let ty = spelled(&field.ty);
                    format!("if there is nothing to generate: write `Option<…>`, which `{ty}` hides")
                }),
            });
            self.assumptions.push(Assumption { span: ends_of_type(&field.ty), what });
        }
        table.checks.extend(checks.into_iter().map(|(_, check)| check.clone()));
    }

    /// The checks that no attribute declares and that are about one column whose type rustc judges: they may come from
    /// the type. With the place of the field.
    fn checks_of_types(&self, table: &Table) -> Vec<(usize, &'a Check)> {
        if self.before.checks.is_empty() {
            return Vec::new();
        }
        let mut declared: Vec<(String, &Check)> =
            table.checks.iter().map(|check| (canonical_check(table, check), check)).collect();
        let mut left = Vec::new();
        for check in &self.before.checks {
            let canonical = canonical_check(self.before, check);
            match declared.iter().position(|(known, _)| *known == canonical) {
                Some(at) => drop(declared.remove(at)),
                None => left.push(check),
            }
        }
        let mut found = Vec::new();
        for check in &left {
            let (Some(column), None) = (only_column(self.before, check), &check.name) else { continue };
            let is_of = |field: &Field| field.decl_type.is_none() && field.name().value == *column;
            let Some(at) = self.item.fields.iter().position(is_of) else { continue };
            // an attribute that has changed is not a type that has
            let same = |other: &Check| other.name.is_none() && only_column(self.before, other) == Some(column);
            let (before, here) =
                (left.iter().filter(|other| same(other)), declared.iter().filter(|other| same(other.1)));
            if before.count() > here.count() {
                found.push((at, *check));
            }
        }
        found
    }

    fn defaults(&mut self, deferred: &[Deferred], table: &mut Table) {
        for name in deferred.iter().filter_map(|one| match one {
            Deferred::Default(name) => Some(name),
            _ => None,
        }) {
            let clause = self.item.fields.iter().find(|field| field.name().value == *name);
            let Some(At { value: DefaultClause::Constant(path), .. }) = clause.and_then(|field| field.default.as_ref())
            else {
                continue;
            };
            let Some(known) = self.before.column(name) else { continue };
            let Some(value) = known.effective_default() else {
                let message = self.words.no_default(name, &format!("`{}`", text_of(path)));
                self.differences.push(self.words.difference(ends(path).start.0, message));
                continue;
            };
            if let Some(column) = table.columns.iter_mut().find(|column| column.name == *name) {
                column.default = Some(value.clone());
            }
            let (path, column, value) = (path.clone(), name.clone(), value.clone());
            self.assumptions.push(Assumption { span: ends(&path), what: What::Default { path, column, value } });
        }
    }

    fn foreign_keys(&mut self, deferred: &[Deferred], table: &mut Table) {
        let columns = deferred.iter().filter_map(|one| match one {
            Deferred::ForeignKey(columns) => Some(columns),
            _ => None,
        });
        let declared: Vec<String> = table.foreign_keys.iter().map(|key| self.old.canonical_foreign_key(key)).collect();
        let mut left: Vec<&ForeignKey> = self
            .before
            .foreign_keys
            .iter()
            .filter(|key| !declared.contains(&self.old.canonical_foreign_key(key)))
            .collect();
        // in the order in which lowering comes to them
        for (columns, clause) in columns.zip(Clause::all(self.item)) {
            let same_columns = |key: &&ForeignKey| {
                key.columns.len() == columns.len() && columns.iter().all(|column| key.columns.contains(column))
            };
            let guess = clause.parent();
            let candidates: Vec<usize> = (0..left.len()).filter(|at| same_columns(&left[*at])).collect();
            let likely = candidates.iter().copied().find(|at| guess.as_ref() == Some(&left[*at].parent));
            let chosen = likely.or(candidates.first().copied()).and_then(|at| {
                let parents = self.old.referenced_columns(left[at])?;
                let position = |column: &Name| left[at].columns.iter().position(|known| known == column);
                let parents = columns.iter().map(|column| parents.get(position(column)?).cloned());
                Some((at, parents.collect::<Option<Vec<Name>>>()?))
            });
            let Some((at, parent_columns)) = chosen else {
                let message = self.words.no_foreign_key(columns, &clause.text());
                self.differences.push(self.words.difference(clause.span, message));
                continue;
            };
            let known = left.remove(at);
            if candidates.len() == 1 {
                for ((path, column), child) in clause.paths.iter().zip(&parent_columns).zip(columns) {
                    let (child, table, column) = (child.clone(), known.parent.clone(), column.clone());
                    let what = What::Parent { child, path: path.clone(), table, column };
                    self.assumptions.push(Assumption { span: ends(path), what });
                }
            }
            let ReferenceOptions { on_delete, on_update, deferrable, match_name } = clause.options;
            table.foreign_keys.push(ForeignKey {
                name: clause.name.map(|name| name.value.clone()),
                columns: columns.clone(),
                parent: known.parent.clone(),
                parent_columns,
                on_delete: on_delete.as_ref().map(|at| at.value).unwrap_or_default(),
                on_update: on_update.as_ref().map(|at| at.value).unwrap_or_default(),
                match_name: match_name.as_ref().map(|at| at.value.clone()),
                deferrable: deferrable.as_ref().map(|at| at.value),
            });
        }
    }
}

/// The column that a check is about, if it is one.
pub(super) fn only_column<'t>(table: &'t Table, check: &Check) -> Option<&'t Name> {
    let mut mentioned = table.columns.iter().filter(|column| check.expr.mentions(&column.name));
    mentioned.next().filter(|_| mentioned.next().is_none()).map(|column| &column.name)
}

/// A foreign key to fields of a struct.
struct Clause<'a> {
    paths: &'a [syn::Path],
    name: Option<&'a At<Name>>,
    options: &'a ReferenceOptions,
    span: Span,
}

impl<'a> Clause<'a> {
    fn all(item: &'a Item) -> impl Iterator<Item = Self> {
        let of_fields = item.fields.iter().filter_map(|field| {
            let reference = field.reference.as_ref()?;
            Self::new(reference, None, &field.reference_options, reference.span)
        });
        let of_table = item.foreign_keys.iter().filter_map(|clause: &ForeignKeyClause| {
            Self::new(&clause.reference, clause.name.as_ref(), &clause.options, clause.span)
        });
        of_fields.chain(of_table)
    }

    fn new(
        reference: &'a At<Reference>,
        name: Option<&'a At<Name>>,
        options: &'a ReferenceOptions,
        span: Span,
    ) -> Option<Self> {
        match &reference.value {
            Reference::Fields(paths) => Some(Self { paths, name, options, span }),
            Reference::Table(..) => None,
        }
    }

    /// The table that the struct is, if it is called what structs are called by default.
    fn parent(&self) -> Option<Name> {
        let owner = self.paths.first()?.segments.iter().rev().nth(1)?;
        Some(snake_case(&unraw(&owner.ident)).into())
    }

    fn text(&self) -> String {
        self.paths.iter().map(|path| format!("`{}`", text_of(path))).collect::<Vec<_>>().join(", ")
    }
}

/// A path without spaces.
pub(super) fn text_of(path: &syn::Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}

/// The first and the last token of a type, without the detour over tokens for nearly every type of a column.
fn ends_of_type(ty: &syn::Type) -> Range<SpanEnd> {
    let last = match ty {
        syn::Type::Path(path) => path.path.segments.last(),
        _ => None,
    };
    match last.map(|last| (&last.arguments, last.ident.span())) {
        Some((PathArguments::None, last)) => SpanEnd(first_span(ty))..SpanEnd(last),
        Some((PathArguments::AngleBracketed(arguments), _)) => {
            SpanEnd(first_span(ty))..SpanEnd(arguments.gt_token.spans[0])
        }
        _ => ends(ty),
    }
}

/// The first and the last token.
fn ends(tokens: &impl quote::ToTokens) -> Range<SpanEnd> {
    let mut tokens = tokens.to_token_stream().into_iter();
    let first = tokens.next();
    // what a macro was given for a type has a group around it, which stands where the macro says so
    let given = |token: &TokenTree| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => Some(ends(&group.stream())),
        _ => None,
    };
    let range = |token: &TokenTree| given(token).unwrap_or_else(|| SpanEnd(token.span())..SpanEnd(token.span()));
    let start = first.as_ref().map_or(SpanEnd(Span::call_site())..SpanEnd(Span::call_site()), range);
    let end = tokens.last().as_ref().map_or(start.end, |token| range(token).end);
    start.start..end
}

/// The condition with `{}` for the column.
fn with_placeholder(condition: &Expr, column: &Name) -> Expr {
    let is_column = |text: &str| *column == *text;
    let text = tokenize(condition.as_str()).map(|token| match token.identifier() {
        Some(name) if !token.text.starts_with('\'') && is_column(&name) => "{}",
        _ => token.text,
    });
    Expr::new(text.collect::<String>())
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn the_ends_of_a_type_are_its_first_and_its_last_token() {
        for ty in [
            "i64",
            "::std::option::Option<Vec<u8>>",
            "HashMap<String, [u8; 4]>",
            "<User as Owner>::Id",
            "<User as Owner<i64>>::Id<String>",
            "Vec::<u8>",
            "dyn Fn(i64) -> i64",
            "&'static str",
            "[f32; 2 * 4]",
        ] {
            let ty: syn::Type = syn::parse_str(ty).expect("a type");
            let place = |range: Range<SpanEnd>| {
                let span = |end: SpanEnd| (end.0.start().column, end.0.end().column);
                (span(range.start), span(range.end))
            };
            assert_eq!(place(ends_of_type(&ty)), place(ends(&ty)));
        }
    }
}
