//! How two schemas differ, as a page of HTML: the one that was beside the one that will be, first as a whole and then
//! table by table, each thing in the same place on both sides.

use std::fmt::Write as _;

use dbmigrate_core::sql::Name;

use super::layout::{Layout, Placed, layout};
use super::metrics::size;
use super::model::{Card, Mark, Picture};
use super::svg::{STYLE, Shown, drawing, escaped};
use crate::report::counted;

/// What the page looks like. Nothing is loaded, and nothing in it can be run. What is too wide is made smaller until
/// somebody clicks on it or goes there with Tab.
const HEAD: &str = "<meta charset=\"utf-8\">\n\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
<meta name=\"viewport\" content=\"width=device-width\">\n\
<meta name=\"color-scheme\" content=\"light dark\">\n\
<style>body{font:14px/1.45 system-ui,sans-serif;margin:1rem;color:#1f2328;background:#fff}\
main,article{max-width:110rem;margin:auto}h1{font-size:1.3rem;margin:.2rem 0}h2{font-size:1.05rem;margin:1.6rem 0 .5rem}\
h3{font:700 14px ui-monospace,Menlo,Consolas,monospace;margin:0;overflow-wrap:anywhere}\
p,small{color:#59636e;font-weight:400;margin:.2rem 0}\
.s{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:.8rem}section{min-width:0}\
section>h2{margin:.8rem 0 .3rem}section>div,.none{border:1px solid #d1d9e0;border-radius:6px;overflow:auto;background:#fff}\
section>div{max-height:75vh}.none{display:grid;place-items:center;padding:1rem}svg{display:block;max-width:100%;height:auto;margin:auto}\
[tabindex]{cursor:zoom-in}[tabindex]:focus{cursor:auto;max-height:90vh}[tabindex]:focus svg{max-width:none}\
article{border-top:1px solid #d1d9e0;padding:.8rem 0}ul{padding:0;margin:.4rem 0;list-style:none}\
li{font:12px/1.6 ui-monospace,Menlo,Consolas,monospace;padding:0 .5rem;white-space:pre-wrap;overflow-wrap:anywhere}\
li.add{background:#dafbe1}li.drop{background:#ffebe9}li.change{background:#fff8c5}\
@media(prefers-color-scheme:dark){body,section>div,.none{color:#e6edf3;background:#0d1117}p,small{color:#9198a1}\
section>div,.none,article{border-color:#3d444d}li.add{background:#12361f}li.drop{background:#4b1113}\
li.change{background:#3d2f05}}\
@media print{section>div{max-height:none;overflow:visible}article{break-inside:avoid}}\
@media(max-width:40rem){.s{grid-template-columns:minmax(0,1fr)}}";

/// The page. `picture` has both; `lines` says each difference, with its sign first, and which table it is in.
pub(crate) fn page(picture: &Picture, (from, to): (&str, &str), lines: &[(Name, String)]) -> String {
    let picture = picture.touched();
    let title = format!("From {from} to {to}");
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<title>{0}</title>\n{HEAD}{STYLE}</style>\n<main>\n<h1>{0}</h1>\n<p>{1}</p>\n",
        escaped(&title),
        escaped(&summary(&picture, lines.len()))
    );
    let touched: Vec<&Card> = picture.cards.iter().filter(|card| card.is_touched()).collect();
    // of one card alone the whole is the card
    if picture.cards.len() > 1 {
        push_whole(&mut out, &picture, (from, to));
    }
    if !touched.is_empty() {
        out.push_str("<h2>Table by table</h2>\n");
    }
    for card in touched {
        push_card(&mut out, &picture, card, lines);
    }
    let elsewhere = |name: &Name| picture.card(name).is_none_or(|card| !card.is_touched());
    let others: Vec<&String> = lines.iter().filter(|(table, _)| elsewhere(table)).map(|(_, line)| line).collect();
    if !others.is_empty() {
        out.push_str("<h2>Besides</h2>\n");
        push_lines(&mut out, &others);
    }
    out + "</main>\n</html>\n"
}

