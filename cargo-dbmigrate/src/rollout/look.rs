//! A look at a member: where it stands, and what its rows have against what is pending. It is opened, asked and closed.

use dbmigrate_core::engine::apply::{
    ApplyError, Database, Inspected, Options, Scripts, Seen, Standing, States, waiting,
};
use dbmigrate_core::folder::Folder;
use pollster::block_on;

use super::preflight::Probes;
use super::trouble::Trouble;
use crate::database::{file, open};
use crate::fleet::Member;
use crate::messages::MemberState;
use crate::project::Context;

/// Where a member stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Look {
    /// In a word.
    pub state: MemberState,
    /// How many migrations of the folder it has, if that is known.
    pub applied: Option<u32>,
    /// How many it lacks, if that is known.
    pub pending: Option<u32>,
    /// The state in which it was, if that is one that others are in, too.
    pub seen: Option<Seen>,
    /// What is wrong with it, if anything is.
    pub trouble: Option<Box<Trouble>>,
}

impl Look {
    fn nothing() -> Self {
        Self { state: MemberState::Unreachable, applied: None, pending: None, seen: None, trouble: None }
    }

    /// At one that was not asked.
    pub(super) fn unreachable(trouble: Trouble) -> Self {
        Self { trouble: Some(Box::new(trouble)), ..Self::nothing() }
    }
}

/// What members are looked at for.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) context: &'a Context,
    pub(super) folder: &'a Folder,
    pub(super) options: Options<'a>,
    /// What is known of the members looked at before.
    pub(super) states: &'a States,
    /// The migrations and what they ask of rows, if that is asked too.
    pub(super) probes: Option<(&'a Scripts<'a>, &'a Probes)>,
}

/// Opens the database of a member, which is not made if it is not there.
pub(super) fn opened(context: &Context, member: &Member) -> Result<Database, Trouble> {
    match file::exists(&member.url) {
        Ok(true) => open(context, &member.url, false).map_err(|error| Trouble::of_opening(&error)),
        Ok(false) => Err(Trouble::gone(member)),
        Err(error) => Err(Trouble::of_opening(&error)),
    }
}

impl Question<'_> {
    /// Looks at a member.
    pub(super) fn ask(&self, member: &Member) -> Look {
        let mut look = Look::nothing();
        if let Err(trouble) = self.fill(&mut look, member) {
            if trouble.kind != "preflight" {
                look.state = trouble.state();
            }
            look.trouble = Some(Box::new(trouble));
        }
        look
    }

    fn fill(&self, look: &mut Look, member: &Member) -> Result<(), Trouble> {
        let mut database = opened(self.context, member)?;
        let wrong = |error: ApplyError| Trouble::of(error, member);
        let looked = block_on(self.states.inspect(&mut database, self.folder)).map_err(wrong)?;
        let Inspected { applied, standing, seen } = looked;
        look.applied = u32::try_from(applied).ok();
        let waiting = match waiting(self.folder, applied, self.options) {
            // it is beyond what is wanted of it
            Err(ApplyError::Behind { .. }) => &[],
            waiting => waiting.map_err(wrong)?,
        };
        look.seen = seen;
        look.pending = u32::try_from(waiting.len()).ok();
        match standing {
            Standing::Drifted(_) if self.options.accept_drift => {}
            standing => {
                if let Some(error) = standing.into_error() {
                    return Err(wrong(error));
                }
            }
        }
        look.state = if waiting.is_empty() { MemberState::AtHead } else { MemberState::Behind };
        if let Some((scripts, probes)) = self.probes.filter(|_| !waiting.is_empty()) {
            let asked = probes.ask(&mut database, (self.folder, scripts), (applied, waiting));
            let action = "cannot ask the preflights";
            let found = asked.map_err(|error| wrong(ApplyError::Engine { action, error }))?;
            look.trouble = found.map(Box::new);
        }
        Ok(())
    }
}
