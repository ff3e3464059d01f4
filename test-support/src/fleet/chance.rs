//! Numbers that a seed decides, in whatever order they are asked for.

/// The number of a thing: it depends on the seed, the thing's name and which of its numbers this is, and on nothing
/// else.
pub fn number(seed: u64, of: &str, nth: usize) -> u64 {
    // FNV-1a over the name, then the finalizer of SplitMix64
    let bytes = of.bytes().chain((nth as u64).to_le_bytes());
    let hash = bytes
        .fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mixed = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// So many of them, chosen by the seed and in their old order.
pub fn choose(seed: u64, from: &[String], count: usize) -> Vec<String> {
    let mut order: Vec<(u64, &String)> = from.iter().map(|name| (number(seed, name, 0), name)).collect();
    order.sort_unstable();
    let mut chosen: Vec<String> = order.into_iter().take(count).map(|(_, name)| name.clone()).collect();
    chosen.sort_unstable_by_key(|name| from.iter().position(|other| other == name));
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_and_names_differ() {
        assert_eq!(number(1, "t0001", 0), number(1, "t0001", 0));
        let different = [number(1, "t0001", 0), number(2, "t0001", 0), number(1, "t0002", 0), number(1, "t0001", 1)];
        assert!((1..4).all(|at| !different[..at].contains(&different[at])), "{different:?}");
        // about as often as is asked for
        let hits = (0..10_000).filter(|nth| number(7, "t", *nth) % 10_000 < 500).count();
        assert!((400..600).contains(&hits), "{hits}");
    }

    #[test]
    fn chosen_members_are_different_ones() {
        let names = super::super::names(100);
        let chosen = choose(3, &names, 5);
        assert_eq!(chosen, choose(3, &names, 5));
        assert!(chosen.windows(2).all(|two| two[0] < two[1]) && chosen.len() == 5, "{chosen:?}");
    }
}
