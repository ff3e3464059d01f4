//! The edits by which structs declare another schema.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dbmigrate_core::engine::ViewColumns;
use dbmigrate_core::plan::Trace;
use dbmigrate_core::schema::canonical::{CanonicalSchema, ObjectKind};
use dbmigrate_core::schema::validate::Place;
use dbmigrate_core::schema::{Schema, Table};
use dbmigrate_core::sql::{DeclType, Name};

use super::edit::{Edit, edited, whole_lines};
use super::item::{FieldItem, Item, Source, item_at};

use crate::codegen::{FieldParts, StructParts, parts};
use crate::error::{CommandError, Result};
use crate::source::Declared;

/// The edits by which the structs declare `target`, by the tables and views that they are of (as they are called now, or
/// in the target if they are new). `trace` says what tables and columns are called in the target, `view_columns` which
/// columns its views have. What is not mechanical is left out. Of the structs in `whole` all attributes are written anew,
/// because a part of one may have to be said in another.
pub(super) fn edits(
    declared: &Declared,
    (target, view_columns): (&Schema, &ViewColumns),
    trace: &Trace,
    whole: &[Name],
) -> BTreeMap<Name, Vec<Edit>> {
    edits_in(declared, &declared.schema, (target, view_columns), trace, whole, &mut Sources::default())
}

/// The same for a schema that structs declare, or a part of it.
fn edits_in(
    declared: &Declared,
    before: &Schema,
    (target, view_columns): (&Schema, &ViewColumns),
    trace: &Trace,
    whole: &[Name],
    sources: &mut Sources,
) -> BTreeMap<Name, Vec<Edit>> {
    let mut all: BTreeMap<Name, Vec<Edit>> = BTreeMap::new();
    let mut home: Option<PathBuf> = None;
    let mut kept: Vec<(ObjectKind, Name)> = Vec::new();
    let own_columns = declared_columns(declared, before);
    for (kind, name) in objects(before) {
        let after = after(target, trace, (kind, name));
        kept.extend(after.iter().map(|after| (kind, after.clone())));
        let Some((file, place)) = declared.find(&place_of(kind, name)) else { continue };
        home.get_or_insert_with(|| file.clone());
        if after.as_ref().is_some_and(|after| after == name && is_same(before, target, (kind, name))) {
            continue;
        }
        let Some(source) = sources.of(&file) else { continue };
        let text = source.text.as_str();
        let word = if kind == ObjectKind::View { "view" } else { "table" };
        let Some(item) = item_at(source, &place, word) else { continue };
        let edits = match &after {
            None => vec![(whole_lines(text, item.range.clone()), String::new())],
            Some(after) => {
                let old = parts(before, (kind, name), &own_columns);
                let Some((old, new)) = old.zip(parts(target, (kind, after), view_columns)) else { continue };
                let is_whole = whole.contains(name);
                Rewriting { declared, kind, name, after, trace, item: &item, text, old, new, is_whole }.edits()
            }
        };
        if !edits.is_empty() {
            let edits = edits.into_iter().map(|(range, text)| Edit { file: file.clone(), range, text });
            all.insert(name.clone(), edits.collect());
        }
    }
    let home = home.or_else(|| declared.package.roots.first().cloned());
    for (kind, name) in objects(target).filter(|(kind, name)| !kept.contains(&(*kind, (*name).clone()))) {
        let Some(file) = home.clone() else { continue };
        let Some(end) = sources.of(&file).map(|source| source.text.len()) else { continue };
        let Some(parts) = parts(target, (kind, name), view_columns) else { continue };
        let text = format!("\n{}", parts.write(name));
        all.entry(name.clone()).or_default().push(Edit { file, range: end..end, text });
    }
    all
}

/// What a schema has that a struct declares.
fn objects(schema: &Schema) -> impl Iterator<Item = (ObjectKind, &Name)> {
    let tables = schema.tables.iter().map(|table| (ObjectKind::Table, &table.name));
    let virtual_tables = schema.virtual_tables.iter().map(|table| (ObjectKind::VirtualTable, &table.name));
    tables.chain(virtual_tables).chain(schema.views.iter().map(|view| (ObjectKind::View, &view.name)))
}

