//! What a rule says of a case, as text for its snapshot.

use std::fmt::Write as _;

use dbmigrate_core::ddl::render;

use crate::case::{Case, Expected, Run};

/// Everything that was said.
pub(crate) fn run(case: &Case, run: &Run) -> String {
    let mut text = String::new();
    if case.expected == Expected::Spares {
        return text;
    }
    let _ = writeln!(text, "# {}", case.title);
    for (finding, counted) in &run.findings {
        let line = finding.statement.map(|at| format!(" (line {})", run.lines[at])).unwrap_or_default();
        let _ = writeln!(text, "{}: {}{line}: {}", finding.rule.name, finding.object, finding.message);
        for note in &finding.notes {
            let _ = writeln!(text, "  note: {note}");
        }
        for help in &finding.help {
            let _ = writeln!(text, "  help: {help}");
        }
        if let Some(fix) = &finding.fix {
            let _ = writeln!(text, "  fix: {}", fix.says);
            let statements = std::iter::once(render::create_table(&fix.table));
            let indexes = fix.table.indexes.iter().map(|index| render::create_index(&fix.table.name, index));
            for statement in statements.chain(indexes) {
                let _ = writeln!(text, "    {}", statement.replace('\n', "\n    "));
            }
        }
        if let Some(probe) = &finding.probe {
            let _ = writeln!(text, "  asks: {}", probe.count);
            if let Some(counted) = counted {
                let _ = write!(text, "  rows: {} {}", counted.rows, probe.says);
                let keys = counted.keys.join(" | ");
                let _ = if keys.is_empty() { writeln!(text) } else { writeln!(text, ": {keys}") };
            }
        }
    }
    text.push('\n');
    text
}
