//! A server that a test may harm.

use std::ops::Deref;

use crate::server::Server;

/// A server of this test alone, which may be killed, frozen and started again. It goes when this is dropped, or when the process
/// ends in whatever way.
pub struct Own<T> {
    address: T,
    server: Server,
}

impl<T> Own<T> {
    pub(crate) fn new(address: T, server: Server) -> Self {
        Self { address, server }
    }

    /// SIGKILL, for all its processes at once; returns when they are gone.
    pub fn kill(&self) {
        self.server.kill();
    }

    /// Ends it in good order.
    pub fn stop(&self) {
        self.server.stop();
    }

    /// Starts it again, on the same port and data; returns when it serves.
    pub fn start(&self) {
        self.server.start();
    }

    /// SIGSTOP: connections stay open, and nothing answers.
    pub fn freeze(&self) {
        self.server.freeze();
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        self.server.thaw();
    }
}

impl<T> Deref for Own<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.address
    }
}
