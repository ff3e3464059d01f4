//! How good layouts are, in figures: for tests, which keep them from getting worse, and beside those of Graphviz.

#![expect(clippy::print_stdout, reason = "figures are its result")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::super::tests::drawn;
use super::graph::Graph;
use super::placing::placed;
use super::{graph, layout};

/// What is measured. Lines with the same parent count as lines that do not cross each other, for both.
#[derive(Debug, Default, Clone, Copy)]
struct Figures {
    /// Pairs of edges that cross, as often as they do.
    crossings: usize,
    /// Places where something crosses: a trunk of ten edges is crossed in one.
    places: usize,
    length: f64,
    width: f64,
    height: f64,
}

/// The edge that a line is of: child, parent, and the bus.
type Of = (usize, usize, usize);

fn measured(ways: &[(Of, Vec<(f64, f64)>)], (width, height): (f64, f64)) -> Figures {
    let mut figures = Figures { width, height, ..Figures::default() };
    let mut places = BTreeSet::new();
    for (at, ((child, parent, bus), way)) in ways.iter().enumerate() {
        figures.length += way.windows(2).map(|pair| (pair[0].0 - pair[1].0).hypot(pair[0].1 - pair[1].1)).sum::<f64>();
        for ((other_child, other_parent, other_bus), other) in &ways[at + 1..] {
            // two lines that meet at a box of both meet there in any case
            if bus == other_bus || (parent == other_parent && child == other_child) {
                continue;
            }
            for one in way.windows(2) {
                for place in other.windows(2).filter_map(|two| cross(one, two)) {
                    figures.crossings += 1;
                    places.insert(place);
                }
            }
        }
    }
    figures.places = places.len();
    figures
}

/// Where two lines cross, in whole pixels.
fn cross(one: &[(f64, f64)], other: &[(f64, f64)]) -> Option<(i32, i32)> {
    let turn = |a: (f64, f64), b: (f64, f64), c: (f64, f64)| (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0);
    let (from, to) = (turn(other[0], other[1], one[0]), turn(other[0], other[1], one[1]));
    if from * to >= 0.0 || turn(one[0], one[1], other[0]) * turn(one[0], one[1], other[1]) >= 0.0 {
        return None;
    }
    let part = from / (from - to);
    let at = |from: f64, to: f64| super::rows::rounded(from + (to - from) * part);
    Some((at(one[0].0, one[1].0), at(one[0].1, one[1].1)))
}

fn ours(graph: &Graph) -> Figures {
    let found = placed(graph);
    let point = |&(x, y): &(i32, i32)| (f64::from(x), f64::from(y));
    let ways: Vec<_> = graph
        .edges
        .iter()
        .zip(&found.ways)
        .map(|(edge, way)| ((edge.from, edge.to, edge.bus), way.iter().map(point).collect()))
        .collect();
    measured(&ways, (f64::from(found.width), f64::from(found.height)))
}

/// The same graph with Graphviz, with boxes of the same sizes.
fn of_dot(graph: &Graph, splines: &str) -> Option<Figures> {
    let mut text = format!(
        "digraph {{ rankdir=RL; splines={splines}; nodesep=0.4; ranksep=0.6; node [shape=box, fixedsize=true]\n"
    );
    for (at, (width, height)) in graph.sizes.iter().enumerate() {
        let _ = writeln!(text, "n{at} [width={}, height={}]", f64::from(*width) / 72.0, f64::from(*height) / 72.0);
    }
    for edge in &graph.edges {
        let _ = writeln!(text, "n{} -> n{}", edge.from, edge.to);
    }
    text.push('}');
    let mut dot = Command::new("dot")
        .arg("-Tplain")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    dot.stdin.take()?.write_all(text.as_bytes()).ok()?;
    let out = String::from_utf8(dot.wait_with_output().ok()?.stdout).ok()?;
    let mut buses: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for edge in &graph.edges {
        buses.entry((edge.from, edge.to)).or_default().push(edge.bus);
    }
    let (mut ways, mut size) = (Vec::new(), (0.0, 0.0));
    for line in out.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<f64>().ok()).unwrap_or_default() * 72.0;
        match words.first() {
            Some(&"graph") => size = (number(2), number(3)),
            Some(&"edge") => {
                let end = |at: usize| words[at][1..].parse::<usize>().unwrap_or_default();
                let (from, to) = (end(1), end(2));
                let count: usize = words[3].parse().unwrap_or_default();
                let points: Vec<(f64, f64)> = (0..count).map(|at| (number(4 + 2 * at), number(5 + 2 * at))).collect();
                let bus = buses.get_mut(&(from, to)).and_then(Vec::pop).unwrap_or_default();
                ways.push(((from, to, bus), flattened(&points)));
            }
            _ => {}
        }
    }
    Some(measured(&ways, size))
}

