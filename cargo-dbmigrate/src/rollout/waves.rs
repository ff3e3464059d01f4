//! In which order members are migrated: the canary, then wave by wave.

use std::collections::BTreeMap;

use dbmigrate_core::config::{Group, Rollout, Share};

/// Members that are migrated together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wave {
    /// What it is called: `canary`, `10%`, `plan=free`.
    pub(super) name: String,
    /// Its members, by their places in the fleet.
    pub(super) members: Vec<usize>,
}

/// The name of the first wave.
pub(super) const CANARY: &str = "canary";

/// The canary and the waves, as they are configured or by default.
pub(super) fn groups(rollout: &Rollout) -> Vec<(String, Group)> {
    let canary = rollout.canary.clone().unwrap_or(Group::Share(Share::Count(1)));
    let default = || ["1%", "10%", "100%"].iter().filter_map(|wave| wave.parse().ok()).collect();
    let waves: Vec<Group> = rollout.waves.clone().unwrap_or_else(default);
    let waves = waves.into_iter().map(|group| (group.to_string(), group));
    std::iter::once((CANARY.to_owned(), canary)).chain(waves).collect()
}

/// Puts members into waves, and returns those that are in none. A share counts those of the waves before it, and a wave
/// without members is none.
pub(super) fn plan<'l>(
    groups: &[(String, Group)],
    members: &[usize],
    labels: impl Fn(usize) -> &'l BTreeMap<String, String>,
) -> (Vec<Wave>, Vec<usize>) {
    let mut rest = members.to_vec();
    let mut waves = Vec::new();
    for (name, group) in groups {
        let taken: Vec<usize> = match group {
            Group::Share(share) => {
                let before = members.len() - rest.len();
                let count = share.at_least(members.len()).saturating_sub(before);
                rest.drain(..count).collect()
            }
            Group::Labels(wanted) => {
                let is_meant = |member: &usize| is_meant(labels(*member), wanted);
                let (taken, left) = rest.into_iter().partition(is_meant);
                rest = left;
                taken
            }
        };
        if !taken.is_empty() {
            waves.push(Wave { name: name.clone(), members: taken });
        }
    }
    (waves, rest)
}

/// Whether a member has these labels.
pub(super) fn is_meant(labels: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(name, value)| labels.get(name) == Some(value))
}

/// How many members may fail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    most: usize,
    failed: usize,
}

impl Budget {
    /// Of a fleet of so many members. By default one of a hundred may fail, so of fewer none.
    pub(super) fn of(rollout: &Rollout, members: usize) -> Self {
        let share = rollout.max_failures.unwrap_or(Share::Part(10_000));
        Self { most: share.at_most(members), failed: 0 }
    }

    /// How many may.
    pub(super) fn most(self) -> usize {
        self.most
    }

    /// One has failed.
    pub(super) fn spend(&mut self) {
        self.failed += 1;
    }

    /// Whether more have failed than may.
    pub(super) fn is_exhausted(self) -> bool {
        self.failed > self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(groups: &[&str], members: usize) -> (Vec<(String, usize)>, usize) {
        let groups: Vec<(String, Group)> =
            groups.iter().map(|group| ((*group).to_owned(), group.parse().expect("a group"))).collect();
        let plan_of = |plan: &str| BTreeMap::from([("plan".to_owned(), plan.to_owned())]);
        let (free, paid) = (plan_of("free"), plan_of("paid"));
        let labels = |member: usize| if member.is_multiple_of(2) { &free } else { &paid };
        let all: Vec<usize> = (0..members).collect();
        let (waves, rest) = plan(&groups, &all, labels);
        let mut seen: Vec<usize> =
            waves.iter().flat_map(|wave| wave.members.iter().copied()).chain(rest.clone()).collect();
        seen.sort_unstable();
        assert_eq!(seen, all, "each is in one wave or in none");
        (waves.into_iter().map(|wave| (wave.name, wave.members.len())).collect(), rest.len())
    }

    fn named(waves: &[(&str, usize)]) -> Vec<(String, usize)> {
        waves.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    #[test]
    fn a_wave_goes_up_to_its_share_and_none_is_empty() {
        let all = ["1", "1%", "10%", "100%"];
        assert_eq!(planned(&all, 1000), (named(&[("1", 1), ("1%", 9), ("10%", 90), ("100%", 900)]), 0));
        assert_eq!(planned(&all, 3), (named(&[("1", 1), ("100%", 2)]), 0));
        assert_eq!(planned(&all, 0), (Vec::new(), 0));
        assert_eq!(planned(&["5", "2", "10%"], 20), (named(&[("5", 5)]), 15), "the rest is in no wave");
    }

    #[test]
    fn a_wave_by_label_takes_those_with_the_label_that_are_left() {
        let waves = ["plan=free", "50%", "plan=free", "100%"];
        assert_eq!(planned(&waves, 10), (named(&[("plan=free", 5), ("100%", 5)]), 0));
        assert_eq!(planned(&["1", "plan=paid"], 10), (named(&[("1", 1), ("plan=paid", 5)]), 4));
        assert_eq!(planned(&["plan=other", "100%"], 4), (named(&[("100%", 4)]), 0));
    }

    #[test]
    fn a_budget_is_spent_when_more_fail_than_may() {
        let of = |text: Option<&str>, members| {
            let max_failures = text.map(|text| text.parse().expect("a share"));
            Budget::of(&Rollout { max_failures, ..Rollout::default() }, members)
        };
        assert_eq!([of(None, 99).most(), of(None, 1000).most(), of(Some("0.5%"), 1000).most()], [0, 10, 5]);
        let mut budget = of(Some("1"), 10);
        budget.spend();
        assert!(!budget.is_exhausted());
        budget.spend();
        assert!(budget.is_exhausted());
    }
}
