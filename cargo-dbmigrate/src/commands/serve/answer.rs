//! What is answered: the page, its data, and whether that is still so. What was read is kept until something changes.

use std::path::PathBuf;

use super::watch::Watched;
use crate::error::Result;
use crate::pictures::asked::{self, Answered};
use crate::pictures::page::data::Page;
use crate::pictures::page::{html, json};
use crate::pictures::whole::{self, Whole};
use crate::project::Context;
use crate::project::url::Connect;

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// The page.
    Page,
    /// The data in it.
    Data,
    /// What changes when the data do.
    Stamp,
}

/// What is answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) is_found: bool,
    pub(super) kind: &'static str,
    pub(super) body: String,
}

/// What is served.
pub(super) struct Served<'a> {
    context: &'a Context,
    connect: &'a Connect,
    watched: Watched,
    /// When it was read, and what was read then.
    stamp: String,
    made: Made,
    /// What databases have said, and what their files were like then. To count all rows again whenever a struct is saved
    /// is more than anybody asks for, and on Turso it is billed.
    answers: Option<Vec<Answered>>,
    asked_at: String,
    /// Why that is of an earlier time.
    stale: Option<String>,
    /// Whether somebody has opened the page: who opens it again wants to know what a server says now.
    is_opened: bool,
}

/// The page and its data, or why there is none.
type Made = std::result::Result<(String, String), String>;

impl<'a> Served<'a> {
    /// Reads everything for the first time.
    ///
    /// # Errors
    /// If something is wrong.
    pub(super) fn new(context: &'a Context, connect: &'a Connect) -> Result<Self> {
        let databases = match connect.names_one() {
            true => context.databases(connect)?.urls().filter_map(|url| url.file().map(PathBuf::from)).collect(),
            false => Vec::new(),
        };
        let watched = Watched::new(context, databases);
        let mut served = Self {
            context,
            connect,
            watched,
            stamp: String::new(),
            made: Err(String::new()),
            answers: None,
            asked_at: String::new(),
            stale: None,
            is_opened: false,
        };
        served.read(false)?;
        Ok(served)
    }

    /// Reads everything; what databases have said only if it is not known, may be other, or is asked for. What is written
    /// meanwhile is read once more.
    fn read(&mut self, asks_again: bool) -> Result<()> {
        let before = self.watched.stamp();
        let databases = self.watched.of_databases();
        if self.answers.is_some() && (asks_again || databases != self.asked_at) {
            match asked::all(self.context, self.connect) {
                Ok(answers) => (self.answers, self.stale) = (Some(answers), None),
                // the schema is there without it
                Err(error) => {
                    self.context.printer.error(&error);
                    self.stale = Some(format!("rows are those of an earlier time: {}", error.message()));
                }
            }
        }
        self.asked_at = databases;
        let Whole { page, sources, .. } = whole::page(self.context, self.connect, &mut self.answers)?;
        // the first time, and where a module is new, it was not known what to look at
        if sources.is_some_and(|sources| self.watched.follow(sources)) {
            self.stamp = self.watched.stamp();
        } else {
            self.stamp = before;
        }
        let page = Page { live: Some(self.stamp.clone()), notice: page.notice.or_else(|| self.stale.clone()), ..page };
        self.made = Ok((html(&page), json(&page)));
        Ok(())
    }

    /// Answers a question.
    pub(super) fn answer(&mut self, what: What) -> Answer {
        let now = self.watched.stamp();
        if what == What::Stamp {
            return Answer { is_found: true, kind: "text/plain; charset=utf-8", body: now };
        }
        let is_opened_again = what == What::Page && std::mem::replace(&mut self.is_opened, true);
        let asks_again = is_opened_again && self.connect.names_one();
        if (now != self.stamp || asks_again)
            && let Err(error) = self.read(asks_again)
        {
            self.context.printer.error(&error);
            self.stamp = now;
            self.made = Err(error.message().to_owned());
        }
        match (&self.made, what) {
            (Ok((page, _)), What::Page) => {
                Answer { is_found: true, kind: "text/html; charset=utf-8", body: page.clone() }
            }
            (Ok((_, data)), _) => Answer { is_found: true, kind: "application/json", body: data.clone() },
            (Err(error), _) => Answer { is_found: false, kind: "text/plain; charset=utf-8", body: error.clone() },
        }
    }
}
