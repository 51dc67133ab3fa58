//! Whose owner keys are: the customer that holds all of it, else nobody's (rule C1). Many keys at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use onefold_identity::{AtomHolder, IdentifierKey, IdentityRules, OwnerAtom, OwnerKey, Ownership, find_ownership};
use onefold_store::{HolderQuery, ReadTx, StoreError};

/// Holders of a value that are looked at where no limit says how many it links.
const MOST_HOLDERS: u64 = 100_000;

/// Who holds an identifier now, and whether so many ever did that it links nobody.
#[derive(Debug, Clone, Default)]
pub(crate) struct HolderStanding {
    pub(crate) hub: bool,
    /// Keys of parties, cut off at the number that was asked for.
    pub(crate) present: Vec<String>,
}

/// Standings of values, each with at most so many holders; of values that nobody ever asserted there is none.
pub(crate) async fn standings(
    tx: &mut dyn ReadTx,
    values: BTreeMap<IdentifierKey, u64>,
    rules: &IdentityRules,
) -> Result<BTreeMap<IdentifierKey, HolderStanding>, StoreError> {
    let query = |(identifier, most): (IdentifierKey, u64)| {
        let limit = rules.holder_limit(identifier.kind());
        // One more than may share it makes it a hub value; where any number may, that somebody has it is enough to know.
        let ever = if limit == u64::MAX { 1 } else { limit.saturating_add(1) };
        HolderQuery { identifier, ever, present: most.min(MOST_HOLDERS) }
    };
    let asked: Vec<HolderQuery> = values.into_iter().map(query).collect();
    if asked.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = tx.holders(&asked).await?;
    let standing = |(asked, rows): (HolderQuery, onefold_store::HolderRows)| {
        let hub = rules.is_hub(asked.identifier.kind(), rows.ever);
        (rows.ever > 0).then_some((asked.identifier, HolderStanding { hub, present: rows.present }))
    };
    Ok(asked.into_iter().zip(rows).filter_map(standing).collect())
}

/// Whose owner keys are, by the heads of the customers. A text that is no owner key is nobody's and left out.
pub(crate) async fn ownerships(
    tx: &mut dyn ReadTx,
    keys: impl IntoIterator<Item = &String>,
    rules: &IdentityRules,
) -> Result<BTreeMap<String, Ownership<String>>, StoreError> {
    let owner = |key: &String| Some((key.clone(), OwnerKey::parse(key)?));
    let owners: Vec<(String, OwnerKey)> = keys.into_iter().filter_map(owner).collect();
    let (mut parties, mut values) = (BTreeSet::new(), BTreeMap::new());
    for atom in owners.iter().flat_map(|(_, owner)| owner.leaves()) {
        match atom {
            OwnerAtom::Identifier(value) => {
                values.insert(value.clone(), rules.holder_limit(value.kind()).saturating_add(1));
            }
            party => drop(parties.insert(party.to_string())),
        }
    }
    let standings = standings(tx, values, rules).await?;
    parties.extend(standings.values().filter(|standing| !standing.hub).flat_map(|s| s.present.iter().cloned()));
    let parties: Vec<String> = parties.into_iter().collect();
    let heads = if parties.is_empty() { Vec::new() } else { tx.heads(&parties).await? };
    let heads: HashMap<String, String> = parties.into_iter().zip(heads).collect();
    let head = |party: &String| heads.get(party).cloned();
    let holder = |atom: &OwnerAtom| match atom {
        OwnerAtom::Identifier(value) => match standings.get(value) {
            None => AtomHolder::Nobody,
            Some(standing) if standing.hub => AtomHolder::Hub,
            Some(standing) => AtomHolder::from_customers(standing.present.iter().filter_map(head)),
        },
        party => head(&party.to_string()).map_or(AtomHolder::Nobody, AtomHolder::Customer),
    };
    Ok(owners.iter().map(|(key, owner)| (key.clone(), find_ownership(owner, &holder))).collect())
}
