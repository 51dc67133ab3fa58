//! Roles of references: what they point at, and which way ownership flows along them.

use crate::Kind;

/// What a role points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A party that may own the document.
    Owner,
    /// A party that never owns it.
    Bystander,
    /// A document whose owner is the referrer's too, where its rank is lower.
    Parent(Kind),
    /// A document that takes its owner from the referrer, where its rank is higher.
    Child(Kind),
    /// Something that has no owner.
    Plain(Kind),
}

/// A role that a reference can bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Role {
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

impl Role {
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
    pub fn target(self) -> Target {
        match self {
            Self::EndCustomer
            | Self::Buyer
            | Self::Customer
            | Self::Debtor
            | Self::BillTo
            | Self::Payer
            | Self::Payee => Target::Owner,
            Self::ShipTo | Self::Contact | Self::Carrier => Target::Bystander,
            Self::Contract => Target::Parent(Kind::Contract),
            Self::Opportunity => Target::Parent(Kind::Opportunity),
            Self::Order => Target::Parent(Kind::Order),
            Self::Invoice => Target::Parent(Kind::Invoice),
            Self::CreditNote => Target::Parent(Kind::CreditNote),
            Self::Payment => Target::Parent(Kind::Payment),
            Self::Delivery => Target::Parent(Kind::Delivery),
            Self::Track => Target::Parent(Kind::Track),
            Self::Case => Target::Parent(Kind::Case),
            Self::Tracking => Target::Child(Kind::Track),
            Self::Product => Target::Plain(Kind::Product),
        }
    }

    /// The kind of subject that it points at.
    pub fn kind(self) -> Kind {
        match self.target() {
            Target::Owner | Target::Bystander => Kind::Party,
            Target::Parent(kind) | Target::Child(kind) | Target::Plain(kind) => kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_found_by_its_word() {
        for (role, word) in Role::ALL {
            assert_eq!(Role::from_word(word), Some(role));
            assert_eq!(role.word(), word);
        }
    }
}
