//! Which boxes belong together: those that are linked with each other more than with others.
//!
//! Pairs of groups are joined as long as modularity grows (Clauset, Newman and Moore, 2004), the best pair first, of
//! equal ones that which comes first. So the same graph has the same groups, and what has few links changes few of them.

use std::collections::BTreeMap;

use super::graph::Graph;

/// What is linked and has no more boxes than this is not taken apart.
const SMALL: usize = 20;
/// How many boxes a group grows to.
const LARGEST: usize = 22;
/// A group with fewer boxes joins one that it is linked with.
const SMALLEST: usize = 3;

/// The groups, each with its boxes in their order. Boxes without any link are one group, the last one; the second value
/// says whether there are such.
pub(super) fn groups(graph: &Graph) -> (Vec<Vec<usize>>, bool) {
    let mut of = Groups::new(graph);
    let components = of.components(graph);
    for component in &components {
        if component.len() > SMALL {
            of.take_apart(component);
        } else {
            for &box_ in component {
                of.group[box_] = component[0];
            }
        }
    }
    let mut found: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut alone = Vec::new();
    for (box_, group) in of.group.iter().enumerate() {
        if of.weights[box_].is_empty() {
            alone.push(box_);
        } else {
            found.entry(*group).or_default().push(box_);
        }
    }
    let mut groups: Vec<Vec<usize>> = found.into_values().collect();
    let has_alone = !alone.is_empty();
    if has_alone {
        groups.push(alone);
    }
    (groups, has_alone)
}

struct Groups {
    /// What each box is linked with, and how strongly.
    weights: Vec<BTreeMap<usize, f64>>,
    /// The group of each box, by one of its boxes.
    group: Vec<usize>,
}

impl Groups {
    fn new(graph: &Graph) -> Self {
        let mut weights = vec![BTreeMap::new(); graph.sizes.len()];
        for edge in graph.edges.iter().filter(|edge| edge.from != edge.to) {
            *weights[edge.from].entry(edge.to).or_insert(0.0) += edge.weight;
            *weights[edge.to].entry(edge.from).or_insert(0.0) += edge.weight;
        }
        // that a box refers to itself makes it no part of anything
        Self { weights, group: (0..graph.sizes.len()).collect() }
    }

    fn components(&self, graph: &Graph) -> Vec<Vec<usize>> {
        let mut seen = vec![false; graph.sizes.len()];
        let mut found = Vec::new();
        for start in 0..graph.sizes.len() {
            if seen[start] {
                continue;
            }
            seen[start] = true;
            let (mut component, mut next) = (vec![start], 0);
            while next < component.len() {
                for &other in self.weights[component[next]].keys() {
                    if !seen[other] {
                        seen[other] = true;
                        component.push(other);
                    }
                }
                next += 1;
            }
            component.sort_unstable();
            found.push(component);
        }
        found
    }

    /// Finds the groups within what is linked.
    fn take_apart(&mut self, component: &[usize]) {
        let mut links: BTreeMap<usize, BTreeMap<usize, f64>> =
            component.iter().map(|&box_| (box_, self.weights[box_].clone())).collect();
        let mut degree: BTreeMap<usize, f64> =
            links.iter().map(|(&box_, links)| (box_, links.values().sum())).collect();
        let mut size: BTreeMap<usize, usize> = component.iter().map(|&box_| (box_, 1)).collect();
        let total: f64 = degree.values().sum();
        loop {
            let gain = |one: usize, other: usize, weight: f64| weight - degree[&one] * degree[&other] / total;
            let mut best: Option<(f64, usize, usize)> = None;
            for (&one, others) in &links {
                for (&other, &weight) in others.range(one + 1..) {
                    let gain = gain(one, other, weight);
                    let fits = size[&one] + size[&other] <= LARGEST;
                    if fits && gain > 1e-9 && best.is_none_or(|(found, ..)| gain > found + 1e-9) {
                        best = Some((gain, one, other));
                    }
                }
            }
            let Some((_, one, other)) = best else { break };
            self.join(one, other, &mut links, &mut degree, &mut size);
        }
        // what is too small to be a group goes to its closest one
        while let Some((&one, _)) = size.iter().find(|(_, count)| **count < SMALLEST) {
            let close = links[&one].iter().max_by(|one, other| one.1.total_cmp(other.1).then(other.0.cmp(one.0)));
            let Some((&other, _)) = close else { break };
            self.join(one.min(other), one.max(other), &mut links, &mut degree, &mut size);
        }
    }

    /// Makes one group of two.
    fn join(
        &mut self,
        one: usize,
        other: usize,
        links: &mut BTreeMap<usize, BTreeMap<usize, f64>>,
        degree: &mut BTreeMap<usize, f64>,
        size: &mut BTreeMap<usize, usize>,
    ) {
        let moved = links.remove(&other).unwrap_or_default();
        for (third, weight) in moved {
            if let Some(theirs) = links.get_mut(&third) {
                theirs.remove(&other);
                if third != one {
                    *theirs.entry(one).or_insert(0.0) += weight;
                }
            }
            if third != one {
                *links.entry(one).or_default().entry(third).or_insert(0.0) += weight;
            }
        }
        if let Some(ours) = links.get_mut(&one) {
            ours.remove(&other);
        }
        *degree.entry(one).or_insert(0.0) += degree.get(&other).copied().unwrap_or_default();
        *size.entry(one).or_insert(0) += size.remove(&other).unwrap_or_default();
        degree.remove(&other);
        for group in &mut self.group {
            if *group == other {
                *group = one;
            }
        }
    }
}
