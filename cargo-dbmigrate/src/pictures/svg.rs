//! A picture as SVG: a drawing that needs nothing else, light or dark as its reader has it, for Markdown and browsers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::layout::{Layout, Placed, layout};
use super::metrics::{HEAD, ROW, cells, foot_of, right_of, width_of};
use super::model::{Card, CardKind, Column, Link, LinkKind, Mark, Picture};

/// How many colors groups have.
const HUES: usize = 8;

/// How round corners are.
const CORNER: i32 = 5;

/// What is drawn how. The colors of both themes have the contrast of 4.5 to 1 that texts need.
pub(crate) const STYLE: &str = "\
text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;fill:#1f2328;white-space:pre}\
.g{fill-opacity:.07;stroke-opacity:.35}.gn{font-size:11px;fill:#59636e}\
.c{fill:#fff;stroke:#8c959f}.h{fill:#eaeef2}.v .h{fill:#fbefff}.v .c{stroke-dasharray:4 2}\
.n{font-weight:700}.k{fill:#59636e;font-size:10px}.t{fill:#59636e}.r{font-weight:600}.f{fill:#59636e;font-size:11px}\
.l{fill:none;stroke:#59636e;stroke-width:1.2}.reads,.writes{stroke-dasharray:5 3;stroke:#8250df}.writes{stroke-dasharray:2 3}\
.o{fill:#fff;stroke:#59636e;stroke-width:1.2}.b{fill:#fff}\
.pk{fill:#bf8700}.fk{fill:none;stroke:#0969da}\
.added{fill:#dafbe1}.dropped{fill:#ffebe9}.changed,.renamed{fill:#fff8c5}.gone{text-decoration:line-through}\
.l.added{fill:none;stroke:#1a7f37}.l.dropped{fill:none;stroke:#cf222e}.l.changed,.l.renamed{fill:none;stroke:#9a6700}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.b,.c,.o{fill:#0d1117}.c{stroke:#6e7681}.h{fill:#21262d}.v .h{fill:#2b2040}\
.gn,.k,.t,.f{fill:#9198a1}.l,.o{stroke:#9198a1}.reads,.writes{stroke:#ab7df8}.pk{fill:#d29922}.fk{stroke:#58a6ff}\
.added{fill:#12361f}.dropped{fill:#4b1113}.changed,.renamed{fill:#3d2f05}\
.l.added{stroke:#3fb950}.l.dropped{stroke:#f85149}.l.changed,.l.renamed{stroke:#d29922}.g{fill-opacity:.14}}";

/// Which of two schemas in one picture is shown. What only the other one has leaves its place empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Both.
    Both,
    /// The one that was.
    Before,
    /// The one that will be.
    After,
}

impl Shown {
    fn hides(self, mark: Mark) -> bool {
        matches!((self, mark), (Self::Before, Mark::Added) | (Self::After, Mark::Dropped))
    }
}

/// The drawing, with what it shows as its title.
pub(crate) fn svg(picture: &Picture, title: &str) -> String {
    let style = format!("<style>{STYLE}</style>\n");
    with_style(&style, picture, &layout(picture), title, Shown::Both)
}

/// The drawing of one of two schemas, for a page that has [`STYLE`].
pub(crate) fn drawing(picture: &Picture, layout: &Layout, title: &str, shown: Shown) -> String {
    with_style("", picture, layout, title, shown)
}

fn with_style(style: &str, picture: &Picture, layout: &Layout, title: &str, shown: Shown) -> String {
    let (width, height) = (layout.width, layout.height);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\">\n<title>{0}</title>\n{style}\
         <rect class=\"b\" width=\"{width}\" height=\"{height}\"/>\n",
        escaped(title)
    );
    push_groups(&mut out, layout, |card| !shown.hides(picture.cards[card].mark));
    let mut trunks: BTreeMap<_, Vec<&[(i32, i32)]>> = BTreeMap::new();
    for (link, way) in picture.links.iter().zip(&layout.links) {
        if let Some(way) = way.as_ref().filter(|_| !shown.hides(link.mark)) {
            let drawn = trunks.entry((&link.to, link.kind, way.last())).or_default();
            push_link(&mut out, picture, link, way, drawn);
            drawn.push(way);
        }
    }
    for (card, place) in picture.cards.iter().zip(&layout.cards) {
        if !shown.hides(card.mark) {
            push_card(&mut out, (picture, shown), card, *place);
        }
    }
    out + "</svg>\n"
}

