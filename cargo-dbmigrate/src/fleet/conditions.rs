//! `--where`: which members of a fleet are meant, in a plain language: `behind>0`, `state=drifted`, `plan=free`.

use std::str::FromStr;

use clap::Args;
use glob::Pattern;

use super::member::Member;
use crate::error::{CommandError, Result, did_you_mean};

/// The states of members, as they are typed.
pub(crate) const STATES: [&str; 5] = ["at_head", "behind", "drifted", "unknown_history", "unreachable"];

/// The operators, those that begin with another one first.
const OPERATORS: [(&str, Operator); 6] = [
    ("!=", Operator::IsNot),
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("=", Operator::Is),
    (">", Operator::More),
    ("<", Operator::Less),
];

/// Which members of a fleet.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Fleet")]
pub(crate) struct Where {
    /// Of a fleet, the members with this label or state only: `plan=free`,
    /// `name=eu-*`, `behind>0`, `state=drifted`
    #[arg(long = "where", value_name = "CONDITION")]
    pub conditions: Vec<Condition>,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    field: Field,
    operator: Operator,
    value: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Field {
    Name,
    State,
    Behind,
    Label(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Is,
    IsNot,
    More,
    AtLeast,
    Less,
    AtMost,
}

/// Where a member stands, as conditions know it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    /// One of [`STATES`].
    pub state: &'static str,
    /// How many migrations it lacks, if that is known.
    pub behind: Option<u32>,
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let Some(at) = text.find(['=', '!', '<', '>']) else {
            return Err(match text.trim() {
                // what stood behind it was a redirection
                "behind" => "nothing stands behind it: a shell wants quotes, as in `--where 'behind>0'`".to_owned(),
                _ => "expected `LABEL=VALUE`, such as `plan=free` or `behind>0`".to_owned(),
            });
        };
        let (field, rest) = (text[..at].trim(), &text[at..]);
        let Some((word, operator)) = OPERATORS.iter().find(|(word, _)| rest.starts_with(word)) else {
            return Err("expected one of the operators `=`, `!=`, `<`, `<=`, `>`, `>=`".to_owned());
        };
        let value = rest[word.len()..].trim().to_owned();
        let field = match field {
            "" => return Err(format!("nothing stands before `{word}`: `name`, `state`, `behind`, or a label")),
            "name" => Field::Name,
            "state" => Field::State,
            "behind" => Field::Behind,
            label => Field::Label(label.to_owned()),
        };
        let is_order = !matches!(operator, Operator::Is | Operator::IsNot);
        match &field {
            Field::Behind if value.parse::<u32>().is_err() => {
                return Err("`behind` is a number of migrations, such as `behind>0`".to_owned());
            }
            Field::State if is_order => return Err("`state` is compared by `=` and `!=` only".to_owned()),
            Field::State if !STATES.contains(&state(&value).as_str()) => {
                let meant = did_you_mean(&state(&value), STATES).map(|state| format!(", did you mean `{state}`?"));
                let known = || format!(": expected one of `{}`", STATES.join("`, `"));
                return Err(format!("`{value}` is no state{}", meant.unwrap_or_else(known)));
            }
            Field::Name | Field::Label(_) if !is_order && Pattern::new(&value).is_err() => {
                return Err(format!("`{value}` is no pattern: `*` stands for any characters"));
            }
            _ => {}
        }
        Ok(Self { field, operator: *operator, value })
    }
}

/// A state as it is spelled: `at head` and `at-head` are `at_head`.
fn state(text: &str) -> String {
    text.to_ascii_lowercase().replace([' ', '-'], "_")
}

impl Where {
    /// Whether all members are meant.
    pub(crate) fn is_all(&self) -> bool {
        self.conditions.is_empty()
    }

    /// Whether members have to be asked where they stand.
    pub(crate) fn asks(&self) -> bool {
        self.conditions.iter().any(|one| matches!(one.field, Field::State | Field::Behind))
    }

    /// Refuses labels that no member has: they are misspelled.
    ///
    /// # Errors
    /// Exit code 2.
    pub(super) fn refuse_unknown(&self, fleet: &str, members: &[Member]) -> Result<()> {
        for condition in &self.conditions {
            let Field::Label(label) = &condition.field else { continue };
            if members.is_empty() || members.iter().any(|member| member.labels.contains_key(label)) {
                continue;
            }
            let labels = members.iter().flat_map(|member| member.labels.keys()).map(String::as_str);
            let known = labels.chain(["name", "state", "behind"]);
            let error = CommandError::usage(format!("no member of the fleet `{fleet}` has the label `{label}`"));
            return Err(match did_you_mean(label, known) {
                Some(meant) => error.help(format!("did you mean `{meant}`?")),
                None => error.help("labels come from `labels` of a list, or from the columns of a query"),
            });
        }
        Ok(())
    }

