//! Who may show something else for a change of a party, beside its own customer.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::Subject;
use onefold_fold::asserted_identifiers;
use onefold_identity::{IdentifierKey, IdentityRules, OwnerAtom, OwnerKey};
use onefold_store::{HolderQuery, ReadTx, StoreError};

/// Whoever holds an identifier of these parties, or a share in a document with one. An identifier that linked nobody even
/// without those whose notes wait, or were taken with these, says nothing of anybody else.
pub(crate) async fn neighbours(
    tx: &mut dyn ReadTx,
    around: &[String],
    rules: &IdentityRules,
) -> Result<BTreeSet<String>, StoreError> {
    let named: Vec<String> = around.iter().filter(|key| OwnerAtom::is_party(key)).cloned().collect();
    if named.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut values: BTreeSet<IdentifierKey> = BTreeSet::new();
    for (party, state) in named.iter().zip(tx.subjects(&named).await?) {
        let subject: Subject = party.parse().map_err(|e| StoreError::Corrupt(format!("party {party}: {e}")))?;
        // Whoever held a value before may show that it links again.
        values.extend(asserted_identifiers(&subject, state.as_ref()).into_keys());
    }
    let linking = linking(tx, values.into_iter().collect(), around, rules).await?;
    let mut parties: BTreeSet<String> = linking.values().flatten().cloned().collect();
    let atoms: Vec<String> = linking.keys().map(OwnerAtom::identifier_key).collect();
    let sets = if atoms.is_empty() { BTreeSet::new() } else { tx.sets_with(&atoms).await? };
    let mut shared = BTreeSet::new();
    for member in sets.iter().flat_map(|set| OwnerKey::key_members(set)) {
        match OwnerAtom::parse(&member) {
            Some(OwnerAtom::Identifier(value)) => drop(shared.insert(value)),
            _ => drop(parties.insert(member)),
        }
    }
    shared.retain(|value| !linking.contains_key(value));
    if !shared.is_empty() {
        let rows = tx.holders(&everybody(&shared.into_iter().collect::<Vec<_>>())).await?;
        parties.extend(rows.into_iter().flat_map(|rows| rows.present));
    }
    Ok(parties)
}

/// Those of the values that link, or linked before the notes that wait, with all who hold them now.
async fn linking(
    tx: &mut dyn ReadTx,
    values: Vec<IdentifierKey>,
    around: &[String],
    rules: &IdentityRules,
) -> Result<BTreeMap<IdentifierKey, Vec<String>>, StoreError> {
    let rows = tx.holders(&everybody(&values)).await?;
    let mut linking: BTreeMap<IdentifierKey, (u64, Vec<String>)> =
        values.into_iter().zip(rows).map(|(value, rows)| (value, (rows.ever, rows.present))).collect();
    let hubs = linking.iter().filter(|(value, (ever, _))| rules.is_hub(value.kind(), *ever));
    let hubs: Vec<IdentifierKey> = hubs.map(|(value, _)| value.clone()).collect();
    if !hubs.is_empty() {
        let fresh = tx.unpublished_holders(&hubs, around).await?;
        for (value, fresh) in hubs.iter().zip(fresh) {
            let before = linking.get(value).map_or(0, |(ever, _)| ever.saturating_sub(fresh));
            if rules.is_hub(value.kind(), before) {
                linking.remove(value);
            }
        }
    }
    Ok(linking.into_iter().map(|(value, (_, present))| (value, present)).collect())
}

/// All holders of values, however many.
fn everybody(values: &[IdentifierKey]) -> Vec<HolderQuery> {
    let all =
        |identifier: &IdentifierKey| HolderQuery { identifier: identifier.clone(), ever: u64::MAX, present: u64::MAX };
    values.iter().map(all).collect()
}
