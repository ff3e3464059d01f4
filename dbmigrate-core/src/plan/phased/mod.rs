//! One change as two migrations, between which two releases of an application run at once.
//!
//! The first half makes a schema in between, on which the statements of the release that runs and of the one that comes
//! both work: columns that are renamed, split or dropped stay beside the new ones, triggers carry what either release
//! writes over to what the other one reads, and a table that is renamed can be used by its old name through a view. The
//! second half takes all of that away, and adds what is stricter than the release that runs knows. What gets looser goes
//! first, what gets stricter goes last.
//!
//! The schema in between is one like any other: it is in a snapshot, and its triggers are triggers. What cannot be had
//! both ways under one name is refused, and says what can be done ([`PhasedError`]); that the rest works is shown by
//! execution ([`crate::engine::between`]).

mod between;
mod carry;
mod copies;
mod fits;
mod half;
mod link;
mod stand_in;

use std::collections::BTreeMap;
use std::fmt;

pub use carry::{carried_back, carried_over, carries};
pub use half::Half;
pub use link::{Fill, Link, Sentinel, Side};
pub use stand_in::StandIn;

use super::decide::Decisions;
use super::{Cost, Lint, Plan, PlanError, Step, plan};
use crate::ddl::render;
use crate::diff::{Diff, RenameError, Renames, diff};
use crate::schema::{Schema, Trigger, TriggerEvent};
use crate::sql::path::path;
use crate::sql::{Expr, Name};

/// What rows of the new release have in columns that it does not know, by table (new name) and column (old name): an
/// expression over the columns of the new release.
pub type Backs = BTreeMap<(Name, Name), Expr>;

/// The two halves.
#[derive(Debug, Clone)]
pub struct Phased {
    /// The schema between them.
    pub between: Schema,
    /// From the schema before to that; empty if the release that comes works on the schema before.
    pub first: Plan,
    /// The renames of the first half: of tables only.
    pub renames: Renames,
    /// From that to the wanted schema; empty if nothing has to wait.
    pub second: Plan,
    /// What is carried over between columns meanwhile.
    pub links: Vec<Link>,
    /// Columns that are filled meanwhile.
    pub fills: Vec<Fill>,
    /// Tables that can be used by their old names meanwhile.
    pub stand_ins: Vec<StandIn>,
}

impl Phased {
    /// Whether one migration does: there is nothing that a release would have to be protected from.
    pub fn is_one(&self) -> bool {
        self.second.is_empty()
    }
}

/// Why a change has no two halves.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PhasedError {
    /// It cannot be had both ways.
    Cannot {
        /// What: "`users.id` is renamed".
        what: String,
        /// Why not: "other tables refer to it".
        why: String,
        /// What can be done, if something can. What begins with flags in backticks is to be added to the command.
        help: Vec<String>,
        /// The columns whose answers that takes the place of.
        instead_of: Vec<(Name, Name)>,
    },
    /// A half has no plan.
    Plan(String),
}

impl PhasedError {
    pub(super) fn cannot(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Cannot { what: what.into(), why: why.into(), help: Vec::new(), instead_of: Vec::new() }
    }

    pub(super) fn or(what: impl Into<String>, why: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Cannot { what: what.into(), why: why.into(), help: vec![help.into()], instead_of: Vec::new() }
    }
}

impl fmt::Display for PhasedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cannot { what, why, help, .. } if help.is_empty() => {
                write!(f, "no two releases can share this change: {what}, {why}")
            }
            Self::Cannot { what, why, .. } => write!(f, "{what}, {why}"),
            Self::Plan(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for PhasedError {}

impl From<PlanError> for PhasedError {
    fn from(error: PlanError) -> Self {
        Self::Plan(error.to_string())
    }
}

impl From<RenameError> for PhasedError {
    fn from(error: RenameError) -> Self {
        Self::Plan(error.to_string())
    }
}

/// What the parts look at.
struct Input<'a> {
    old: &'a Schema,
    new: &'a Schema,
    diff: &'a Diff,
    decisions: &'a Decisions,
    backs: &'a Backs,
    /// The number of the first half, for the names of triggers.
    number: u32,
}

/// The two halves of the change from `old` to `new`, given their difference and all decisions. `number` is that of the
/// first half.
///
/// # Errors
/// If something in it cannot be had both ways.
pub fn phased(
    old: &Schema,
    new: &Schema,
    diff: &Diff,
    decisions: &Decisions,
    backs: &Backs,
    number: u32,
) -> Result<Phased, PhasedError> {
    let input = Input { old, new, diff, decisions, backs, number };
    let between = between::between(&input)?;
    let first = first_half(&input, &between)?;
    let second = second_half(&input, &between, first.is_empty())?;
    let between::Between { schema, renames, links, fills, stand_ins } = between;
    Ok(Phased { between: schema, first, renames, second, links, fills, stand_ins })
}

