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
    let linking = linking_values(tx, values.into_iter().collect(), around, rules).await?;
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
        // A hub value names nobody (rule C1): whoever holds one shows nothing else for it.
        let linking = linking_values(tx, shared.into_iter().collect(), around, rules).await?;
        parties.extend(linking.into_values().flatten());
    }
    Ok(parties)
}

/// Those of the values that link, or linked before the notes that wait, with all who hold them now.
async fn linking_values(
    tx: &mut dyn ReadTx,
    values: Vec<IdentifierKey>,
    around: &[String],
    rules: &IdentityRules,
) -> Result<BTreeMap<IdentifierKey, Vec<String>>, StoreError> {
    // A value that links has no more holders than its kind allows. Of one that does not, tens of thousands may be there, and
    // whoever changes one of them need not read all.
    let up_to_limit = |identifier: &IdentifierKey| {
        let most = rules.holder_limit(identifier.kind()).saturating_add(1);
        HolderQuery { identifier: identifier.clone(), ever: most, present: most }
    };
    let rows = tx.holders(&values.iter().map(up_to_limit).collect::<Vec<_>>()).await?;
    let (mut linking, mut hubs) = (BTreeMap::new(), Vec::new());
    for (value, rows) in values.into_iter().zip(rows) {
        if rules.is_hub(value.kind(), rows.ever) {
            hubs.push(value);
        } else {
            linking.insert(value, rows.present);
        }
    }
    if hubs.is_empty() {
        return Ok(linking);
    }
    let counted: Vec<HolderQuery> =
        all_holders(&hubs).into_iter().map(|all| HolderQuery { present: 0, ..all }).collect();
    let (ever, fresh) = (tx.holders(&counted).await?, tx.unpublished_holders(&hubs, around).await?);
    let before = ever.iter().zip(fresh).map(|(rows, fresh)| rows.ever.saturating_sub(fresh));
    let linked = hubs.into_iter().zip(before).filter(|(value, before)| !rules.is_hub(value.kind(), *before));
    let linked: Vec<IdentifierKey> = linked.map(|(value, _)| value).collect();
    if !linked.is_empty() {
        let rows = tx.holders(&all_holders(&linked)).await?;
        linking.extend(linked.into_iter().zip(rows.into_iter().map(|rows| rows.present)));
    }
    Ok(linking)
}

/// All holders of values, however many.
fn all_holders(values: &[IdentifierKey]) -> Vec<HolderQuery> {
    let all =
        |identifier: &IdentifierKey| HolderQuery { identifier: identifier.clone(), ever: u64::MAX, present: u64::MAX };
    values.iter().map(all).collect()
}