fn push_groups(out: &mut String, layout: &Layout, is_shown: impl Fn(usize) -> bool) {
    for (at, group) in layout.groups.iter().enumerate() {
        if !group.cards.iter().any(|&card| is_shown(card)) {
            continue;
        }
        let Placed { x, y, width, height } = group.area;
        let hue = at % HUES * 360 / HUES;
        // writing to a string cannot fail
        let _ = writeln!(
            out,
            "<rect class=\"g\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"8\" \
             fill=\"hsl({hue},70%,50%)\" stroke=\"hsl({hue},70%,50%)\"/><text class=\"gn\" x=\"{}\" y=\"{}\">{}</text>",
            x + 10,
            y + 16,
            escaped(&fit(&group.name, width - 20))
        );
    }
}

/// A link with the marks at its ends: how many rows of the child belong to how many of the parent. What it has in common
/// with links that are drawn is not drawn once more.
fn push_link(out: &mut String, picture: &Picture, link: &Link, way: &[(i32, i32)], drawn: &[&[(i32, i32)]]) {
    let kind = match link.kind {
        LinkKind::ForeignKey => "",
        LinkKind::Reads => " reads",
        LinkKind::Writes => " writes",
    };
    let mark = if link.mark == Mark::Same { String::new() } else { format!(" {}", link.mark.word()) };
    let class = format!("l{kind}{mark}");
    let mut path = rounded(&branch(way, drawn));
    let mut circles = String::new();
    if let (LinkKind::ForeignKey, [first, second, ..], [.., before, last]) = (link.kind, way, way) {
        let out_of = |from: i32, to: i32| if to > from { 1 } else { -1 };
        let (x, y) = *first;
        let side = out_of(x, second.0);
        // none or many of the child, or none or one
        if link.one {
            let _ = write!(path, "M{} {}v8", x + 6 * side, y - 4);
        } else {
            let _ = write!(path, "M{} {y}l{} -5M{} {y}l{} 5", x + 9 * side, -9 * side, x + 9 * side, -9 * side);
        }
        push_circle(&mut circles, x + 13 * side, y);
        // of those that share a line the first one has its end
        let (x, y) = *last;
        let side = out_of(x, before.0);
        if drawn.is_empty() {
            let _ = write!(path, "M{} {}v8", x + 6 * side, y - 4);
            if is_optional(picture, link) {
                push_circle(&mut circles, x + 13 * side, y);
            }
        }
    } else if let [.., before, last] = way {
        // an arrow
        let side = if before.0 > last.0 { 1 } else { -1 };
        let _ = write!(path, "M{} {}l{} 4l{} 4", last.0 + 7 * side, last.1 - 4, -7 * side, 7 * side);
    }
    let _ =
        writeln!(out, "<g><title>{}</title><path class=\"{class}\" d=\"{path}\"/>{circles}</g>", escaped(&link.said()));
}

/// Whether no child needs a row of the parent, of all that share its line.
fn is_optional(picture: &Picture, link: &Link) -> bool {
    let same = |other: &&Link| {
        other.kind == LinkKind::ForeignKey && other.to == link.to && other.parent_columns == link.parent_columns
    };
    picture.links.iter().filter(same).all(|other| other.optional)
}

fn push_circle(out: &mut String, x: i32, y: i32) {
    // writing to a string cannot fail
    let _ = write!(out, "<circle class=\"o\" cx=\"{x}\" cy=\"{y}\" r=\"3\"/>");
}

/// The part of a way, from its beginning on, that no other one with the same end has, and a little more: so that it meets
/// the others behind their rounded corners.
fn branch(way: &[(i32, i32)], others: &[&[(i32, i32)]]) -> Vec<(i32, i32)> {
    let all = length(way);
    let common = others.iter().map(|other| in_common(way, other)).max().unwrap_or_default();
    let mut left = if common == 0 { all } else { all - common + CORNER + 1 };
    let mut part: Vec<(i32, i32)> = way.first().copied().into_iter().collect();
    for pair in way.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let far = length(pair).min(left);
        left -= far;
        if far > 0 {
            part.push((from.0 + (to.0 - from.0).signum() * far, from.1 + (to.1 - from.1).signum() * far));
        }
    }
    part
}

