//! A picture as Markdown: a page for each table and view, and one that leads to them, as documentation in a repository.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use dbmigrate_core::sql::Name;

use super::mermaid::mermaid;
use super::model::{Card, CardKind, Column, Link, LinkKind, Mark, Picture};
use super::svg::svg;
use crate::report::markdown::{cell, code, fenced, plain};

/// The first line of every page: only what has it is ever removed.
pub(crate) const MARKER: &str = "<!-- Written by `cargo dbmigrate diagram`. What is changed by hand is lost. -->";

/// The page that leads to the others.
const FIRST: &str = "README.md";

/// The drawing on it.
const DRAWING: &str = "schema.svg";

/// The files, by their names.
pub(crate) fn pages(picture: &Picture, title: &str) -> Vec<(String, String)> {
    let names = file_names(picture);
    let mut files = vec![(FIRST.to_owned(), first(picture, title, &names)), (DRAWING.to_owned(), svg(picture, title))];
    for (card, name) in picture.cards.iter().zip(&names) {
        files.push((name.clone(), page(picture, card, &names)));
    }
    files
}

/// A file's name for each card: what no file system takes is `-`, and of two with one name the second has a number.
fn file_names(picture: &Picture) -> Vec<String> {
    let mut taken: BTreeSet<String> = BTreeSet::from(["readme".to_owned()]);
    let name = |card: &Card| {
        let plain = |char: char| {
            if char.is_ascii_alphanumeric() || char == '_' { char.to_ascii_lowercase() } else { '-' }
        };
        let stem: String = card.name.as_str().chars().take(80).map(plain).collect();
        let stem = if stem.is_empty() { "-".to_owned() } else { stem };
        let free = (1..).map(|at| if at == 1 { stem.clone() } else { format!("{stem}-{at}") });
        let name = free.into_iter().find(|name| !taken.contains(name)).unwrap_or(stem);
        taken.insert(name.clone());
        name + ".md"
    };
    picture.cards.iter().map(name).collect()
}

fn first(picture: &Picture, title: &str, names: &[String]) -> String {
    let mut text = format!("{MARKER}\n\n# {}\n\n![All tables and their links]({DRAWING})\n", plain(title));
    for (kind, heading) in
        [(CardKind::Table, "Tables"), (CardKind::VirtualTable, "Virtual tables"), (CardKind::View, "Views")]
    {
        let cards: Vec<_> = picture.cards.iter().zip(names).filter(|(card, _)| card.kind == kind).collect();
        if cards.is_empty() {
            continue;
        }
        // writing to a string cannot fail
        let _ = write!(text, "\n## {heading}\n\n| name | columns | refers to | what it is |\n|---|---|---|---|\n");
        for (card, name) in cards {
            let parents = others(picture, names, |link| (link.from == card.name).then_some(&link.to));
            let _ = writeln!(
                text,
                "| [{}]({name}) | {} | {} | {} |",
                cell(card.name.as_str()),
                card.columns.len(),
                parents.join(", "),
                card.doc.as_deref().map(first_line).unwrap_or_default()
            );
        }
    }
    text
}

fn first_line(doc: &str) -> String {
    plain(doc.trim().split("\n\n").next().unwrap_or_default())
}

/// Links to the pages of what `end` finds, each once.
fn others<'p>(picture: &'p Picture, names: &[String], end: impl Fn(&'p Link) -> Option<&'p Name>) -> Vec<String> {
    let found: BTreeSet<&Name> = picture.links.iter().filter_map(end).collect();
    found.into_iter().map(|name| linked(picture, names, name)).collect()
}

fn linked(picture: &Picture, names: &[String], name: &Name) -> String {
    let at = picture.cards.iter().position(|card| card.name == *name);
    match at.and_then(|at| names.get(at)) {
        Some(file) => format!("[{}]({file})", cell(name.as_str())),
        None => cell(name.as_str()),
    }
}

fn page(picture: &Picture, card: &Card, names: &[String]) -> String {
    let mut text = format!("{MARKER}\n\n# {}\n\n", code(card.name.as_str()));
    let mut kind = vec![match &card.module {
        Some(module) => format!("A table of the module {}", code(module)),
        None => format!("A {}", card.kind.words()),
    }];
    kind.extend(card.options.iter().map(|option| (*option).to_owned()));
    // writing to a string cannot fail
    let _ = writeln!(text, "{}. All tables: [{FIRST}]({FIRST}).", kind.join(", "));
    for paragraph in card.doc.iter().flat_map(|doc| doc.split("\n\n")).filter(|text| !text.trim().is_empty()) {
        let _ = write!(text, "\n{}\n", plain(paragraph));
    }
    push_columns(&mut text, picture, card, names);
    push_links(&mut text, picture, card, names);
    push_rest(&mut text, card);
    if picture.links.iter().any(|link| link.from == card.name || link.to == card.name) {
        let near = picture.around(std::slice::from_ref(&card.name), 1);
        let near = near.with_keys_of_others(|other| other.name == card.name);
        let _ = write!(text, "\n## What is next to it\n\n{}", fenced("mermaid", &mermaid(&near)));
    }
    let mut sql = vec![card.sql.clone()];
    sql.extend(card.indexes.iter().map(|index| index.sql.clone()));
    sql.extend(card.triggers.iter().map(|trigger| trigger.sql.clone()));
    let _ = write!(text, "\n## SQL\n\n{}", fenced("sql", &(sql.join(";\n\n") + ";")));
    text
}

