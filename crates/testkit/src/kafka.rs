//! A real Apache Kafka.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::OnceLock;

use crate::own::Own;
use crate::server::{Kind, Secrets, Server, unique};
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
        match SERVER.get_or_init(|| KIND.missing(&[]).map_or_else(|| Ok(KIND.shared()), Err)) {
            Ok(server) => Some(Self::at(server)),
            Err(enable) => {
                skipped(test, enable);
                None
            }
        }
    }

    /// A broker of this test alone, on this machine even where a shared one is named.
    pub fn own(test: &str) -> Option<Own<Self>> {
        let server = KIND.own(test, &[])?;
        Some(Own::new(Self::at(&server), server))
    }

    /// The same, and it lets nobody in without TLS and a password: that of `onefold`, by SCRAM-SHA-512.
    pub fn secured(test: &str) -> Option<(Own<Self>, Secrets)> {
        let server = KIND.own(test, &["--secured"])?;
        let secrets = server.secrets();
        Some((Own::new(Self::at(&server), server), secrets))
    }

    fn at(server: &Server) -> Self {
        Self { bootstrap: format!("127.0.0.1:{}", server.port) }
    }

    /// Where clients begin: `HOST:PORT`.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Gives a topic more partitions, as somebody might who does not know the hub.
    ///
    /// # Panics
    /// The broker does not answer, or will not.
    pub fn add_partitions(&self, topic: &str, partitions: u32) {
        let text = |text: &str| [&u16::try_from(text.len()).expect("a name").to_be_bytes(), text.as_bytes()].concat();
        // CreatePartitions, version 0; one topic, places left to the broker, 10 s, for good.
        let request = [
            &[0, 37, 0, 0, 0, 0, 0, 1][..],
            &text("test"),
            &1u32.to_be_bytes(),
            &text(topic),
            &partitions.to_be_bytes(),
            &u32::MAX.to_be_bytes(),
            &10_000u32.to_be_bytes(),
            &[0],
        ]
        .concat();
        let ask = || -> std::io::Result<Vec<u8>> {
            let mut broker = TcpStream::connect(&self.bootstrap)?;
            broker.write_all(&[&u32::try_from(request.len()).expect("short").to_be_bytes(), &request[..]].concat())?;
            let mut length = [0; 4];
            broker.read_exact(&mut length)?;
            let mut answer = vec![0; u32::from_be_bytes(length) as usize];
            broker.read_exact(&mut answer)?;
            Ok(answer)
        };
        let answer = ask().expect("an answer");
        // Behind correlation, throttle time, number of topics, and the name.
        let code =
            answer.get(12 + 2 + topic.len()..).and_then(|rest| rest.first_chunk()).map(|two| i16::from_be_bytes(*two));
        assert_eq!(code, Some(0), "{topic}: the broker's code");
    }

    /// What the names of a test's topics and groups begin with, so that tests do not meet.
    pub fn prefix(&self) -> String {
        format!("t{}.", unique())
    }
}
