//! Shows what a migration brings back of what was kept.

use dbmigrate_core::engine::apply::Restored;

use super::Printer;
use super::rows::grouped;
use crate::messages::{self, On, RestoredCounts};

/// Says what comes back, and what does not. With `dry_run`, nothing of it was done.
pub(crate) fn say_restored(printer: &Printer, on: impl Fn() -> On, (migration, dry_run): (&str, bool), one: &Restored) {
    let counts = counts(one);
    printer.status(if dry_run { "Would restore" } else { "Restored" }, words(&counts));
    let migration = migration.to_owned();
    printer.message(|| messages::ValuesRestored { on: on(), migration, dry_run, counts });
}

/// The same for programs.
pub(crate) fn counts(one: &Restored) -> RestoredCounts {
    RestoredCounts {
        object: one.object.clone(),
        is_table: one.is_table,
        kept: one.kept.clone(),
        restored: one.restored,
        added: one.added,
        otherwise: one.otherwise.clone(),
        deleted: one.deleted,
        changed: one.changed,
    }
}

/// `9,998 values of `users.legacy`; 12 rows were added since and get NULL; 2 rows were deleted since`.
pub(crate) fn words(one: &RestoredCounts) -> String {
    let RestoredCounts { object, is_table, otherwise, restored, added, deleted, changed, .. } = one;
    let several = |count: u64, word: &str| format!("{} {word}{}", grouped(count), if count == 1 { "" } else { "s" });
    let were = |count: u64| if count == 1 { "was" } else { "were" };
    let get = |count: u64| match (otherwise, count) {
        (Some(expr), 1) => format!("gets {expr}"),
        (Some(expr), _) => format!("get {expr}"),
        (None, 1) => "keeps its value".to_owned(),
        (None, _) => "keep their values".to_owned(),
    };
    let mut said = vec![format!("{} of `{object}`", several(*restored, if *is_table { "row" } else { "value" }))];
    for (count, happened) in [(*changed, "changed"), (*added, "added")] {
        let what = several(count, "row");
        said.extend((count > 0).then(|| format!("{what} {} {happened} since and {}", were(count), get(count))));
    }
    let count = deleted.unwrap_or_default();
    let what = several(count, "row");
    said.extend((count > 0).then(|| match (is_table, count) {
        (false, _) => format!("{what} {} deleted since", were(count)),
        (true, 1) => format!("{what} left out because its parent was deleted since"),
        (true, _) => format!("{what} left out because their parents were deleted since"),
    }));
    said.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_is_said_in_numbers() {
        let one = RestoredCounts {
            object: "users.legacy".to_owned(),
            is_table: false,
            kept: "_dbmigrate_kept_0007_users".to_owned(),
            otherwise: Some("NULL".to_owned()),
            restored: 9998,
            added: 12,
            deleted: Some(2),
            changed: 0,
        };
        assert_eq!(
            words(&one),
            "9,998 values of `users.legacy`; 12 rows were added since and get NULL; 2 rows were deleted since"
        );
        let converted =
            RestoredCounts { otherwise: None, restored: 1, added: 1, changed: 2, deleted: None, ..one.clone() };
        assert_eq!(
            words(&converted),
            "1 value of `users.legacy`; 2 rows were changed since and keep their values; 1 row was added since and \
             keeps its value"
        );
        let table = RestoredCounts { object: "posts".to_owned(), is_table: true, added: 0, deleted: Some(1), ..one };
        assert_eq!(words(&table), "9,998 rows of `posts`; 1 row left out because its parent was deleted since");
    }
}
