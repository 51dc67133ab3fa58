//! Rows of the read model: read as they are stored, and asked all that the stages and the views ask of them.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::Subject;
use onefold_fold::{SubjectState, asserted_identifiers};
use onefold_identity::{IdentityRules, Intermediary};
use onefold_store::DocumentTotals;
use onefold_view::{Bundle, SettlementStep, ViewInput, assemble};
use prost::Message;

use super::Fate;

/// Day from which views look.
const TODAY: i64 = 20_500;

/// A subject, a line feed, the row of it.
pub(super) fn row(bytes: &[u8]) -> Fate {
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let subject = std::str::from_utf8(&bytes[..at]).ok().and_then(|text| text.parse::<Subject>().ok());
    let Some(subject) = subject else { return Fate::Refused };
    let Ok(state) = SubjectState::decode(bytes.get(at + 1..).unwrap_or_default()) else { return Fate::Refused };
    work(&subject, &state);
    Fate::Taken
}

/// A bundle.
pub(super) fn bundle(bytes: &[u8]) -> Fate {
    let Ok(bundle) = Bundle::decode(bytes) else { return Fate::Refused };
    let mut totals = DocumentTotals::of(bytes).expect("the first fields of what decodes");
    assert_eq!((totals.documents, &totals.money), (bundle.document_count(), &bundle.money_totals()));
    totals.add(&totals.clone());
    let bundles = BTreeMap::from([("party:a:1".to_owned(), bundle.clone()), ("party:a:2".to_owned(), bundle)]);
    show(&bundles);
    Fate::Taken
}

/// All that is asked of a subject's row.
pub(super) fn work(subject: &Subject, state: &SubjectState) {
    let bytes = state.encode_to_vec();
    assert_eq!(SubjectState::decode(bytes.as_slice()).as_ref(), Ok(state), "another row once it was stored");
    let mut state = state.clone();
    state.keys = state.keys.clone().or_else(|| state.find_keys(subject, &|_| Intermediary::None, &|_| None));
    for step in SettlementStep::ALL {
        state.mentions_in_step(step, subject);
    }
    state.all_mentions(subject);
    state.named_parties(subject);
    state.parents();
    state.children();
    state.owners_of(subject);
    state.index_keys(subject);
    state.party_decision(subject);
    asserted_identifiers(subject, Some(&state));
    let mut bundles: BTreeMap<String, Bundle> = BTreeMap::new();
    let contributions = state.contributions(subject);
    for (owner, contribution) in &contributions {
        let mut bundle = Bundle::default();
        bundle.add(contribution);
        let bytes = bundle.encode_to_vec();
        assert_eq!(Bundle::decode(bytes.as_slice()).as_ref(), Ok(&bundle), "another bundle once it was stored");
        bundles.insert(owner.clone(), bundle);
    }
    show(&bundles);
    for (owner, contribution) in &contributions {
        let bundle = bundles.get_mut(owner).expect("made above");
        bundle.subtract(contribution);
        bundle.refill_from([]);
        assert!(bundle.is_empty(), "{owner} is left with {bundle:?}");
    }
}

/// The view of a customer with these bundles.
fn show(bundles: &BTreeMap<String, Bundle>) {
    let view = assemble(&ViewInput {
        id: "",
        parties: &[],
        bundles,
        hubs: &BTreeSet::new(),
        decisions: &[],
        rules: &IdentityRules::default(),
        open_items: &[],
        today: Some(TODAY),
        tallies: None,
    });
    assert!(serde_json::to_string(&view).is_ok_and(|text| text.starts_with('{')));
}
