//! The flags of a command line that the next one needs as well, to be about the same package and database.

use std::ffi::OsString;

use clap::{Args as _, FromArgMatches as _};
use dbmigrate_core::config::ALL_TARGETS;
use dbmigrate_core::engine::remote::RemoteUrl;
use dbmigrate_core::shell::shell_flag;

use crate::project::url::Connect;
use crate::project::{Retry, Selection};
use crate::report::again::Again;
use crate::url_text::{redacted, scheme};

/// The flags, and whether a value follows.
const FLAGS: [(&str, bool); 12] = [
    ("--database", true),
    ("-p", true),
    ("--package", true),
    ("--manifest-path", true),
    ("-F", true),
    ("--features", true),
    ("--all-features", false),
    ("--no-default-features", false),
    ("-t", true),
    ("--target", true),
    ("--url", true),
    ("--timeout", true),
];

/// The flags as they are to be typed.
pub(super) fn flags(selection: &Selection, connect: Option<&Connect>, retry: Option<Retry>) -> Again {
    let flag = |name: &str, value: &str| format!(" {}", shell_flag(name, value));
    let mut chosen: String = selection.package.iter().map(|package| flag("-p", package)).collect();
    chosen.extend(selection.manifest_path.iter().map(|path| flag("--manifest-path", &path.display().to_string())));
    let features: Vec<&str> = selection.feature_names().collect();
    if !features.is_empty() {
        chosen.push_str(&flag("--features", &features.join(",")));
    }
    for (set, name) in
        [(selection.all_features, " --all-features"), (selection.no_default_features, " --no-default-features")]
    {
        chosen.push_str(if set { name } else { "" });
    }
    let url = connect.and_then(|connect| connect.url.as_deref()).and_then(without_secret);
    let targets: &[String] = connect.map_or(&[], |connect| &connect.target);
    let database = url.map(|url| flag("--url", &url)).unwrap_or_default();
    let database = targets.iter().fold(database, |flags, name| flags + &flag("-t", name));
    let timeout = connect.and_then(|connect| connect.timeout);
    let retries = retry.and_then(|retry| retry.retries);
    Again {
        structs: None,
        selection: chosen,
        database: selection.database.as_deref().map(|name| flag("--database", name)).unwrap_or_default(),
        url: database,
        target: match targets {
            [one] if one != ALL_TARGETS => Some(one.clone()),
            _ => None,
        },
        timeout: timeout.map(|seconds| format!(" --timeout {seconds}")).unwrap_or_default(),
        retries: retries.map(|count| format!(" --retries {count}")).unwrap_or_default(),
        phase: String::new(),
    }
}

/// The same from words of which nothing else can be made.
pub(super) fn of_words(arguments: &[OsString]) -> Again {
    let mut known: Vec<&OsString> = Vec::new();
    let mut words = arguments.iter().skip(1);
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        let (name, has_value) = text.split_once('=').map_or((&*text, false), |(name, _)| (name, true));
        let Some((_, takes_value)) = FLAGS.iter().find(|(flag, _)| *flag == name) else { continue };
        known.push(word);
        if *takes_value && !has_value {
            known.extend(words.next());
        }
    }
    let definition = Connect::augment_args(Selection::augment_args(clap::Command::new("").no_binary_name(true)));
    let Ok(matches) = definition.try_get_matches_from(known) else { return Again::default() };
    let connect = Connect::from_arg_matches(&matches).ok();
    flags(&Selection::from_arg_matches(&matches).unwrap_or_default(), connect.as_ref(), None)
}

/// A URL of the same database that can be shown. The token of a server is then to be had from elsewhere.
fn without_secret(url: &str) -> Option<String> {
    match scheme(url) {
        _ if redacted(url) == url => Some(url.to_owned()),
        Some((scheme, _)) if scheme == "file" => url.split(['?', '#']).next().map(str::to_owned),
        _ => RemoteUrl::parse(url).ok().map(|(url, _)| url.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_repeated_without_its_secret() {
        for (url, wanted) in [
            ("dev.db", Some("dev.db")),
            ("file:dev.db?cache=shared", Some("file:dev.db")),
            ("libsql://h?authToken=s3cret", Some("libsql://h")),
            ("libsql://h:1?tls=0&authToken=s3cret", Some("libsql://h:1?tls=0")),
            ("libsql://u:p@h", None),
        ] {
            assert_eq!(without_secret(url).as_deref(), wanted, "{url}");
        }
    }

    #[test]
    fn the_flags_of_a_command_that_there_is_not_are_known_all_the_same() {
        let words = "x rollback --steps 1 --url=a.db -p one -F b,c --timeout 5 --nope";
        let again = of_words(&words.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(again.selection, " -p one --features b,c");
        assert_eq!((again.url.as_str(), again.timeout.as_str()), (" --url a.db", " --timeout 5"));
    }
}
