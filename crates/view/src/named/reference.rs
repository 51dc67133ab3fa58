//! References as a row keeps them: each with the number of its role.

use onefold_event::ReferenceRole;

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

pub(crate) fn role_number(role: ReferenceRole) -> u32 {
    ROLES.iter().position(|r| *r == role).and_then(|n| u32::try_from(n + 1).ok()).unwrap_or(0)
}

pub(crate) fn role_of_number(number: u32) -> Option<ReferenceRole> {
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
