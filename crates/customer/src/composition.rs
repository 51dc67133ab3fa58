//! The rows of customers: their parties, and every owner key that each holds all of, or a part of where parts are counted. Many
//! customers at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use onefold_event::Subject;
use onefold_fold::{SubjectState, asserted_identifiers};
use onefold_identity::{IdentifierKey, IdentityRules, OwnerAtom};
use onefold_store::{NamedDecision, ReadTx, StoreError};
use onefold_view::OpenItem;

use crate::CustomerRows;
use crate::attribution::{ownerships, standings};

/// Open items that a customer's rows hold at most.
const MOST_OPEN: usize = 1000;

/// A customer in the making.
#[derive(Default)]
struct CustomerDraft {
    rows: CustomerRows,
    /// Owner keys of one atom that it holds: its parties, and identifiers that nobody else has.
    atoms: Vec<String>,
}

impl CustomerDraft {
    fn has(&self, party: &String) -> bool {
        self.rows.parties.contains_key(party)
    }
}

/// All rows of the customers that hold these parties, each once.
pub(crate) async fn customers(
    tx: &mut dyn ReadTx,
    parties: &[String],
    rules: &IdentityRules,
) -> Result<Vec<CustomerRows>, StoreError> {
    let mut all = BTreeMap::new();
    for customer in tx.customers(parties).await? {
        let atoms = customer.parties.keys().cloned().collect();
        all.insert(customer.head.clone(), CustomerDraft { rows: CustomerRows::of_parties(customer), atoms });
    }
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let parties: Vec<String> = all.values().flat_map(|customer| customer.rows.parties.keys().cloned()).collect();
    add_decisions(tx, &mut all, &parties).await?;
    add_identifiers(tx, &mut all, &parties, rules).await?;
    add_bundles(tx, &mut all, rules).await?;
    add_open_items(tx, &mut all).await?;
    Ok(all.into_values().map(|customer| customer.rows).collect())
}

/// Decisions that name the customers' parties, and those that supersede them.
async fn add_decisions(
    tx: &mut dyn ReadTx,
    all: &mut BTreeMap<String, CustomerDraft>,
    parties: &[String],
) -> Result<(), StoreError> {
    let mut of: HashMap<String, BTreeSet<String>> = HashMap::new();
    let mut states: BTreeMap<String, SubjectState> = BTreeMap::new();
    for NamedDecision { party, decision, state } in tx.decisions(parties).await? {
        states.insert(decision.clone(), state);
        of.entry(party).or_default().insert(decision);
    }
    if states.is_empty() {
        return Ok(());
    }
    let above: Vec<String> = SubjectState::superseding_decisions(&states).into_iter().collect();
    if !above.is_empty() {
        let found = tx.subjects(&above).await?;
        states.extend(above.into_iter().zip(found).filter_map(|(key, state)| Some((key, state?))));
    }
    for customer in all.values_mut() {
        let named = customer.rows.parties.keys().filter_map(|party| of.get(party)).flatten();
        let mut mine: BTreeMap<String, SubjectState> =
            named.filter_map(|key| Some((key.clone(), states.get(key)?.clone()))).collect();
        let above = SubjectState::superseding_decisions(&mine);
        mine.extend(above.into_iter().filter_map(|key| Some((key.clone(), states.get(&key)?.clone()))));
        customer.rows.decisions = SubjectState::party_decisions(&mine);
    }
    Ok(())
}

