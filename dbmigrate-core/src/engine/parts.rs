//! Statements in parts that have nothing to do with each other, so that each part can be run in a database of its own.
//!
//! For every `CREATE`, SQLite goes through all rows of `sqlite_schema`, so that a schema in one database costs the square
//! of its size. Parts of it cost their size, if none of them is large.
//!
//! Objects are in one part if a statement names both. A foreign key alone does not count, because SQLite looks at a
//! parent only when rows are written or checked, when a table is renamed, and to fill in the columns of a key that names
//! none. In doubt there are no parts.

use std::collections::BTreeMap;

use crate::folder::Script;
use crate::plan::UNCHECKED;
use crate::schema::Schema;
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Name, Statement, StatementKind, Token};

/// As many objects as are put into one part. Fewer save nothing.
pub const OBJECTS_IN_A_PART: usize = 96;

/// What SQLite answers from all that is in a database or was done over the connection, whatever the statement names.
const FUNCTIONS_OF_THE_WHOLE: [&str; 4] = ["changes", "total_changes", "last_insert_rowid", "libsql_vector_idx"];

/// What belongs to which part.
pub(super) struct Parts {
    /// The objects.
    of: BTreeMap<Name, usize>,
    /// The preflights and the statements of each script.
    scripts: Vec<[Vec<usize>; 2]>,
    count: usize,
}