/// A way of curves as one of short lines.
fn flattened(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
    for curve in points.windows(4).step_by(3) {
        for step in 1..=12 {
            let t = f64::from(step) / 12.0;
            let mix = |of: fn(&(f64, f64)) -> f64| {
                let s = 1.0 - t;
                s * s * s * of(&curve[0])
                    + 3.0 * s * s * t * of(&curve[1])
                    + 3.0 * s * t * t * of(&curve[2])
                    + t * t * t * of(&curve[3])
            };
            out.push((mix(|point| point.0), mix(|point| point.1)));
        }
    }
    out
}

/// By hand, with a folder of schemas and Graphviz: `PICTURES=DIR cargo test -p cargo-dbmigrate --lib -- --ignored measured`.
#[test]
#[ignore = "needs Graphviz and a folder of schemas"]
fn layouts_beside_those_of_graphviz() {
    let folder = std::env::var("PICTURES").expect("PICTURES is a folder of schemas");
    let mut files: Vec<_> =
        std::fs::read_dir(Path::new(&folder)).expect("it can be read").flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut total = [Figures::default(); 3];
    println!(
        "{:32} {:>4} {:>5} {:>8} | crossings, places of them, length of edges, area: ours | dot | dot with ortho",
        "", "", "edges", "ms"
    );
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "sql")) {
        let picture = drawn(&std::fs::read_to_string(file).expect("it can be read"));
        let (graph, _) = graph(&picture);
        let start = Instant::now();
        let _ = layout(&picture);
        let took = start.elapsed();
        let all = [Some(ours(&graph)), of_dot(&graph, "spline"), of_dot(&graph, "ortho")];
        let mut line = format!(
            "{:32} {:4} {:5} {:8.2} |",
            file.file_stem().unwrap_or_default().to_string_lossy(),
            graph.sizes.len(),
            graph.edges.len(),
            took.as_secs_f64() * 1000.0
        );
        for (figures, total) in all.into_iter().zip(&mut total) {
            let Some(figures) = figures else { continue };
            total.crossings += figures.crossings;
            total.places += figures.places;
            total.length += figures.length;
            let area = figures.width * figures.height / 1e6;
            let _ = write!(line, " {:5} {:5} {:8.0} {area:6.2} |", figures.crossings, figures.places, figures.length);
        }
        println!("{line}");
    }
    for figures in total {
        println!("total: {} crossings in {} places, length {:.0}", figures.crossings, figures.places, figures.length);
    }
}

/// A schema of 500 tables: parts that belong together, and a few tables that all refer to.
fn large() -> String {
    let mut sql = String::new();
    for at in 0..500 {
        let _ = write!(sql, "CREATE TABLE t{at:03} (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c TEXT");
        let part = at / 20 * 20;
        if at > part {
            let _ = write!(sql, ", p INTEGER REFERENCES t{:03}", part + (at - part - 1) / 2);
        }
        if at % 3 == 0 && at > 0 {
            let _ = write!(sql, ", o INTEGER REFERENCES t{:03}", (at * 7) % 40 / 20 * 20);
        }
        sql.push_str(");");
    }
    sql
}

#[test]
fn five_hundred_tables_are_laid_out_while_nobody_notices() {
    let picture = drawn(&large());
    let start = Instant::now();
    let found = layout(&picture);
    let took = start.elapsed();
    assert_eq!(found.cards.len(), 500);
    assert!(found.groups.len() > 10, "{}", found.groups.len());
    // without optimisation, on a machine that is busy; with it, it takes a twentieth
    assert!(took.as_secs() < 20, "{took:?}");
    println!("500 tables, {} links: {took:?}", picture.links.len());
}

#[test]
fn a_table_more_moves_few_others_far() {
    let sql = large();
    let before = drawn(&sql);
    let after = drawn(&(sql + "CREATE TABLE t0705 (id INTEGER PRIMARY KEY, p INTEGER REFERENCES t070);"));
    let (one, other) = (layout(&before), layout(&after));
    // how far each table is from the middle of its group, in both
    let mut stayed = 0;
    for (at, card) in before.cards.iter().enumerate() {
        let there = after.cards.iter().position(|other| other.name == card.name).expect("it is in both");
        let own = |layout: &super::Layout, at: usize| {
            let group = layout.groups.iter().find(|group| group.cards.contains(&at)).expect("it is in one");
            (layout.cards[at].x - group.area.x, layout.cards[at].y - group.area.y)
        };
        let (was, is) = (own(&one, at), own(&other, there));
        stayed += usize::from((was.0 - is.0).abs() + (was.1 - is.1).abs() < 60);
    }
    assert!(stayed > 450, "only {stayed} of 500 stand where they stood in their groups");
}