fn place_of(kind: ObjectKind, name: &Name) -> Place {
    match kind {
        ObjectKind::View => Place::View(name.clone()),
        ObjectKind::VirtualTable => Place::VirtualTable(name.clone()),
        _ => Place::Table(name.clone()),
    }
}

/// What a table or view is called in another schema, if it is there.
fn after(target: &Schema, trace: &Trace, (kind, name): (ObjectKind, &Name)) -> Option<Name> {
    let has = |name: &Name| match kind {
        ObjectKind::View => target.views.get(name).map(|view| view.name.clone()),
        ObjectKind::VirtualTable => target.virtual_tables.get(name).map(|table| table.name.clone()),
        _ => target.table(name).map(|table| table.name.clone()),
    };
    // a view is called what it was
    if kind == ObjectKind::View {
        return has(name);
    }
    trace.table(name).and_then(has).or_else(|| {
        let is_new = trace.inverse().table(name).is_none_or(|was| was == name);
        has(name).filter(|_| trace.table(name).is_none() && is_new)
    })
}

/// Whether the struct of a virtual table or a view need not change. Those of tables are compared by what is said in them.
fn is_same(before: &Schema, target: &Schema, (kind, name): (ObjectKind, &Name)) -> bool {
    if kind == ObjectKind::Table {
        return false;
    }
    let (own, wanted) = (before.canonical(), target.canonical());
    let key = (kind, name.folded());
    let triggers = |schema: &Schema, all: &CanonicalSchema| -> Vec<Option<String>> {
        let on = schema.triggers.iter().filter(|trigger| trigger.on == *name);
        on.map(|trigger| all.get(&(ObjectKind::Trigger, trigger.name.folded())).cloned()).collect()
    };
    own.get(&key) == wanted.get(&key) && triggers(before, &own) == triggers(target, &wanted)
}

/// The columns that the structs of views have which are in a schema.
fn declared_columns(declared: &Declared, schema: &Schema) -> ViewColumns {
    let columns = |columns: &[Name]| columns.iter().map(|column| (column.clone(), DeclType::default())).collect();
    let views = declared.view_columns.iter().filter(|(view, _)| schema.views.contains(view));
    views.map(|(view, names)| (view.clone(), columns(names))).collect()
}

/// The edits by which the struct of one table declares it as `after` has it; none if that is not mechanical.
/// `sources` are those that were read for tables before it.
pub(crate) fn of_table(declared: &Declared, after: &Table, sources: &mut Sources) -> Vec<Edit> {
    let only = |table: &Table| {
        let mut schema = Schema::default();
        schema.tables.insert(table.clone());
        schema
    };
    let Some(before) = declared.schema.table(&after.name) else { return Vec::new() };
    let (before, after) = (only(before), only(after));
    let all = edits_in(declared, &before, (&after, &ViewColumns::default()), &Trace::default(), &[], sources);
    all.into_values().flatten().collect()
}

/// Makes edits, and returns the texts of the files as they were.
///
/// # Errors
/// If a file cannot be read or written.
pub(super) fn write(edits: &[Edit]) -> Result<Vec<(PathBuf, String)>> {
    let mut files: BTreeMap<&Path, Vec<Edit>> = BTreeMap::new();
    for edit in edits {
        files.entry(&edit.file).or_default().push(edit.clone());
    }
    let mut before = Vec::new();
    for (file, edits) in files {
        let text = std::fs::read_to_string(file).map_err(|error| CommandError::io("read", file, &error))?;
        let new = edited(&text, &edits);
        std::fs::write(file, new).map_err(|error| CommandError::io("write", file, &error))?;
        before.push((file.to_owned(), text));
    }
    Ok(before)
}

/// Files of structs, each read and parsed once.
#[derive(Default)]
pub(crate) struct Sources(BTreeMap<PathBuf, Source>);

impl Sources {
    fn of(&mut self, file: &Path) -> Option<&Source> {
        if !self.0.contains_key(file) {
            self.0.insert(file.to_owned(), Source::read(file)?);
        }
        self.0.get(file)
    }
}

