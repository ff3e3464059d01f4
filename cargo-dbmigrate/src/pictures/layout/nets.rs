//! Lines that share a corridor, each on a track of its own: which one is next to which decides how often they cross.

/// A pin that is further than anything else: the end of the corridor.
pub(super) const END: i32 = 1_000_000;
/// Lines that are closer than this look like one.
const CLOSE: i32 = 5;

/// A line along a corridor, with what leads to it from either side, as distances along the corridor. [`END`] or its
/// negative: it goes on to the end of the corridor.
#[derive(Debug, Clone, Default)]
pub(super) struct Net {
    pub(super) bus: usize,
    /// From the side where tracks have low numbers.
    pub(super) low: Vec<i32>,
    /// From the other side.
    pub(super) high: Vec<i32>,
    /// Ends of the corridor that it goes to.
    pub(super) ends: Vec<i32>,
}

impl Net {
    /// Where it begins and ends.
    fn span(&self) -> (i32, i32) {
        let all = || self.low.iter().chain(&self.high).chain(&self.ends).copied();
        (all().min().unwrap_or_default(), all().max().unwrap_or_default())
    }

    fn is_straight(&self) -> bool {
        let (first, last) = self.span();
        first == last
    }

    /// How often it crosses another one if it has the lower track.
    fn crossings_before(&self, other: &Self) -> usize {
        let inside = |(first, last): (i32, i32), at: &&i32| first < **at && **at < last;
        let own = self.high.iter().filter(|at| inside(other.span(), at)).count();
        let theirs = other.low.iter().filter(|at| inside(self.span(), at)).count();
        // two lines on one another are worse than any crossing
        let touch = self.high.iter().filter(|at| other.low.iter().any(|one| (*at - one).abs() < CLOSE)).count();
        own + theirs + touch * 12
    }
}

/// The track of each net, and how many tracks there are.
pub(super) fn tracks(nets: &[Net]) -> (Vec<usize>, usize) {
    let mut order: Vec<usize> = (0..nets.len()).filter(|&net| !nets[net].is_straight()).collect();
    order.sort_by_key(|&net| (nets[net].span(), nets[net].bus));
    let cost: Vec<Vec<usize>> =
        nets.iter().map(|one| nets.iter().map(|other| one.crossings_before(other)).collect()).collect();
    // each net goes to where it crosses the others least, until none moves
    for _ in 0..12 {
        let mut moved = false;
        for at in 0..order.len() {
            let net = order[at];
            let mut best = (0_isize, at);
            for step in [-1_isize, 1] {
                let (mut change, mut to) = (0_isize, at);
                while let Some(next) = to.checked_add_signed(step).filter(|next| *next < order.len()) {
                    let other = order[next];
                    let (before, after) = if step < 0 {
                        (cost[other][net], cost[net][other])
                    } else {
                        (cost[net][other], cost[other][net])
                    };
                    change += after.cast_signed() - before.cast_signed();
                    to = next;
                    if change < best.0 {
                        best = (change, to);
                    }
                }
            }
            if best.0 < 0 {
                order.remove(at);
                order.insert(best.1, net);
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    let mut track = vec![0; nets.len()];
    let mut count = 0;
    for (at, &net) in order.iter().enumerate() {
        let (first, last) = nets[net].span();
        let beside = order[..at].iter().filter(|&&other| {
            let (start, end) = nets[other].span();
            start - CLOSE < last && first - CLOSE < end
        });
        track[net] = beside.map(|&other| track[other] + 1).max().unwrap_or_default();
        count = count.max(track[net] + 1);
    }
    (track, count)
}
