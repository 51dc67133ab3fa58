//! One copy of an event, as far as duplicates and folding need it. The rest stands in the log at its position.

use std::collections::BTreeMap;

use onefold_event::{ContentDigest, EventHeader, Micros};
use prost::bytes::{Buf, BufMut};
use prost::encoding::{
    DecodeContext, WireType, check_wire_type, decode_varint, encode_key, encode_varint, key_len, sfixed64, skip_field,
    uint32, uint64,
};
use prost::{DecodeError, Message};

/// A copy of an event. Ids and digest are of fixed length, so that a copy is one piece of memory.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FactState {
    /// Id of this version of the fact.
    pub id: [u8; 16],
    /// Id of the fact, whatever its version.
    pub fact: [u8; 16],
    /// Digest of what it says.
    pub digest: ContentDigest,
    /// When it happened.
    pub occurred_at: Micros,
    /// When the hub took it in: the least of its copies.
    pub recorded_at: Micros,
    /// Order between versions.
    pub order: Vec<i64>,
    /// Partition of the copy with that least time.
    pub partition: u32,
    /// Offset of that copy.
    pub offset: u64,
}

impl FactState {
    /// Of a copy of an event that stands at a place in the log.
    pub fn new(event: &EventHeader, digest: &ContentDigest, recorded_at: Micros, partition: u32, offset: u64) -> Self {
        Self {
            id: event.id.0,
            fact: event.fact.0,
            digest: *digest,
            occurred_at: event.occurred_at,
            recorded_at,
            order: event.revision_order.clone(),
            partition,
            offset,
        }
    }

    /// What tells it from all other copies about its subject, those of one fact side by side: fact, id, digest.
    pub fn row_id(&self) -> [u8; 48] {
        let mut place = [0; 48];
        place[..16].copy_from_slice(&self.fact);
        place[16..32].copy_from_slice(&self.id);
        place[32..].copy_from_slice(&self.digest);
        place
    }

    /// Brings copies into the order of a row.
    pub fn sort_facts(facts: &mut [Self]) {
        facts.sort_by(|a, b| a.row_key().cmp(&b.row_key()));
    }

    /// Which of several copies of one content counts, the least: when the hub took it in, then where it stands.
    pub(crate) fn log_place(&self) -> (Micros, u32, u64) {
        (self.recorded_at, self.partition, self.offset)
    }

    /// Order of folding (rule A5).
    pub(crate) fn fold_key(&self) -> (i64, i64, &[u8]) {
        (self.occurred_at, self.recorded_at, &self.id)
    }

    /// Order within the row.
    pub(crate) fn row_key(&self) -> (&[u8], i64, &[u8]) {
        (&self.id, self.recorded_at, &self.digest)
    }

    /// Order between versions of one fact.
    pub(crate) fn version_key(&self) -> (&[i64], i64, &[u8]) {
        (&self.order, self.recorded_at, &self.id)
    }

    fn fixed_fields(&self) -> [(u32, &[u8; 16]); 3] {
        [(1, &self.id), (2, &self.fact), (3, &self.digest)]
    }
}

/// As derived, but for the bytes of fixed length.
impl Message for FactState {
    fn encode_raw(&self, to: &mut impl BufMut) {
        for (tag, bytes) in self.fixed_fields() {
            encode_key(tag, WireType::LengthDelimited, to);
            encode_varint(bytes.len() as u64, to);
            to.put_slice(bytes);
        }
        sfixed64::encode(4, &self.occurred_at, to);
        sfixed64::encode(5, &self.recorded_at, to);
        prost::encoding::sint64::encode_packed(6, &self.order, to);
        uint32::encode(7, &self.partition, to);
        uint64::encode(8, &self.offset, to);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire: WireType,
        from: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        match tag {
            1 => merge_fixed(wire, &mut self.id, from),
            2 => merge_fixed(wire, &mut self.fact, from),
            3 => merge_fixed(wire, &mut self.digest, from),
            4 => sfixed64::merge(wire, &mut self.occurred_at, from, context),
            5 => sfixed64::merge(wire, &mut self.recorded_at, from, context),
            6 => prost::encoding::sint64::merge_repeated(wire, &mut self.order, from, context),
            7 => uint32::merge(wire, &mut self.partition, from, context),
            8 => uint64::merge(wire, &mut self.offset, from, context),
            _ => skip_field(wire, tag, from, context),
        }
    }

    fn encoded_len(&self) -> usize {
        let fixed: usize = self.fixed_fields().iter().map(|(tag, bytes)| key_len(*tag) + 1 + bytes.len()).sum();
        fixed
            + sfixed64::encoded_len(4, &self.occurred_at)
            + sfixed64::encoded_len(5, &self.recorded_at)
            + prost::encoding::sint64::encoded_len_packed(6, &self.order)
            + uint32::encoded_len(7, &self.partition)
            + uint64::encoded_len(8, &self.offset)
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Of all copies about a subject, ordered as in its row, those that stand, in the order of folding, and the superseded revisions
/// (rules A3, A5).
pub fn standing_facts(facts: &[FactState]) -> (Vec<&FactState>, Vec<&FactState>) {
    let mut best: BTreeMap<[u8; 16], &FactState> = BTreeMap::new();
    let mut superseded = Vec::new();
    for copy in first_copies(facts) {
        match best.get(&copy.fact) {
            Some(other) if other.version_key() > copy.version_key() => superseded.push(copy),
            other => {
                superseded.extend(other.copied());
                best.insert(copy.fact, copy);
            }
        }
    }
    let mut standing: Vec<_> = best.into_values().collect();
    standing.sort_by(|a, b| a.fold_key().cmp(&b.fold_key()));
    superseded.sort_by(|a, b| a.fold_key().cmp(&b.fold_key()));
    (standing, superseded)
}

/// One copy per id: the one with the least (recorded_at, digest). The facts are sorted so that it comes first.
pub(crate) fn first_copies(facts: &[FactState]) -> impl Iterator<Item = &FactState> {
    let mut last: Option<[u8; 16]> = None;
    facts.iter().filter(move |f| {
        let first = last != Some(f.id);
        last = Some(f.id);
        first
    })
}

#[expect(deprecated, reason = "prost has no other way to say what is wrong with a field of ours")]
fn merge_fixed(wire: WireType, bytes: &mut [u8; 16], from: &mut impl Buf) -> Result<(), DecodeError> {
    check_wire_type(WireType::LengthDelimited, wire)?;
    if decode_varint(from)? != bytes.len() as u64 || from.remaining() < bytes.len() {
        return Err(DecodeError::new("an id or digest is not of 16 bytes"));
    }
    from.copy_to_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_survives_its_bytes() {
        let fact = FactState {
            id: [1; 16],
            fact: [2; 16],
            digest: [3; 16],
            occurred_at: -5,
            recorded_at: 1_700_000_000_000_000,
            order: vec![3, -1],
            partition: 7,
            offset: 1 << 40,
        };
        let bytes = fact.encode_to_vec();
        assert_eq!(bytes.len(), fact.encoded_len());
        assert_eq!(FactState::decode(bytes.as_slice()), Ok(fact));
    }

    #[test]
    fn an_id_of_another_length_does_not_decode() {
        assert!(FactState::decode([0x0a, 0x02, 1, 2].as_slice()).is_err());
        assert!(FactState::decode([0x0a, 0x10, 1, 2].as_slice()).is_err());
    }
}