/// The text of a field's attribute with what it references as its author has written it (`User::id`), unless that changes
/// from the `old` text.
fn with_same_reference(mut text: String, old: Option<&str>, source: &str) -> String {
    let (Some(now), Some(own)) = (reference_in(&text), reference_in(source)) else { return text };
    let was = old.and_then(|old| reference_in(old).map(|range| &old[range]));
    if was == Some(&text[now.clone()]) {
        text.replace_range(now, &source[own]);
    }
    text
}

/// What stands behind `references =` in an attribute.
fn reference_in(attribute: &str) -> Option<std::ops::Range<usize>> {
    const KEY: &str = "references";
    let key = attribute.find(KEY)? + KEY.len();
    let value = attribute[key..].trim_start().strip_prefix('=')?.trim_start();
    let start = attribute.len() - value.len();
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    let end = value.char_indices().find(|(_, char)| {
        match char {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            _ if in_text => {}
            '(' => depth += 1,
            ')' | ',' if depth == 0 => return true,
            ')' => depth -= 1,
            _ => {}
        }
        false
    });
    Some(start..start + value[..end?.0].trim_end().len())
}

/// A struct that stays, and what it is to declare.
struct Rewriting<'a> {
    declared: &'a Declared,
    kind: ObjectKind,
    name: &'a Name,
    after: &'a Name,
    trace: &'a Trace,
    item: &'a Item,
    text: &'a str,
    old: StructParts,
    new: StructParts,
    is_whole: bool,
}

/// Bytes, and what comes in their place.
type Piece = (std::ops::Range<usize>, String);