/// How much differs, on one line.
fn summary(picture: &Picture, differences: usize) -> String {
    let count = |marks: &[Mark]| picture.cards.iter().filter(|card| marks.contains(&card.mark)).count();
    let tables = [
        (count(&[Mark::Added]), "added"),
        (count(&[Mark::Dropped]), "dropped"),
        (count(&[Mark::Changed, Mark::Renamed]), "changed"),
    ];
    let tables = tables.into_iter().filter(|(count, _)| *count > 0);
    let tables: Vec<String> = tables.map(|(count, word)| format!("{} {word}", counted(count, "object"))).collect();
    match &tables[..] {
        [] => counted(differences, "difference"),
        tables => format!("{}: {}", counted(differences, "difference"), tables.join(", ")),
    }
}

/// Everything that differs with what is next to it, before and after.
fn push_whole(out: &mut String, picture: &Picture, (from, to): (&str, &str)) {
    let layout = layout(picture);
    out.push_str("<div class=\"s\">\n");
    for (name, word, shown) in [(from, "Before", Shown::Before), (to, "After", Shown::After)] {
        let drawing = drawing(picture, &layout, &format!("{word}: {name}"), shown);
        // keyboards scroll what has the focus; writing to a string cannot fail
        let _ = writeln!(
            out,
            "<section><h2>{word}: {}</h2><div tabindex=\"0\" role=\"region\" aria-label=\"{word}\">{drawing}</div></section>",
            escaped(name)
        );
    }
    out.push_str("</div>\n");
}

/// What differs in a table, in words and as its card on both sides.
fn push_card(out: &mut String, picture: &Picture, card: &Card, lines: &[(Name, String)]) {
    let mut said = card.kind.words().to_owned();
    if card.mark != Mark::Same {
        let _ = write!(said, ", {}", card.mark.word());
    }
    if let Some(was) = &card.was {
        let _ = write!(said, ", was {was}");
    }
    let name = card.name.as_str();
    // writing to a string cannot fail
    let _ = writeln!(out, "<article>\n<h3>{} <small>{}</small></h3>", escaped(name), escaped(&said));
    let is_own = |table: &Name| *table == card.name || card.was.as_ref().is_some_and(|was| *table == **was);
    push_lines(out, &lines.iter().filter(|(table, _)| is_own(table)).map(|(_, line)| line).collect::<Vec<_>>());
    let (alone, layout) = alone(picture, card);
    out.push_str("<div class=\"s\">\n");
    for (word, shown, missing) in [("before", Shown::Before, Mark::Added), ("after", Shown::After, Mark::Dropped)] {
        if card.mark == missing {
            let _ = writeln!(out, "<p class=\"none\">{}</p>", if word == "before" { "not there yet" } else { "gone" });
        } else {
            let drawing = drawing(&alone, &layout, &format!("{name} {word}"), shown);
            let _ = writeln!(out, "<section><div>{drawing}</div></section>");
        }
    }
    out.push_str("</div>\n</article>\n");
}

/// A card and nothing else. Its links are there for what columns say of them, and are not drawn.
fn alone(picture: &Picture, card: &Card) -> (Picture, Layout) {
    const AROUND: i32 = 10;
    let links = picture.links_from(&card.name).to_vec();
    let (width, height) = size(picture, card);
    let layout = Layout {
        width: width + 2 * AROUND,
        height: height + 2 * AROUND,
        cards: vec![Placed { x: AROUND, y: AROUND, width, height }],
        links: vec![None; links.len()],
        groups: Vec::new(),
    };
    (Picture { cards: vec![card.clone()], links }, layout)
}

/// Differences, each with the color of its sign.
fn push_lines(out: &mut String, lines: &[&String]) {
    if lines.is_empty() {
        return;
    }
    out.push_str("<ul>\n");
    for line in lines {
        let class = match line.chars().next() {
            Some('+') => "add",
            Some('-') => "drop",
            _ => "change",
        };
        // writing to a string cannot fail
        let _ = writeln!(out, "<li class=\"{class}\">{}</li>", escaped(line));
    }
    out.push_str("</ul>\n");
}
