//! Where groups stand: side by side on shelves, those that are linked close to each other.

/// What a group is for this.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) width: i32,
    pub(super) height: i32,
}

/// How much wider than high the whole is to be: nine to six.
const RATIO: (i64, i64) = (9, 6);

/// The groups of each shelf, from left to right. `links` says how strongly two of them are linked.
pub(super) fn shelves(sizes: &[Size], links: &[(usize, usize, f64)]) -> Vec<Vec<usize>> {
    let mut order = in_order(sizes.len(), links);
    let target = width(sizes);
    let mut best = cost(&on_shelves(&order, sizes, target), sizes, links);
    // two groups change places as long as that makes links shorter
    for _ in 0..4 {
        let mut is_better = false;
        for one in 0..order.len() {
            for other in one + 1..order.len() {
                order.swap(one, other);
                let now = cost(&on_shelves(&order, sizes, target), sizes, links);
                if now < best - 1e-6 {
                    best = now;
                    is_better = true;
                } else {
                    order.swap(one, other);
                }
            }
        }
        if !is_better {
            break;
        }
    }
    on_shelves(&order, sizes, target)
}

/// The one with most links first, then always that which is linked best with what is there; what is linked with
/// nothing comes last.
fn in_order(count: usize, links: &[(usize, usize, f64)]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::with_capacity(count);
    let mut left: Vec<usize> = (0..count).collect();
    while !left.is_empty() {
        let to_placed = |group: usize| {
            let mut sum = 0.0;
            for &(one, other, weight) in links {
                let is_near = |there: usize| order.iter().rev().take(4).any(|&placed| placed == there);
                if (one == group && is_near(other)) || (other == group && is_near(one)) {
                    sum += weight;
                }
            }
            sum
        };
        let all = |group: usize| {
            let own = links.iter().filter(|(one, other, _)| *one == group || *other == group);
            own.map(|(_, _, weight)| weight).sum::<f64>()
        };
        let score = |group: usize| (to_placed(group), all(group));
        let best = left.iter().copied().enumerate().map(|(at, group)| (at, score(group)));
        let best = best.reduce(|best, next| if next.1 > best.1 { next } else { best });
        let Some((at, _)) = best else { break };
        order.push(left.remove(at));
    }
    order
}

/// How wide a shelf is.
fn width(sizes: &[Size]) -> i64 {
    let area: i64 = sizes.iter().map(|size| i64::from(size.width) * i64::from(size.height)).sum();
    let widest = sizes.iter().map(|size| i64::from(size.width)).max().unwrap_or_default();
    let mut width = 200;
    while width * width * RATIO.1 < area * RATIO.0 * 5 / 4 {
        width += 100;
    }
    width.max(widest)
}

fn on_shelves(order: &[usize], sizes: &[Size], target: i64) -> Vec<Vec<usize>> {
    let (mut shelves, mut x): (Vec<Vec<usize>>, i64) = (Vec::new(), 0);
    for &group in order {
        let width = i64::from(sizes[group].width);
        // a shelf is left when the group would stand more outside than inside of it
        if shelves.is_empty() || x + width / 2 > target {
            shelves.push(Vec::new());
            x = 0;
        }
        if let Some(shelf) = shelves.last_mut() {
            shelf.push(group);
        }
        x += width;
    }
    shelves
}

/// How long links are between the middles of groups, and how much room the whole takes.
fn cost(shelves: &[Vec<usize>], sizes: &[Size], links: &[(usize, usize, f64)]) -> f64 {
    let mut middles = vec![(0.0, 0.0); sizes.len()];
    let (mut y, mut widest) = (0, 0);
    for shelf in shelves {
        let height = shelf.iter().map(|&group| sizes[group].height).max().unwrap_or_default();
        let mut x = 0;
        for &group in shelf {
            middles[group] =
                (f64::from(x) + f64::from(sizes[group].width) / 2.0, f64::from(y + sizes[group].height / 2));
            x += sizes[group].width;
        }
        widest = widest.max(x);
        y += height;
    }
    let length = |&(one, other, weight): &(usize, usize, f64)| {
        let (a, b): ((f64, f64), (f64, f64)) = (middles[one], middles[other]);
        weight * ((a.0 - b.0).abs() + (a.1 - b.1).abs())
    };
    links.iter().map(length).sum::<f64>() + (f64::from(widest) * f64::from(y)).sqrt()
}
