//! Whose a document is: C2 and C3.

use std::collections::BTreeSet;

use onefold_event::{ReferenceRole, Subject};

use crate::{IdentifierKey, IdentityRules, OwnerAtom, OwnerKey, guest_party};

/// A party that stands for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(u8)]
pub enum Intermediary {
    /// It stands for itself.
    #[default]
    None = 0,
    /// Passed over in trade; the debt stays its own.
    Marketplace = 1,
    /// Passed over in trade and receivable.
    WalkIn = 2,
    /// It stands for itself, and once stood for others: what was passed on then is looked for in reads of the past.
    Former = 3,
}

impl From<u8> for Intermediary {
    /// What is not known is none.
    fn from(number: u8) -> Self {
        match number {
            1 => Self::Marketplace,
            2 => Self::WalkIn,
            3 => Self::Former,
            _ => Self::None,
        }
    }
}

impl From<Intermediary> for u8 {
    fn from(intermediary: Intermediary) -> Self {
        intermediary as Self
    }
}

/// Who buys is not always who pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    /// Orders, purchases, deliveries, cases.
    Trade,
    /// Invoices as debts, payments.
    Receivable,
}

impl Facet {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Trade, Self::Receivable];

    /// Its word, as in a decision that reassigns a document.
    pub fn word(self) -> &'static str {
        match self {
            Self::Trade => "trade",
            Self::Receivable => "receivable",
        }
    }

    /// The facet that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|facet| facet.word() == word)
    }

    /// Whether parties in these roles own a document in every facet, so that a value on it owns nothing unless they are passed over.
    pub fn are_all_owned(roles: impl Iterator<Item = ReferenceRole> + Clone) -> bool {
        let owns = |facet: Self| roles.clone().any(|role| facet.owning_roles().iter().any(|all| all.contains(&role)));
        Self::ALL.into_iter().all(owns)
    }

    /// Roles of parties that own, the first that names anybody counts.
    fn owning_roles(self) -> &'static [&'static [ReferenceRole]] {
        match self {
            Self::Trade => &[&[ReferenceRole::EndCustomer], &[ReferenceRole::Buyer], &[ReferenceRole::Customer]],
            Self::Receivable => &[
                &[ReferenceRole::Debtor],
                &[ReferenceRole::BillTo],
                &[ReferenceRole::Payer, ReferenceRole::Payee],
                &[ReferenceRole::Buyer],
                &[ReferenceRole::Customer],
            ],
        }
    }

    /// The same for identifiers, role by role. One without a role is of whom the document is about: the buyer, or whoever pays.
    fn identifier_roles(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Trade => &[
                &["end_customer"],
                &["buyer", ""],
                &["customer", "caller"],
                &["debtor"],
                &["bill_to"],
                &["payer", "payee"],
            ],
            Self::Receivable => &[
                &["debtor"],
                &["bill_to"],
                &["payer", "payee", ""],
                &["buyer"],
                &["customer", "caller"],
                &["end_customer"],
            ],
        }
    }

    /// The identifiers that can own, by the precedence of their roles.
    fn identifier_claims(
        self,
        identifiers: &[(String, IdentifierKey)],
    ) -> impl Iterator<Item = Vec<(&str, &IdentifierKey)>> {
        let of = |roles: &&[&str]| {
            let all = identifiers.iter().map(|(role, key)| (role.as_str(), key));
            all.filter(|(role, key)| roles.contains(role) && IdentityRules::can_own(key.kind())).collect::<Vec<_>>()
        };
        self.identifier_roles().iter().map(of).filter(|found| !found.is_empty())
    }

    /// Those of the first roles that name any.
    pub(crate) fn first_claims(
        self,
        identifiers: &[(String, IdentifierKey)],
    ) -> impl Iterator<Item = (&str, &IdentifierKey)> {
        self.identifier_claims(identifiers).next().unwrap_or_default().into_iter()
    }

    /// Whether a party is passed over.
    fn passes_over(self, intermediary: Intermediary) -> bool {
        match intermediary {
            Intermediary::None | Intermediary::Former => false,
            Intermediary::Marketplace => self == Self::Trade,
            Intermediary::WalkIn => true,
        }
    }
}

