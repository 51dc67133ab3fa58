//! What is answered of customers.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{Subject, party_id};
use onefold_identity::{IdentifierKey, IdentityRules, PartyDecision, find_head};
use onefold_store::{CustomerParties, DocumentTotals, StoreCounts};
use onefold_view::{Bundle, CustomerView, OpenItem, PurchaseTallies, ViewInput, assemble};
use uuid::Uuid;

/// All rows that a customer's view is assembled from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CustomerRows {
    /// Its parties with their least effective `recorded_at`, in microseconds, by key.
    pub parties: BTreeMap<String, i64>,
    /// Bundles of the owner keys that it holds all of, or a part of where parts are counted, by key.
    pub bundles: BTreeMap<String, Bundle>,
    /// Its open invoices, by due day; cut off at 1,000.
    pub open: Vec<OpenItem>,
    /// Those of its identifiers that link nobody, since too many hold them.
    pub hubs: BTreeSet<IdentifierKey>,
    /// Decisions that name its parties, and those that supersede them, by id.
    pub decisions: Vec<PartyDecision>,
}

impl CustomerRows {
    /// Only the parties with their own bundles: no other bundle of a customer has names, identifiers or cities.
    pub(crate) fn of_parties(customer: CustomerParties) -> Self {
        let mut rows = Self::default();
        for (key, party) in customer.parties {
            rows.parties.insert(key.clone(), party.first_seen);
            rows.bundles.insert(key, party.bundle);
        }
        rows
    }

    /// The party whose id the customer bears.
    pub fn head(&self) -> Option<Subject> {
        let parties: Vec<(Subject, i64)> =
            self.parties.iter().filter_map(|(key, seen)| Some((key.parse().ok()?, *seen))).collect();
        find_head(parties.iter().map(|(party, seen)| (party, *seen))).cloned()
    }

    /// The id that the customer bears.
    pub fn id(&self) -> Uuid {
        self.head().map_or(Uuid::nil(), |head| party_id(head.as_str()))
    }

    /// The view, under rules of identity, from a day (without one, what depends on it is left out), with tallies of all
    /// documents where the bundles hold too few.
    pub fn view(&self, rules: &IdentityRules, today: Option<i64>, tallies: Option<&PurchaseTallies>) -> CustomerView {
        let parties: Vec<Subject> = self.parties.keys().filter_map(|key| key.parse().ok()).collect();
        assemble(&ViewInput {
            id: &self.id().to_string(),
            parties: &parties,
            bundles: &self.bundles,
            hubs: &self.hubs,
            decisions: &self.decisions,
            rules,
            open_items: &self.open,
            today,
            tallies,
        })
    }
}

/// Who holds an identifier now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdentifierHolding {
    /// One party of each customer that holds it: the one whose id the customer bears.
    pub parties: Vec<String>,
    /// Parties that ever asserted it.
    pub ever: u64,
}

/// What `status` counts, all at one position.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StatusRows {
    /// Everything there is.
    pub counts: StoreCounts,
    /// Of its documents and money, those of bundles of which no customer holds all, or a part.
    pub unattributed: DocumentTotals,
}

impl StatusRows {
    /// Of documents and money, those of bundles that some customer holds, or customers every part of.
    pub fn owned(&self) -> DocumentTotals {
        let mut owned = self.counts.totals.clone();
        owned.subtract(&self.unattributed);
        owned
    }
}
