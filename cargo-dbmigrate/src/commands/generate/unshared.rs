//! What is said of a change that two releases cannot share: why, and what would do.

use dbmigrate_core::engine::between::BetweenError;
use dbmigrate_core::plan::phased::{Link, Phased, PhasedError, Side};
use dbmigrate_core::schema::Schema;
use dbmigrate_core::shell::shell_flag;
use dbmigrate_core::sql::path::path;
use dbmigrate_core::sql::{Expr, Name};

use super::arguments::Generate;
use crate::decisions::answers::expressions;
use crate::error::CommandError;
use crate::exit;

/// How it is done without this command.
pub(super) const BY_HAND: &str = "write the two migrations by hand: `cargo dbmigrate generate --custom`, the second with `-- dbmigrate: after-deploy`";

/// A change that has no two halves.
pub(super) fn refused(arguments: &Generate, error: &PhasedError) -> CommandError {
    let shown = CommandError::new(exit::DECISION, error.to_string()).note("nothing was written");
    match error {
        PhasedError::Cannot { help, instead_of, .. } if !help.is_empty() => {
            let command = without(arguments, instead_of).command_line();
            help.iter().fold(shown, |shown, help| shown.help(help.replacen("`--", &format!("`{command} --"), 1)))
        }
        _ => shown.help(
            "leave it to a release of its own, or write one migration, while no release runs: leave out `--phased`",
        ),
    }
}

/// A change whose halves do not go together.
pub(super) fn not_shared(arguments: &Generate, error: &BetweenError, phased: &Phased) -> CommandError {
    let shown = CommandError::new(exit::DECISION, error.to_string());
    let shown = match error {
        BetweenError::Fails { statement, .. }
        | BetweenError::Differs { statement, .. }
        | BetweenError::NotCarried { statement, .. }
        | BetweenError::Unreadable { statement, .. } => shown.note(format!("the statement: {}", said(statement))),
        _ => shown,
    };
    let shown = shown.note("nothing was written");
    if let BetweenError::Unreadable { table, column, is_null, .. } = error {
        return shown.help(what_it_becomes(arguments, phased, (table, column), *is_null));
    }
    shown.help("change it in two releases: first what is new, beside what is there, later what goes").help(BY_HAND)
}

fn said(statement: &str) -> String {
    statement.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What to say of values that the other release cannot read.
fn what_it_becomes(arguments: &Generate, phased: &Phased, (table, column): (&Name, &Name), is_null: bool) -> String {
    let has = |sides: fn(&Link) -> &[Side], wanted: fn(&Side) -> bool| {
        let mut links = phased.links.iter().filter(|link| link.table == *table);
        links.any(|link| sides(link).iter().any(|side| side.name == *column && wanted(side)))
    };
    let (flag, texts) = if has(|link| &link.olds, |_| true) {
        ("back", &arguments.back)
    } else if has(|link| &link.news, |side| side.is_carried) {
        ("convert", &arguments.answers.convert)
    } else {
        ("backfill", &arguments.answers.backfill)
    };
    let given = texts.iter().find_map(|text| about(flag, text, (table, column)));
    let is_other = |text: &String| about(flag, text, (table, column)).is_none();
    let others: Vec<String> = texts.iter().filter(|text| is_other(text)).cloned().collect();
    let mut rest = arguments.clone();
    match flag {
        "back" => rest.back = others,
        "convert" => rest.answers.convert = others,
        _ => rest.answers.backfill = others,
    }
    let expr = given.map_or_else(|| "…".to_owned(), |expr| expr.to_string());
    let (words, sql) = match is_null {
        true => ("say what it becomes where that is NULL", format!("coalesce({expr}, …)")),
        false => ("say what such a value becomes", format!("CASE WHEN … THEN {expr} ELSE … END")),
    };
    let flag = shell_flag(&format!("--{flag}"), &format!("{}={sql}", path([table, column])));
    format!("{words}: `{} {flag}`", rest.command_line())
}

/// The same without what is said of columns that is said otherwise.
fn without(arguments: &Generate, places: &[(Name, Name)]) -> Generate {
    let mut rest = arguments.clone();
    for place in places {
        let place = (&place.0, &place.1);
        rest.back.retain(|text| about("back", text, place).is_none());
        rest.answers.convert.retain(|text| about("convert", text, place).is_none());
    }
    rest
}

/// What an answer says, if it is about that column.
fn about(flag: &str, text: &String, (table, column): (&Name, &Name)) -> Option<Expr> {
    let all = expressions(flag, std::slice::from_ref(text), &Schema::default()).ok()?;
    all.get(&(table.clone(), column.clone())).cloned()
}