impl Parts {
    /// The parts of a history, with about so many objects each. `None` if there is one part only.
    pub(super) fn of_history(scripts: &[Script<'_>], at_most: usize) -> Option<Self> {
        let is_special =
            |script: &Script<'_>| script.runs_alone() || script.allows.iter().any(|allow| allow.lint == UNCHECKED);
        if scripts.iter().any(is_special) {
            return None;
        }
        let mut groups = Groups::default();
        for script in scripts {
            groups.name_objects(&script.statements)?;
        }
        for script in scripts {
            let queries = script.preflights.iter().map(|preflight| groups.join_reading(&preflight.query));
            let queries = queries.collect::<Option<_>>()?;
            let statements = groups.join_statements(&script.statements)?;
            groups.scripts.push([queries, statements]);
        }
        groups.into_parts(at_most)
    }

    /// The parts of a schema that these statements create. `None` if there is one part only.
    pub(super) fn of_creation(statements: &[Statement<'_>]) -> Option<Self> {
        let mut groups = Groups::default();
        groups.name_objects(statements)?;
        let statements = groups.join_statements(statements)?;
        groups.scripts.push([Vec::new(), statements]);
        groups.into_parts(OBJECTS_IN_A_PART)
    }

    /// How many there are, at least two.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The parts of the preflights of a script.
    pub(super) fn of_preflights(&self, script: usize) -> &[usize] {
        &self.scripts[script][0]
    }

    /// The parts of the statements of a script.
    pub(super) fn of_statements(&self, script: usize) -> &[usize] {
        &self.scripts[script][1]
    }

    /// The parts of the schema that all the statements led to.
    pub(super) fn split(&self, schema: &Schema) -> Vec<Schema> {
        let mut parts = vec![Schema::default(); self.count];
        let of = |name: &Name| self.of.get(name).copied().unwrap_or_default();
        for table in &schema.tables {
            parts[of(&table.name)].tables.insert(table.clone());
        }
        for view in &schema.views {
            parts[of(&view.name)].views.insert(view.clone());
        }
        for trigger in &schema.triggers {
            parts[of(&trigger.name)].triggers.insert(trigger.clone());
        }
        for (name, docs) in &schema.docs {
            parts[of(name)].docs.insert(name.clone(), docs.clone());
        }
        parts
    }
}

/// Objects while it is found out which belong together: a forest, whose roots stand for the groups.
#[derive(Default)]
struct Groups {
    /// By name.
    objects: BTreeMap<Name, usize>,
    /// The next object on the way to the root; a root is its own.
    above: Vec<usize>,
    /// Whether there is a trigger in the group of this root.
    has_trigger: Vec<bool>,
    /// Tables and the parents that their foreign keys refer to.
    references: Vec<(usize, usize)>,
    /// The tables whose foreign keys, and the keys that refer to them, count.
    bound: Vec<usize>,
    /// An object of each preflight and each statement, by script. Before there is any, the first.
    scripts: Vec<[Vec<usize>; 2]>,
}

impl Groups {
    fn object(&mut self, name: Name) -> usize {
        let next = self.above.len();
        let object = *self.objects.entry(name).or_insert(next);
        if object == next {
            self.above.push(next);
            self.has_trigger.push(false);
        }
        object
    }

    fn root_of(&self, mut object: usize) -> usize {
        while self.above[object] != object {
            object = self.above[object];
        }
        object
    }

    /// The same, and the way there is short from now on.
    fn root(&mut self, object: usize) -> usize {
        let root = self.root_of(object);
        let mut object = object;
        while object != root {
            object = std::mem::replace(&mut self.above[object], root);
        }
        root
    }

    fn join(&mut self, one: usize, two: usize) {
        let (one, two) = (self.root(one), self.root(two));
        // the older one stays the root
        let (root, other) = (one.min(two), one.max(two));
        self.above[other] = root;
        self.has_trigger[root] |= self.has_trigger[other];
    }

    fn join_all(&mut self, objects: &[usize]) {
        for object in objects {
            self.join(objects[0], *object);
        }
    }

    /// Takes down the names that statements give. `None` if one does more than can be told.
    fn name_objects(&mut self, statements: &[Statement<'_>]) -> Option<()> {
        for statement in statements {
            let tokens = significant(statement.text);
            match statement.kind {
                StatementKind::CreateTable
                | StatementKind::CreateIndex
                | StatementKind::CreateView
                | StatementKind::CreateTrigger => {
                    self.object(created(&tokens)?);
                }
                StatementKind::AlterTable => {
                    if let [.., to, name] = &tokens[..]
                        && to.is_word("to")
                    {
                        self.object(Name::from(name.identifier()?));
                    }
                }
                StatementKind::DropTable | StatementKind::DropOther | StatementKind::Write | StatementKind::Read => {}
                StatementKind::CreateVirtualTable
                | StatementKind::Pragma
                | StatementKind::Transaction
                | StatementKind::Other => return None,
            }
        }
        Some(())
    }

    /// The objects that are named among tokens.
    fn named(&self, tokens: &[Token<'_>]) -> Vec<usize> {
        let names = tokens.iter().filter_map(Token::identifier);
        names.filter_map(|name| self.objects.get(&Name::from(name)).copied()).collect()
    }

    /// Joins what the statements of one migration name, and returns an object of each.
    fn join_statements(&mut self, statements: &[Statement<'_>]) -> Option<Vec<usize>> {
        let (mut all, mut firsts) = (Vec::new(), Vec::with_capacity(statements.len()));
        let (mut alters, mut defines) = (false, false);
        for statement in statements {
            let tokens = significant(statement.text);
            if asks_for_the_whole(&tokens) {
                return None;
            }
            let named = match statement.kind {
                StatementKind::CreateTable => self.join_table(&tokens)?,
                StatementKind::CreateIndex => {
                    let on = tokens.iter().position(|token| token.is_word("on"))?;
                    let table = Name::from(tokens.get(on + 1)?.identifier()?);
                    vec![self.object(created(&tokens)?), self.object(table)]
                }
                _ => self.named(&tokens),
            };
            self.join_all(&named);
            match statement.kind {
                StatementKind::CreateTrigger => {
                    defines = true;
                    let root = self.root(*named.first()?);
                    self.has_trigger[root] = true;
                }
                StatementKind::CreateView | StatementKind::DropOther => defines = true,
                StatementKind::AlterTable => {
                    alters = true;
                    if !adds_column(&tokens) {
                        self.bound.extend(&named);
                    }
                }
                StatementKind::DropTable => {
                    alters = true;
                    self.bound.extend(&named);
                }
                StatementKind::Write | StatementKind::Read => self.bound.extend(&named),
                _ => {}
            }
            firsts.push(named.first().copied().unwrap_or_default());
            all.extend(named);
        }
        // an `ALTER TABLE` compiles every view and trigger, also one that is about to be replaced
        if alters && defines {
            self.join_all(&all);
        }
        Some(firsts)
    }

    /// A table that is created, with the parents that its foreign keys take their columns from.
    fn join_table(&mut self, tokens: &[Token<'_>]) -> Option<Vec<usize>> {
        let table = self.object(created(tokens)?);
        let mut named = vec![table];
        for (at, _) in tokens.iter().enumerate().filter(|(_, token)| token.is_word("references")) {
            // a column or a function may be called so too
            let Some(parent) = tokens.get(at + 1).and_then(Token::identifier) else { continue };
            let parent = self.object(Name::from(parent));
            self.references.push((table, parent));
            if tokens.get(at + 2).is_none_or(|token| token.kind != TokenKind::Open) {
                named.push(parent);
            }
        }
        Some(named)
    }

    /// Joins what a query reads, and returns an object of it.
    fn join_reading(&mut self, query: &str) -> Option<usize> {
        let tokens = significant(query);
        if asks_for_the_whole(&tokens) {
            return None;
        }
        let named = self.named(&tokens);
        self.join_all(&named);
        // it sees rows, like a statement that reads
        self.bound.extend(&named);
        Some(named.first().copied().unwrap_or_default())
    }

    fn into_parts(mut self, at_most: usize) -> Option<Parts> {
        if self.above.len() <= at_most {
            return None;
        }
        let mut is_bound = vec![false; self.above.len()];
        for object in &self.bound {
            is_bound[*object] = true;
        }
        let scripts = std::mem::take(&mut self.scripts);
        let references = std::mem::take(&mut self.references);
        for (child, parent) in &references {
            if is_bound[*child] || is_bound[*parent] {
                self.join(*child, *parent);
            }
        }
        // what a trigger writes is compiled with the parents of its tables, but not with theirs
        let in_trigger = |(child, _): &&(usize, usize)| self.has_trigger[self.root_of(*child)];
        for (child, parent) in references.iter().filter(in_trigger).copied().collect::<Vec<_>>() {
            self.join(child, parent);
        }
        // apart from other tables, which may refer to what is written and have parents that are not there
        let mut sizes: BTreeMap<(bool, usize), usize> = BTreeMap::new();
        for object in 0..self.above.len() {
            let root = self.root(object);
            *sizes.entry((self.has_trigger[root], root)).or_default() += 1;
        }
        // groups are put together in their order until a part is full
        let (mut part_of, mut part, mut size, mut before) = (BTreeMap::new(), 0, 0, false);
        for ((has_trigger, root), objects) in sizes {
            if size > 0 && (size + objects > at_most || has_trigger != before) {
                part += 1;
                size = 0;
            }
            part_of.insert(root, part);
            size += objects;
            before = has_trigger;
        }
        if part == 0 {
            return None;
        }
        let objects = std::mem::take(&mut self.objects);
        let mut of_object = |object: usize| part_of[&self.root(object)];
        let of = objects.into_iter().map(|(name, object)| (name, of_object(object))).collect();
        let scripts = scripts
            .into_iter()
            .map(|script| script.map(|objects| objects.into_iter().map(&mut of_object).collect()))
            .collect();
        Some(Parts { of, scripts, count: part + 1 })
    }
}

/// Whether something is named that belongs to all of the database, or to all that was done over the connection.
fn asks_for_the_whole(tokens: &[Token<'_>]) -> bool {
    let is_name =
        |token: &&Token<'_>| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName | TokenKind::String);
    tokens.iter().filter(is_name).any(|token| {
        let name = token.text.trim_matches(['"', '\'', '`', '[', ']']);
        let starts_with =
            |prefix: &str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        starts_with("sqlite_")
            || starts_with("pragma_")
            || FUNCTIONS_OF_THE_WHOLE.iter().any(|function| name.eq_ignore_ascii_case(function))
    })
}

/// The name of what a statement creates. `None` if it is temporary, or in a database that is named, or a table that is
/// made by a query.
fn created(tokens: &[Token<'_>]) -> Option<Name> {
    let mut rest = tokens.iter().skip(1).peekable();
    rest.next_if(|token| token.is_word("unique"));
    let kind = rest.next()?;
    if !["table", "index", "view", "trigger"].iter().any(|word| kind.is_word(word)) {
        return None;
    }
    // a table may be called `if`
    let rest: Vec<&Token<'_>> = rest.collect();
    let at = if rest.first()?.is_word("if") && rest.get(1)?.is_word("not") { 3 } else { 0 };
    let name = rest.get(at)?.identifier()?;
    let next = rest.get(at + 1)?;
    let is_made_by_query = kind.is_word("table") && next.kind != TokenKind::Open;
    (next.kind != TokenKind::Dot && !is_made_by_query).then(|| Name::from(name))
}

/// Whether an `ALTER TABLE` adds a column that refers to nothing.
fn adds_column(tokens: &[Token<'_>]) -> bool {
    tokens.get(3).is_some_and(|token| token.is_word("add")) && !tokens.iter().any(|token| token.is_word("references"))
}
