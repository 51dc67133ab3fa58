//! What a topic holds.

use bytes::Bytes;

/// One record as a producer gives it. A log keeps every byte of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogRecord {
    /// What the partition is computed from: records of one key stay in order.
    pub key: Bytes,
    /// Names and values, in this order; a name may occur twice.
    pub headers: Vec<(String, Bytes)>,
    /// The payload.
    pub value: Bytes,
    /// Microseconds since 1970 UTC, given by the producer and never changed by the log.
    pub time: i64,
}

impl LogRecord {
    /// A record without headers.
    pub fn new(key: impl Into<Bytes>, value: impl Into<Bytes>, time: i64) -> Self {
        Self { key: key.into(), headers: Vec::new(), value: value.into(), time }
    }

    /// The value of the first header of this name.
    pub fn header(&self, name: &str) -> Option<&Bytes> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value)
    }

    /// Bytes of key, headers and value together.
    pub fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(n, v)| n.len() + v.len()).sum();
        self.key.len() + headers + self.value.len()
    }
}

/// A record with the position that the log gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// The partition.
    pub partition: u32,
    /// The place in the partition: 0, 1, 2 and so on without a gap.
    pub offset: u64,
    /// The record, byte for byte as it was appended.
    pub record: LogRecord,
}
