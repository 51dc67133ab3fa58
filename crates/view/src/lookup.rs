//! What the stages look up in fragments and bundles.

use std::collections::BTreeSet;

use onefold_event::Subject;
use onefold_identity::{Intermediary, unicode_address};

use crate::{Bundle, Fragment};

impl Fragment {
    /// Parties that a decision names, undone or not.
    pub fn decided_parties(&self) -> BTreeSet<Subject> {
        let decided = self.decided.iter();
        decided.flat_map(|d| d.left.iter().chain(&d.right)).filter_map(|party| party.parse().ok()).collect()
    }

    /// Whether it is a payment whose allocations do not come to its amount: the remainder is its payer's (C4).
    pub fn leaves_over(&self) -> bool {
        let Some(amount) = self.payment.as_deref().and_then(|payment| payment.amount) else { return false };
        let given = self.allocations().into_iter().filter_map(|(_, allocated)| allocated.amount);
        !given.fold(amount, |rest, given| rest.minus(&given)).is_zero()
    }
}

impl Bundle {
    /// Whether the party whose bundle it is stands for others.
    pub fn intermediary(&self) -> Intermediary {
        self.profile
            .as_ref()
            .map_or(Intermediary::None, |p| u8::try_from(p.intermediary).map_or(Intermediary::None, Into::into))
    }

    /// Name and identifiers, for search; an address whose domain is of other letters than ASCII in both its forms.
    pub fn search_words(&self) -> BTreeSet<String> {
        let Some(profile) = &self.profile else { return BTreeSet::new() };
        let name = profile.fields.get("name").map(|value| value.text.clone());
        let keys = profile.identifiers.iter().filter_map(|shown| shown.key.rsplit(':').next());
        let keys = keys.flat_map(|key| [Some(key.to_owned()), unicode_address(key)]).flatten();
        name.into_iter().chain(keys).filter(|word| !word.is_empty()).collect()
    }
}
