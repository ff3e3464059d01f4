//! Makes a [`Plan`]: of a schema, and of what a set says.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use dbmigrate_core::schema::Schema;
use dbmigrate_core::sql::Name;

use super::checks::Checks;
use super::choose::{Choice as Chosen, Chooser};
use super::column_settings::ColumnSettings;
use super::draw::{Key, Share};
use super::judge::Judge;
use super::maker::Maker;

use super::names::Role;
use super::parents::{self, Around};
use super::plan::{ColumnPlan, Counts, InputTable, KeyPlan, Number, Per, Plan, Source, TablePlan};
use super::problem::{Problem, Reason};
use super::settings::Settings;
use super::unique::{self, Apart, Room};
use crate::seeding::calendar::{DAY, days};
use crate::seeding::rows::Value;

/// From when to when times lie, if nothing is said: two years that end at the start of 2026.
pub(super) fn window() -> (i64, i64) {
    (days(2024, 1, 1) * DAY, days(2026, 1, 1) * DAY)
}

/// Makes a plan. What is impossible is an error for each table.
pub(super) fn plan(
    schema: &Schema,
    inputs: Vec<InputTable>,
    seed: u64,
    judge: &mut Judge,
) -> Result<Plan, Vec<Problem>> {
    let (order, closing) = parents::order(&inputs);
    let names: Vec<Name> = order.iter().map(|at| inputs[*at].table.name.clone()).collect();
    let mut inputs: Vec<Option<InputTable>> = inputs.into_iter().map(Some).collect();
    let mut plan = Plan { tables: Vec::with_capacity(order.len()) };
    let mut problems = Vec::new();
    for at in order {
        let Some(input) = inputs[at].take() else { continue };
        let closes = |key: usize| closing.contains(&(at, key));
        let mut builder = Builder { schema, seed, plan: &plan, names: &names, judge, problems: &mut problems };
        let built = builder.table(input, &closes);
        plan.tables.push(built);
    }
    if problems.is_empty() { Ok(plan) } else { Err(problems) }
}

struct Builder<'a> {
    schema: &'a Schema,
    seed: u64,
    plan: &'a Plan,
    /// The tables in the order in which they are planned.
    names: &'a [Name],
    judge: &'a mut Judge,
    problems: &'a mut Vec<Problem>,
}

