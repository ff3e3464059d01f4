//! What a statement does with tables and columns, as the engine says.

use std::sync::{Arc, Mutex};

use super::{Backend, Connection};
use crate::engine::driver::{Access, refuse_nul};
use crate::engine::error::EngineError;

impl Connection {
    /// What a statement does with tables and columns, without running it. Nothing is known of it on a server.
    ///
    /// # Errors
    /// If it cannot be compiled.
    pub(in crate::engine) fn accesses(&self, sql: &str) -> Result<Vec<Access>, EngineError> {
        refuse_nul(sql)?;
        let told = Arc::new(Mutex::new(Vec::new()));
        let teller = Arc::clone(&told);
        let tell = move |access| {
            if let Ok(mut told) = teller.lock() {
                told.push(access);
            }
        };
        match &self.backend {
            Backend::Local(driver) => {
                let mut driver = driver.borrow_mut();
                driver.tell_of_access(Some(Arc::new(tell)))?;
                let compiled = driver.columns(sql);
                driver.tell_of_access(None)?;
                compiled?;
            }
            #[cfg(feature = "remote")]
            Backend::Server(_) => {}
        }
        Ok(told.lock().map(|told| told.clone()).unwrap_or_default())
    }
}
