//! The party that a guest order makes of an identifier: C7.

use onefold_event::{Subject, SubjectKind};

use crate::{Facet, IdentifierKey, IdentityRules};

/// Begins the number of such a party.
const GUEST: &str = "guest:";

/// Kinds that can name a guest, the one first that tells persons apart best.
const BY_STRENGTH: [&str; 10] =
    ["national_id", "tax_number", "registration", "lei", "vat", "loyalty", "number", "email", "phone", "account"];

/// The party of its own that an order makes which names a person by identifiers alone: `party:shop:guest:email:a@b.c`,
/// by the source of the order and the strongest of its valid identifiers in an owning role of the facet. With the role of
/// that identifier. None where no identifier can own.
pub fn guest_party<'a>(
    facet: Facet,
    source: &str,
    identifiers: &'a [(String, IdentifierKey)],
) -> Option<(Subject, &'a str)> {
    let strength = |key: &IdentifierKey| BY_STRENGTH.iter().position(|kind| *kind == key.kind());
    let (_, key, role) = facet.first_claims(identifiers).map(|(role, key)| (strength(key), key, role)).min()?;
    Some((Subject::new(SubjectKind::Party, source, &format!("{GUEST}{key}")).ok()?, role))
}

/// The identifier that a guest party was made of; none for any other party.
pub fn guest_identifier(party: &Subject) -> Option<IdentifierKey> {
    let key: IdentifierKey = party.number().strip_prefix(GUEST)?.parse().ok()?;
    (party.kind() == SubjectKind::Party && IdentityRules::can_own(key.kind())).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(facet: Facet, identifiers: &[(&str, &str)]) -> Option<String> {
        let identifiers: Vec<_> =
            identifiers.iter().map(|(role, key)| ((*role).into(), key.parse().unwrap())).collect();
        guest_party(facet, "shop", &identifiers).map(|(party, _)| party.to_string())
    }

    #[test]
    fn the_strongest_identifier_names_the_guest() {
        let all = [("", "phone:+8613800138000"), ("", "email:a@b.c"), ("", "wechat:o1")];
        assert_eq!(made(Facet::Trade, &all).as_deref(), Some("party:shop:guest:email:a@b.c"));
        let loyal = [("buyer", "email:a@b.c"), ("", "loyalty:club:77")];
        assert_eq!(made(Facet::Trade, &loyal).as_deref(), Some("party:shop:guest:loyalty:club:77"));
        assert_eq!(made(Facet::Trade, &[("", "wechat:o1"), ("ship_to", "email:a@b.c")]), None);
    }

    #[test]
    fn who_pays_may_be_another_guest() {
        let both = [("buyer", "email:a@b.c"), ("bill_to", "email:firm@b.c")];
        assert_eq!(made(Facet::Trade, &both).as_deref(), Some("party:shop:guest:email:a@b.c"));
        assert_eq!(made(Facet::Receivable, &both).as_deref(), Some("party:shop:guest:email:firm@b.c"));
    }

    #[test]
    fn a_guest_says_whom_it_was_made_of_and_no_other_party_does() {
        let read = |text: &str| guest_identifier(&text.parse().unwrap()).map(|key| key.to_string());
        assert_eq!(read("party:shop:guest:loyalty:club:77").as_deref(), Some("loyalty:club:77"));
        for other in
            ["party:shop:K1", "party:shop:guest:1", "party:shop:guest:wechat:o1", "order:shop:guest:email:a@b.c"]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn every_kind_that_owns_has_its_strength() {
        assert!(BY_STRENGTH.iter().all(|kind| IdentityRules::can_own(kind)));
        let rules = IdentityRules::default();
        assert_eq!(rules.strong.len() + rules.weak.len(), BY_STRENGTH.len());
    }
}
