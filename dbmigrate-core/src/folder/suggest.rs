//! The name of a migration that nobody has named: what a person would call it, from what it changes.

use super::name::Slug;
use crate::diff::Change;
use crate::schema::Schema;
use crate::sql::Name;

/// The longest name, so that it has at most 40 characters with its number.
const LONGEST: usize = 35;

/// What a migration from nothing is called that makes several tables.
const INITIAL: &str = "initial";

/// The name of a migration that makes these changes and leads from one schema to the other.
pub fn suggest(changes: &[Change], from: &Schema, to: &Schema) -> Slug {
    let mut name = Parts::of(changes, to).named(from.is_empty());
    if let Some(table) = changes.iter().find_map(|change| named_index(change, &name)) {
        name = format!("update_{}", word(table));
    }
    Slug::sanitize(&cut(&name)).unwrap_or_else(Slug::unnamed)
}

/// The table of the index whose whole name is in the name: it says nothing that its table and columns do not.
fn named_index<'c>(change: &'c Change, name: &str) -> Option<&'c Name> {
    let (Change::CreateIndex(table, index) | Change::DropIndex(table, index) | Change::AlterIndex(table, index)) =
        change
    else {
        return None;
    };
    let index = word(index);
    (!index.is_empty() && format!("_{name}_").contains(&format!("_{index}_"))).then_some(table)
}

/// The changes by what they are about.
#[derive(Default)]
struct Parts {
    created: Vec<String>,
    dropped: Vec<String>,
    renamed: Vec<(String, String)>,
    /// Tables that stay, with what is behind their names.
    tables: Vec<(String, Vec<Tail>)>,
    /// Views and triggers: what happens to them, what they are, their names.
    objects: Vec<(&'static str, &'static str, String)>,
}

/// What is said of a change behind the name of its table.
struct Tail {
    text: String,
    /// The new column, if it is one.
    added: Option<String>,
    /// An index or a constraint, which goes without saying beside a column.
    is_minor: bool,
}

impl Parts {
    fn of(changes: &[Change], to: &Schema) -> Self {
        let mut parts = Self::default();
        for change in changes {
            match change {
                Change::CreateTable(table) | Change::Create("virtual table", table) => parts.created.push(word(table)),
                Change::DropTable(table) | Change::Drop("virtual table", table) => parts.dropped.push(word(table)),
                Change::RenameTable(from, to) => parts.renamed.push((word(from), word(to))),
                Change::AddColumn(table, column) => {
                    let column = word(column);
                    parts.push(table, Tail { text: column.clone(), added: Some(column), is_minor: false });
                }
                Change::DropColumn(table, column) => parts.say(table, format!("drop_{}", word(column))),
                Change::RenameColumn(table, from, to) => {
                    parts.say(table, format!("rename_{}_to_{}", word(from), word(to)));
                }
                Change::AlterColumn(table, change) => parts.say(table, format!("alter_{}", word(&change.name))),
                Change::AlterPrimaryKey(table) => parts.say(table, "primary_key".to_owned()),
                Change::AlterConstraints(table, what) => parts.minor(table, (*what).to_owned()),
                Change::AlterOptions(table) => parts.say(table, "options".to_owned()),
                Change::CreateIndex(table, index) | Change::AlterIndex(table, index) => {
                    parts.minor(table, index_tail(to, table, index));
                }
                Change::DropIndex(table, _) => parts.minor(table, "drop_index".to_owned()),
                Change::Create(what, name) => parts.objects.push(("create", what, word(name))),
                Change::Drop(what, name) => parts.objects.push(("drop", what, word(name))),
                Change::Alter(what, name) => parts.objects.push(("change", what, word(name))),
            }
        }
        parts
    }

    fn say(&mut self, table: &Name, text: String) {
        self.push(table, Tail { text, added: None, is_minor: false });
    }

