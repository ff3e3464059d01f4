//! The statements of SQLite's own test scripts, which are in Tcl: what stands in braces behind the commands that run
//! SQL. Nothing is substituted there, so the text is what the engine gets.

/// A step of a script.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// Statements.
    Sql(&'a str),
    /// A new database.
    Reset,
}

/// Commands whose next braces hold SQL.
const DIRECT: [&str; 5] = ["execsql", "catchsql", "db eval", "execsql2", "execsql_test"];

/// Commands whose second braces or words hold SQL: a name stands before it.
const NAMED: [&str; 5] = ["do_execsql_test", "do_catchsql_test", "do_eqp_test", "do_select_test", "do_select_tests"];

/// Commands that begin with a new database.
const RESETS: [&str; 3] = ["reset_db", "forcedelete test.db", "sqlite3 db test.db"];

/// What a script runs, in the order of its text.
pub(crate) fn steps(script: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut at = 0;
    while at < script.len() {
        let rest = &script[at..];
        let is_start =
            at == 0 || script.as_bytes()[at - 1].is_ascii_whitespace() || b"[{;".contains(&script.as_bytes()[at - 1]);
        if is_start && rest.starts_with('#') {
            at += rest.find('\n').map_or(rest.len(), |end| end + 1);
            continue;
        }
        if is_start && let Some(reset) = RESETS.iter().find(|reset| rest.starts_with(**reset)) {
            steps.push(Step::Reset);
            at += reset.len();
            continue;
        }
        if is_start && let Some(sql) = sql(rest) {
            at += sql.as_ptr() as usize - rest.as_ptr() as usize + sql.len();
            steps.push(Step::Sql(sql));
            continue;
        }
        at += rest.chars().next().map_or(1, char::len_utf8);
    }
    steps
}

/// The SQL of the command that the text begins with.
fn sql(text: &str) -> Option<&str> {
    let behind = |commands: &[&str]| {
        commands.iter().find_map(|command| text.strip_prefix(command).filter(|rest| rest.starts_with([' ', '\t'])))
    };
    if let Some(rest) = behind(&NAMED) {
        let rest = rest.trim_start();
        let name = rest.find(char::is_whitespace)?;
        return braced(rest[name..].trim_start());
    }
    braced(behind(&DIRECT)?.trim_start())
}

/// What stands in the braces that the text begins with.
fn braced(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('{')?;
    let mut depth = 1;
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return Some(&inner[..at]);
        }
    }
    None
}

#[test]
fn what_stands_in_braces_is_sql() {
    let script = "# execsql {no}\nreset_db\ndo_test a-1 {\n execsql {SELECT 1}\n} {1}\ndo_execsql_test b-1 {\n SELECT '{}'; } {x}\n";
    assert_eq!(steps(script), [Step::Reset, Step::Sql("SELECT 1"), Step::Sql("\n SELECT '{}'; ")]);
}
