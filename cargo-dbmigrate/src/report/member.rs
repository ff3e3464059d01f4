//! What is said of one of many databases: what it found, and nothing of how it got there.

use super::Printer;

/// How wide a line is that names members.
const WIDTH: usize = 80;

impl Printer {
    /// The same for a member of a fleet: status lines are shown with `-v` only, and nobody is asked.
    pub(crate) fn on_member(&self, name: &str) -> Self {
        Self { quiet: self.quiet || !self.verbose, is_of_many: true, ..self.on_target(name) }
    }
}

/// The names that fit on a line behind so many columns, at least one, and how many more there are.
pub(crate) fn names<'n>(columns: usize, names: impl ExactSizeIterator<Item = &'n str>) -> String {
    let mut left = names.len();
    let mut text = String::new();
    for name in names {
        let rest = if left > 1 { format!(" and {} more", left - 1) } else { String::new() };
        let is_first = text.is_empty();
        let more = if is_first { name.to_owned() } else { format!(", {name}") };
        if !is_first && columns + text.chars().count() + more.chars().count() + rest.len() > WIDTH {
            break;
        }
        text.push_str(&more);
        left -= 1;
    }
    if left > 0 { format!("{text} and {left} more") } else { text }
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn as_many_names_are_shown_as_fit_on_a_line() {
        assert_eq!(names(0, ["a"].into_iter()), "a");
        assert_eq!(names(0, ["a", "b"].into_iter()), "a, b");
        let many: Vec<String> = (0..100).map(|number| format!("tenant-{number:03}")).collect();
        let shown = names(10, many.iter().map(String::as_str));
        assert!(shown.ends_with("tenant-004 and 95 more") && shown.len() <= 70, "{shown}");
        let long = "x".repeat(100);
        assert_eq!(names(0, [long.as_str(), "a"].into_iter()), format!("{long} and 1 more"));
    }
}
