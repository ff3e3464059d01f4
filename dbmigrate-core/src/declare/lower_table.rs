//! Lowers an ordinary table: columns, keys, constraints and indexes.

use proc_macro2::Span;

use super::ast::{
    At, ColumnWord, Field, ForeignKeyClause, IndexClause, KeyClause, PartClause, Reference, ReferenceOptions,
};
use super::declaration::Deferred;
use super::known_type::ColumnType;
use super::lowering::Lowering;
use super::naming;
use crate::schema::validate::Place;
use crate::schema::{
    Check, Column, ForeignKey, Generated, Index, IndexPart, KeyPart, PrimaryKey, ReferentialAction, Table, Unique,
};
use crate::sql::token::{TokenKind, tokenize};
use crate::sql::{DeclType, Expr, Name};

/// The table that the item declares. `None` if it has errors.
pub(super) fn table(lowering: &mut Lowering<'_>) -> Option<Table> {
    let item = lowering.item;
    let mut table = Table::new(item.name().value);
    table.strict = item.strict.is_some();
    table.without_rowid = item.without_rowid.is_some();
    table.random_rowid = item.random_rowid.is_some();
    lowering.places.push((Place::Table(table.name.clone()), item.name().span));
    if let Some(option) = item.options.first().filter(|_| !item.has_errors) {
        lowering.errors.add_with_help(
            option.span,
            "an ordinary table has no `options`",
            "write `using = fts5` as well",
        );
    }
    check_renames(lowering);
    primary_key(lowering, &mut table);
    for field in &item.fields {
        column(lowering, field, &mut table);
    }
    for clause in &item.uniques {
        let parts = key_parts(lowering, clause);
        push_unique(lowering, &mut table, clause.span, clause.name.as_ref(), parts, clause.conflict.as_ref());
    }
    for clause in &item.foreign_keys {
        foreign_key(lowering, clause, &mut table);
    }
    for clause in &item.checks {
        table.checks.push(check(clause));
    }
    for clause in &item.indexes {
        index(lowering, clause, &mut table);
    }
    lowering.errors.is_empty().then_some(table)
}

/// The foreign keys that the item declares.
pub(super) fn foreign_keys(lowering: &mut Lowering<'_>) -> Vec<ForeignKey> {
    let item = lowering.item;
    let mut table = Table::new(item.name().value);
    for field in &item.fields {
        field_reference(lowering, field, &mut table);
    }
    for clause in &item.foreign_keys {
        foreign_key(lowering, clause, &mut table);
    }
    table.foreign_keys
}

fn check_renames(lowering: &mut Lowering<'_>) {
    let item = lowering.item;
    let names = std::iter::once((item.renamed_from.as_ref(), item.name()))
        .chain(item.fields.iter().map(|field| (field.renamed_from.as_ref(), field.name())));
    for (old, new) in names {
        if let Some(old) = old.filter(|old| old.value.same_spelling(&new.value)) {
            lowering.errors.add(old.span, format!("`{}` is renamed from its own name", new.value));
        }
    }
    for (at, field) in item.fields.iter().enumerate() {
        let Some(old) = &field.renamed_from else { continue };
        let mut before = item.fields[..at].iter().filter_map(|field| field.renamed_from.as_ref());
        if before.any(|before| before.value == old.value) {
            lowering.errors.add(old.span, format!("two columns are renamed from `{}`", old.value));
        }
    }
}

fn primary_key(lowering: &mut Lowering<'_>, table: &mut Table) {
    let item = lowering.item;
    let on_fields: Vec<(&Field, _)> =
        item.fields.iter().filter_map(|field| Some((field, field.primary_key.as_ref()?))).collect();
    if let Some(clause) = &item.primary_key {
        for (_, key) in &on_fields {
            lowering.errors.add_with_help(
                key.span,
                "the table already has a `primary_key(…)`",
                "list the columns there, or mark one field",
            );
        }
        let parts = key_parts(lowering, clause);
        lowering.places.push((Place::PrimaryKey(table.name.clone()), clause.span));
        table.primary_key = Some(PrimaryKey {
            name: clause.name.as_ref().map(|name| name.value.clone()),
            parts,
            autoincrement: false,
            conflict: clause.conflict.as_ref().map(|conflict| conflict.value),
        });
    } else if let Some((field, key)) = on_fields.first() {
        for (_, second) in &on_fields[1..] {
            let names: Vec<String> = on_fields.iter().map(|(field, _)| field.ident.to_string()).collect();
            lowering.errors.add_with_help(
                second.span,
                "a second primary key",
                format!("for a key of several columns write `#[table(primary_key({}))]`", names.join(", ")),
            );
        }
        lowering.places.push((Place::PrimaryKey(table.name.clone()), key.span));
        table.primary_key = Some(PrimaryKey {
            name: key.value.name.as_ref().map(|name| name.value.clone()),
            parts: vec![KeyPart { descending: key.value.descending, ..KeyPart::new(field.name().value) }],
            autoincrement: false,
            conflict: key.value.conflict.as_ref().map(|conflict| conflict.value),
        });
    }
    for field in &item.fields {
        let Some(span) = field.autoincrement else { continue };
        let name = field.name().value;
        match &mut table.primary_key {
            Some(key) if matches!(&key.parts[..], [only] if only.column == name && !only.descending) => {
                key.autoincrement = true;
            }
            // the primary key may be what has just been reported
            _ if field.has_errors || item.has_errors => {}
            _ => lowering.errors.add_with_help(
                span,
                "`autoincrement` needs a primary key of this field alone",
                "write `#[column(primary_key, autoincrement)]`",
            ),
        }
    }
}