/// How long the end is that two ways have in common.
fn in_common(way: &[(i32, i32)], other: &[(i32, i32)]) -> i32 {
    let (mut left, mut others) = (way.to_vec(), other.to_vec());
    let mut sum = 0;
    while let (&[.., before, end], &[.., other_before, other_end]) = (&left[..], &others[..]) {
        let step = |from: (i32, i32), to: (i32, i32)| ((to.0 - from.0).signum(), (to.1 - from.1).signum());
        let own = step(end, before);
        if end != other_end || own != step(other_end, other_before) {
            break;
        }
        let common = length(&[end, before]).min(length(&[other_end, other_before]));
        sum += common;
        let to = (end.0 + own.0 * common, end.1 + own.1 * common);
        for (points, corner) in [(&mut left, before), (&mut others, other_before)] {
            points.pop();
            if corner != to {
                points.push(to);
            }
        }
    }
    sum
}

fn length(way: &[(i32, i32)]) -> i32 {
    way.windows(2).map(|pair| (pair[0].0 - pair[1].0).abs() + (pair[0].1 - pair[1].1).abs()).sum()
}

/// A way with rounded corners.
fn rounded(way: &[(i32, i32)]) -> String {
    let mut path = String::new();
    let Some(first) = way.first() else { return path };
    // writing to a string cannot fail
    let _ = write!(path, "M{} {}", first.0, first.1);
    for corner in way.windows(3) {
        let [before, at, after] = [corner[0], corner[1], corner[2]];
        let half = |one: (i32, i32), other: (i32, i32)| length(&[one, other]) / 2;
        let radius = half(before, at).min(half(at, after)).min(CORNER);
        let toward = |to: (i32, i32)| (at.0 + (to.0 - at.0).signum() * radius, at.1 + (to.1 - at.1).signum() * radius);
        let (start, end) = (toward(before), toward(after));
        let _ = write!(path, "L{} {}Q{} {} {} {}", start.0, start.1, at.0, at.1, end.0, end.1);
    }
    if let Some(last) = way.last() {
        let _ = write!(path, "L{} {}", last.0, last.1);
    }
    path
}

fn push_card(out: &mut String, (picture, shown): (&Picture, Shown), card: &Card, place: Placed) {
    let Placed { x, y, width, height } = place;
    let view = if card.kind == CardKind::Table { "" } else { " class=\"v\"" };
    let said = std::iter::once(card.kind.words().to_owned())
        .chain(card.options.iter().map(|option| (*option).to_owned()))
        .chain(card.doc.clone())
        .collect::<Vec<_>>()
        .join("\n");
    let kind = match (&card.module, card.kind) {
        (Some(module), _) => module.clone(),
        (None, CardKind::View) => "view".to_owned(),
        _ => String::new(),
    };
    let mark = match &card.was {
        Some(was) => format!("was {was}"),
        None => card.mark.word().to_owned(),
    };
    let right = [mark, kind].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" · ");
    let right = fit(&right, width / 2);
    let room = width - 20 - if right.is_empty() { 0 } else { width_of(cells(&right)) + 8 };
    let head = match card.mark {
        Mark::Added | Mark::Dropped => card.mark.word(),
        _ => "",
    };
    // writing to a string cannot fail
    let _ = writeln!(
        out,
        "<g{view}><title>{said}</title><rect class=\"c\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"5\"/>\
         <path class=\"h {head}\" d=\"M{x0} {y1}v-{side}q0 -4 4 -4h{across}q4 0 4 4v{side}z\"/>\
         <text class=\"n{gone}\" x=\"{tx}\" y=\"{ty}\">{name}</text>\
         <text class=\"k\" text-anchor=\"end\" x=\"{rx}\" y=\"{ty}\">{right}</text>",
        said = escaped(&said),
        x0 = x + 1,
        y1 = y + HEAD - 3,
        side = HEAD - 8,
        across = width - 10,
        gone = if card.mark == Mark::Dropped { " gone" } else { "" },
        tx = x + 10,
        ty = y + 19,
        rx = x + width - 10,
        name = escaped(&fit(card.name.as_str(), room)),
        right = escaped(&right)
    );
    let mut top = y + HEAD;
    for column in &card.columns {
        if !shown.hides(column.mark) {
            push_column(out, (picture, shown), card, column, (x, top, width));
        }
        top += ROW;
    }
    if let Some(foot) = foot_of(card) {
        let mark = match below_mark(card) {
            Mark::Same => String::new(),
            mark => row(mark, (x, top, width)),
        };
        let _ = writeln!(
            out,
            "<g><title>{}</title>{mark}<text class=\"f\" x=\"{}\" y=\"{}\">{}</text></g>",
            escaped(&below(card)),
            x + 26,
            top + 14,
            escaped(&fit(&foot, width - 36))
        );
    }
    out.push_str("</g>\n");
}

