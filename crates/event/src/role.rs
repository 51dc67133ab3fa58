//! Roles of references: what they point at, and which way ownership flows along them.

use crate::SubjectKind;

/// What a role points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleTarget {
    /// A party that may own the document.
    Owner,
    /// A party that never owns it.
    Bystander,
    /// A document whose owner is the referrer's too, where its rank is lower.
    Parent(SubjectKind),
    /// A document that takes its owner from the referrer, where its rank is higher.
    Child(SubjectKind),
    /// Something that has no owner.
    Plain(SubjectKind),
}

/// A role that a reference can bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum ReferenceRole {
    EndCustomer,
    Buyer,
    Customer,
    Debtor,
    BillTo,
    Payer,
    Payee,
    ShipTo,
    Contact,
    Carrier,
    Contract,
    Opportunity,
    Order,
    Invoice,
    CreditNote,
    Payment,
    Delivery,
    Track,
    Tracking,
    Case,
    Product,
}

impl ReferenceRole {
    const ALL: [(Self, &'static str); 21] = [
        (Self::EndCustomer, "end_customer"),
        (Self::Buyer, "buyer"),
        (Self::Customer, "customer"),
        (Self::Debtor, "debtor"),
        (Self::BillTo, "bill_to"),
        (Self::Payer, "payer"),
        (Self::Payee, "payee"),
        (Self::ShipTo, "ship_to"),
        (Self::Contact, "contact"),
        (Self::Carrier, "carrier"),
        (Self::Contract, "contract"),
        (Self::Opportunity, "opportunity"),
        (Self::Order, "order"),
        (Self::Invoice, "invoice"),
        (Self::CreditNote, "credit_note"),
        (Self::Payment, "payment"),
        (Self::Delivery, "delivery"),
        (Self::Track, "track"),
        (Self::Tracking, "tracking"),
        (Self::Case, "case"),
        (Self::Product, "product"),
    ];

    /// The role that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, w)| *w == word).map(|(r, _)| *r)
    }

    /// The word in a reference.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(r, _)| *r == self).map_or("", |(_, w)| w)
    }

    /// What it points at.
    pub fn target(self) -> RoleTarget {
        match self {
            Self::EndCustomer
            | Self::Buyer
            | Self::Customer
            | Self::Debtor
            | Self::BillTo
            | Self::Payer
            | Self::Payee => RoleTarget::Owner,
            Self::ShipTo | Self::Contact | Self::Carrier => RoleTarget::Bystander,
            Self::Contract => RoleTarget::Parent(SubjectKind::Contract),
            Self::Opportunity => RoleTarget::Parent(SubjectKind::Opportunity),
            Self::Order => RoleTarget::Parent(SubjectKind::Order),
            Self::Invoice => RoleTarget::Parent(SubjectKind::Invoice),
            Self::CreditNote => RoleTarget::Parent(SubjectKind::CreditNote),
            Self::Payment => RoleTarget::Parent(SubjectKind::Payment),
            Self::Delivery => RoleTarget::Parent(SubjectKind::Delivery),
            Self::Track => RoleTarget::Parent(SubjectKind::Track),
            Self::Case => RoleTarget::Parent(SubjectKind::Case),
            Self::Tracking => RoleTarget::Child(SubjectKind::Track),
            Self::Product => RoleTarget::Plain(SubjectKind::Product),
        }
    }

    /// The kind of subject that it points at.
    pub fn kind(self) -> SubjectKind {
        match self.target() {
            RoleTarget::Owner | RoleTarget::Bystander => SubjectKind::Party,
            RoleTarget::Parent(kind) | RoleTarget::Child(kind) | RoleTarget::Plain(kind) => kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_found_by_its_word() {
        for (role, word) in ReferenceRole::ALL {
            assert_eq!(ReferenceRole::from_word(word), Some(role));
            assert_eq!(role.word(), word);
        }
    }
}
