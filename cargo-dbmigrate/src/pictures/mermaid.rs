//! A picture for Mermaid, as platforms show it in comments and in Markdown: an `erDiagram`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dbmigrate_core::sql::Name;

use super::model::{Card, CardKind, Column, Link, LinkKind, Mark, Picture};

/// The text, without the fence around it.
pub(crate) fn mermaid(picture: &Picture) -> String {
    let mut text = "erDiagram\n".to_owned();
    let ids = picture.cards.iter().enumerate().map(|(at, card)| (&card.name, format!("t{at}")));
    let ids: BTreeMap<&Name, String> = ids.collect();
    for card in &picture.cards {
        push_card(&mut text, &ids[&card.name], card);
    }
    for link in &picture.links {
        if let (Some(from), Some(to)) = (ids.get(&link.from), ids.get(&link.to)) {
            // writing to a string cannot fail
            let _ = writeln!(text, "  {to} {} {from} : \"{}\"", ends(link), label(link));
        }
    }
    text
}

fn push_card(text: &mut String, id: &str, card: &Card) {
    let kind = if card.kind == CardKind::Table { String::new() } else { format!(" ({})", card.kind.words()) };
    // writing to a string cannot fail
    let _ = writeln!(text, "  {id}[\"{}{kind}\"] {{", sign(card.mark).to_owned() + &quoted(card.name.as_str()));
    for column in &card.columns {
        let keys = keys(column);
        let note = note(column);
        let note = if note.is_empty() { note } else { format!(" \"{}\"", quoted(&note)) };
        let _ = writeln!(text, "    {} {}{keys}{note}", word(&column.ty, "any"), word(column.name.as_str(), "_"));
    }
    text.push_str("  }\n");
}

/// What stands behind a column: what neither its type nor its keys say.
fn note(column: &Column) -> String {
    let mut words = Vec::new();
    let was = column.was.as_ref().map(|was| format!(", was {was}")).unwrap_or_default();
    if column.mark != Mark::Same {
        words.push(format!("{}{was}", column.mark.word()));
    }
    if word(column.name.as_str(), "_") != column.name.as_str() {
        words.push(column.name.to_string());
    }
    if column.nullable {
        words.push("null".to_owned());
    }
    words.extend(column.default.as_ref().map(|default| format!("default {default}")));
    words.extend(column.generated.as_ref().map(|expr| format!("as ({expr})")));
    words.join(", ")
}

fn keys(column: &Column) -> String {
    let keys = [(column.primary, "PK"), (column.foreign, "FK"), (column.unique && !column.primary, "UK")];
    let keys: Vec<&str> = keys.into_iter().filter(|(is_one, _)| *is_one).map(|(_, key)| key).collect();
    if keys.is_empty() { String::new() } else { format!(" {}", keys.join(", ")) }
}

/// The line from the parent to the child.
fn ends(link: &Link) -> &'static str {
    match (link.kind, link.one, link.optional) {
        (LinkKind::ForeignKey, false, false) => "||--o{",
        (LinkKind::ForeignKey, false, true) => "|o--o{",
        (LinkKind::ForeignKey, true, false) => "||--o|",
        (LinkKind::ForeignKey, true, true) => "|o--o|",
        (LinkKind::Reads | LinkKind::Writes, ..) => "||..||",
    }
}

fn label(link: &Link) -> String {
    let mut words: Vec<String> = match link.kind {
        LinkKind::Reads => vec!["read".to_owned()],
        LinkKind::Writes => vec![format!("written by {}", link.by.as_ref().map_or("a trigger", Name::as_str))],
        LinkKind::ForeignKey => vec![link.columns.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")],
    };
    words.extend(link.on_delete.as_ref().map(|action| format!("on delete {action}")));
    let mark = if link.mark == Mark::Same { String::new() } else { format!("{}: ", link.mark.word()) };
    quoted(&format!("{mark}{}", words.join(", ")))
}

/// What differs has a sign: colors would be an error where Mermaid is older.
fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Same => "",
        Mark::Added => "+ ",
        Mark::Dropped => "- ",
        Mark::Changed | Mark::Renamed => "~ ",
    }
}

/// A text as a word of Mermaid: letters, digits and `_`, with a letter or `_` in front.
fn word(text: &str, empty: &str) -> String {
    let mut word: String = text.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '_' }).collect();
    if word.is_empty() {
        word.push_str(empty);
    }
    if word.starts_with(|char: char| char.is_ascii_digit()) { format!("_{word}") } else { word }
}

/// A text between double quotes: what would end it, or be read as HTML or as an entity, as another character that looks
/// the same.
pub(super) fn quoted(text: &str) -> String {
    let shown = |char| match char {
        '"' => '\u{201d}',
        '<' => '\u{2039}',
        '>' => '\u{203a}',
        '&' => '\u{ff06}',
        '#' => '\u{ff03}',
        ';' => '\u{ff1b}',
        '`' => '\u{2018}',
        '%' => '\u{ff05}',
        // in pairs, they are read as a type with parameters even here
        '~' => '\u{ff5e}',
        '\\' => '\u{ff3c}',
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => '\u{fffd}',
        char if char.is_control() => ' ',
        char => char,
    };
    text.chars().map(shown).collect()
}