impl Builder<'_> {
    fn table(&mut self, input: InputTable, closes: &dyn Fn(usize) -> bool) -> TablePlan {
        let InputTable { table, settings, file, given } = input;
        let mut built = TablePlan {
            given_count: given.len() as u64,
            given: RefCell::new(given),
            made: 0,
            columns: Vec::new(),
            order: Vec::new(),
            keys: Vec::new(),
            per: None,
            spreads: Vec::new(),
            conditions: Vec::new(),
            open: Vec::new(),
            is_judged: false,
            is_uncertain: false,
            settings,
            file,
            table,
        };
        if let Some(settings) = built.settings.clone() {
            self.rows(&mut built, &settings, closes);
        }
        built
    }

    fn problem(&mut self, built: &TablePlan, reason: Reason) {
        self.problems.push(Problem { table: built.table.clone(), file: built.file.clone(), reason });
    }

    /// Everything of a table whose rows are generated.
    fn rows(&mut self, built: &mut TablePlan, settings: &Settings, closes: &dyn Fn(usize) -> bool) {
        let table = built.table.clone();
        let own = self.plan.tables.len();
        let per = self.per(built, settings);
        let names = self.names;
        let place = |name: &Name| names.iter().position(|known| known == name);
        let planned = &self.plan.tables;
        let count = |at: usize| planned.get(at).map_or(u64::from(at == own), TablePlan::count);
        let around = Around { schema: self.schema, seed: self.seed, place: &place, count: &count, closes };
        let (keys, unmet) = parents::keys(&table, settings, own, per, &around);
        for unmet in unmet {
            let key = &table.foreign_keys[unmet.key];
            let (columns, parent) = (key.columns.clone(), key.parent.clone());
            let reason = match unmet.computed_of {
                Some(of) => Reason::Computed { columns, parent, of },
                None => Reason::NoParents { columns, is_known: place(&parent).is_some(), parent },
            };
            self.problem(built, reason);
        }
        let key_of_per = per.and_then(|per| keys.iter().position(|(at, _)| *at == per));
        built.keys = keys.into_iter().map(|(_, key)| key).collect();
        if let Some(key) = key_of_per {
            let plan = &built.keys[key];
            let draws = Key::new(settings.seed.unwrap_or(self.seed), &table.name, "", "count");
            let counts = Counts::new(draws, settings.rows, count(plan.parent));
            built.made = counts.total();
            built.per = Some(Per { key, counts });
        } else {
            built.made = settings.rows.1;
        }
        self.columns(built, settings);
    }

    /// The key that the rows are counted by, by its place in the table.
    fn per(&mut self, built: &TablePlan, settings: &Settings) -> Option<usize> {
        let (name, span) = settings.per.as_ref()?;
        let keys: Vec<usize> = (0..built.table.foreign_keys.len()).collect();
        let by_table: Vec<usize> =
            keys.iter().copied().filter(|key| built.table.foreign_keys[*key].parent == *name).collect();
        let by_column = keys.iter().copied().filter(|key| built.table.foreign_keys[*key].columns == [name.clone()]);
        let found: Vec<usize> = if by_table.is_empty() { by_column.collect() } else { by_table };
        match found[..] {
            [key] if built.table.foreign_keys[key].parent != built.table.name => return Some(key),
            [_] => self.problem(built, Reason::PerItself { span: span.clone() }),
            [] => self.problem(built, Reason::PerNothing { name: name.clone(), span: span.clone() }),
            _ => {
                let columns = found.iter().map(|key| built.table.foreign_keys[*key].columns[0].clone()).collect();
                self.problem(built, Reason::PerSeveral { name: name.clone(), span: span.clone(), columns });
            }
        }
        None
    }

    fn columns(&mut self, built: &mut TablePlan, settings: &Settings) {
        let table = built.table.clone();
        let checks = Checks::of(&table);
        let suggestions = self.judge.suggestions();
        let seed = settings.seed.unwrap_or(self.seed);
        let chooser = Chooser {
            schema: self.schema,
            table: &table,
            checks: &checks,
            suggestions: &suggestions,
            window: window(),
        };
        let made = built.made;
        let room = |column: usize| room(&chooser, settings.columns.get(&column), column, made);
        let planned = &self.plan.tables;
        let parents_of = |key: &KeyPlan| planned.get(key.parent).map_or(made, TablePlan::count);
        let per = built.per.as_ref().map(|per| (per.key, per.counts.most()));
        let mut keys = std::mem::take(&mut built.keys);
        let mut apart = Apart::new(&table, made, per, &mut keys, &parents_of, &room, seed);
        let mut no_room = Vec::new();
        for unique in unique::of(&table) {
            built.is_uncertain |= unique.is_computed;
            if let Err(error) = apart.keep(&unique) {
                no_room.push(error);
            }
        }
        let Apart { numbers, spreads, conditions, is_uncertain, .. } = apart;
        built.is_uncertain |= is_uncertain;
        (built.keys, built.spreads, built.conditions) = (keys, spreads, conditions);
        for error in no_room {
            self.problem(built, Reason::NoRoom { error, rows: made });
        }
        let roles = self.sources(built, settings, &chooser, &numbers);
        order_times(built, settings, &checks, &roles);
        built.order = order(built);
        built.is_judged = !built.conditions.is_empty() || checks.understood.iter().any(|understood| !understood);
        let mut open = super::judge::open(built, |column| {
            settings.columns.get(&column).is_some_and(|settings| settings.maker.is_some())
        });
        for condition in &built.conditions {
            let expr = dbmigrate_core::sql::Expr::new(&condition.expr);
            open.extend((0..table.columns.len()).filter(|column| expr.mentions(&table.columns[*column].name)));
        }
        open.sort_unstable();
        open.dedup();
        built.open = open;
    }

    /// Where the values of the columns come from; what the times among them are to each other.
    fn sources(
        &mut self,
        built: &mut TablePlan,
        settings: &Settings,
        chooser: &Chooser<'_>,
        numbers: &BTreeMap<usize, Number>,
    ) -> BTreeMap<usize, Role> {
        let table = built.table.clone();
        let mut roles = BTreeMap::new();
        for (at, column) in table.columns.iter().enumerate() {
            let said = settings.columns.get(&at);
            let key = Key::new(settings.seed.unwrap_or(self.seed), &table.name, column.name.as_str(), "value");
            let mut planned = ColumnPlan {
                source: Source::Engine,
                key,
                null: Share::NONE,
                affinity: table.affinity(column),
                after: None,
                above: None,
            };
            if column.generated.is_some() {
                built.columns.push(planned);
                continue;
            }
            let of_key = built.keys.iter().enumerate().find_map(|(key, plan)| {
                let index = plan.columns.iter().position(|one| *one == at)?;
                let is_owner = !matches!(plan.choice, super::plan::Choice::Implied);
                is_owner.then(|| (key, plan.parent_columns.get(index).copied().unwrap_or_default()))
            });
            if let Some((key, column)) = of_key {
                planned.source = Source::Parent { key, column };
                built.columns.push(planned);
                continue;
            }
            let number = numbers.get(&at).copied().unwrap_or(Number::Drawn);
            let unique = (number != Number::Drawn).then_some(built.made);
            let chosen = chooser.choose(at, unique);
            let nullable = !table.rejects_null(column) && !table.is_primary_key(&column.name);
            planned.null = match (nullable, said.and_then(|said| said.null).or(settings.null)) {
                (false, _) => Share::NONE,
                (true, Some(share)) => share,
                (true, None) => chosen.null,
            };
            if !nullable && said.is_some_and(|said| said.null.is_some_and(|share| share > Share::NONE)) {
                let span = said.map(|said| said.span.clone()).unwrap_or_default();
                self.problem(built, Reason::NotNull { column: column.name.clone(), span });
            }
            let role = chosen.role;
            planned.source = Source::Made(self.maker(built, at, said, chosen, unique), number);
            if matches!(&planned.source, Source::Made(Maker::Const(Value::Null), _)) && table.rejects_null(column) {
                self.problem(built, Reason::NothingFits { column: column.name.clone() });
            }
            if let Source::Made(Maker::Moment { .. }, Number::Drawn) = planned.source {
                roles.insert(at, role.unwrap_or(Role::Apart));
            }
            built.columns.push(planned);
        }
        roles
    }

    /// What makes the values of a column.
    fn maker(
        &mut self,
        built: &mut TablePlan,
        at: usize,
        said: Option<&ColumnSettings>,
        chosen: Chosen,
        unique: Option<u64>,
    ) -> Maker {
        let table = built.table.clone();
        let column = &table.columns[at];
        if let Some(maker) = said.and_then(|said| with_window(said, chosen.maker.as_ref())) {
            return maker;
        }
        if table.rowid_alias().is_some_and(|alias| alias.name == column.name)
            && matches!(chosen.maker, Some(Maker::Int { step: 1, .. }))
        {
            let Some(Maker::Int { min, max, .. }) = chosen.maker else { return Maker::Const(Value::Null) };
            return Maker::Int { min: min.max(first_key(built, at)), max, step: 1 };
        }
        if let Some(maker) = chosen.maker {
            return maker;
        }
        // nothing natural is known, so the engine has to say what it takes
        built.is_judged = true;
        let pool = self.judge.pool(&table, at);
        built.is_uncertain |= unique.is_some();
        if pool.is_empty() { Maker::Const(Value::Null) } else { Maker::Pool(pool) }
    }
}

