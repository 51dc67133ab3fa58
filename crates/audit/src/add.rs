//! Contributions into bundles, owner by owner.

use std::collections::BTreeSet;

use foldhash::HashMap;

use onefold_identity::OwnerKey;
use onefold_store::SearchRow;
use onefold_view::{Bundle, Contribution, Digest, DigestSum};
use prost::Message;

use crate::replay::ReplayRun;
use crate::row::{ExpectedRow, RowKey};
use crate::settle::SEEN;
use crate::spill::SpillWriter;
use crate::verify::AuditError;

#[derive(Default)]
struct OwnerSum {
    bundle: Bundle,
    seen: Option<i64>,
}

impl ReplayRun {
    /// Adds up the owners of a shard. Only adds, so what is ordered within a bundle is always known.
    pub(crate) fn add_shard(&self, shard: usize) -> Result<(), AuditError> {
        let chunks = self.added.take_chunks(shard)?;
        let mut sums: HashMap<&str, OwnerSum> = HashMap::default();
        let mut count = 0;
        for frame in chunks.frames() {
            let sum = sums.entry(frame.to).or_default();
            if frame.tag == SEEN {
                let at = i64::from_le_bytes(frame.rest.try_into().unwrap_or_default());
                sum.seen = Some(sum.seen.map_or(at, |seen| seen.min(at)));
            } else {
                sum.bundle.add(&Contribution::decode(frame.rest).map_err(AuditError::Decode)?);
                count += 1;
            }
        }
        let mut all = AddedSums {
            together: self.together.writer(),
            customers: 0,
            bundles: DigestSum::default(),
            clusters: DigestSum::default(),
            ids: DigestSum::default(),
        };
        for (text, sum) in &sums {
            self.add_owner(text, sum, &mut all)?;
        }
        all.together.finish()?;
        self.progress.add_records(count);
        let mut found = self.lock_found();
        found.customers += all.customers;
        found.bundles.merge(&all.bundles);
        found.clusters.merge(&all.clusters);
        found.ids.merge(&all.ids);
        Ok(())
    }

    fn add_owner(&self, text: &str, sum: &OwnerSum, all: &mut AddedSums<'_>) -> Result<(), AuditError> {
        let bytes = sum.bundle.encode_to_vec();
        if bytes.is_empty() && sum.seen.is_none() {
            return Ok(());
        }
        let key = RowKey::new(text);
        let digest = (!bytes.is_empty()).then(|| Bundle::digest(text, &bytes));
        digest.iter().for_each(|digest| all.bundles.add(digest));
        self.rows.take_row(ExpectedRow::Owner { key, bundle: &bytes, digest: digest.as_ref(), first_seen: sum.seen });
        if !bytes.is_empty() {
            for atom in OwnerKey::key_members(text) {
                self.rows.take_row(ExpectedRow::SetMember { atom: RowKey::new(&atom), set: key });
            }
        }
        let Some(seen) = sum.seen else { return Ok(()) };
        let words = sum.bundle.search_words();
        if self.meet_facts(text, seen, &words, &mut all.together)? {
            return Ok(());
        }
        all.customers += 1;
        all.clusters.add(&Digest::of_cluster([text]));
        all.ids.add(&Digest::of_id(text, [text]));
        self.add_words(&[text], words);
        Ok(())
    }

    /// The row by which a customer is found, at its first party.
    pub(crate) fn add_words(&self, parties: &[&str], words: BTreeSet<String>) {
        let row = SearchRow::of_words(parties.iter().map(|party| (*party).to_owned()).collect(), words);
        if let (Some(first), false) = (row.parties.first(), row.text.is_empty()) {
            self.rows.take_row(ExpectedRow::Search { party: RowKey::new(first), text: &row.text });
        }
    }
}

/// What a shard found.
struct AddedSums<'a> {
    /// Of parties that may be one customer with others.
    together: SpillWriter<'a>,
    /// Who is a customer by itself.
    customers: u64,
    bundles: DigestSum,
    clusters: DigestSum,
    ids: DigestSum,
}
