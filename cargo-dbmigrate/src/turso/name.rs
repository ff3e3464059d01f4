//! The names of what is made here: a prefix of ours, what it is a copy of, where that stood, and when.

use std::time::{SystemTime, UNIX_EPOCH};

use dbmigrate_core::config::is_blank;
use dbmigrate_core::engine::remote::platform::LONGEST_DATABASE_NAME;

use super::moment::Moment;
use crate::error::{CommandError, Result};

/// How the name of everything begins that is made here. Nothing else is ever dropped.
pub(crate) const PREFIX: &str = "dbmigrate-";

/// The most letters of a label of a host name (RFC 1035, 2.3.4): that of a database is its name, `-`, and the organization.
const LONGEST_LABEL: usize = 63;
/// What is always left for a name, whatever the organization is called.
const SHORTEST_LIMIT: usize = 48;
/// How many letters tell two runs in one second apart.
const UNIQUE: usize = 4;

/// The name of a branch of `subject` in front of the migration after `position`.
pub(crate) fn of_branch(subject: &str, position: usize, organization: &str) -> String {
    named(subject, &format!("{position:04}-{}", Moment::now().stamp()), organization)
}

/// The name of a database as `subject` was at a point in time.
pub(crate) fn of_restored(subject: &str, at: Moment, organization: &str) -> String {
    named(subject, &format!("at-{}", at.stamp()), organization)
}

/// The name that somebody has chosen, with the prefix.
///
/// # Errors
/// Exit code 2 if no database can be called so.
pub(crate) fn chosen(name: &str) -> Result<String> {
    if is_blank(name) {
        return Err(CommandError::usage("`--branch` is set, but blank: it names no branch")
            .help("name it: `--branch=NAME`, or let it get a name: `--branch`"));
    }
    let full = if name.starts_with(PREFIX) { name.to_owned() } else { format!("{PREFIX}{name}") };
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let rest = &full[PREFIX.len()..];
    let wrong = |why: &str| {
        CommandError::usage(format!("`{name}` cannot be the name of a branch: {why}"))
            .help("choose another one: `--branch=NAME`, or leave it out: `--branch`")
    };
    if rest.is_empty() || !rest.bytes().all(is_plain) || rest.starts_with('-') || rest.ends_with('-') {
        return Err(wrong("use `a` to `z`, `0` to `9`, and `-` in between"));
    }
    if full.len() > LONGEST_DATABASE_NAME {
        return Err(wrong(&format!(
            "with `{PREFIX}` in front it has {} letters, and {LONGEST_DATABASE_NAME} are allowed",
            full.len()
        )));
    }
    Ok(full)
}

fn named(subject: &str, when: &str, organization: &str) -> String {
    let limit = LONGEST_LABEL.saturating_sub(organization.len() + 1).clamp(SHORTEST_LIMIT, LONGEST_DATABASE_NAME);
    let rest = format!("-{when}-{}", unique());
    let plain = plain(subject);
    let room = limit.saturating_sub(PREFIX.len() + rest.len());
    // it is ASCII
    let subject = plain[..plain.len().min(room)].trim_end_matches('-');
    format!("{PREFIX}{subject}{rest}")
}

/// A name with what is allowed in one: single dashes for everything else.
fn plain(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let parts = lower.split(|char: char| !char.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let plain = parts.collect::<Vec<_>>().join("-");
    if plain.is_empty() { "db".to_owned() } else { plain }
}

/// Letters that another run does not have.
fn unique() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut rest = u64::from(since.subsec_nanos()) ^ (u64::from(std::process::id()) << 20);
    let mut text = String::new();
    for _ in 0..UNIQUE {
        let digit = u32::try_from(rest % 36).unwrap_or_default();
        text.extend(char::from_digit(digit, 36));
        rest /= 36;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_target_position_and_time_and_fit() {
        let name = of_branch("Shop_EU!", 7, "acme");
        assert!(name.starts_with("dbmigrate-shop-eu-0007-2"), "{name}");
        for subject in ["", "---", "é", &"x".repeat(200), "a-very-long-name-of-a-target-with-words-in-it"] {
            for organization in ["a", "an-organization-with-a-long-name-of-44-letters"] {
                let names =
                    [of_branch(subject, 12_345, organization), of_restored(subject, Moment::now(), organization)];
                for name in names {
                    assert!(name.len() <= 64 && chosen(&name).as_ref() == Ok(&name), "{name}");
                }
            }
        }
        assert!(of_branch(&"x".repeat(200), 7, "acme-corp").len() + "-acme-corp".len() <= 63);
    }

    #[test]
    fn a_chosen_name_gets_the_prefix_or_is_refused() {
        assert_eq!(chosen("before-billing").as_deref(), Ok("dbmigrate-before-billing"));
        assert_eq!(chosen("dbmigrate-x").as_deref(), Ok("dbmigrate-x"));
        for wrong in ["", "A", "a_b", "-a", "a-", "a.b", "dbmigrate-", &"x".repeat(60), "ä"] {
            assert_eq!(chosen(wrong).expect_err(wrong).exit_code(), crate::exit::USAGE);
        }
    }
}
