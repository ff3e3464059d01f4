//! `-- dbmigrate: after-deploy`: the whole migration waits until the release that it was written for runs everywhere.

use super::Problem;

/// The directive.
pub use crate::plan::AFTER_DEPLOY as WORD;

/// Whether a script may have the directive: most texts have not, and need not be parsed for it.
pub fn may_be_said(text: &str) -> bool {
    text.contains(WORD)
}

/// Reads what stands behind it.
pub(super) fn parse(line: usize, rest: &str) -> Result<(), Problem> {
    match rest.trim() {
        "" => Ok(()),
        found => {
            let message = format!("`{WORD}` takes no arguments, found `{found}`");
            Err((line, message, format!("write `-- dbmigrate: {WORD}`; it is about the whole migration")))
        }
    }
}

/// Takes it in, once.
pub(super) fn add(said: &mut Option<usize>, line: usize) -> Result<(), Problem> {
    match said.replace(line) {
        None => Ok(()),
        Some(first) => {
            let message = format!("`{WORD}` is there twice, first on line {first}");
            Err((line, message, "delete one of them".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::folder::Script;

    fn read(text: &str) -> Result<Option<usize>, (usize, String, String)> {
        let script = Script::parse(text, Path::new("migration.sql"));
        script.map(|script| script.after_deploy).map_err(|error| (error.line, error.message, error.help))
    }

    #[test]
    fn it_is_read_with_its_line_wherever_it_stands() {
        assert_eq!(read("-- dbmigrate: after-deploy\nDROP TABLE t;\n"), Ok(Some(1)));
        assert_eq!(read("DROP TABLE t;\n--dbmigrate: after-deploy\n"), Ok(Some(2)));
        assert_eq!(read("DROP TABLE t; -- not after-deploy\n"), Ok(None));
        assert_eq!(read("DROP TABLE t;\n-- dbmigrate: undo\n-- CREATE TABLE t (a);\n"), Ok(None));
    }

    #[test]
    fn a_wrong_one_is_refused_on_its_line() {
        let wrong = |text: &str| read(text).map_err(|(line, message, _)| (line, message));
        assert_eq!(
            wrong("-- dbmigrate: after-deploy of 2.0\n"),
            Err((1, "`after-deploy` takes no arguments, found `of 2.0`".to_owned()))
        );
        assert_eq!(
            wrong("-- dbmigrate: after-deploy\n-- dbmigrate: after-deploy\n"),
            Err((2, "`after-deploy` is there twice, first on line 1".to_owned()))
        );
        let help = read("-- dbmigrate: after_deploy\n").map_err(|error| error.2);
        assert_eq!(help, Err("did you mean `after-deploy`?".to_owned()));
    }
}
