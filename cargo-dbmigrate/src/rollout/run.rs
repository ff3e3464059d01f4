//! A roll-out from the survey to the summary.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use dbmigrate_core::config::Group;
use dbmigrate_core::engine::apply::{Options, Phase, Scripts, States, Texts, waiting};
use dbmigrate_core::folder::Migration;

use super::interrupt::Interrupt;
use super::journal::Journal;
use super::look::{Look, Question};
use super::pool::Pool;
use super::preflight::Probes;
use super::totals::{Settled, Totals};
use super::trouble::Trouble;
use super::wanted::Wanted;
use super::wave::{Came, Migrating, milliseconds};
use super::waves::{Budget, CANARY, Wave, groups, is_meant, plan};
use super::{rehearse, said, shard, survey};
use crate::database::Subject;
use crate::database::state::failure_of_run;
use crate::error::{CommandError, Result};
use crate::exit;
use crate::messages::{self, MemberOutcome, MemberState, Message};
use crate::project::ONCE_DEPLOYED;
use crate::report::counted;
use crate::report::under_way::Pieces;

/// Migrates a fleet, and returns the exit code.
///
/// # Errors
/// Exit code 6 if some members are not where they should be; others if nothing was begun.
pub(crate) fn run(wanted: &Wanted<'_>) -> Result<u8> {
    let failed = |error| failure_of_run(error, Subject::Named(wanted.fleet));
    let texts = Texts::read(wanted.folder).map_err(failed)?;
    let scripts = Scripts::parse(wanted.folder, &texts).map_err(failed)?;
    let options = Options { read: Some(&scripts), ..wanted.options };
    let states = States::of(wanted.folder);
    let groups = groups(wanted.rollout);
    refuse_unknown_labels(wanted, &groups)?;
    let totals = Totals::default();
    let budget = Budget::of(wanted.rollout, wanted.members.len());
    let (interrupt, pool) = (Interrupt::listen(), wanted.pool());
    let (scripts, states, begun) = (&scripts, &states, Instant::now());
    Running { wanted, options, scripts, states, groups, interrupt, pool, totals, budget, begun, waits: false }.run()
}

/// A canary that no member can be is rather misspelled than none.
fn refuse_unknown_labels(wanted: &Wanted<'_>, groups: &[(String, Group)]) -> Result<()> {
    for (name, group) in groups {
        let Group::Labels(labels) = group else { continue };
        if wanted.shard.is_none() && !wanted.members.iter().any(|member| is_meant(&member.labels, labels)) {
            let what = if name == CANARY { "the canary".to_owned() } else { format!("the wave `{name}`") };
            let known: std::collections::BTreeSet<&String> =
                wanted.members.iter().flat_map(|member| member.labels.keys()).collect();
            let error =
                CommandError::usage(format!("no member of `{}` is in {what}: none has `{group}`", wanted.fleet));
            let known: Vec<&str> = known.into_iter().map(String::as_str).collect();
            return Err(match known.is_empty() {
                true => error.help("its members have no labels: use shares, such as `1%`"),
                false => error.help(format!("its members have the labels `{}`", known.join("`, `"))),
            });
        }
    }
    Ok(())
}

/// What became of a wave.
struct Waved {
    /// The members that were not begun.
    left: Vec<usize>,
    /// Whether some went well and none failed.
    is_good: bool,
    /// Whether some were left in the middle of a migration, because somebody has interrupted it.
    is_cut: bool,
}

/// A roll-out that is under way.
struct Running<'a> {
    wanted: &'a Wanted<'a>,
    options: Options<'a>,
    scripts: &'a Scripts<'a>,
    states: &'a States,
    groups: Vec<(String, Group)>,
    interrupt: Interrupt,
    pool: Pool,
    totals: Totals,
    budget: Budget,
    begun: Instant,
    /// Whether members are left that lack what waits for the deployment.
    waits: bool,
}

