//! The spans and events of a run. Alone in its program: whether anybody listens is decided once for each place in the
//! code, and a test without a listener may be the first that comes by.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use pollster::block_on;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, info_span};

#[allow(dead_code, reason = "made for more tests than this one")]
#[path = "embed/database.rs"]
mod database;
#[allow(dead_code, unused_imports, reason = "made for more tests than this one")]
#[path = "embed/driver.rs"]
mod driver;
#[allow(dead_code, reason = "made for more tests than this one")]
#[path = "embed/history.rs"]
mod history;

use database::File;
use history::{family, migrations};

/// Writes down what it hears, a line each.
#[derive(Clone, Default)]
struct Listener {
    heard: Arc<Mutex<Vec<String>>>,
    ids: Arc<AtomicU64>,
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.0, " {value:?}"),
            // no two runs take as long
            "milliseconds" => write!(self.0, " milliseconds=…"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}

impl Listener {
    fn hear(&self, start: String, fields: impl FnOnce(&mut Line)) {
        let mut line = Line(start);
        fields(&mut line);
        self.heard.lock().expect("nobody panics").push(line.0);
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("dbmigrate") || metadata.target() == "application"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.hear(format!("span {}", span.metadata().name()), |line| span.record(line));
        Id::from_u64(self.ids.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        self.hear(format!("record {}", id.into_u64()), |line| values.record(line));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.hear(event.metadata().level().to_string(), |line| event.record(line));
    }

    fn enter(&self, id: &Id) {
        self.heard.lock().expect("nobody panics").push(format!("enter {}", id.into_u64()));
    }

    fn exit(&self, id: &Id) {
        self.heard.lock().expect("nobody panics").push(format!("exit {}", id.into_u64()));
    }
}

#[test]
fn a_run_and_each_migration_have_a_span() {
    let file = File::new();
    let listener = Listener::default();
    let family = migrations(&family());
    tracing::subscriber::with_default(listener.clone(), || {
        info_span!(target: "application", "start").in_scope(|| {
            block_on(family.runner().to("2").run(&file.database())).expect("it applies");
        });
        file.run(&["UPDATE parents SET name = NULL WHERE id = 7"]);
        block_on(family.run(&file.database())).expect_err("a name is missing");
    });
    let heard: Vec<String> = listener.heard.lock().expect("nobody panics").clone();
    let spans_and_events: Vec<&str> = heard
        .iter()
        .map(String::as_str)
        .filter(|line| !line.starts_with("enter") && !line.starts_with("exit"))
        .collect();
    assert_eq!(
        spans_and_events[..9],
        [
            "span start",
            "span migrate folder=\"migrations\"",
            "span migration name=\"0001_create\" position=1",
            "INFO applying",
            "record 3 milliseconds=…",
            "INFO applied",
            "span migration name=\"0002_fill\" position=2",
            "INFO applying",
            "record 4 milliseconds=…",
        ],
        "{heard:#?}"
    );
    let last = spans_and_events.last().expect("it was heard");
    assert!(last.starts_with("ERROR migration `0003_require_names` failed, in statement 2 at "), "{last}");
    // the run is inside of the span of the application, and its end is heard as well
    let at = |line: &str| heard.iter().position(|heard| heard == line).expect("it was heard");
    assert!(at("enter 1") < at("span migrate folder=\"migrations\"") && at("enter 2") < at("exit 2"));
}
