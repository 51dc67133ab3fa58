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

/// How long the broker may take to do something with a topic, in milliseconds.
const PATIENCE: u32 = 10_000;

/// A string of the protocol.
fn text(text: &str) -> Vec<u8> {
    [&u16::try_from(text.len()).expect("a name").to_be_bytes(), text.as_bytes()].concat()
}

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
        // CreatePartitions, version 0; one topic, places left to the broker, 10 s, for good.
        let body = [
            &1u32.to_be_bytes()[..],
            &text(topic),
            &partitions.to_be_bytes(),
            &u32::MAX.to_be_bytes(),
            &PATIENCE.to_be_bytes(),
            &[0],
        ];
        assert_eq!(self.order((37, 0), &body.concat(), topic), 0, "{topic}: the broker's code");
    }

    /// Deletes a topic and makes another of its name, which keeps its records for ever, as somebody might who does not know the hub.
    ///
    /// # Panics
    /// The broker does not answer, or will not.
    pub fn make_again(&self, topic: &str, partitions: u32) {
        // DeleteTopics, version 1; CreateTopics, version 2: one replica, places left to the broker, for good.
        let delete = [&1u32.to_be_bytes()[..], &text(topic), &PATIENCE.to_be_bytes()].concat();
        assert_eq!(self.order((20, 1), &delete, topic), 0, "{topic}: the broker's code");
        let make = [
            &1u32.to_be_bytes()[..],
            &text(topic),
            &partitions.to_be_bytes(),
            &1u16.to_be_bytes(),
            &0u32.to_be_bytes(),
            &1u32.to_be_bytes(),
            &text("retention.ms"),
            &text("-1"),
            &PATIENCE.to_be_bytes(),
            &[0],
        ];
        // As long as the other is on its way out, it exists already.
        let code = (0..200).map(|_| self.order((19, 2), &make.concat(), topic)).find(|code| {
            let exists = *code == 36;
            if exists {
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            !exists
        });
        assert_eq!(code, Some(0), "{topic}: the broker's code");
    }

    /// Has the broker do something with a topic; answers its code.
    fn order(&self, (key, version): (u8, u8), body: &[u8], topic: &str) -> i16 {
        let request = [&[0, key, 0, version, 0, 0, 0, 1][..], &text("test"), body].concat();
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
        let code = answer.get(12 + 2 + topic.len()..).and_then(|rest| rest.first_chunk());
        code.map(|two| i16::from_be_bytes(*two)).expect("a code")
    }

    /// What the names of a test's topics and groups begin with, so that tests do not meet.
    pub fn prefix(&self) -> String {
        format!("t{}.", unique())
    }
}
