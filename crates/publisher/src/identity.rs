//! The feed of changes of who is one customer.

use onefold_event::party_id;
use onefold_log::LogRecord;
use onefold_store::{IdentityChange, Members, PublisherLease};
use serde::Serialize;

use crate::record::{Said, record};

/// The value of a record.
#[derive(Serialize)]
struct Change<'a> {
    change: &'static str,
    /// The customer that it is about, by the id that it bears; of a split one, the id that it bore.
    customer: String,
    /// Its parties; of a split one, those that it had.
    parties: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    from: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    into: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Part<'a> {
    customer: String,
    parties: &'a [String],
}

/// The record of a change. `number` tells it apart from every other one of this run.
pub(crate) fn identity(change: &IdentityChange, number: &str, turn: &PublisherLease) -> LogRecord {
    let (word, ty, customer, from, into): (_, _, _, &[String], &[Members]) = match change {
        IdentityChange::Opened { customer } => ("opened", "onefold.identity.opened.v1", customer, &[], &[]),
        IdentityChange::Merged { customer, from } => ("merged", "onefold.identity.merged.v1", customer, from, &[]),
        IdentityChange::Split { customer, into } => ("split", "onefold.identity.split.v1", customer, &[], into),
        IdentityChange::Renamed { customer, from } => {
            ("renamed", "onefold.identity.renamed.v1", customer, std::slice::from_ref(from), &[])
        }
    };
    let id = |party: &String| party_id(party).to_string();
    let value = Change {
        change: word,
        customer: id(&customer.head),
        parties: &customer.parties,
        from: from.iter().map(id).collect(),
        into: into.iter().map(|part| Part { customer: id(&part.head), parties: &part.parties }).collect(),
    };
    let said = Said { id: format!("{}/{number}", turn.run), ty, subject: &value.customer, time: turn.version };
    record(value.customer.clone(), &said, turn.version, Some(&value))
}
