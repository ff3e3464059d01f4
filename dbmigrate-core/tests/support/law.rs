//! The cases of this repository (`tests/cases`), which are law: how each has to end, and how a run of them is judged.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use dbmigrate_test_support::say;
use serde_json::Value;

/// The suites in `tests/cases`.
pub const SUITES: [&str; 4] = ["hazards", "reports", "more_hazards", "more_reports"];

/// Cases that do not hold yet, with the ways that they fail by (`planner`, `migrate`, `push`). A case that holds by a way
/// that is listed here fails the run as well, so that it is taken out.
const NOT_YET: &[(&str, &[&str])] = &[];

/// Cases that a server cannot have, because it takes no text in double quotes: it refuses them by hand too.
pub const NOT_SERVED: &[&str] = &["1813/update_trigger_strftime_double_quotes_after_default_change"];

/// How a case has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is applied, and nothing has to be accepted.
    Apply,
    /// It is refused, and applied as soon as what is lost is accepted.
    Confirm,
    /// It is refused, and nothing is touched.
    Refuse,
    /// It is applied if that is possible, with everything accepted; what counts is that its checks hold then.
    Any,
}

impl Outcome {
    /// What a case asks for.
    pub fn of(case: &Value) -> Result<Self, String> {
        match &case["expect"]["outcome"] {
            Value::Null => Ok(Self::Any),
            Value::String(word) if word == "apply" => Ok(Self::Apply),
            Value::String(word) if word == "confirm" => Ok(Self::Confirm),
            Value::String(word) if word == "refuse" => Ok(Self::Refuse),
            other => Err(format!("no such outcome: {other}")),
        }
    }

    /// Whether everything is accepted at the attempt that counts.
    pub fn accepts_all(self, case: &Value) -> bool {
        // a column that only an empty table can take is accepted by name
        matches!(self, Self::Confirm | Self::Any) || case["name"] == "add/not_null_no_default_empty"
    }
}

/// What a case is called.
pub fn name(case: &Value) -> &str {
    case["name"].as_str().unwrap_or_default()
}

/// Whether a case does not hold yet, by some way.
pub fn is_not_yet(case: &Value) -> bool {
    NOT_YET.iter().any(|(one, _)| *one == name(case))
}

/// Says how many cases hold by a way, and fails if others fail than those that are known to, or fewer. `place` is where
/// the databases are, for people.
pub fn judge(suite: &str, way: &str, place: &str, results: &[(&Value, Result<(), String>)]) {
    let (mut failed, mut not_yet, mut surprises) = (Vec::new(), 0, Vec::new());
    for (case, result) in results {
        let name = name(case);
        let is_known = NOT_YET.iter().any(|(one, ways)| *one == name && ways.contains(&way));
        match result {
            Ok(()) if is_known => surprises.push(name),
            Ok(()) => {}
            Err(_) if is_known => not_yet += 1,
            Err(error) => failed.push(format!("--- {name}: {error}")),
        }
    }
    let (all, wrong) = (results.len(), failed.len() + not_yet);
    say(&format!("{suite} by {way} {place}: {} of {all} hold, {not_yet} do not yet", all - wrong));
    assert!(failed.is_empty(), "{} of {all} of {suite} fail by {way}:\n{}", failed.len(), failed.join("\n"));
    assert!(surprises.is_empty(), "these hold by {way}, take them out of `NOT_YET`: {surprises:?}");
    assert!(all >= 40, "only {all} cases were found");
}