    fn minor(&mut self, table: &Name, text: String) {
        self.push(table, Tail { text, added: None, is_minor: true });
    }

    fn push(&mut self, table: &Name, tail: Tail) {
        let table = word(table);
        match self.tables.iter_mut().find(|(name, _)| *name == table) {
            Some((_, tails)) => tails.push(tail),
            None => self.tables.push((table, vec![tail])),
        }
    }

    /// The name of all of them together.
    fn named(&self, is_first: bool) -> String {
        if is_first && self.created.len() > 1 {
            return INITIAL.to_owned();
        }
        let mut names: Vec<String> = Vec::new();
        names.extend(created(&self.created));
        names.extend(self.renamed.iter().map(|(from, to)| {
            let both = format!("rename_{from}_to_{to}");
            if both.len() <= LONGEST { both } else { format!("rename_to_{to}") }
        }));
        names.extend(dropped(&self.dropped));
        names.extend(self.tables.iter().map(|(table, tails)| table_name(table, tails)));
        match &names[..] {
            [] => self.objects_name(),
            [only] => only.clone(),
            [first, second] if first.len() + "_and_".len() + second.len() <= LONGEST => {
                format!("{first}_and_{second}")
            }
            _ => self.summary(&names),
        }
    }

    /// What several changes have in common, else what the weightiest is.
    fn summary(&self, names: &[String]) -> String {
        let is_tables_only = names.len() == self.tables.len();
        let same = self.tables.iter().map(|(_, tails)| major(tails)).reduce(|one, other| {
            let is_same = matches!((&one[..], &other[..]), ([one], [other]) if one.text == other.text);
            if is_same { one } else { Vec::new() }
        });
        if let (true, Some([only])) = (is_tables_only, same.as_deref()) {
            return only.added.as_ref().map_or_else(|| only.text.clone(), |column| format!("add_{column}"));
        }
        let touched = self.created.iter().chain(&self.dropped).chain(self.renamed.iter().map(|(_, to)| to));
        let touched: Vec<String> = touched.chain(self.tables.iter().map(|(table, _)| table)).cloned().collect();
        if let Some(family) = family(&touched) {
            return if is_tables_only { format!("update_{family}") } else { family };
        }
        created(&self.created)
            .or_else(|| dropped(&self.dropped))
            .unwrap_or_else(|| format!("update_{}_tables", touched.len()))
    }

    fn objects_name(&self) -> String {
        let [(verb, what, name), rest @ ..] = &self.objects[..] else { return "empty".to_owned() };
        if rest.is_empty() {
            return format!("{verb}_{name}");
        }
        let is_same = |of: fn(&(&'static str, &'static str, String)) -> &'static str, wanted: &str| {
            self.objects.iter().all(|object| of(object) == wanted)
        };
        let names: Vec<String> = self.objects.iter().map(|(_, _, name)| name.clone()).collect();
        let verb = if is_same(|(verb, _, _)| verb, verb) { verb } else { "update" };
        let noun = if is_same(|(_, what, _)| what, what) { what } else { "object" };
        if let Some(joined) = joined(verb, &names) {
            return joined;
        }
        family(&names).map_or_else(|| format!("{verb}_{}_{noun}s", names.len()), |family| format!("{verb}_{family}"))
    }
}

/// What is said of a table: the columns, or its indexes and constraints if nothing else changes.
fn major(tails: &[Tail]) -> Vec<&Tail> {
    let major: Vec<&Tail> = tails.iter().filter(|tail| !tail.is_minor).collect();
    if major.is_empty() { tails.iter().collect() } else { major }
}

