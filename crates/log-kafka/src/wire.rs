//! A record as Kafka carries it, and as it is kept in memory.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::{BufMut, Bytes, BytesMut};
use onefold_log::{LogError, LogRecord, StoredRecord};
use rdkafka::message::{BorrowedMessage, Header, Headers, Message, OwnedHeaders};

/// The last header of each record that was appended here: its time in microseconds, decimal. Kafka's own has milliseconds.
const TIME: &str = "onefold_time";
/// Bytes of memory from which records are cut.
const CHUNK: usize = 64 << 10;

/// The headers, with the exact time behind them.
pub(crate) fn kafka_headers(record: &LogRecord) -> OwnedHeaders {
    let mut headers = OwnedHeaders::new_with_capacity(record.headers.len() + 1);
    for (name, value) in &record.headers {
        headers = headers.insert(Header { key: name, value: Some(&value[..]) });
    }
    headers.insert(Header { key: TIME, value: Some(&record.time.to_string()) })
}

/// Kafka's time of a record. Zero would ask for the time of day, less is refused.
pub(crate) fn to_millis(time: i64) -> i64 {
    time.div_euclid(1_000).max(1)
}

/// Whether it can be carried at all, and in a message of that many bytes.
pub(crate) fn check_size(record: &LogRecord, largest: usize) -> Result<(), LogError> {
    // The frame of a batch, of the record and of each header, at their largest.
    let frame = 200 + 10 * record.headers.len();
    let (bytes, most) = (record.size(), largest.saturating_sub(frame));
    if bytes > most {
        return Err(LogError::TooLarge { bytes, most });
    }
    // The client ends a name at a zero byte.
    if record.headers.iter().any(|(name, _)| name.contains('\0')) {
        return Err(LogError::Refused("the name of a header holds a zero byte".to_owned()));
    }
    Ok(())
}

/// One record in one piece of memory: time, lengths, and then key, value and headers.
pub(crate) type PackedRecord = Bytes;

/// Cuts memory for records off larger pieces.
#[derive(Debug, Default)]
pub(crate) struct RecordArena(BytesMut);

impl RecordArena {
    /// The message in one piece.
    pub(crate) fn pack_record(&mut self, message: &BorrowedMessage<'_>) -> PackedRecord {
        let (key, value) = (message.key().unwrap_or_default(), message.payload().unwrap_or_default());
        let headers = message.headers();
        // The client panics at a name that is not UTF-8; such a header is none.
        let get = |at: usize| catch_unwind(AssertUnwindSafe(|| headers?.try_get(at))).ok().flatten();
        let mut count = headers.map_or(0, Headers::count);
        let exact = count.checked_sub(1).and_then(get).filter(|header| header.key == TIME);
        let exact = exact.and_then(|header| std::str::from_utf8(header.value?).ok()?.parse().ok());
        count -= usize::from(exact.is_some());
        let time = exact.unwrap_or_else(|| message.timestamp().to_millis().unwrap_or(0).saturating_mul(1_000));

        let at_least = 24 + key.len() + value.len() + 64 * count;
        if self.0.capacity() < at_least {
            self.0 = BytesMut::with_capacity(CHUNK.max(at_least));
        }
        let buffer = &mut self.0;
        buffer.put_i64_le(time);
        for length in [key.len(), value.len(), count] {
            buffer.put_u32_le(length as u32);
        }
        buffer.put_slice(key);
        buffer.put_slice(value);
        for header in (0..count).map(get) {
            let header = header.unwrap_or(Header { key: "", value: None });
            let value = header.value.unwrap_or_default();
            buffer.put_u32_le(header.key.len() as u32);
            buffer.put_u32_le(value.len() as u32);
            buffer.put_slice(header.key.as_bytes());
            buffer.put_slice(value);
        }
        buffer.split().freeze()
    }
}

/// The record of a packed message.
pub(crate) fn unpack_record(partition: u32, offset: u64, packed: &PackedRecord) -> StoredRecord {
    use bytes::Buf;
    let mut rest = packed.clone();
    let time = rest.get_i64_le();
    let [key, value, count] = [rest.get_u32_le(), rest.get_u32_le(), rest.get_u32_le()].map(|n| n as usize);
    let (key, value) = (rest.split_to(key), rest.split_to(value));
    let headers = (0..count)
        .map(|_| {
            let [name, value] = [rest.get_u32_le(), rest.get_u32_le()].map(|n| n as usize);
            let name = String::from_utf8_lossy(&rest.split_to(name)).into_owned();
            (name, rest.split_to(value))
        })
        .collect();
    StoredRecord { partition, offset, record: LogRecord { key, headers, value, time } }
}