/// The plan that leads there, with what existing rows get.
fn first_half(input: &Input<'_>, between: &between::Between) -> Result<Plan, PhasedError> {
    let difference = diff(input.old, &between.schema, &between.renames)?;
    // columns that are there already are filled by an `UPDATE`
    let is_there = |place: &&(Name, Name)| {
        between.fills.iter().any(|fill| !fill.is_new && fill.table == place.0 && fill.column == place.1)
    };
    let decided = input.decisions.backfills.iter().filter(|(place, _)| !is_there(place));
    let mut backfills: BTreeMap<(Name, Name), Expr> =
        decided.map(|(place, expr)| (place.clone(), expr.clone())).collect();
    // new ones get their values on the way, as triggers give them to what is written later
    backfills.extend(between.links.iter().flat_map(|link| {
        let value = |side: &Side| Some(((link.table.clone(), side.name.clone()), side.from_other.clone()?));
        link.news.iter().filter_map(value)
    }));
    let new = between.fills.iter().filter(|fill| fill.is_new);
    backfills.extend(new.map(|fill| ((fill.table.clone(), fill.column.clone()), fill.expr.clone())));
    let decisions = Decisions {
        renames: between.renames.clone(),
        accepted: super::Accepted::default(),
        backfills,
        conversions: BTreeMap::new(),
        keep: None,
        knows_renames: true,
        online: input.decisions.online,
    };
    let mut plan = plan(input.old, &between.schema, &difference, &decisions)?;
    let steps = copies::steps(between, input.old, &plan);
    let is_last = |step: &Step| {
        let begins = |word: &str| step.statements.first().is_some_and(|statement| statement.starts_with(word));
        ["CREATE TRIGGER", "CREATE VIEW", "CREATE VIRTUAL"].into_iter().any(begins)
    };
    // views and triggers are created last: none of them fires for what the rows get
    let at = plan.steps.iter().position(is_last).unwrap_or(plan.steps.len());
    plan.steps.splice(at..at, steps);
    plan.preflights.extend(fits::before(input, &between.links));
    plan.converted.extend(between.fills.iter().filter(|fill| !fill.is_new).map(|fill| {
        // filled in a column that stays
        (fill.table.clone(), fill.column.clone())
    }));
    Ok(plan)
}

/// The plan from there on: what waited. Alone, it has the number of the first one.
fn second_half(input: &Input<'_>, between: &between::Between, is_alone: bool) -> Result<Plan, PhasedError> {
    let difference = diff(&between.schema, input.new, &Renames::default())?;
    let mut accepted = input.decisions.accepted.clone();
    // their values were carried over
    for link in &between.links {
        for old in link.olds.iter().filter(|old| old.is_carried) {
            accepted.add(Lint::DropColumn, &path([&link.table, &old.name]));
        }
    }
    let keep = input.decisions.keep.map(|number| number.saturating_add(u32::from(!is_alone)));
    let online = input.decisions.online;
    let decisions = Decisions { accepted, keep, knows_renames: true, online, ..Decisions::default() };
    let mut plan = plan(&between.schema, input.new, &difference, &decisions)?;
    if plan.is_empty() {
        return Ok(plan);
    }
    half::waits(&mut plan);
    // the triggers have seen to it, and a preflight looks again
    plan.allowed.extend(between.required(input.new).map(|place| (Lint::NotNullWithoutDefault, place)));
    plan.preflights.extend(fits::behind(&between.links));
    Ok(plan)
}

/// The triggers of `schema` that an `UPDATE` of `table` would fire.
fn fired_by_updates<'s>(schema: &'s Schema, table: &Name) -> impl Iterator<Item = &'s Trigger> {
    let is_fired = move |trigger: &&Trigger| trigger.on == *table && matches!(trigger.event, TriggerEvent::Update(_));
    schema.triggers.iter().filter(is_fired)
}

/// A step of one `UPDATE`, for which no trigger fires.
fn update_step(title: String, update: String, triggers: &[&Trigger]) -> Step {
    let drops = triggers.iter().map(|trigger| format!("DROP TRIGGER {}", trigger.name.sql()));
    let creates = triggers.iter().map(|trigger| render::create_trigger(trigger));
    let statements = drops.chain(std::iter::once(update)).chain(creates).collect();
    Step { title, cost: Cost::Rewrite, statements, rebuilds: None }
}
