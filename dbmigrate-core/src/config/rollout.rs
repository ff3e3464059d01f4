//! How a fleet is migrated: `canary` and what stands beside it in `[targets.NAME]`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The names of the fields.
pub const ROLLOUT_FIELDS: [&str; 7] =
    ["canary", "waves", "pause", "max_failures", "parallel", "parallel_per_host", "rehearse"];

/// As many members as anybody migrates at once.
pub const MOST_PARALLEL: usize = 256;

/// The parts that a whole has: a hundredth of a percent of a percent.
const WHOLE: u64 = 1_000_000;

/// How a fleet is migrated, as it is configured: what is missing has a default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rollout {
    /// The members that are migrated first.
    pub canary: Option<Group>,
    /// Those that follow, wave by wave.
    pub waves: Option<Vec<Group>>,
    /// How long to wait between waves.
    pub pause: Option<Duration>,
    /// How many members may fail.
    pub max_failures: Option<Share>,
    /// How many are migrated at once at most.
    pub parallel: Option<usize>,
    /// The same for those on one server.
    pub parallel_per_host: Option<usize>,
    /// On how many members the migrations are rehearsed first.
    pub rehearse: Option<usize>,
}

/// Some members of a fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Group {
    /// So many of them, in a wave together with those before.
    Share(Share),
    /// Those with all of these labels.
    Labels(BTreeMap<String, String>),
}

/// A number of members, or a part of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// So many.
    Count(usize),
    /// So many millionths.
    Part(u64),
}

impl Share {
    /// How many of `all` that is, and one rather than none.
    pub fn at_least(self, all: usize) -> usize {
        match self {
            Self::Count(count) => count.min(all),
            Self::Part(part) => usize::try_from((all as u64 * part).div_ceil(WHOLE)).unwrap_or(all).min(all),
        }
    }

    /// The same, and rather none than too many.
    pub fn at_most(self, all: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Part(part) => usize::try_from(all as u64 * part / WHOLE).unwrap_or(all),
        }
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no number of members: expected a count, such as `3`, or a share, such as `1%` or `0.5%`"
            )
        };
        let Some(percent) = text.trim().strip_suffix('%') else {
            return text.trim().parse().map(Self::Count).map_err(|_| wrong());
        };
        let (whole, rest) = percent.trim().split_once('.').unwrap_or((percent.trim(), ""));
        let is_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(rest) || rest.len() > 4 || whole.len() > 3 {
            return Err(wrong());
        }
        let part = format!("{whole}{rest:0<4}").parse().map_err(|_| wrong())?;
        if part > WHOLE {
            return Err(format!("`{text}` is more than 100%"));
        }
        Ok(Self::Part(part))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Part(part) => {
                let rest = format!("{:04}", part % 10_000);
                let rest = rest.trim_end_matches('0');
                let dot = if rest.is_empty() { "" } else { "." };
                write!(f, "{}{dot}{rest}%", part / 10_000)
            }
        }
    }
}

impl FromStr for Group {
    type Err = String;

    /// A share, or labels with their values: `plan=internal`, `plan=free+region=eu`.
    fn from_str(text: &str) -> Result<Self, String> {
        if !text.contains('=') {
            return text.parse().map(Self::Share);
        }
        let label = |pair: &str| match pair.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.trim().to_owned())),
            _ => Err(format!("`{pair}` is no label: expected one such as `plan=internal`")),
        };
        text.split('+').map(label).collect::<Result<_, _>>().map(Self::Labels)
    }
}

/// As it can be typed.
impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => share.fmt(f),
            Self::Labels(labels) => {
                let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
                f.write_str(&labels.join("+"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_count_or_a_part_of_the_members() {
        let share = |text: &str| text.parse::<Share>();
        assert_eq!(share("3"), Ok(Share::Count(3)));
        assert_eq!(share("0.5%"), Ok(Share::Part(5_000)));
        assert_eq!(share("100%"), Ok(Share::Part(WHOLE)));
        for wrong in ["", "%", "-1", "1.5", "1,5%", "101%", "1%%", ".5%", "a", "0.00001%"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
        for shown in ["3", "0.5%", "100%", "12.34%", "0%"] {
            assert_eq!(share(shown).map(|share| share.to_string()).as_deref(), Ok(shown));
        }
    }

    #[test]
    fn a_wave_has_one_member_rather_than_none_and_a_budget_none_rather_than_too_many() {
        let percent = Share::Part(10_000);
        assert_eq!([0, 1, 99, 100, 101, 10_000].map(|all| percent.at_least(all)), [0, 1, 1, 1, 2, 100]);
        assert_eq!([0, 1, 99, 100, 101, 10_000].map(|all| percent.at_most(all)), [0, 0, 0, 1, 1, 100]);
        assert_eq!((Share::Count(5).at_least(3), Share::Count(5).at_most(3)), (3, 5));
        assert_eq!(Share::Part(WHOLE).at_least(7), 7);
    }

    #[test]
    fn a_group_is_a_share_or_labels() {
        let labels = |pairs: &[(&str, &str)]| {
            Group::Labels(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        assert_eq!("1".parse(), Ok(Group::Share(Share::Count(1))));
        assert_eq!("plan=free+region=eu".parse(), Ok(labels(&[("plan", "free"), ("region", "eu")])));
        assert!("=free".parse::<Group>().is_err() && "plan=a+b".parse::<Group>().is_err());
        assert_eq!(labels(&[("plan", "free"), ("region", "eu")]).to_string(), "plan=free+region=eu");
    }
}
