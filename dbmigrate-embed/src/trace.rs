//! Spans and events of a run, for subscribers. The libsql crate depends on `tracing` anyway, so they do not add to a
//! build.
//!
//! A run is a span `migrate` inside the span that was current when it was first polled. It contains a span `migration`
//! for each migration, with `name`, `position` (counted from 1), and `milliseconds` once it is applied.

use dbmigrate_core::engine::apply::{Applied, Loss, Restored};
use tracing::dispatcher::{self, Dispatch};
use tracing::field::Empty;
use tracing::{Span, error, info, info_span, warn};

use crate::error::MigrateError;
use crate::report::Report;

/// Where the spans of a run go: subscribers and current spans belong to threads.
pub(crate) struct Caller {
    dispatch: Dispatch,
    span: Span,
}

impl Caller {
    /// The thread that asks for a run of a folder's migrations.
    pub(crate) fn current(folder: &str) -> Self {
        Self { dispatch: dispatcher::get_default(Dispatch::clone), span: info_span!("migrate", folder) }
    }

    /// Does something inside of the span.
    pub(crate) fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        dispatcher::with_default(&self.dispatch, || self.span.in_scope(work))
    }
}

/// The migration that is being applied, and its span.
#[derive(Default)]
pub(crate) struct Trace(Option<(String, Span)>);

impl Trace {
    pub(crate) fn begin(&mut self, name: &str, position: usize) {
        let span = info_span!("migration", name, position, milliseconds = Empty);
        span.in_scope(|| info!("applying"));
        self.0 = Some((name.to_owned(), span));
    }

    pub(crate) fn applied(&mut self, applied: &Applied, position: usize) {
        // several may have begun as one
        if self.0.as_ref().is_none_or(|(name, _)| *name != applied.name) {
            self.begin(&applied.name, position);
        }
        let Some((_, span)) = self.0.take() else { return };
        span.record("milliseconds", applied.milliseconds);
        span.in_scope(|| {
            info!("applied");
            applied.restored.iter().for_each(Self::restored);
        });
    }

    fn restored(restored: &Restored) {
        let Restored { object, kept, restored, added, deleted, changed, .. } = restored;
        info!(%object, restored, added, deleted, changed, %kept, "restores what was kept");
    }

    pub(crate) fn loses(loss: &Loss) {
        let Loss { lint, object, count, kept, carried_to } = loss;
        match kept {
            None if !carried_to.is_empty() => {
                info!(%lint, %object, count, ?carried_to, "drops data that was carried over");
            }
            None => warn!(%lint, %object, count, "drops data, as accepted"),
            Some(kept) => info!(%lint, %object, count, %kept, "keeps data"),
        }
    }

    pub(crate) fn drifted(differences: &[String]) {
        warn!(?differences, "continues despite drift, as accepted");
    }

    pub(crate) fn done(&self, result: Result<&Report, &MigrateError>) {
        let error = match result {
            Ok(report) => return info!("{report}"),
            Err(error) => error,
        };
        let say = || error!(help = error.help().join("; "), "{error}");
        match &self.0 {
            Some((_, span)) => span.in_scope(say),
            None => say(),
        }
    }
}
