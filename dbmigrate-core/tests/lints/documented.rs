//! The examples in the documentation of a rule. Blocks of SQL say what they are behind `sql`: `before` is the database, for
//! all that follow; `rows` are in it; on `bad` the rule fires, on `good` it does not. Blocks of TOML are a configuration
//! that can be read, and that of all that follow; `text application` are queries of the application, for all that follow;
//! behind `server` the database is on one.

use dbmigrate_core::config::Config;
use dbmigrate_core::lint::Rule;

use crate::case::Case;
use crate::one;

/// What is not as the documentation says.
pub(crate) fn wrong(rule: &Rule) -> Vec<String> {
    let (mut before, mut wrong, mut bad, mut good) = (String::new(), Vec::new(), 0, 0);
    let (mut application, mut config) = (String::new(), String::new());
    for (kind, text) in blocks(rule.explanation) {
        let is_server = kind.ends_with(" server");
        let (application, config) = (&mut application, &mut config);
        let case = Case { application: application.clone(), is_server, config: config.clone(), ..one(&before, &text) };
        let mut is = |fires: bool| match case.findings(rule) {
            Ok((found, _)) if found.is_empty() == fires => {
                wrong.push(format!("{}: fires: {}, on\n{text}", rule.name, !fires));
            }
            Ok(_) => {}
            Err(error) => wrong.push(format!("{}: {error}, in\n{text}", rule.name)),
        };
        match kind.trim_end_matches(" server") {
            "sql before" => before.clone_from(&text),
            "text application" => application.clone_from(&text),
            "sql bad" => {
                bad += 1;
                is(true);
            }
            "sql good" => {
                good += 1;
                is(false);
            }
            "toml" => {
                if let Err(problem) = Config::parse(&text) {
                    wrong.push(format!("{}: {}, in\n{text}", rule.name, problem.message));
                }
                config.clone_from(&text);
            }
            other => wrong.push(format!("{}: a block of `{other}` is not executed", rule.name)),
        }
    }
    if bad == 0 || good == 0 {
        wrong.push(format!("{}: there is an example of each kind", rule.name));
    }
    wrong
}

/// What `check --fix` does about the examples that a rule fires on.
pub(crate) fn fixes(rule: &Rule) -> Vec<String> {
    let (mut before, mut fixes) = (String::new(), Vec::new());
    for (kind, text) in blocks(rule.explanation) {
        match kind.as_str() {
            "sql before" => before.clone_from(&text),
            "sql bad" => {
                let found = one(&before, &text).findings(rule).map(|(found, _)| found).unwrap_or_default();
                fixes.extend(found.into_iter().filter_map(|finding| finding.fix).map(|fix| fix.says));
            }
            _ => {}
        }
    }
    fixes
}

/// The blocks of code, with what stands behind the fence.
fn blocks(markdown: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in markdown.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(info), None) => open = Some((info.trim().to_owned(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}