impl Running<'_> {
    fn run(mut self) -> Result<u8> {
        let wanted = self.wanted;
        let looks = self.survey();
        let last = wanted.folder.head().map(|last| last.name.to_string());
        let lacks =
            |look: &Look| look.applied.is_some_and(|of| of > 0 && (of as usize) < wanted.folder.migrations().len());
        self.waits = wanted.head() != last && looks.iter().flatten().any(lacks);
        let mut behind: Vec<usize> = (0..looks.len()).filter(|at| is_behind(looks[*at].as_ref())).collect();
        behind.sort_by_cached_key(|at| shard::number(&wanted.members[*at].name));
        let (waves, rest) = plan(&self.groups, &behind, |at| &wanted.members[at].labels);
        if wanted.is_dry {
            said::planned(wanted, &waves, rest.len());
            return self.tried_out(&looks, behind.len());
        }
        self.settle_looked_at(&looks);
        if self.interrupt.is_heard() {
            return self.stop("interrupted", &behind, &looks);
        }
        // of those that are left alone, nobody would be spared by it
        if self.budget.is_exhausted() && !behind.is_empty() {
            return self.stop("preflight", &behind, &looks);
        }
        if behind.is_empty() {
            return self.conclude(None);
        }
        if wanted.rehearses_only {
            let count = rehearse::on_sample(wanted, &behind, &looks)?;
            said::rehearsed(wanted, count, behind.len());
            return Ok(exit::DONE);
        }
        (wanted.consent)(&self.waiting(&behind, &looks)?, behind.len())?;
        rehearse::on_sample(wanted, &behind, &looks)?;
        let mut journal = Journal::open(wanted, self.groups.iter().map(|(_, group)| group.to_string()));
        // the waves that went well before, of which somebody has stopped the rest
        let passed = journal.done();
        let (waves, rest) = plan(&self.groups[passed..], &behind, |at| &wanted.members[at].labels);
        let mut done = 0;
        for (at, wave) in waves.iter().enumerate() {
            let left = |from: usize| -> Vec<usize> {
                waves[from..].iter().flat_map(|wave| wave.members.iter().copied()).chain(rest.iter().copied()).collect()
            };
            if at > 0 {
                self.interrupt.wait(wanted.pause());
            }
            if self.interrupt.is_heard() {
                return self.stop("interrupted", &left(at), &looks);
            }
            let Waved { left: not_begun, is_good, is_cut } = self.wave((at, waves.len()), wave, &looks);
            let mut rest = not_begun;
            if self.interrupt.is_heard() && (is_cut || !rest.is_empty()) {
                rest.extend(left(at + 1));
                return self.stop("interrupted", &rest, &looks);
            }
            let why = match wave.name == CANARY && !is_good {
                true => Some("canary"),
                false => self.budget.is_exhausted().then_some("max_failures"),
            };
            if let Some(why) = why {
                journal.remove();
                rest.extend(left(at + 1));
                if rest.is_empty() {
                    return self.conclude(None);
                }
                return self.stop(why, &rest, &looks);
            }
            done += 1;
            let place = self.groups.iter().position(|(name, _)| *name == wave.name).unwrap_or(0);
            if done < waves.len() {
                journal.note(place + 1);
            }
        }
        journal.remove();
        if rest.is_empty() { self.conclude(None) } else { self.stop("waves", &rest, &looks) }
    }

    /// Asks every member where it stands.
    fn survey(&self) -> Vec<Option<Look>> {
        let wanted = self.wanted;
        let probes = Probes::default();
        let probes = Some((self.scripts, &probes));
        let (context, folder) = (wanted.context, wanted.folder);
        let question = Question { context, folder, options: self.options, states: self.states, probes };
        let interrupt = &self.interrupt;
        let looks = survey::all(&question, wanted.members, &self.pool, || interrupt.is_heard());
        said::surveyed(wanted, &survey::histogram(looks.iter().flatten()), milliseconds(self.begun));
        looks
    }

    /// What any of the members waits for, in its order: with phases, what one waits for that has less is not always more.
    fn waiting(&self, behind: &[usize], looks: &[Option<Look>]) -> Result<Vec<Migration>> {
        let stands: BTreeSet<u32> = behind.iter().filter_map(|at| looks[*at].as_ref()?.applied).collect();
        let mut all: BTreeSet<usize> = BTreeSet::new();
        for applied in stands {
            let some = waiting(self.wanted.folder, applied as usize, self.options)
                .map_err(|error| failure_of_run(error, Subject::Named(self.wanted.fleet)))?;
            all.extend(some.iter().map(|migration| migration.index));
        }
        let migrations = self.wanted.folder.migrations();
        Ok(all.into_iter().filter_map(|at| migrations.get(at).cloned()).collect())
    }

    /// Settles the members that need not be written to, or may not.
    fn settle_looked_at(&mut self, looks: &[Option<Look>]) {
        for (at, look) in looks.iter().enumerate() {
            let outcome = match look {
                Some(look) if is_behind(Some(look)) => continue,
                None => MemberOutcome::NotTried,
                Some(look) => match look.state {
                    MemberState::AtHead => MemberOutcome::Unchanged,
                    MemberState::Behind => MemberOutcome::Failed,
                    MemberState::Drifted => MemberOutcome::Drifted,
                    MemberState::UnknownHistory => MemberOutcome::UnknownHistory,
                    MemberState::Unreachable => MemberOutcome::Unreachable,
                },
            };
            if outcome == MemberOutcome::Failed {
                self.budget.spend();
            }
            let trouble = look.as_ref().and_then(|look| look.trouble.as_deref().cloned());
            settle(self.wanted, &mut self.totals, at, &settled(look.as_ref(), outcome, (0, 0), trouble));
        }
    }

    /// Migrates the members of a wave.
    fn wave(&mut self, (number, of): (usize, usize), wave: &Wave, looks: &[Option<Look>]) -> Waved {
        let (wanted, begun) = (self.wanted, Instant::now());
        let pieces = Pieces::default();
        let (within, hosts) = (pieces.clone().within(Arc::default()), self.pool.within());
        let within = move || format!("{}{}", within(), hosts());
        let progress = wanted.context.printer.progress_within("Migrating", wave.members.len() as u64, within);
        let (mut done, mut good, mut migrated, mut failed, mut cut) = (0, 0, 0, 0, 0);
        let migrating = Migrating {
            context: wanted.context,
            folder: wanted.folder,
            members: wanted.members,
            retries: wanted.retries,
            pace: wanted.pace,
            options: self.options,
            states: self.states,
            looks,
            heard: &self.interrupt,
            pieces: &pieces,
        };
        let (totals, budget, interrupt) = (&mut self.totals, &mut self.budget, &self.interrupt);
        let left = self.pool.each(&wave.members, &migrating, |at, came| {
            let Came { applied, trouble, milliseconds: took } = came;
            let outcome = outcome(applied, trouble.as_ref());
            match outcome {
                MemberOutcome::Migrated => (good, migrated) = (good + 1, migrated + 1),
                MemberOutcome::Unchanged => good += 1,
                MemberOutcome::Failed => {
                    failed += 1;
                    budget.spend();
                }
                MemberOutcome::NotTried => cut += 1,
                _ => {}
            }
            pieces.forget();
            settle(wanted, totals, at, &settled(looks[at].as_ref(), outcome, (applied, took), trouble));
            done += 1;
            progress.step(done, &wanted.members[at].name);
            !interrupt.is_heard() && !budget.is_exhausted()
        });
        drop(progress);
        let parallel = self.pool.width();
        let wave = messages::Wave {
            target: wanted.fleet.to_owned(),
            wave: number,
            of,
            name: wave.name.clone(),
            members: wave.members.len(),
            migrated,
            failed,
            parallel,
            milliseconds: milliseconds(begun),
        };
        said::waved(wanted, &wave);
        Waved { left, is_good: failed == 0 && good > 0, is_cut: cut > 0 }
    }

    /// Ends it before its end: these members were not tried.
    fn stop(mut self, why: &str, rest: &[usize], looks: &[Option<Look>]) -> Result<u8> {
        for at in rest {
            let not_tried = settled(looks[*at].as_ref(), MemberOutcome::NotTried, (0, 0), None);
            settle(self.wanted, &mut self.totals, *at, &not_tried);
        }
        self.conclude(Some(why))
    }

    fn conclude(mut self, stopped: Option<&str>) -> Result<u8> {
        let wanted = self.wanted;
        wanted.fleet.clone_into(&mut self.totals.sums.target);
        self.totals.sums.shard = wanted.shard.map(|shard| shard.to_string());
        self.totals.sums.members = wanted.members.len();
        self.totals.sums.milliseconds = milliseconds(self.begun);
        self.totals.sums.slowed = self.pool.slowed();
        self.totals.sums.stopped = stopped.map(str::to_owned);
        let most = self.budget.most();
        let sums = self.totals.finish();
        let error = said::concluded(&wanted.context.printer, &sums, (wanted.head().as_deref(), Some(wanted.again)));
        if let Some(path) = wanted.summary {
            let text = Message::from(sums).line() + "\n";
            std::fs::write(path, text).map_err(|error| CommandError::io("write", path, &error))?;
        }
        match error {
            None if self.waits && wanted.options.phase == Some(Phase::Before) => {
                wanted.context.printer.next(&[ONCE_DEPLOYED.to_owned()]);
                Ok(exit::DONE)
            }
            None => Ok(exit::DONE),
            Some(error) if matches!(stopped, Some("max_failures" | "preflight")) => {
                Err(error.help(format!("to let more than {most} fail: `--max-failures …`, with a count or a share")))
            }
            Some(error) => Err(error),
        }
    }

    /// Ends a run that writes nothing.
    fn tried_out(mut self, looks: &[Option<Look>], behind: usize) -> Result<u8> {
        let mut wrong = 0;
        for (at, look) in looks.iter().enumerate() {
            if let Some(trouble) = look.as_ref().and_then(|look| look.trouble.as_deref()) {
                self.totals.add(
                    &self.wanted.members[at],
                    &settled(look.as_ref(), MemberOutcome::Failed, (0, 0), Some(trouble.clone())),
                );
                wrong += 1;
            }
        }
        let printer = &self.wanted.context.printer;
        let fleet = self.wanted.fleet;
        printer.status("Finished", format!("{fleet}: {} to migrate, nothing was changed", counted(behind, "member")));
        if wrong == 0 {
            return Ok(exit::DONE);
        }
        let message = format!("{} of `{fleet}` would not be migrated", counted(wrong, "member"));
        let reasons = self.totals.finish().failures;
        Err(reasons
            .iter()
            .fold(CommandError::new(exit::MEMBERS, message), |error, reason| error.note(said::reason(reason))))
    }
}