fn push_column(
    out: &mut String,
    (picture, shown): (&Picture, Shown),
    card: &Card,
    column: &Column,
    (x, y, width): (i32, i32, i32),
) {
    let was = column.was.as_deref().filter(|_| shown == Shown::Before);
    let (name, right) = match (column.mark, was) {
        (Mark::Renamed, Some(was)) => (was, right_of(picture, card, column)),
        (_, Some(was)) => (column.name.as_str(), was.to_owned()),
        _ => (column.name.as_str(), right_of(picture, card, column)),
    };
    let is_said = was.is_none() || column.mark == Mark::Renamed;
    let may_be_null = if column.nullable && is_said && card.kind == CardKind::Table { "?" } else { "" };
    let right = fit(&format!("{right}{may_be_null}"), (width - 50 - width_of(cells(name).min(20))).max(width / 2));
    let room = width - 40 - if right.is_empty() { 0 } else { width_of(cells(&right)) + 6 };
    let mut said = vec![format!("{} {}", column.name, column.declaration())];
    said.extend(column.was.as_ref().map(|was| format!("was: {was}")));
    said.extend(column.doc.clone());
    // writing to a string cannot fail
    let _ = write!(out, "<g><title>{}</title>", escaped(&said.join("\n")));
    if column.mark != Mark::Same {
        out.push_str(&row(column.mark, (x, y, width)));
    }
    let middle = y + ROW / 2;
    // beside each other where a column has both
    let both = column.primary && column.foreign;
    for (is_one, class, at) in
        [(column.primary, "pk", if both { 5 } else { 9 }), (column.foreign, "fk", if both { 13 } else { 9 })]
    {
        if is_one {
            let _ = write!(out, "<path class=\"{class}\" d=\"M{} {middle}l4 -4l4 4l-4 4z\"/>", x + at);
        }
    }
    let weight = if column.nullable { "" } else { "r" };
    let gone = if column.mark == Mark::Dropped { " gone" } else { "" };
    let _ = writeln!(
        out,
        "<text class=\"{weight}{gone}\" x=\"{}\" y=\"{}\">{}</text><text class=\"t\" text-anchor=\"end\" x=\"{}\" \
         y=\"{}\">{}</text></g>",
        x + 26,
        y + 14,
        escaped(&fit(name, room)),
        x + width - 10,
        y + 14,
        escaped(&right)
    );
}

/// What there is besides columns, a line each.
fn below(card: &Card) -> String {
    let uniques = card.uniques.iter().map(|unique| (unique.mark, format!("unique ({})", unique.text)));
    let indexes = card.indexes.iter().map(|index| (index.mark, index.sql.clone()));
    let checks = card.checks.iter().map(|check| (check.mark, format!("check ({})", check.text)));
    let triggers = card.triggers.iter().map(|one| (one.mark, format!("trigger {} {}", one.name, one.fires)));
    let line = |(mark, text): (Mark, String)| match mark {
        Mark::Same => text,
        mark => format!("{}: {text}", mark.word()),
    };
    uniques.chain(indexes).chain(checks).chain(triggers).map(line).collect::<Vec<_>>().join("\n")
}

/// The ground of a row that differs.
fn row(mark: Mark, (x, y, width): (i32, i32, i32)) -> String {
    let (class, x, width) = (mark.word(), x + 1, width - 2);
    format!("<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{ROW}\"/>")
}

/// How what has no row of its own differs.
fn below_mark(card: &Card) -> Mark {
    let clauses = card.uniques.iter().chain(&card.checks).map(|one| one.mark);
    let marks = clauses.chain(card.indexes.iter().map(|one| one.mark)).chain(card.triggers.iter().map(|one| one.mark));
    let marks: Vec<Mark> = marks.filter(|mark| *mark != Mark::Same).collect();
    match &marks[..] {
        [] => Mark::Same,
        [first, others @ ..] if others.iter().all(|other| other == first) => *first,
        _ => Mark::Changed,
    }
}

/// As much of a text as has room in so many pixels.
fn fit(text: &str, width: i32) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let room = usize::try_from(width.max(0)).unwrap_or_default() * 4 / 29;
    console::truncate_str(&line, room, "…").into_owned()
}

/// A text as XML that is read as itself. What XML cannot hold is shown as a character that says so.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(char),
            // no characters of XML, and what turns the direction of what stands around it
            '\u{fffe}' | '\u{ffff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            char if char.is_control() => out.push('\u{fffd}'),
            char => out.push(char),
        }
    }
    out
}
