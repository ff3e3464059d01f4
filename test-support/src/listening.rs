//! A port of this machine on which connections are served, until whoever opened it is done.

use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// The port, and what all of its connections share.
#[derive(Debug)]
pub(crate) struct Listening<S> {
    port: u16,
    state: Arc<Mutex<S>>,
    is_closed: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl<S: Send + 'static> Listening<S> {
    /// Serves each connection on a thread of its own. The state may depend on the port.
    pub(crate) fn start(state: impl FnOnce(u16) -> S, serve: fn(&TcpStream, &Mutex<S>) -> io::Result<()>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("a bound port").port();
        let state = Arc::new(Mutex::new(state(port)));
        let is_closed = Arc::new(AtomicBool::new(false));
        let (shared, ends) = (Arc::clone(&state), Arc::clone(&is_closed));
        let accepting = thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let state = Arc::clone(&shared);
                thread::spawn(move || {
                    // a connection that breaks is what tests are about
                    let _ = serve(&client, &state);
                    let _ = client.shutdown(Shutdown::Both);
                });
            }
        });
        Self { port, state, is_closed, accepting: Some(accepting) }
    }
}

impl<S> Listening<S> {
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, S> {
        lock(&self.state)
    }
}

impl<S> Drop for Listening<S> {
    fn drop(&mut self) {
        self.is_closed.store(true, Ordering::Relaxed);
        // whoever waits for a connection gets one
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

/// The state, also after a thread has panicked with it.
pub(crate) fn lock<S>(state: &Mutex<S>) -> MutexGuard<'_, S> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
