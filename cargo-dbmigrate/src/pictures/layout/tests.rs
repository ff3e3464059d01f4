//! What holds for every layout: nothing covers anything, and the same is laid out in the same way.

use super::graph::{Edge, Graph};
use super::placing::{Everything, Placed, placed};

/// Numbers that look random, the same ones each time.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit.max(1)
    }
}

/// A graph like that of a schema: some boxes that many refer to, some that nothing refers to, circles, loops.
pub(super) fn random(boxes: usize, edges: usize, numbers: &mut Numbers) -> Graph {
    let mut graph = Graph::default();
    for _ in 0..boxes {
        let rows = 1 + numbers.below(15);
        graph.sizes.push((
            160 + 10 * i32::try_from(numbers.below(12)).unwrap_or(0),
            36 + 20 * i32::try_from(rows).unwrap_or(0),
        ));
    }
    let mut buses = std::collections::BTreeMap::new();
    for _ in 0..edges {
        let from = numbers.below(boxes);
        // those with low numbers are referred to more often
        let to = numbers.below(boxes).min(numbers.below(boxes));
        let row = |graph: &Graph, of: usize, numbers: &mut Numbers| {
            let rows = usize::try_from((graph.sizes[of].1 - 36) / 20).unwrap_or(1);
            40 + 20 * i32::try_from(numbers.below(rows)).unwrap_or(0)
        };
        let (from_y, to_y) = (row(&graph, from, numbers), 40);
        let next = buses.len();
        let bus = *buses.entry(to).or_insert(next);
        graph.edges.push(Edge { from, to, from_y: from_y - 6, to_y, bus, weight: 1.0, is_key: true });
    }
    graph
}

fn overlap(one: &Placed, other: &Placed, apart: i32) -> bool {
    one.x < other.x + other.width + apart
        && other.x < one.x + one.width + apart
        && one.y < other.y + other.height + apart
        && other.y < one.y + one.height + apart
}

/// Everything that is wrong with a layout.
pub(super) fn wrong(graph: &Graph, found: &Everything) -> Vec<String> {
    let mut wrong = Vec::new();
    for (at, one) in found.boxes.iter().enumerate() {
        if one.x < 0 || one.y < 0 || one.x + one.width > found.width || one.y + one.height > found.height {
            wrong.push(format!("box {at} is outside"));
        }
        for (other_at, other) in found.boxes.iter().enumerate().skip(at + 1) {
            if overlap(one, other, 8) {
                wrong.push(format!("boxes {at} and {other_at} overlap"));
            }
        }
    }
    for (at, one) in found.groups.iter().enumerate() {
        for other in found.groups.iter().skip(at + 1) {
            if overlap(&one.area, &other.area, 0) {
                wrong.push(format!("groups {at} and another one overlap"));
            }
        }
        for (box_, place) in found.boxes.iter().enumerate() {
            let inside = place.x >= one.area.x
                && place.y >= one.area.y
                && place.x + place.width <= one.area.x + one.area.width
                && place.y + place.height <= one.area.y + one.area.height;
            if inside != one.cards.contains(&box_) || (!inside && overlap(place, &one.area, 0)) {
                wrong.push(format!("box {box_} is not where group {at} is"));
            }
        }
    }
    for (edge, way) in graph.edges.iter().zip(&found.ways) {
        let name = format!("edge from {} to {}", edge.from, edge.to);
        let at_side = |point: &(i32, i32), of: usize, y: i32| {
            let place = found.boxes[of];
            (point.0 == place.x || point.0 == place.x + place.width) && point.1 == place.y + y
        };
        let ends = way.first().zip(way.last());
        if !ends
            .is_some_and(|(first, last)| at_side(first, edge.from, edge.from_y) && at_side(last, edge.to, edge.to_y))
        {
            wrong.push(format!("the {name} does not end at its boxes: {way:?}"));
        }
        for pair in way.windows(2) {
            let ((x1, y1), (x2, y2)) = (pair[0], pair[1]);
            if x1 != x2 && y1 != y2 {
                wrong.push(format!("the {name} is not straight: {way:?}"));
            }
            let part = Placed { x: x1.min(x2), y: y1.min(y2), width: (x1 - x2).abs(), height: (y1 - y2).abs() };
            for (at, place) in found.boxes.iter().enumerate() {
                // touching the side of its own box is what it does
                let inner = Placed { x: place.x + 1, y: place.y + 1, width: place.width - 2, height: place.height - 2 };
                if overlap(&part, &inner, 0) {
                    wrong.push(format!("the {name} runs through box {at}: {way:?}"));
                }
            }
            if x1.min(x2) < 0 || y1.min(y2) < 0 || x1.max(x2) > found.width || y1.max(y2) > found.height {
                wrong.push(format!("the {name} leaves the picture: {way:?}"));
            }
        }
    }
    wrong
}

#[test]
fn no_box_covers_another_and_no_line_runs_through_one() {
    let mut numbers = Numbers(7);
    for round in 0..400 {
        let boxes = 1 + numbers.below(if round % 20 == 0 { 150 } else { 30 });
        let edges = numbers.below(boxes * 2 + 1);
        let graph = random(boxes, edges, &mut numbers);
        let found = placed(&graph);
        let wrong = wrong(&graph, &found);
        assert!(wrong.is_empty(), "round {round}: {boxes} boxes, {edges} edges: {:#?}", &wrong[..wrong.len().min(5)]);
    }
}

#[test]
fn the_same_graph_is_laid_out_in_the_same_way() {
    let graph = random(60, 90, &mut Numbers(3));
    let (one, other) = (placed(&graph), placed(&graph));
    assert_eq!((one.boxes, one.ways, one.groups), (other.boxes, other.ways, other.groups));
}

#[test]
fn what_columns_a_table_has_moves_no_other_to_the_side_of_another() {
    let mut numbers = Numbers(11);
    for _ in 0..40 {
        let graph = random(14, 18, &mut numbers);
        let before = placed(&graph);
        let mut taller = graph.clone();
        taller.sizes[numbers.below(14)].1 += 60;
        let after = placed(&taller);
        let order = |found: &Everything| {
            let mut boxes: Vec<usize> = (0..found.boxes.len()).collect();
            boxes.sort_by_key(|&at| (found.boxes[at].x, found.boxes[at].y));
            boxes
        };
        assert_eq!(order(&before), order(&after));
    }
}

#[test]
fn nothing_has_room_too() {
    let found = placed(&Graph::default());
    assert!(found.boxes.is_empty() && found.width > 0 && found.height > 0);
}
