//! How much the face gives to whom.

use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Smallest buffer that hyper takes for a connection.
const SMALLEST_HEAD: usize = 8 << 10;

/// Largest body that every topic of intake takes: 64 KiB below what a message may be, for its frame.
const MOST_HOOK_BYTES: usize = (8 << 20) - (64 << 10);

/// Where the face answers, and how much of this machine its callers may hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpOptions {
    /// The address on which it listens.
    pub listen: SocketAddr,
    /// Connections at most. One more takes the place of the one that keeps the hub waiting the longest, or else waits for its turn.
    pub connections: usize,
    /// Connections of one address at most.
    pub connections_per_address: usize,
    /// Connections beyond those, for `/health` and `/metrics` alone.
    pub spare_connections: usize,
    /// Milliseconds within which the head of a request has come.
    pub head_ms: u64,
    /// Milliseconds for which a connection may stay open between two requests.
    pub idle_ms: u64,
    /// Milliseconds within which a body has come, or an answer has been taken, beside what `bytes_per_second` allows for.
    pub body_ms: u64,
    /// The least rate of a body that comes and of an answer that is taken.
    pub bytes_per_second: u64,
    /// Bytes of a request's head at most.
    pub head_bytes: usize,
    /// Bytes of a request's body at most, unpacked.
    pub body_bytes: usize,
    /// Bytes of what is posted to a connector at most, as it is sent.
    pub hook_bytes: usize,
    /// Bytes of all bodies at most that are held at a time, of each of which the first 64 KiB are free.
    pub bodies_bytes: usize,
    /// Bodies of more than 64 KiB that are read and taken in at a time; 0: half as many as there are processors.
    pub large_posts: usize,
    /// Reads that are worked on at a time.
    pub reads: usize,
    /// Of pages of more than 100 items, so many; 0: half as many as there are processors.
    pub large_reads: usize,
    /// Milliseconds for which a request waits for its turn.
    pub wait_ms: u64,
    /// Milliseconds for which requests under way may go on once the process was asked to stop.
    pub drain_ms: u64,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7878)),
            connections: 512,
            connections_per_address: 384,
            spare_connections: 16,
            head_ms: 10_000,
            idle_ms: 60_000,
            body_ms: 10_000,
            bytes_per_second: 64 << 10,
            head_bytes: 64 << 10,
            body_bytes: 16 << 20,
            hook_bytes: 4 << 20,
            bodies_bytes: 64 << 20,
            large_posts: 0,
            reads: 32,
            large_reads: 0,
            wait_ms: 500,
            drain_ms: 10_000,
        }
    }
}

impl HttpOptions {
    /// What is wrong with them, in the words of their keys.
    pub fn check_bounds(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut least = |name: &str, is: u64, least: u64| {
            if is < least {
                wrong.push(format!("http.{name}: expected at least {least}, found {is}"));
            }
        };
        for (name, is) in [
            ("connections", self.connections),
            ("connections_per_address", self.connections_per_address),
            ("reads", self.reads),
            ("body_bytes", self.body_bytes),
            ("hook_bytes", self.hook_bytes),
        ] {
            least(name, is as u64, 1);
        }
        for (name, is) in [
            ("head_ms", self.head_ms),
            ("idle_ms", self.idle_ms),
            ("body_ms", self.body_ms),
            ("bytes_per_second", self.bytes_per_second),
        ] {
            least(name, is, 1);
        }
        least("head_bytes", self.head_bytes as u64, SMALLEST_HEAD as u64);
        least("bodies_bytes", self.bodies_bytes as u64, self.body_bytes.max(self.hook_bytes) as u64);
        if self.hook_bytes > MOST_HOOK_BYTES {
            let found = self.hook_bytes;
            wrong.push(format!(
                "http.hook_bytes: expected at most {MOST_HOOK_BYTES}, since a topic takes messages of 8 MiB, found {found}"
            ));
        }
        wrong
    }

    /// How long whoever is called may take for so many bytes of a body or of an answer.
    pub(crate) fn body_patience(&self, bytes: u64) -> Duration {
        let paced = bytes.saturating_mul(1_000).checked_div(self.bytes_per_second).unwrap_or(0);
        Duration::from_millis(self.body_ms.saturating_add(paced))
    }

    /// How many large things are worked on at a time: never all that the machine can do, so that small ones need not wait.
    pub(crate) fn large(asked: usize) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        if asked > 0 { asked } else { (processors() / 2).max(1) }
    }

    pub(crate) fn wait(&self) -> Duration {
        Duration::from_millis(self.wait_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lets_nobody_in_is_refused_by_its_key() {
        assert_eq!(HttpOptions::default().check_bounds(), Vec::<String>::new());
        let none = HttpOptions { reads: 0, head_bytes: 100, bodies_bytes: 1, ..HttpOptions::default() };
        let wrong = none.check_bounds().join("\n");
        for key in ["http.reads: ", "http.head_bytes: ", "http.bodies_bytes: "] {
            assert!(wrong.contains(key), "{wrong}");
        }
    }

    #[test]
    fn more_bytes_may_take_longer() {
        let options = HttpOptions { body_ms: 1_000, bytes_per_second: 1_000, ..HttpOptions::default() };
        assert_eq!(options.body_patience(0), Duration::from_secs(1));
        assert_eq!(options.body_patience(5_000), Duration::from_secs(6));
    }
}