/// An invoice that names only whom it bills was bought by them: last of all, in trade.
const BILLED: [&[ReferenceRole]; 3] = [&[ReferenceRole::Debtor], &[ReferenceRole::BillTo], &[ReferenceRole::Payer]];

/// All that decides whose one document is, in one facet.
#[derive(Clone, Copy)]
pub struct OwnershipClaim<'a> {
    /// The party that a decision gave it to, in this facet.
    pub reassigned: Option<&'a Subject>,
    /// Its standing references to parties.
    pub references: &'a [(ReferenceRole, Subject)],
    /// What a party stands for.
    pub intermediary: &'a dyn Fn(&Subject) -> Intermediary,
    /// The owners of its parents, in this facet.
    pub parents: &'a [OwnerKey],
    /// Valid identifiers on it, with their roles.
    pub identifiers: &'a [(String, IdentifierKey)],
    /// The source of a guest order, which makes a party of its own of its strongest identifier (C7).
    pub guest_of: Option<&'a str>,
}

/// Whose a document is. The first step that names somebody who can own decides; several at one step make a set, not a choice.
///
/// The steps: a decision; the party in an owning role, intermediaries passed over; the owners of its parents; the identifiers in an owning role, role by role, or the party that a guest order makes of one; and in trade, last, whom it bills. Which values are hubs is not known here and changes: up to the first party, the steps stand in the owner ([`OwnerAtom::First`]).
pub fn find_owner(facet: Facet, claim: &OwnershipClaim<'_>) -> OwnerKey {
    if let Some(party) = claim.reassigned {
        return OwnerKey::One(OwnerAtom::Party(party.clone()));
    }
    let named = party_owner(facet, claim, facet.owning_roles());
    if named != OwnerKey::None {
        return named;
    }
    let parents = OwnerKey::from_atoms(claim.parents.iter().flat_map(OwnerKey::atoms).cloned().collect());
    // In receivable these roles own by themselves and have been asked already.
    let billed = if facet == Facet::Trade { party_owner(facet, claim, &BILLED) } else { OwnerKey::None };
    OwnerKey::first_of([parents].into_iter().chain(identifier_owners(facet, claim)).chain([billed]))
}

fn party_owner(facet: Facet, claim: &OwnershipClaim<'_>, roles: &[&[ReferenceRole]]) -> OwnerKey {
    let named = |roles: &&[ReferenceRole]| -> BTreeSet<OwnerAtom> {
        let stands = |(role, party): &&(ReferenceRole, Subject)| {
            roles.contains(role) && !facet.passes_over((claim.intermediary)(party))
        };
        claim.references.iter().filter(stands).map(|(_, party)| OwnerAtom::Party(party.clone())).collect()
    };
    OwnerKey::from_atoms(roles.iter().map(named).find(|atoms| !atoms.is_empty()).unwrap_or_default())
}

fn identifier_owners(facet: Facet, claim: &OwnershipClaim<'_>) -> Vec<OwnerKey> {
    if let Some((party, _)) = claim.guest_of.and_then(|source| guest_party(facet, source, claim.identifiers)) {
        let stands = !facet.passes_over((claim.intermediary)(&party));
        return stands.then_some(OwnerKey::One(OwnerAtom::Party(party))).into_iter().collect();
    }
    let owner = |found: Vec<(&str, &IdentifierKey)>| {
        OwnerKey::from_atoms(found.into_iter().map(|(_, key)| OwnerAtom::Identifier(key.clone())).collect())
    };
    facet.identifier_claims(claim.identifiers).map(owner).collect()
}