fn column(lowering: &mut Lowering<'_>, field: &Field, table: &mut Table) {
    let name = field.name();
    lowering.places.push((Place::Column(table.name.clone(), name.value.clone()), name.span));
    for (word, span) in [("unindexed", field.unindexed), ("auxiliary", field.auxiliary)] {
        if let Some(span) = span.filter(|_| !lowering.item.has_errors) {
            lowering.errors.add(span, format!("`{word}` is only for virtual tables: `#[table(using = …)]`"));
        }
    }
    let ty = lowering.column_type(field);
    let nullable = ty.as_ref().map_or_else(|| lowering.resolve.is_option(&field.ty), |ty| ty.nullable);
    let decl_type = ty.as_ref().map_or_else(DeclType::default, |ty| ty.decl_type.clone());
    if let (Some(span), Some(ty)) = (field.autoincrement, &ty)
        && !ty.decl_type.is_integer_word()
    {
        lowering.errors.add_with_help(
            span,
            format!("`autoincrement` on a column of type `{}`", ty.decl_type),
            "only an `INTEGER` column, such as an `i64` field, can auto-increment",
        );
    }
    let mut column = Column::new(name.value.clone(), decl_type.as_str());
    column.not_null = field.not_null.is_some() || !(nullable || is_rowid_alias(table, &column));
    if let Some(not_null) = &field.not_null {
        column.not_null_name = not_null.value.name.as_ref().map(|name| name.value.clone());
        column.not_null_conflict = not_null.value.conflict.as_ref().map(|conflict| conflict.value);
    }
    column.default = lowering.default(field, ty.as_ref());
    column.collate = field.collate.as_ref().map(|collate| collate.value.clone());
    column.generated =
        field.generated.as_ref().map(|expr| Generated { expr: expr.value.clone(), stored: field.stored.is_some() });
    let reads = ty.as_ref().and_then(|ty| ty.reads.clone());
    lowering.reads.extend(reads.map(|reads| (name.value.clone(), reads)));
    let type_check = ty
        .and_then(|ty: ColumnType| ty.check)
        .map(|condition| Check { name: None, expr: with_column(&condition, &name.value) });
    table.checks.extend(field.checks.iter().map(check).chain(type_check));
    table.columns.push(column);
    if let Some(unique) = &field.unique {
        let parts = vec![KeyPart::new(name.value.clone())];
        push_unique(lowering, table, unique.span, unique.value.name.as_ref(), parts, unique.value.conflict.as_ref());
    }
    for clause in &field.indexes {
        index(lowering, clause, table);
    }
    field_reference(lowering, field, table);
}

fn field_reference(lowering: &mut Lowering<'_>, field: &Field, table: &mut Table) {
    if let Some(reference) = &field.reference {
        let columns = vec![field.name().value];
        push_reference(lowering, table, columns, reference, None, &field.reference_options, reference.span);
    }
}

/// Whether `column`, which is not in the table yet, is going to be an alias for the rowid.
fn is_rowid_alias(table: &Table, column: &Column) -> bool {
    let single = table
        .primary_key
        .as_ref()
        .is_some_and(|key| matches!(&key.parts[..], [part] if part.column == column.name && !part.descending));
    single && !table.without_rowid && column.decl_type.is_integer_word()
}

fn check(clause: &super::ast::CheckClause) -> Check {
    Check { name: clause.name.as_ref().map(|name| name.value.clone()), expr: clause.expr.value.clone() }
}

/// `condition` with the column in the place of each `{}` outside of quotes.
fn with_column(condition: &Expr, column: &Name) -> Expr {
    let mut text = String::new();
    let mut tokens = tokenize(condition.as_str()).peekable();
    while let Some(token) = tokens.next() {
        let is_brace = |token: &crate::sql::Token<'_>, brace| token.kind == TokenKind::Operator && token.text == brace;
        if is_brace(&token, "{") && tokens.next_if(|next| is_brace(next, "}")).is_some() {
            text.push_str(&column.sql());
        } else {
            text.push_str(token.text);
        }
    }
    Expr::new(text)
}