/// The first key of generated rows, behind those of other rows.
fn first_key(built: &TablePlan, column: usize) -> i64 {
    let given = built.given.borrow();
    let keys = given.iter().map(|row| match &row[column] {
        Some(Value::Integer(key)) => Some(*key),
        _ => None,
    });
    let mut last = 0;
    for key in keys {
        match key {
            Some(key) => last = last.max(key),
            // the database gives it one, and has room for it below
            None => last = last.max(i64::try_from(given.len().next_multiple_of(1000)).unwrap_or(1000)),
        }
    }
    last.saturating_add(1)
}

/// What the set says makes the values, with the window of times that holds for it.
fn with_window(said: &ColumnSettings, chosen: Option<&Maker>) -> Option<Maker> {
    let maker = said.maker.clone().or_else(|| said.between.and(chosen.cloned()))?;
    Some(match (maker, said.between) {
        (Maker::Moment { form, .. }, Some((from, to))) => Maker::Moment { from, to, form },
        (Maker::Moment { from: 0, to: -1, form }, None) => Maker::Moment { from: window().0, to: window().1 - 1, form },
        (maker, _) => maker,
    })
}

/// How many values a column can have if it has to be unique.
fn room(chooser: &Chooser<'_>, said: Option<&ColumnSettings>, column: usize, rows: u64) -> Room {
    let table = chooser.table;
    let chosen = chooser.choose(column, Some(rows));
    let maker = said.and_then(|said| with_window(said, chosen.maker.as_ref())).or(chosen.maker);
    let is_rowid = table.rowid_alias().is_some_and(|alias| alias.name == table.columns[column].name);
    let count = match &maker {
        Some(maker) => maker.count(),
        // whether there are enough, the engine says
        None => None,
    };
    let counts = matches!(maker, Some(Maker::Int { step: 1, .. }));
    let name = &table.columns[column].name;
    let nullable = !table.rejects_null(&table.columns[column]) && !table.is_primary_key(name);
    let has_room = count.is_none_or(|count| count >= rows);
    let is_only = table.primary_key.as_ref().is_some_and(|key| key.parts.len() == 1 && key.parts[0].column == *name);
    // a key of its own needs no combination
    Room { count: if (is_rowid || is_only) && has_room { None } else { count }, counts, nullable }
}