impl Rewriting<'_> {
    fn edits(&self) -> Vec<Piece> {
        let (old, new) = (&self.old, &self.new);
        let mut pieces = Vec::new();
        self.struct_attribute(&mut pieces);
        let mut placed: Vec<(Name, usize)> = Vec::new();
        for before in &old.fields {
            let Some(field) = self.field(&before.column) else { continue };
            let end = self.end_of(field);
            let name = match self.trace.column(self.name, &before.column) {
                Some((_, name)) => name,
                None => &before.column,
            };
            match new.field(name) {
                Some(part) => {
                    placed.push((part.column.clone(), end));
                    self.change(field, before, part, &mut pieces);
                }
                None => pieces.push((whole_lines(self.text, field.range.start..end), String::new())),
            }
        }
        let order = new.fields.iter().filter(|part| placed.iter().any(|(name, _)| *name == part.column));
        if self.kind == ObjectKind::VirtualTable
            && !order.map(|part| &part.column).eq(placed.iter().map(|(name, _)| name))
        {
            // its fields are the arguments of a module, in their order
            return Vec::new();
        }
        let visibility = self.item.fields.first().map_or("pub ", |field| field.visibility.as_str());
        let mut before: Option<usize> = None;
        let mut ended: Option<usize> = None;
        for part in &new.fields {
            if let Some((_, end)) = placed.iter().find(|(name, _)| *name == part.column) {
                before = Some(*end);
                continue;
            }
            let at = before.unwrap_or(self.item.first);
            // the last field of a struct may stand without a comma
            if before.is_some() && ended != before && !self.text[..at].ends_with(',') {
                pieces.push((at..at, ",".to_owned()));
            }
            ended = before;
            let field = part.write(visibility);
            let rest = &self.text[at..];
            // a struct on one line stays on one; a comment behind a field is of that field
            let ends = |rest: &str| rest.is_empty() || rest.starts_with("//");
            pieces.push(match rest.find('\n').filter(|end| ends(rest[..*end].trim())) {
                Some(end) => (at + end + 1..at + end + 1, field),
                None => (at..at, format!(" {}", field.split_whitespace().collect::<Vec<_>>().join(" "))),
            });
        }
        pieces
    }

    /// The field of a column.
    fn field(&self, column: &Name) -> Option<&FieldItem> {
        let (_, place) = self.declared.find(&Place::Column(self.name.clone(), column.clone()))?;
        self.item.fields.iter().find(|field| field.range.start <= place.start && place.end <= field.range.end)
    }

    /// The end of a field with its comma.
    fn end_of(&self, field: &FieldItem) -> usize {
        let rest = &self.text[field.range.end..];
        let comma = rest.find(|char: char| !char.is_whitespace()).filter(|at| rest[*at..].starts_with(','));
        comma.map_or(field.range.end, |at| field.range.end + at + 1)
    }

    fn struct_attribute(&self, pieces: &mut Vec<Piece>) {
        let (old, new, after) = (&self.old, &self.new, self.after);
        let is_renamed = !self.name.same_spelling(after);
        let attribute = self.item.attribute.as_ref();
        let leaves_name = attribute.is_some_and(|one| one.is_renamed) && is_renamed;
        let is_changed = self.is_whole || old.attribute(None) != new.attribute(None);
        if !is_changed && !is_renamed && !leaves_name {
            return;
        }
        let has_name = is_renamed || attribute.is_some_and(|one| one.has_name);
        let text = new.attribute(has_name.then(|| after.as_str()));
        match (attribute, text) {
            (Some(attribute), Some(text)) => pieces.push((attribute.range.clone(), text)),
            (Some(attribute), None) => pieces.push((whole_lines(self.text, attribute.range.clone()), String::new())),
            (None, Some(text)) => pieces.push((self.item.body..self.item.body, format!("{text}\n"))),
            (None, None) => {}
        }
    }

    fn change(&self, field: &FieldItem, old: &FieldParts, new: &FieldParts, pieces: &mut Vec<Piece>) {
        let is_renamed = !old.column.same_spelling(&new.column);
        let attribute = field.attribute.as_ref();
        let ident = self.text.get(field.ident.clone()).unwrap_or_default();
        let is_changed = self.is_whole || old.attribute(old.column.as_str()) != new.attribute(new.column.as_str());
        let has_old_name = attribute.is_some_and(|one| one.has_name || one.is_renamed) && is_renamed;
        // the type of a view's field is no part of the schema: one that its author has chosen stays
        let is_chosen = self.kind == ObjectKind::View && self.text.get(field.ty.clone()) != Some(old.ty.as_str());
        if old.ty != new.ty && !is_chosen {
            pieces.push((field.ty.clone(), new.ty.clone()));
        }
        let name = if is_renamed { new.name.as_str() } else { ident };
        if is_renamed {
            pieces.push((field.ident.clone(), new.name.clone()));
        }
        if !is_changed && !has_old_name {
            return;
        }
        let bare = name.trim_start_matches("r#");
        match (attribute, new.attribute(bare)) {
            (Some(attribute), Some(text)) => {
                let source = &self.text[attribute.range.clone()];
                let text = with_same_reference(text, old.attribute(bare).as_deref(), source);
                pieces.push((attribute.range.clone(), text));
            }
            (Some(attribute), None) => {
                let lines = whole_lines(self.text, attribute.range.clone());
                let is_alone = lines != attribute.range;
                let rest = self.text[attribute.range.end..].len() - self.text[attribute.range.end..].trim_start().len();
                let end = if is_alone { lines.end } else { attribute.range.end + rest };
                let start = if is_alone { lines.start } else { attribute.range.start };
                pieces.push((start..end, String::new()));
            }
            (None, Some(text)) => {
                let line = self.text[..field.body].rfind('\n').map_or(0, |at| at + 1);
                let indent = &self.text[line..field.body];
                let space = if indent.trim().is_empty() { format!("\n{indent}") } else { " ".to_owned() };
                pieces.push((field.body..field.body, format!("{text}{space}")));
            }
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_referenced_stays_as_it_is_written() {
        let old = "#[column(references = \"users(id)\", on_delete = cascade)]";
        let new = "#[column(index, references = \"users(id)\", on_delete = cascade)]";
        let kept = |source: &str| with_same_reference(new.to_owned(), Some(old), source);
        for reference in ["User::id", "crate::User(org, id)", "\"users (id)\""] {
            let source = format!("#[column(\n    references = {reference},\n    on_delete = cascade\n)]");
            assert_eq!(kept(&source), format!("#[column(index, references = {reference}, on_delete = cascade)]"));
        }
        let other = with_same_reference(new.replace("users", "people"), Some(old), "#[column(references = User::id)]");
        assert!(other.contains("people(id)"), "{other}");
        assert_eq!(kept("#[column(on_delete = cascade)]"), new);
    }
}