/// Counts what became of a member, and says it.
fn settle(wanted: &Wanted<'_>, totals: &mut Totals, at: usize, settled: &Settled) {
    let member = &wanted.members[at];
    totals.add(member, settled);
    said::settled(wanted, member, settled);
}

/// Whether a member is one to migrate.
fn is_behind(look: Option<&Look>) -> bool {
    look.is_some_and(|look| look.state == MemberState::Behind && look.trouble.is_none())
}

fn outcome(applied: usize, trouble: Option<&Trouble>) -> MemberOutcome {
    match trouble {
        None if applied > 0 => MemberOutcome::Migrated,
        // another run has done it meanwhile
        None => MemberOutcome::Unchanged,
        Some(trouble) if trouble.is_interruption() => MemberOutcome::NotTried,
        Some(_) if applied > 0 => MemberOutcome::Failed,
        Some(trouble) => match trouble.kind {
            "unreachable" => MemberOutcome::Unreachable,
            "history" | "not_empty" => MemberOutcome::UnknownHistory,
            _ => MemberOutcome::Failed,
        },
    }
}

fn settled(
    look: Option<&Look>,
    outcome: MemberOutcome,
    (applied, milliseconds): (usize, u64),
    trouble: Option<Trouble>,
) -> Settled {
    let number = |of: fn(&Look) -> Option<u32>| look.and_then(of).map(|number| number as usize);
    let pending = match outcome {
        MemberOutcome::Migrated | MemberOutcome::Unchanged => Some(0),
        _ => number(|look| look.pending).map(|pending| pending.saturating_sub(applied)),
    };
    Settled { outcome, before: number(|look| look.applied), applied, pending, trouble, milliseconds }
}

#[cfg(test)]
mod tests {
    use super::super::host::Went;
    use super::*;

    #[test]
    fn what_failed_before_anything_was_applied_is_told_by_its_reason() {
        let trouble = |kind| Trouble { kind, message: String::new(), alike: None, went: Went::Well };
        assert_eq!(outcome(2, None), MemberOutcome::Migrated);
        assert_eq!(outcome(0, None), MemberOutcome::Unchanged);
        assert_eq!(outcome(0, Some(&trouble("unreachable"))), MemberOutcome::Unreachable);
        assert_eq!(outcome(1, Some(&trouble("unreachable"))), MemberOutcome::Failed);
        assert_eq!(outcome(0, Some(&trouble("lost"))), MemberOutcome::Failed);
        assert_eq!(outcome(0, Some(&trouble("history"))), MemberOutcome::UnknownHistory);
    }
}