fn table_name(table: &str, tails: &[Tail]) -> String {
    let tails = major(tails);
    let texts: Vec<&str> = tails.iter().map(|tail| tail.text.as_str()).collect();
    let fitting = |name: String| (name.len() <= LONGEST).then_some(name);
    let all_added: Option<Vec<String>> = tails.iter().map(|tail| tail.added.clone()).collect();
    let name = match (&texts[..], all_added) {
        ([only], added) => fitting(format!("{table}_{only}")).or_else(|| Some(format!("add_{}", added?.pop()?))),
        ([first, second], added) => fitting(format!("{table}_{first}_and_{second}"))
            .or_else(|| fitting(format!("{table}_{}", family(&added?)?))),
        (_, Some(added)) => fitting(format!("{table}_{}", family(&added).as_deref().unwrap_or("columns"))),
        _ => None,
    };
    name.and_then(fitting).unwrap_or_else(|| format!("update_{table}"))
}

fn index_tail(schema: &Schema, table: &Name, index: &Name) -> String {
    let Some(index) = schema.table(table).and_then(|table| table.indexes.get(index)) else { return "index".to_owned() };
    let columns = index.parts.iter().filter_map(|part| Slug::sanitize(part.expr.as_str()));
    let columns: Vec<String> = columns.map(|column| column.to_string()).collect();
    format!("{}_{}", if index.unique { "unique" } else { "index" }, columns.join("_"))
}

fn created(tables: &[String]) -> Option<String> {
    match tables {
        [] => None,
        [only] => Some(format!("create_{only}")),
        several => Some(
            family(several)
                .or_else(|| joined("create", several))
                .unwrap_or_else(|| format!("create_{}_tables", several.len())),
        ),
    }
}

fn dropped(tables: &[String]) -> Option<String> {
    match tables {
        [] => None,
        [only] => Some(format!("drop_{only}")),
        several => Some(joined("drop", several).unwrap_or_else(|| match family(several) {
            Some(family) => format!("drop_{family}"),
            None => format!("drop_{}_tables", several.len()),
        })),
    }
}

/// `create_posts_tags_and_comments`, if that is not too long.
fn joined(verb: &str, names: &[String]) -> Option<String> {
    let (last, first) = names.split_last()?;
    let name = format!("{verb}_{}_and_{last}", first.join("_"));
    (name.len() <= LONGEST).then_some(name)
}

/// The words that all names begin with, singular or plural: `billing` of `billing_plans` and `billing_invoices`,
/// `invoices` of `invoices` and `invoice_lines`.
fn family(names: &[String]) -> Option<String> {
    let words: Vec<Vec<&str>> = names.iter().map(|name| name.split('_').collect()).collect();
    let first = words.first().filter(|_| words.len() > 1)?;
    let is_common =
        |at: usize| words.iter().all(|other| other.get(at).is_some_and(|word| singular(word) == singular(first[at])));
    let common = (0..first.len()).take_while(|at| is_common(*at)).count();
    let whole = words.iter().find(|words| words.len() == common).unwrap_or(first);
    (common > 0).then(|| whole[..common].join("_"))
}

fn singular(word: &str) -> String {
    match word.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => word.strip_suffix('s').unwrap_or(word).to_owned(),
    }
}

/// A name as part of another one.
fn word(name: &Name) -> String {
    Slug::sanitize(name.as_str()).map_or_else(String::new, |slug| slug.as_str().to_owned())
}