/// Puts times in order: as the set says, as checks want it, and as their names have it.
fn order_times(built: &mut TablePlan, settings: &Settings, checks: &Checks, roles: &BTreeMap<usize, Role>) {
    let is_time = |column: usize| roles.contains_key(&column);
    let within = |column: usize| {
        let said = settings.columns.get(&column).and_then(|said| said.within);
        said.unwrap_or_else(|| match roles.get(&column) {
            Some(Role::Later(days)) => days * DAY,
            _ => 30 * DAY,
        })
    };
    for (low, high, strict) in &checks.orders {
        if is_time(*low) && is_time(*high) {
            if built.columns[*high].after.is_none() {
                built.columns[*high].after = Some((*low, within(*high), *strict));
            }
        } else if built.columns[*high].above.is_none() {
            let highest = match &built.columns[*high].source {
                Source::Made(Maker::Int { max, .. } | Maker::Real { max, .. }, _) => {
                    Some(max.saturating_sub(i64::from(*strict)))
                }
                _ => None,
            };
            if let (Some(highest), Source::Made(Maker::Int { max, min, .. } | Maker::Real { max, min, .. }, _)) =
                (highest, &mut built.columns[*low].source)
            {
                *max = (*max).min(highest).max(*min);
            }
            built.columns[*high].above = Some((*low, *strict));
        }
    }
    for (column, said) in &settings.columns {
        if let Some(after) = &said.after
            && let Some(base) = built.table.columns.iter().position(|one| one.name == *after)
            && is_time(base)
        {
            built.columns[*column].after = Some((base, within(*column), false));
        }
    }
    let first = roles.iter().find(|(_, role)| **role == Role::First).map(|(column, _)| *column);
    for (column, role) in roles {
        if built.columns[*column].after.is_some() || *role == Role::Apart || Some(*column) == first {
            continue;
        }
        let mut start = roles.iter().filter(|(_, role)| **role == Role::Start).map(|(column, _)| *column);
        let base = match role {
            Role::End => start.next_back().or(first),
            Role::First => None,
            _ => first,
        };
        if let Some(base) = base.filter(|base| base != column && !reaches(built, *base, *column)) {
            built.columns[*column].after = Some((base, within(*column), false));
        }
    }
    // a circle of times has no first one
    for column in 0..built.columns.len() {
        if reaches_from(built, column, column) {
            built.columns[column].after = None;
            built.columns[column].above = None;
        }
    }
}

/// Whether a column looks at another one, itself or by others.
fn reaches(built: &TablePlan, from: usize, to: usize) -> bool {
    from == to || reaches_from(built, from, to)
}

fn reaches_from(built: &TablePlan, from: usize, to: usize) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(column) = open.pop() {
        let looks_at =
            [built.columns[column].after.map(|after| after.0), built.columns[column].above.map(|above| above.0)];
        for next in looks_at.into_iter().flatten() {
            if next == to {
                return true;
            }
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    false
}

/// The columns in an order in which each comes behind those that it looks at.
fn order(built: &TablePlan) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::new();
    let mut waiting: Vec<usize> = built.filled().collect();
    while !waiting.is_empty() {
        let is_ready = |column: &usize| {
            let plan = &built.columns[*column];
            let looks_at = [plan.after.map(|after| after.0), plan.above.map(|above| above.0)];
            looks_at.into_iter().flatten().all(|base| order.contains(&base))
        };
        let next = waiting.iter().position(is_ready).unwrap_or_default();
        order.push(waiting.remove(next));
    }
    order
}
