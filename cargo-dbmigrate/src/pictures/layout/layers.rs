//! Which column of its group each box stands in: behind those that it refers to, as far as references form no circle.

use super::graph::Graph;

/// The column of each of the boxes, in their order. `edges` are those between two of them. It depends on the edges and
/// on the order of the boxes, never on sizes: a new column of a table moves no table to another column.
pub(super) fn layers(boxes: &[usize], graph: &Graph, edges: &[usize]) -> Vec<usize> {
    let place = |box_: usize| boxes.binary_search(&box_).unwrap_or_default();
    let mut parents = vec![Vec::new(); boxes.len()];
    let mut children = vec![Vec::new(); boxes.len()];
    for &edge in edges {
        let (child, parent) = (place(graph.edges[edge].from), place(graph.edges[edge].to));
        if child != parent && !parents[child].contains(&parent) {
            parents[child].push(parent);
            children[parent].push(child);
        }
    }
    let order = without_circles(&mut parents, &mut children);
    let most = limit(boxes.len());
    let mut layer = vec![0; boxes.len()];
    let mut count = vec![0_usize; boxes.len() + 1];
    for &one in &order {
        let mut at = parents[one].iter().map(|&parent| layer[parent] + 1).max().unwrap_or_default();
        while at < boxes.len() && count[at] >= most {
            at += 1;
        }
        layer[one] = at;
        count[at] += 1;
    }
    // nearer to where most of their edges lead
    for &one in order.iter().rev() {
        let nearest = children[one].iter().map(|&child| layer[child]).min();
        if children[one].len() <= parents[one].len() {
            continue;
        }
        let Some(last) = nearest.and_then(|nearest| nearest.checked_sub(1)) else { continue };
        if let Some(to) = (layer[one] + 1..=last).rev().find(|&to| count[to] < most) {
            count[layer[one]] -= 1;
            count[to] += 1;
            layer[one] = to;
        }
    }
    let mut used: Vec<usize> = layer.clone();
    used.sort_unstable();
    used.dedup();
    layer.into_iter().map(|one| used.binary_search(&one).unwrap_or_default()).collect()
}

/// How many boxes a column has at most: so that a group is about as wide as it is high.
fn limit(boxes: usize) -> usize {
    let mut most = 3;
    while most * most * 3 < boxes * 4 {
        most += 1;
    }
    most
}

/// Takes out edges that close a circle, and returns the boxes with parents first.
fn without_circles(parents: &mut [Vec<usize>], children: &mut [Vec<usize>]) -> Vec<usize> {
    let mut order = Vec::with_capacity(parents.len());
    let mut left: Vec<usize> = parents.iter().map(Vec::len).collect();
    let mut is_done = vec![false; parents.len()];
    while order.len() < parents.len() {
        let is_ready = |one: &usize| !is_done[*one] && left[*one] == 0;
        let all = 0..parents.len();
        // where everything waits for something, what most wait for goes first
        let waits = |one: &usize| (children[*one].iter().filter(|&&child| !is_done[child]).count(), usize::MAX - *one);
        let Some(next) = all.clone().find(is_ready).or_else(|| all.filter(|one| !is_done[*one]).max_by_key(waits))
        else {
            break;
        };
        let undone: Vec<usize> = parents[next].iter().copied().filter(|&parent| !is_done[parent]).collect();
        for parent in undone {
            parents[next].retain(|&other| other != parent);
            children[parent].retain(|&other| other != next);
        }
        is_done[next] = true;
        order.push(next);
        for &child in &children[next] {
            left[child] = left[child].saturating_sub(1);
        }
    }
    order
}
