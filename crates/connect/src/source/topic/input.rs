//! One message, and for whom it is.

use onefold_log::StoredRecord;
use onefold_mapping::Connector;

/// Header that names the connector which a message is for; a message without it is for whoever reads the topic.
pub(crate) const CONNECTOR: &str = "onefold_connector";

/// A message with its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'m> {
    pub(crate) topic: &'m str,
    pub(crate) stored: &'m StoredRecord,
}

impl Message<'_> {
    /// Name in locators: topic, partition and offset.
    pub(crate) fn resource(&self) -> String {
        format!("{}/{}/{}", self.topic, self.stored.partition, self.stored.offset)
    }

    /// Why it is passed over, if it is.
    pub(crate) fn passed_over(&self, connector: &Connector) -> Option<&'static str> {
        let record = &self.stored.record;
        let named = record.header(CONNECTOR);
        if named.is_some_and(|named| named[..] != *connector.name().as_bytes()) {
            return Some("for another connector");
        }
        record.value.is_empty().then_some("no value")
    }
}
