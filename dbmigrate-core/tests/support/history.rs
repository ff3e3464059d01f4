//! The histories of this repository (`tests/histories`): from steps to the whole schema after each.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

use dbmigrate_core::diff::Renames;

use super::house;

/// A schema of a history, with what was renamed on the way to it.
pub struct State {
    pub name: String,
    pub sql: String,
    pub renames: Renames,
}

/// The histories, by name, each with all its states.
pub fn histories() -> Vec<(String, Vec<State>)> {
    let files = std::fs::read_dir(house("histories")).expect("the folder is there").flatten().map(|entry| entry.path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|one| one == "steps")).collect();
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        (name, states(&std::fs::read_to_string(path).expect("text")))
    };
    files.iter().map(read).collect()
}

/// Schemas of this repository, by name: those in `tests/schemas`, and what the histories lead to.
pub fn schemas() -> Vec<(String, String)> {
    let mut files: Vec<_> =
        std::fs::read_dir(house("schemas")).expect("the folder is there").flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|one| one == "sql"));
    files.sort();
    let name = |path: &std::path::Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut schemas: Vec<(String, String)> =
        files.iter().map(|path| (name(path), std::fs::read_to_string(path).expect("text"))).collect();
    for (name, mut states) in histories() {
        schemas.extend(states.pop().map(|last| (name, last.sql)));
    }
    schemas
}

/// An object of a schema. Columns and constraints of a table are apart; of anything else there is but its head.
struct Object {
    name: String,
    head: String,
    items: Vec<String>,
    tail: String,
    is_table: bool,
}

impl Object {
    fn sql(&self) -> String {
        if self.is_table {
            // constraints stand behind the columns, wherever they were added
            let (columns, constraints): (Vec<_>, Vec<_>) = self.items.iter().partition(|item| !is_constraint(item));
            let items: Vec<&str> = columns.into_iter().chain(constraints).map(String::as_str).collect();
            format!("CREATE TABLE {} (\n  {}\n{};\n", self.name, items.join(",\n  "), self.tail)
        } else {
            format!("{};\n", self.head)
        }
    }

    /// Whether it is an index or a trigger of a table.
    fn is_on(&self, table: &str) -> bool {
        let mut words = self.head.split_whitespace().skip_while(|word| *word != "ON");
        !self.is_table && words.nth(1) == Some(table)
    }

    fn replace(&mut self, from: &str, to: &str) {
        for text in self.items.iter_mut().chain([&mut self.head]) {
            *text = with_word(text, from, to);
        }
    }

    #[track_caller]
    fn column(&mut self, name: &str) -> &mut String {
        let found = self.items.iter_mut().find(|item| first_word(item).0 == name);
        found.unwrap_or_else(|| panic!("{} has no column {name}", self.name))
    }
}

fn is_constraint(item: &str) -> bool {
    ["PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT"].contains(&first_word(item).0)
}

/// The first word of a text, and the rest.
fn first_word(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, ""))
}

/// A text with a whole word replaced.
fn with_word(text: &str, from: &str, to: &str) -> String {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let (mut result, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(from) {
        let (before, after) = (&rest[..at], &rest[at + from.len()..]);
        let is_whole = !before.ends_with(is_word) && !after.starts_with(is_word);
        result.push_str(before);
        result.push_str(if is_whole { to } else { from });
        rest = after;
    }
    result + rest
}

/// The name of what a `CREATE` that makes no table creates.
fn created(head: &str) -> &str {
    let mut words = head.split_whitespace().skip_while(|word| ["CREATE", "UNIQUE", "VIRTUAL"].contains(word));
    words.nth(1).expect("it has a name")
}

/// The states that steps lead to.
fn states(steps: &str) -> Vec<State> {
    let mut states: Vec<State> = Vec::new();
    let mut objects: Vec<Object> = Vec::new();
    let mut lines = steps.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).peekable();
    while let Some(line) = lines.next() {
        let mut indented = Vec::new();
        while let Some(more) = lines.next_if(|line| line.starts_with(' ')) {
            indented.push(more.trim().to_owned());
        }
        if let Some(name) = line.strip_prefix("== ") {
            states.push(State { name: name.to_owned(), sql: String::new(), renames: Renames::default() });
        } else {
            let state = states.last_mut().expect("a step has a name");
            step(&mut objects, &mut state.renames, line, indented);
        }
        if lines.peek().is_none_or(|line| line.starts_with("== ")) {
            let state = states.last_mut().expect("a step has a name");
            state.sql = objects.iter().map(Object::sql).collect();
        }
    }
    states
}

/// A line of a step, with what is indented below it.
fn step(objects: &mut Vec<Object>, renames: &mut Renames, line: &str, mut indented: Vec<String>) {
    let (word, rest) = first_word(line);
    if word == "rename" {
        return rename(objects, renames, rest);
    }
    if word == "gone" {
        return objects.retain(|object| object.name != rest && !object.is_on(rest));
    }
    if word == "table" || word == "CREATE" {
        let is_table = word == "table";
        let tail = indented.pop_if(|last| is_table && last.starts_with(')')).unwrap_or_else(|| ")".to_owned());
        let head = [&[line.to_owned()], &indented[..]].concat().join("\n  ");
        let name = if is_table { rest } else { created(line) }.to_owned();
        let object = Object { head, items: indented, tail, is_table, name };
        match objects.iter_mut().find(|one| one.name == object.name) {
            Some(before) => *before = object,
            None => objects.push(object),
        }
        return;
    }
    let at = rest.find([' ', '.']).unwrap_or_else(|| panic!("`{line}` names a table, and what is done to it"));
    let (table, what) = (&rest[..at], &rest[at + 1..]);
    let table = objects.iter_mut().find(|object| object.is_table && object.name == table);
    let table = table.unwrap_or_else(|| panic!("`{line}`: there is no such table"));
    match word {
        "add" | "need" => table.items.push(what.to_owned()),
        "set" => what.clone_into(table.column(first_word(what).0)),
        "drop" => {
            table.column(what);
            table.items.retain(|item| first_word(item).0 != what);
        }
        "free" => {
            let count = table.items.len();
            table.items.retain(|item| *item != what);
            assert!(table.items.len() < count, "`{line}`: there is no such constraint");
        }
        "tail" => what.clone_into(&mut table.tail),
        _ => panic!("`{line}`: no such step"),
    }
}

fn rename(objects: &mut [Object], renames: &mut Renames, what: &str) {
    let (from, to) = what.split_once(" = ").expect("a new name");
    let Some((table, column)) = from.split_once('.') else {
        renames.tables.push((from.into(), to.into()));
        for object in &mut *objects {
            object.replace(from, to);
            if object.name == from {
                to.clone_into(&mut object.name);
            }
        }
        return;
    };
    renames.columns.push((table.into(), column.into(), to.into()));
    for object in objects {
        if object.name == table {
            object.column(column);
        }
        if object.name == table || object.is_on(table) {
            object.replace(column, to);
        }
        let (old, new) = (format!("REFERENCES {table} ({column})"), format!("REFERENCES {table} ({to})"));
        object.items.iter_mut().for_each(|item| *item = item.replace(&old, &new));
    }
}
