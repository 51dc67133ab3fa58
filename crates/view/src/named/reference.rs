//! References as a row keeps them: each with the number of its role.

use onefold_event::{Body, DecodedEvent, ReferenceRole, Subject};

/// A reference that stands.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct StandingReference {
    #[prost(uint32, tag = "1")]
    pub(crate) role: u32,
    #[prost(string, tag = "2")]
    pub(crate) subject: String,
    /// An amendment said so: a placing does not replace it, whatever their times say.
    #[prost(bool, tag = "3")]
    pub(crate) amended: bool,
}

/// Roles by their number in the stored form: only ever appended to.
const ROLES: [ReferenceRole; 21] = [
    ReferenceRole::EndCustomer,
    ReferenceRole::Buyer,
    ReferenceRole::Customer,
    ReferenceRole::Debtor,
    ReferenceRole::BillTo,
    ReferenceRole::Payer,
    ReferenceRole::Payee,
    ReferenceRole::ShipTo,
    ReferenceRole::Contact,
    ReferenceRole::Carrier,
    ReferenceRole::Contract,
    ReferenceRole::Opportunity,
    ReferenceRole::Order,
    ReferenceRole::Invoice,
    ReferenceRole::CreditNote,
    ReferenceRole::Payment,
    ReferenceRole::Delivery,
    ReferenceRole::Track,
    ReferenceRole::Tracking,
    ReferenceRole::Case,
    ReferenceRole::Product,
];

impl StandingReference {
    /// Its role; none where a later program wrote it.
    pub(crate) fn role(&self) -> Option<ReferenceRole> {
        role_of_number(self.role)
    }

    /// Takes in those of an event: a later fact that names a role replaces that role's targets; a placing those of no amendment.
    pub(crate) fn replace_roles(standing: &mut Vec<Self>, event: &DecodedEvent) {
        let amended = matches!(event.body, Body::OrderAmended(_));
        let is_kept = |role: u32, all: &[Self]| !amended && all.iter().any(|r| r.role == role && r.amended);
        let references = event.header.references.iter();
        let said: Vec<Self> = references
            .map(|new| Self { role: role_number(new.role), subject: new.subject.to_string(), amended })
            .filter(|new| !is_kept(new.role, standing))
            .collect();
        standing.retain(|r| said.iter().all(|new| new.role != r.role));
        for new in said {
            let at = standing.partition_point(|r| r.role <= new.role);
            standing.insert(at, new);
        }
    }

    /// Those in roles that are wanted; only these are read as subjects.
    pub(crate) fn of_roles(
        standing: &[Self],
        wanted: impl Fn(ReferenceRole) -> bool,
    ) -> impl Iterator<Item = (ReferenceRole, Subject)> {
        let with_role = standing.iter().filter_map(|reference| Some((reference.role()?, reference)));
        let wanted = with_role.filter(move |(role, _)| wanted(*role));
        wanted.filter_map(|(role, reference)| Some((role, reference.subject.parse().ok()?)))
    }
}

fn role_number(role: ReferenceRole) -> u32 {
    ROLES.iter().position(|r| *r == role).and_then(|n| u32::try_from(n + 1).ok()).unwrap_or(0)
}

fn role_of_number(number: u32) -> Option<ReferenceRole> {
    ROLES.get(usize::try_from(number).ok()?.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_of_the_catalogue_has_its_number() {
        for ty in onefold_event::catalogue().types() {
            for wanted in &ty.roles {
                assert_eq!(role_of_number(role_number(*wanted)), Some(*wanted), "{}", wanted.word());
            }
        }
        assert_eq!(role_of_number(0), None);
    }
}