    /// Whether a member is meant, as far as its source tells.
    pub(crate) fn may_hold(&self, member: &Member) -> bool {
        self.conditions.iter().all(|one| one.holds(member, None))
    }

    /// Whether a member is meant that stands there.
    pub(crate) fn holds(&self, member: &Member, standing: Standing) -> bool {
        self.conditions.iter().all(|one| one.holds(member, Some(standing)))
    }
}

impl Condition {
    fn holds(&self, member: &Member, standing: Option<Standing>) -> bool {
        let found = match (&self.field, standing) {
            (Field::Name, _) => return self.compares(&member.name),
            (Field::Label(label), _) => match member.labels.get(label) {
                Some(found) => return self.compares(found),
                None => return self.operator == Operator::IsNot,
            },
            (_, None) => return true,
            (Field::State, Some(standing)) => {
                return (standing.state == state(&self.value)) == (self.operator == Operator::Is);
            }
            (Field::Behind, Some(standing)) => standing.behind,
        };
        // where that is not known, nothing is said of it
        let (Some(found), Ok(wanted)) = (found, self.value.parse()) else { return false };
        self.operator.orders(&found, &wanted)
    }

    /// Compares text: by a pattern, or in order, numbers as such.
    fn compares(&self, found: &str) -> bool {
        match self.operator {
            Operator::Is | Operator::IsNot => {
                let matches = Pattern::new(&self.value).is_ok_and(|pattern| pattern.matches(found));
                matches == (self.operator == Operator::Is)
            }
            operator => match (found.parse::<f64>(), self.value.parse::<f64>()) {
                (Ok(found), Ok(wanted)) => operator.orders(&found, &wanted),
                _ => operator.orders(&found, &self.value.as_str()),
            },
        }
    }
}

impl Operator {
    fn orders<T: PartialOrd>(self, found: &T, wanted: &T) -> bool {
        match self {
            Self::Is => found == wanted,
            Self::IsNot => found != wanted,
            Self::More => found > wanted,
            Self::AtLeast => found >= wanted,
            Self::Less => found < wanted,
            Self::AtMost => found <= wanted,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use dbmigrate_core::config::Target;

    use super::*;
    use crate::project::url::{At, Connect, DatabaseUrl, Surroundings};

    #[test]
    fn what_cannot_be_understood_is_refused_with_what_can() {
        for (text, wanted) in [
            ("plan", "expected `LABEL=VALUE`"),
            ("behind", "a shell wants quotes"),
            ("behind>x", "is a number of migrations"),
            ("state>behind", "compared by `=` and `!=` only"),
            ("state=drifed", "`drifed` is no state, did you mean `drifted`?"),
            ("=1", "nothing stands before `=`"),
            ("name=[", "is no pattern"),
            ("a!b", "one of the operators"),
        ] {
            let error = text.parse::<Condition>().expect_err(text);
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }

    #[test]
    fn conditions_hold_by_name_label_and_standing() {
        let config = crate::project::config::Config::default();
        let printer = crate::report::Printer::new(
            &crate::report::output::Output::default(),
            crate::report::again::Again::default(),
            crate::report::suggested::Typed::default(),
        );
        let around = Surroundings::new(Path::new("/"), &config, &printer);
        let at = At::File(PathBuf::from("eu-1.db"));
        let url = DatabaseUrl::of_member(at, &Target::new("tenants"), &Connect::default(), &around);
        let labels = [("plan".to_owned(), "10".to_owned())].into();
        let member = Member { name: "eu-1".to_owned(), url: url.expect("a file"), labels };
        let holds = |text: &str, standing: Option<Standing>| {
            text.parse::<Condition>().expect("a condition").holds(&member, standing)
        };
        let behind = Standing { state: "behind", behind: Some(2) };
        for (text, wanted) in [
            ("behind>0", true),
            ("behind >= 3", false),
            ("behind!=2", false),
            ("state=behind", true),
            ("state != at-head", true),
        ] {
            assert_eq!(holds(text, Some(behind)), wanted, "{text}");
            assert!(holds(text, None), "{text}: nobody knows yet");
        }
        for (text, wanted) in
            [("name=eu-*", true), ("name!=eu-*", false), ("plan>9", true), ("plan=free", false), ("x!=1", true)]
        {
            assert_eq!(holds(text, None), wanted, "{text}");
        }
    }
}