/// Cut at a word, if it is too long.
fn cut(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let end = name[..=LONGEST].rfind('_').filter(|end| *end > 0).unwrap_or(LONGEST);
    name[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::read::schema_of;
    use crate::diff::{Renames, diff};

    const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT, email TEXT);";

    #[track_caller]
    fn named(before: &str, after: &str) -> String {
        let (before, after) = (schema_of(before), schema_of(after));
        let diff = diff(&before, &after, &Renames::default()).expect("nothing is renamed");
        let name = suggest(&diff.changes(), &before, &after).to_string();
        assert!(name.len() <= LONGEST, "{name}");
        name
    }

    /// Behind `users`.
    #[track_caller]
    fn after_users(more: &str) -> String {
        named(USERS, &format!("{USERS}{more}"))
    }

    fn tables(names: &[&str]) -> String {
        names.iter().flat_map(|name| ["CREATE TABLE ", name, " (id INTEGER PRIMARY KEY);"]).collect()
    }

    #[test]
    fn the_first_migration_of_several_tables_is_the_initial_one() {
        assert_eq!(named("", USERS), "create_users");
        assert_eq!(named("", &tables(&["audit_log", "a", "b", "c"])), INITIAL);
        assert_eq!(named("", &format!("{USERS}CREATE INDEX users_nick_idx ON users (nick);")), "create_users");
        assert_eq!(named("", &format!("{USERS}CREATE VIEW v AS SELECT 1;")), "create_users");
    }

    #[test]
    fn tables_are_named_by_what_they_share() {
        assert_eq!(after_users(&tables(&["billing_plans", "billing_invoices", "billing_taxes"])), "billing");
        assert_eq!(after_users(&tables(&["invoices", "invoice_lines"])), "invoices");
        assert_eq!(after_users(&tables(&["posts", "tags"])), "create_posts_and_tags");
        assert_eq!(after_users(&tables(&["a", "b", "c"])), "create_a_b_and_c");
        let many: Vec<String> = ('a'..='m').map(|letter| format!("{letter}{letter}{letter}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(after_users(&tables(&many)), "create_13_tables");
        assert_eq!(named(&tables(&many), ""), "drop_13_tables");
    }

    #[test]
    fn a_column_is_named_with_its_table() {
        let keys = tables(&["api_keys"]);
        assert_eq!(named(&keys, &keys.replace("KEY)", "KEY, last_used_at INTEGER)")), "api_keys_last_used_at");
        let more = |columns: &str| named(USERS, &USERS.replace("email TEXT", &format!("email TEXT, {columns}")));
        assert_eq!(more("age INT, city TEXT"), "users_age_and_city");
        assert_eq!(more("address_street TEXT, address_city TEXT, address_zip TEXT"), "users_address");
        assert_eq!(more("a INT, b INT, c INT"), "users_columns");
        assert_eq!(named(USERS, &USERS.replace("nick", "handle")), "users_handle_and_drop_nick");
        let several = tables(&["posts", "comments", "tags"]);
        assert_eq!(named(&several, &several.replace("KEY)", "KEY, deleted_at INT)")), "add_deleted_at");
    }

    #[test]
    fn an_index_is_never_named_in_full() {
        assert_eq!(after_users("CREATE UNIQUE INDEX users_email_unique ON users (email);"), "users_unique_email");
        assert_eq!(after_users("CREATE INDEX users_nick_idx ON users (nick);"), "users_index_nick");
        assert_eq!(after_users("CREATE INDEX by_name ON users (lower(nick));"), "users_index_lower_nick");
        assert_eq!(after_users("CREATE INDEX index_nick ON users (nick);"), "update_users");
        let indexed = format!("{USERS}CREATE INDEX users_nick_idx ON users (nick);");
        assert_eq!(named(&indexed, USERS), "users_drop_index");
        let with_column = USERS.replace("email TEXT", "email TEXT, age INT");
        let with_both = format!("{with_column}CREATE INDEX users_age_idx ON users (age);");
        assert_eq!(named(USERS, &with_both), "users_age");
    }

    #[test]
    fn long_names_are_cut_at_a_word_and_none_is_empty() {
        let long = "a_table_with_a_name_that_nobody_would_like_to_type";
        assert_eq!(after_users(&tables(&[long])), "create_a_table_with_a_name_that");
        assert_eq!(named("", "CREATE TABLE \"\u{e4}\" (id INTEGER PRIMARY KEY);"), "create");
        assert_eq!(after_users("CREATE VIEW active AS SELECT 1;"), "create_active");
        assert_eq!(after_users("CREATE VIEW a AS SELECT 1; CREATE VIEW b AS SELECT 1;"), "create_a_and_b");
    }
}