fn key_parts(lowering: &mut Lowering<'_>, clause: &KeyClause) -> Vec<KeyPart> {
    let mut parts: Vec<KeyPart> = Vec::new();
    for part in &clause.parts {
        let Some(column) = lowering.column(&part.target) else { continue };
        // with another collation it is another part of the key, if an odd one
        if parts.iter().any(|before| before.column == column && before.collate == part.collate) {
            lowering.errors.add(part.target.span, format!("`{column}` is listed twice"));
        }
        parts.push(KeyPart { column, collate: part.collate.clone(), descending: part.descending });
    }
    parts
}

fn push_unique(
    lowering: &mut Lowering<'_>,
    table: &mut Table,
    span: Span,
    name: Option<&At<Name>>,
    parts: Vec<KeyPart>,
    conflict: Option<&At<crate::schema::Conflict>>,
) {
    lowering.places.push((Place::Unique(table.name.clone(), table.uniques.len()), span));
    table.uniques.push(Unique {
        name: name.map(|name| name.value.clone()),
        parts,
        conflict: conflict.map(|conflict| conflict.value),
    });
}

fn index(lowering: &mut Lowering<'_>, clause: &IndexClause, table: &mut Table) {
    let parts: Vec<IndexPart> = clause.parts.iter().filter_map(|part| index_part(lowering, part)).collect();
    let unquoted: Vec<String> = parts
        .iter()
        .map(|part| {
            part.expr.as_column().map_or_else(|| part.expr.as_str().to_owned(), |name| name.as_str().to_owned())
        })
        .collect();
    let name = clause.name.as_ref().map_or_else(
        || naming::index_name(table.name.as_str(), unquoted.iter().map(String::as_str), clause.unique).into(),
        |name| name.value.clone(),
    );
    let span = clause.name.as_ref().map_or(clause.span, |name| name.span);
    if table.indexes.contains(&name) {
        lowering.errors.add_with_help(
            span,
            format!("two indexes are named `{name}`"),
            "give one of them another name: `name = \"…\"`",
        );
    }
    lowering.places.push((Place::Index(table.name.clone(), name.clone()), span));
    let predicate = clause.predicate.as_ref().map(|predicate| predicate.value.clone());
    table.indexes.insert(Index { name, unique: clause.unique, parts, predicate });
}

fn index_part(lowering: &mut Lowering<'_>, part: &PartClause) -> Option<IndexPart> {
    let expr = match &part.target.value {
        ColumnWord::Word(_) => Expr::new(lowering.column(&part.target)?.sql()),
        ColumnWord::Text(sql) => Expr::new(sql),
    };
    Some(IndexPart { expr, collate: part.collate.clone(), descending: part.descending })
}

fn foreign_key(lowering: &mut Lowering<'_>, clause: &ForeignKeyClause, table: &mut Table) {
    let columns: Vec<Name> = clause.columns.iter().filter_map(|word| lowering.column(word)).collect();
    let name = clause.name.as_ref().map(|name| name.value.clone());
    push_reference(lowering, table, columns, &clause.reference, name, &clause.options, clause.span);
}

fn push_reference(
    lowering: &mut Lowering<'_>,
    table: &mut Table,
    columns: Vec<Name>,
    reference: &At<Reference>,
    name: Option<Name>,
    options: &ReferenceOptions,
    span: Span,
) {
    let place = Place::ForeignKey(table.name.clone(), table.foreign_keys.len());
    let (parent, parent_columns) = match &reference.value {
        Reference::Table(table, columns) => {
            lowering.by_name.push(place.clone());
            (table.clone(), columns.clone())
        }
        Reference::Fields(paths) => {
            let mut parent = None;
            let mut parent_columns = Vec::new();
            for path in paths {
                match lowering.errors.take(lowering.resolve.reference(path)) {
                    Some(Some((table, column))) => {
                        parent = Some(table);
                        parent_columns.push(column);
                    }
                    Some(None) => {
                        lowering.deferred.push(Deferred::ForeignKey(columns));
                        return;
                    }
                    None => return,
                }
            }
            let Some(parent) = parent else { return };
            (parent, parent_columns)
        }
    };
    lowering.places.push((place, span));
    let action = |action: &Option<At<ReferentialAction>>| action.as_ref().map(|at| at.value).unwrap_or_default();
    table.foreign_keys.push(ForeignKey {
        name,
        columns,
        parent,
        parent_columns,
        on_delete: action(&options.on_delete),
        on_update: action(&options.on_update),
        match_name: options.match_name.as_ref().map(|name| name.value.clone()),
        deferrable: options.deferrable.as_ref().map(|deferrable| deferrable.value),
    });
}
