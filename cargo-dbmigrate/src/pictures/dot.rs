//! A picture for Graphviz: a table of HTML for each card, with a port for each column.

use std::fmt::Write as _;

use dbmigrate_core::sql::Name;

use super::model::{Card, CardKind, Link, LinkKind, Mark, Picture};
use super::svg;

/// The text.
pub(crate) fn dot(picture: &Picture) -> String {
    let mut text = "digraph schema {\n  graph [rankdir=RL, fontname=\"monospace\"]\n  \
                    node [shape=plain, fontname=\"monospace\", fontsize=11]\n  edge [fontname=\"monospace\", fontsize=9]\n"
        .to_owned();
    for (at, card) in picture.cards.iter().enumerate() {
        // writing to a string cannot fail
        let _ = writeln!(text, "  t{at} [label=<{}>]", table(card));
    }
    for link in &picture.links {
        if let Some(line) = edge(picture, link) {
            text.push_str(&line);
        }
    }
    text + "}\n"
}

/// A card as a table of HTML.
fn table(card: &Card) -> String {
    let kind = if card.kind == CardKind::Table { String::new() } else { format!(" <i>{}</i>", card.kind.words()) };
    let mut text = format!(
        "<table border=\"0\" cellborder=\"1\" cellspacing=\"0\" cellpadding=\"4\"><tr><td port=\"head\" \
         bgcolor=\"{}\"><b>{}</b>{kind}</td></tr>",
        color(card.mark, "#e8eaf0"),
        escaped(card.name.as_str())
    );
    for (at, column) in card.columns.iter().enumerate() {
        let key = if column.primary { "* " } else { "" };
        let declared = format!("{key}{} {}", column.name, column.declaration());
        // writing to a string cannot fail
        let _ = write!(
            text,
            "<tr><td port=\"c{at}\" align=\"left\" bgcolor=\"{}\">{}</td></tr>",
            color(column.mark, "white"),
            escaped(declared.trim_end())
        );
    }
    text + "</table>"
}

fn edge(picture: &Picture, link: &Link) -> Option<String> {
    let place = |name: &Name| picture.cards.iter().position(|card| card.name == *name);
    let (from, to) = (place(&link.from)?, place(&link.to)?);
    let port = |card: usize, columns: &[_]| {
        let at =
            columns.first().and_then(|first| picture.cards[card].columns.iter().position(|one| one.name == *first));
        at.map_or_else(|| "head".to_owned(), |at| format!("c{at}"))
    };
    let (tail, head) = match (link.one, link.optional) {
        (true, _) => ("teetee", if link.optional { "teeodot" } else { "teetee" }),
        (false, true) => ("crow", "teeodot"),
        (false, false) => ("crow", "teetee"),
    };
    let style = match link.kind {
        LinkKind::ForeignKey => format!("dir=both, arrowtail={tail}, arrowhead={head}"),
        LinkKind::Reads => "style=dashed, arrowhead=open".to_owned(),
        LinkKind::Writes => "style=dotted, arrowhead=open".to_owned(),
    };
    Some(format!(
        "  t{from}:{} -> t{to}:{} [{style}, color=\"{}\", tooltip=\"{}\"]\n",
        port(from, &link.columns),
        port(to, &link.parent_columns),
        color(link.mark, "#555566"),
        escaped(&link.said())
    ))
}

fn color(mark: Mark, same: &'static str) -> &'static str {
    match mark {
        Mark::Same => same,
        Mark::Added => "#9bd5a5",
        Mark::Dropped => "#f0a3a0",
        Mark::Changed | Mark::Renamed => "#f2d27c",
    }
}

/// A text as HTML that is read as itself; inside of quotes too, where Graphviz reads entities as well.
pub(super) fn escaped(text: &str) -> String {
    svg::escaped(text).replace('\\', "&#92;").replace(['\n', '\t'], " ")
}