/// Identifiers all of whose holders are the customer's, and those that link nobody.
async fn add_identifiers(
    tx: &mut dyn ReadTx,
    all: &mut BTreeMap<String, CustomerDraft>,
    parties: &[String],
    rules: &IdentityRules,
) -> Result<(), StoreError> {
    let states = tx.subjects(parties).await?;
    let mut held: HashMap<&String, BTreeSet<IdentifierKey>> = HashMap::new();
    for (party, state) in parties.iter().zip(states) {
        let subject: Subject = party.parse().map_err(|e| StoreError::Corrupt(format!("party {party}: {e}")))?;
        let present = asserted_identifiers(&subject, state.as_ref())
            .into_iter()
            .filter_map(|(value, held)| held.then_some(value));
        held.insert(party, present.collect());
    }
    // One holder more than the customer has parties is somebody else: no more need be named.
    let mut holders_needed: BTreeMap<IdentifierKey, u64> = BTreeMap::new();
    for customer in all.values() {
        let enough = customer.rows.parties.len() as u64 + 1;
        for value in customer.rows.parties.keys().filter_map(|party| held.get(party)).flatten() {
            let needed = holders_needed.entry(value.clone()).or_default();
            *needed = (*needed).max(enough);
        }
    }
    let standings = standings(tx, holders_needed.clone(), rules).await?;
    for customer in all.values_mut() {
        let mine: BTreeSet<&IdentifierKey> =
            customer.rows.parties.keys().filter_map(|party| held.get(party)).flatten().collect();
        for value in mine {
            let standing = standings.get(value).ok_or_else(|| not_among(value))?;
            if standing.hub {
                customer.rows.hubs.insert(value.clone());
                continue;
            }
            let all_named = holders_needed.get(value).is_some_and(|needed| (standing.present.len() as u64) < *needed);
            if all_named && !standing.present.iter().any(|party| customer.has(party)) {
                return Err(not_among(value));
            }
            if standing.present.iter().all(|party| customer.has(party)) {
                customer.atoms.push(OwnerAtom::identifier_key(value));
            }
        }
    }
    Ok(())
}

fn not_among(value: &IdentifierKey) -> StoreError {
    StoreError::Corrupt(format!("{value}: a party that says that it holds it is not among its holders"))
}

/// Bundles of what is held beside the parties: identifiers, what several own together, as far as that is the customer, and what
/// is counted once for each who owns a part.
async fn add_bundles(
    tx: &mut dyn ReadTx,
    all: &mut BTreeMap<String, CustomerDraft>,
    rules: &IdentityRules,
) -> Result<(), StoreError> {
    let atoms: Vec<String> = all.values().flat_map(|customer| customer.atoms.iter().cloned()).collect();
    let sets = tx.sets_with(&atoms).await?;
    let mut heads: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if !sets.is_empty() {
        for (key, mut ownership) in ownerships(tx, &sets, rules).await? {
            ownership.customers.retain(|head| all.contains_key(head));
            if !ownership.customers.is_empty() {
                heads.insert(key, ownership.customers);
            }
        }
    }
    for (head, customer) in all.iter() {
        let identifiers = customer.atoms.iter().filter(|atom| !customer.rows.bundles.contains_key(*atom));
        heads.extend(identifiers.map(|atom| (atom.clone(), vec![head.clone()])));
    }
    if heads.is_empty() {
        return Ok(());
    }
    let keys: Vec<String> = heads.keys().cloned().collect();
    for (key, bundle) in keys.iter().zip(tx.bundles(&keys).await?) {
        if bundle.is_empty() {
            continue;
        }
        for head in heads.get(key).into_iter().flatten() {
            if let Some(customer) = all.get_mut(head) {
                customer.rows.bundles.insert(key.clone(), bundle.clone());
            }
        }
    }
    Ok(())
}

async fn add_open_items(tx: &mut dyn ReadTx, all: &mut BTreeMap<String, CustomerDraft>) -> Result<(), StoreError> {
    let owners: BTreeSet<&String> = all.values().flat_map(|customer| customer.rows.bundles.keys()).collect();
    let owners: Vec<String> = owners.into_iter().cloned().collect();
    let items = tx.open_items(&owners, MOST_OPEN).await?;
    let found: HashMap<&String, Vec<OpenItem>> =
        owners.iter().zip(items).filter(|(_, items)| !items.is_empty()).collect();
    for customer in all.values_mut() {
        let owners = customer.rows.bundles.keys();
        let mut open: Vec<OpenItem> = owners.filter_map(|owner| found.get(owner)).flatten().cloned().collect();
        open.sort_by(|a, b| (a.due, &a.invoice).cmp(&(b.due, &b.invoice)));
        open.truncate(MOST_OPEN);
        customer.rows.open = open;
    }
    Ok(())
}
