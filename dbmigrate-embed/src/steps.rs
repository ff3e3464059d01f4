//! The steps in Rust that a program has.

use dbmigrate_core::engine::step::{Access, Step, StepFn, Steps, said};

/// The functions by the names of their migrations.
#[derive(Clone, Copy)]
pub(crate) struct Registered(pub(crate) &'static [(&'static str, StepFn)]);

impl Registered {
    fn find(self, migration: &str) -> Option<StepFn> {
        self.0.iter().find(|(name, _)| *name == migration).map(|(_, step)| *step)
    }
}

impl Steps for Registered {
    fn has(&self, migration: &str) -> bool {
        self.find(migration).is_some()
    }

    fn run(&self, migration: &str, access: &mut dyn Access) -> Result<(), String> {
        let Some(step) = self.find(migration) else { return Err("the program has no such step".to_owned()) };
        step(&mut Step::new(migration, access)).map_err(|error| said(&*error))
    }
}
