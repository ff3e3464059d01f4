//! A terminal that hands over each key as it is pressed, Ctrl-C included, until it is dropped.
//!
//! Reading key by key, `console` switches for each key and back: what is typed between two of them is echoed into what
//! is drawn, and a Ctrl-C kills the process with everything that was answered.

/// How the terminal was before.
#[cfg(unix)]
pub(super) struct Raw(rustix::termios::Termios);

#[cfg(unix)]
impl Raw {
    pub(super) fn enter() -> std::io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

        let before = tcgetattr(std::io::stdin())?;
        let mut raw = before.clone();
        raw.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN;
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(std::io::stdin(), OptionalActions::Drain, &raw)?;
        Ok(Self(before))
    }
}

#[cfg(unix)]
impl Drop for Raw {
    fn drop(&mut self) {
        // a terminal that is gone needs no restoring
        let _ = rustix::termios::tcsetattr(std::io::stdin(), rustix::termios::OptionalActions::Drain, &self.0);
    }
}

/// There, a key is handed over with what was pressed beside it.
#[cfg(not(unix))]
pub(super) struct Raw;

#[cfg(not(unix))]
impl Raw {
    pub(super) fn enter() -> std::io::Result<Self> {
        Ok(Self)
    }
}
