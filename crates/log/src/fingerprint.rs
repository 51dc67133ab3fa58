//! A log is known again by its records: topics are deleted and made anew, files put back from older copies.

use sha2::{Digest, Sha256};

use crate::{Log, LogError, LogRecord, StoredRecord};

/// A record at its position, by digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// The partition.
    pub partition: u32,
    /// The offset.
    pub offset: u64,
    /// SHA-256 of the record, whole.
    pub digest: [u8; 32],
}

impl Fingerprint {
    /// Of a record that was read.
    pub fn of(stored: &StoredRecord) -> Self {
        Self { partition: stored.partition, offset: stored.offset, digest: digest(&stored.record) }
    }
}

/// Each part behind its length, so that no two records give the same bytes.
fn digest(record: &LogRecord) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(record.time.to_be_bytes());
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(&record.key);
    part(&record.value);
    for (name, value) in &record.headers {
        part(name.as_bytes());
        part(value);
    }
    hash.finalize().into()
}

/// The fingerprints of the records at these positions, in their order.
///
/// # Errors
/// [`LogError::Replaced`] where there is none, or whatever keeps the log from answering.
pub async fn fingerprints(log: &dyn Log, topic: &str, at: &[(u32, u64)]) -> Result<Vec<Fingerprint>, LogError> {
    match log.fetch(topic, at).await {
        Err(LogError::UnknownPosition { partition, offset, .. }) => {
            Err(LogError::Replaced(format!("`{topic}` has no record at partition {partition}, offset {offset}")))
        }
        found => Ok(found?.iter().map(Fingerprint::of).collect()),
    }
}

/// Whether a topic still holds what was read of it: everything below `positions`, and where `known` was read the same records.
///
/// # Errors
/// [`LogError::Replaced`] where it does not, or whatever keeps the log from answering.
pub async fn recognise(log: &dyn Log, topic: &str, positions: &[u64], known: &[Fingerprint]) -> Result<(), LogError> {
    let heads = log.heads(topic).await?;
    if heads.len() != positions.len() || heads.iter().zip(positions).any(|(head, at)| head < at) {
        return Err(LogError::Replaced(format!("`{topic}` ends at {heads:?}, read was up to {positions:?}")));
    }
    let places: Vec<(u32, u64)> = known.iter().map(|known| (known.partition, known.offset)).collect();
    let found = fingerprints(log, topic, &places).await?;
    match known.iter().zip(&found).find(|(known, found)| known != found) {
        Some((Fingerprint { partition, offset, .. }, _)) => Err(LogError::Replaced(format!(
            "`{topic}` holds another record at partition {partition}, offset {offset} than was read there"
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_of_every_part_of_a_record() {
        let mut record = LogRecord::new("key", "value", 1);
        record.headers = vec![("name".to_owned(), "v".into())];
        let mut others = vec![record.clone(); 6];
        others[1].key = "kex".into();
        others[2].value = "valuf".into();
        others[3].time = 2;
        others[4].headers[0].0 = "nam".to_owned();
        others[5].headers[0].1 = "ev".into();
        let digests: std::collections::BTreeSet<_> = others.iter().map(digest).collect();
        assert_eq!((digests.len(), digest(&record)), (6, digest(&others[0])));
    }
}
