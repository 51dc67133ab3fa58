//! A real Apache Kafka.

use std::sync::OnceLock;

use crate::own::Own;
use crate::server::{Kind, Server, unique};
use crate::skipped::skipped;

static KIND: Kind = Kind {
    name: "kafka",
    check: "--fetch",
    ready: "Kafka Server started",
    stop: "KILL",
    variable: "ONEFOLD_TEST_KAFKA",
};

/// A broker that tests share, one node in KRaft mode.
#[derive(Debug, Clone)]
pub struct Kafka {
    bootstrap: String,
}

impl Kafka {
    /// The broker of this run: the one that `ONEFOLD_TEST_KAFKA=HOST:PORT` names, else one that the first test starts. None, said
    /// under the test's name, where there is none to be had.
    pub fn shared(test: &str) -> Option<Self> {
        static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
        if let Ok(bootstrap) = std::env::var(KIND.variable) {
            return Some(Self { bootstrap });
        }
        match SERVER.get_or_init(|| KIND.missing().map_or_else(|| Ok(KIND.shared()), Err)) {
            Ok(server) => Some(Self::at(server)),
            Err(enable) => {
                skipped(test, enable);
                None
            }
        }
    }

    /// A broker of this test alone, on this machine even where a shared one is named.
    pub fn own(test: &str) -> Option<Own<Self>> {
        if let Some(enable) = KIND.missing() {
            skipped(test, &enable);
            return None;
        }
        let server = KIND.own();
        Some(Own::new(Self::at(&server), server))
    }

    fn at(server: &Server) -> Self {
        Self { bootstrap: format!("127.0.0.1:{}", server.port) }
    }

    /// Where clients begin: `HOST:PORT`.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// What the names of a test's topics and groups begin with, so that tests do not meet.
    pub fn prefix(&self) -> String {
        format!("t{}.", unique())
    }
}
