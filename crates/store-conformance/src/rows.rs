//! Rows of real facts, brought into a store by the pure functions, as a projector would.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use onefold_event::{Body, EmptyKeyRing, Event, IdParts, Micros, Subject, SubjectKind, v1};
use onefold_fold::SubjectState;
use onefold_identity::{OwnerAtom, OwnerKey};
use onefold_view::{Bundle, Digest, OwnerKeys};
use prost::Message;

use crate::answer::done;
use onefold_store::{DocumentRow, PartyChange, ProjectStore, ProjectTx, RowChanges, Store};

pub(crate) fn subject(text: &str) -> Subject {
    match text.parse() {
        Ok(subject) => subject,
        Err(error) => panic!("{text}: {error}"),
    }
}

/// When facts happen.
const TIME: Micros = 1_700_000_000_000_000;

/// A state with one fact in it.
pub(crate) fn state(key: &str, body: impl Into<Body>) -> SubjectState {
    state_at(TIME, key, body)
}

fn state_at(at: Micros, key: &str, body: impl Into<Body>) -> SubjectState {
    let (of, parts) = (subject(key), [key.to_owned()]);
    let source = of.source().to_owned();
    let ids = IdParts { source: &source, part: "", parts: &parts, revision: "" };
    let event = match Event::new(ids.event_id(), ids.fact_id(), &source, of.clone(), at, body.into()) {
        Ok(event) => event.into_decoded(&EmptyKeyRing).expect("an event in clear"),
        Err(error) => panic!("{key}: {error}"),
    };
    let mut state = SubjectState::default();
    state.admit(&event, &[7; 16], 1_750_000_000_000_000, 0, 0);
    assert!(state.fold_afresh(&of, &[event]));
    state
}

/// A party of a name with phones.
pub(crate) fn party(key: &str, name: &str, phones: &[&str]) -> SubjectState {
    let phone = |text: &&str| v1::Identifier {
        kind: "phone".to_owned(),
        text: (*text).to_owned(),
        issuer: "CN".to_owned(),
        role: String::new(),
    };
    let name = Some(v1::Name { full: name.to_owned(), ..v1::Name::default() });
    state(key, v1::PartyRecorded { name, identifiers: phones.iter().map(phone).collect(), ..Default::default() })
}

/// An invoice of a total in CNY under an owner key.
pub(crate) fn invoice(key: &str, total: &str, owner: &str) -> SubjectState {
    invoice_at(TIME, key, total, owner)
}

/// The same, issued at a time.
pub(crate) fn invoice_at(at: Micros, key: &str, total: &str, owner: &str) -> SubjectState {
    let total = Some(v1::Money { amount: total.to_owned(), currency: "CNY".to_owned() });
    let due_on = "2026-01-31".to_owned();
    let mut state = state_at(at, key, v1::InvoiceIssued { total, due_on, ..Default::default() });
    state.keys = Some(OwnerKeys { trade: owner.to_owned(), receivable: owner.to_owned(), ..OwnerKeys::default() });
    state
}

/// What rows change, from what the transaction shows of them before.
pub(crate) async fn changes(tx: &mut dyn ProjectTx, rows: &[(&str, SubjectState)]) -> RowChanges {
    let keys: Vec<String> = rows.iter().map(|(key, _)| (*key).to_owned()).collect();
    let (mut changes, mut touched) = (RowChanges::default(), BTreeMap::new());
    for ((key, new), old) in rows.iter().zip(done(tx.subjects(&keys).await)) {
        let (of, old) = (subject(key), old.unwrap_or_default());
        touched.insert((*key).to_owned(), (old.contributions(&of), new.contributions(&of)));
        let (end, begin) = DocumentRow::changes(&of, Some(&old), new);
        changes.documents_removed.extend(end);
        changes.documents_added.extend(begin);
        changes.note_index_changes(&of, Some(&old), new);
        match (old.is_decided(), new.is_decided()) {
            (false, true) => changes.decided.push((*key).to_owned()),
            (true, false) => changes.undecided.push((*key).to_owned()),
            _ => {}
        }
        if of.kind() == SubjectKind::Party {
            let asserted =
                |state: &SubjectState| state.fragment.as_ref().map(|f| f.asserted_identifiers(&of)).unwrap_or_default();
            let (before, after) = (asserted(&old), asserted(new));
            let gone = before.keys().filter(|value| !after.contains_key(*value)).cloned().collect();
            changes.parties.push(PartyChange { party: (*key).to_owned(), asserted: after, gone });
            changes.inbox.insert((*key).to_owned());
            changes.marks.insert((*key).to_owned());
        }
        let (row, further) = new.clone().split_rows();
        changes.facts.extend(further.into_iter().map(|fact| ((*key).to_owned(), fact)));
        changes.subjects.push(((*key).to_owned(), Arc::new(row)));
    }
    let parties = rows.iter().map(|(key, _)| (*key).to_owned()).filter(|key| OwnerAtom::is_party(key));
    let named = touched.values().flat_map(|(old, new)| old.keys().chain(new.keys()).cloned());
    let owners: Vec<String> = named.chain(parties).collect::<BTreeSet<_>>().into_iter().collect();
    let held = done(tx.owners(&owners).await);
    for (key, row) in owners.into_iter().zip(held) {
        let mut row = row.unwrap_or_default();
        row.digest.iter().for_each(|old| changes.bundles_digest.subtract(old));
        for (old, new) in touched.values() {
            row.bundle.replace(old.get(&key), new.get(&key));
            changes.open_removed.extend(old.get(&key).map(|c| c.open_items()).unwrap_or_default());
            changes.open_added.extend(new.get(&key).map(|c| c.open_items()).unwrap_or_default());
        }
        if OwnerAtom::is_party(&key) && row.first_seen.is_none() {
            row.first_seen = Some(1_750_000_000_000_000);
            changes.clusters_digest.add(&Digest::of_cluster([key.as_str()]));
            changes.ids_digest.add(&Digest::of_id(&key, [key.as_str()]));
            // Who is only named holds its own number all the same.
            if changes.parties.iter().all(|change| change.party != key) {
                changes.parties.extend(PartyChange::named(&key));
            }
        }
        row.encoded = row.bundle.encode_to_vec();
        row.digest = (!row.encoded.is_empty()).then(|| Bundle::digest(&key, &row.encoded));
        row.digest.iter().for_each(|new| changes.bundles_digest.add(new));
        changes.owners.push((key, Arc::new(row)));
    }
    changes
}

/// Projects rows as one record of a partition.
pub(crate) async fn project(store: &dyn Store, partition: u32, rows: &[(&str, SubjectState)]) {
    let at = done(ProjectStore::positions(store).await)[partition as usize];
    let mut tx = done(ProjectStore::begin(store, &[(partition, at, at + 1)]).await);
    let changes = changes(tx.as_mut(), rows).await;
    done(tx.save(changes).await);
    done(tx.commit().await);
}

/// The owner key of all these.
pub(crate) fn set(members: &[&str]) -> String {
    let atoms = members.iter().filter_map(|member| OwnerAtom::parse(member)).collect();
    OwnerKey::from_atoms(atoms).key_for(&subject("order:erp:1"))
}