fn push_columns(text: &mut String, picture: &Picture, card: &Card, names: &[String]) {
    if card.columns.is_empty() {
        return;
    }
    text.push_str(
        "\n## Columns\n\n| name | type | NULL | default | refers to | what it is |\n|---|---|---|---|---|---|\n",
    );
    for column in &card.columns {
        let keys = picture.links.iter().filter(|link| {
            link.kind == LinkKind::ForeignKey && link.from == card.name && link.columns.contains(&column.name)
        });
        let parents: Vec<String> = keys.map(|link| linked(picture, names, &link.to)).collect();
        // writing to a string cannot fail
        let _ = writeln!(
            text,
            "| {}{} | {} | {} | {} | {} | {} |",
            cell(column.name.as_str()),
            key(column),
            if column.ty.is_empty() { String::new() } else { cell(&column.ty) },
            if column.nullable { "yes" } else { "" },
            value(column),
            parents.join(", "),
            column.doc.as_deref().map(plain).unwrap_or_default()
        );
    }
}

fn key(column: &Column) -> &'static str {
    match (column.primary, column.unique) {
        (true, _) => " (key)",
        (false, true) => " (unique)",
        (false, false) => "",
    }
}

fn value(column: &Column) -> String {
    let generated = column.generated.as_ref().map(|expr| format!("generated: {}", cell(expr)));
    generated.or_else(|| column.default.as_deref().map(cell)).unwrap_or_default()
}

fn push_links(text: &mut String, picture: &Picture, card: &Card, names: &[String]) {
    let lines = |heading: &str, end: fn(&Link) -> (&Name, &Name)| {
        let own = picture.links.iter().filter(|link| end(link).0 == &card.name);
        let line = |link: &Link| format!("- {}: {}", linked(picture, names, end(link).1), code(&link.said()));
        let lines: Vec<String> = own.map(line).collect();
        if lines.is_empty() { String::new() } else { format!("\n## {heading}\n\n{}\n", lines.join("\n")) }
    };
    text.push_str(&lines("Refers to", |link| (&link.from, &link.to)));
    text.push_str(&lines("Referred to by", |link| (&link.to, &link.from)));
}

/// Keys, checks, indexes and triggers.
fn push_rest(text: &mut String, card: &Card) {
    let named =
        |name: &Option<Name>| name.as_ref().map(|name| format!("{}: ", code(name.as_str()))).unwrap_or_default();
    let index = |index: &super::model::Index| {
        let unique = if index.unique { "unique, " } else { "" };
        let condition = index.predicate.as_ref().map(|text| format!(" where {}", code(text))).unwrap_or_default();
        format!("- {}: {unique}{}{condition}", code(index.name.as_str()), code(&index.parts.join(", ")))
    };
    let trigger = |trigger: &super::model::Trigger| {
        let names = |what: &str, names: &[Name]| match names {
            [] => String::new(),
            names => {
                let names: Vec<String> = names.iter().map(|name| code(name.as_str())).collect();
                format!(", {what} {}", names.join(", "))
            }
        };
        let access = names("reads", &trigger.reads) + &names("writes", &trigger.writes);
        format!("- {}: {}{access}", code(trigger.name.as_str()), code(&trigger.fires))
    };
    let clause = |clause: &super::model::Clause| format!("- {}{}", named(&clause.name), code(&clause.text));
    let sections: [(&str, Vec<String>); 4] = [
        ("Unique", card.uniques.iter().map(clause).collect()),
        ("Checks", card.checks.iter().map(clause).collect()),
        ("Indexes", card.indexes.iter().map(index).collect()),
        ("Triggers", card.triggers.iter().map(trigger).collect()),
    ];
    for (heading, lines) in sections.into_iter().filter(|(_, lines)| !lines.is_empty()) {
        // writing to a string cannot fail
        let _ = write!(text, "\n## {heading}\n\n{}\n", lines.join("\n"));
    }
}

/// Whether a file is a page, by its name.
pub(crate) fn is_page(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "md")
}

/// Whether a text is a page that was written here.
pub(crate) fn is_ours(name: &str, text: &str) -> bool {
    is_page(name) && text.lines().next() == Some(MARKER)
}

/// What differs as a diagram for a comment; nothing if nothing does, or if it is too large to be read.
pub(crate) fn of_changes(picture: &Picture, most: usize) -> Option<String> {
    let touched = picture.touched();
    let marked = touched.cards.iter().any(Card::is_touched) || touched.links.iter().any(|link| link.mark != Mark::Same);
    if !marked || touched.cards.len() > most {
        return None;
    }
    let short = touched.with_keys_of_others(Card::is_touched);
    Some(fenced("mermaid", &mermaid(&short)))
}
