//! Reads how a fleet is migrated: the fields of `[targets.NAME]` from `canary` on.

use std::collections::BTreeMap;
use std::time::Duration;

use super::fields::{Field, Value, Wrong};
use super::rollout::{Group, MOST_PARALLEL, Rollout, Share};
use crate::duration;

/// Reads one of [`super::rollout::ROLLOUT_FIELDS`].
pub(super) fn read(rollout: &mut Rollout, field: &str, value: Value) -> Result<(), Wrong> {
    match field {
        "canary" => rollout.canary = Some(group(value)?),
        "waves" => {
            let at = value.at();
            let waves = value.values("a list, such as `[\"1%\", \"10%\", \"100%\"]`")?;
            let waves = waves.into_iter().map(group).collect::<Result<Vec<_>, _>>()?;
            if waves.is_empty() {
                return Err(("`waves` is empty, but must have at least one, such as `[\"100%\"]`".to_owned(), at));
            }
            rollout.waves = Some(waves);
        }
        "pause" => rollout.pause = Some(pause(value)?),
        "max_failures" => rollout.max_failures = Some(share(value)?),
        "parallel" => rollout.parallel = Some(parallel(field, value)?),
        "parallel_per_host" => rollout.parallel_per_host = Some(parallel(field, value)?),
        _ => rollout.rehearse = Some(value.integer()?),
    }
    Ok(())
}

fn group(value: Value) -> Result<Group, Wrong> {
    if !value.is_table() {
        return share(value).map(Group::Share);
    }
    let at = value.at();
    let labels = value.fields("labels, such as `{ plan = \"internal\" }`")?;
    let label = |Field { name, value, .. }: Field| Ok::<_, Wrong>((name, value.string()?));
    let labels = labels.into_iter().map(label).collect::<Result<BTreeMap<_, _>, _>>()?;
    if labels.is_empty() {
        return Err(("no label is named, such as `{ plan = \"internal\" }`".to_owned(), at));
    }
    Ok(Group::Labels(labels))
}

fn share(value: Value) -> Result<Share, Wrong> {
    if value.is_integer() { value.integer().map(Share::Count) } else { value.parsed() }
}

fn pause(value: Value) -> Result<Duration, Wrong> {
    let at = value.at();
    let text = value.string()?;
    duration::parse(&text).ok_or_else(|| (format!("`pause` is not {}, such as `\"30s\"`", duration::EXPECTED), at))
}

fn parallel(field: &str, value: Value) -> Result<usize, Wrong> {
    let at = value.at();
    match value.integer()? {
        count @ 1..=MOST_PARALLEL => Ok(count),
        _ => Err((format!("`{field}` is not between 1 and {MOST_PARALLEL}"), at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn read(fields: &str) -> Result<Rollout, String> {
        let text = format!("[targets.tenants]\nfleet = \"tenants/*.db\"\n{fields}\n");
        let config = Config::parse(&text).map_err(|problem| problem.message)?;
        Ok(config.targets.into_iter().next().map(|target| target.rollout).unwrap_or_default())
    }

    #[test]
    fn a_roll_out_is_read_with_shares_and_labels() {
        let found = read(
            "canary = { plan = \"internal\" }\nwaves = [\"1%\", 10, { plan = \"free\" }, \"100%\"]\npause = \"30s\"\n\
             max_failures = \"0.5%\"\nparallel = 16\nparallel_per_host = 4\nrehearse = 3",
        );
        let wanted = Rollout {
            canary: "plan=internal".parse().ok(),
            waves: ["1%", "10", "plan=free", "100%"].into_iter().map(|wave| wave.parse().ok()).collect(),
            pause: Some(Duration::from_secs(30)),
            max_failures: "0.5%".parse().ok(),
            parallel: Some(16),
            parallel_per_host: Some(4),
            rehearse: Some(3),
        };
        assert_eq!(found, Ok(wanted));
        assert_eq!(read(""), Ok(Rollout::default()));
    }

    #[test]
    fn what_no_roll_out_can_be_is_an_error() {
        for (fields, wanted) in [
            ("canary = true", "invalid type: boolean"),
            ("canary = {}", "no label is named"),
            ("waves = []", "`waves` is empty"),
            ("waves = [\"101%\"]", "more than 100%"),
            ("pause = \"soon\"", "`pause` is not"),
            ("parallel = 0", "`parallel` is not between 1 and 256"),
            ("max_failures = \"-1\"", "no number of members"),
        ] {
            let error = read(fields).expect_err(fields);
            assert!(error.contains(wanted), "{fields}: {error}");
        }
    }

    #[test]
    fn a_roll_out_is_for_fleets_only() {
        let error = Config::parse("[targets.one]\nurl = \"one.db\"\ncanary = 1\n").expect_err("it is no fleet");
        assert!(error.message.contains("`canary` is for fleets"), "{}", error.message);
    }
}
