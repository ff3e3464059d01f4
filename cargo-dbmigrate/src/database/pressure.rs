//! Who hears that servers want fewer requests: whoever works on many databases at once, on each of its threads.

use std::cell::RefCell;

use dbmigrate_core::engine::remote::OnPressure;

thread_local! {
    static HEARS: RefCell<Option<OnPressure>> = const { RefCell::new(None) };
}

/// Does some work on this thread; what servers say meanwhile to databases opened in it is heard by `hears`.
pub(crate) fn heard_by<T>(hears: &OnPressure, work: impl FnOnce() -> T) -> T {
    /// Puts the one of before back, also when the work panics.
    struct Back(Option<OnPressure>);
    impl Drop for Back {
        fn drop(&mut self) {
            HEARS.set(self.0.take());
        }
    }
    let _back = Back(HEARS.replace(Some(hears.clone())));
    work()
}

/// Who hears it on this thread, if anybody does.
pub(super) fn listener() -> Option<OnPressure> {
    HEARS.with_borrow(Clone::clone)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    #[test]
    fn it_is_heard_on_the_thread_that_works_and_as_long_as_it_does() {
        let hears: OnPressure = Arc::new(|_| false);
        assert!(listener().is_none());
        heard_by(&hears, || {
            assert!(listener().is_some());
            assert!(thread::spawn(|| listener().is_none()).join().is_ok_and(|none| none));
        });
        assert!(listener().is_none());
    }
}
