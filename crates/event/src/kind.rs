//! Kinds of subject and their ranks: ownership flows only from a lower rank to a higher one, so there is no circle.

/// What a subject is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum SubjectKind {
    Party = 1,
    Contract = 2,
    Opportunity = 3,
    Order = 4,
    Invoice = 5,
    Delivery = 6,
    Return = 7,
    Payment = 8,
    CreditNote = 9,
    Adjustment = 10,
    Track = 11,
    Refund = 12,
    Case = 13,
    Contact = 14,
    Product = 15,
    Stock = 16,
    Decision = 17,
}

impl SubjectKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 17] = [
        Self::Party,
        Self::Contract,
        Self::Opportunity,
        Self::Order,
        Self::Invoice,
        Self::Delivery,
        Self::Return,
        Self::Payment,
        Self::CreditNote,
        Self::Adjustment,
        Self::Track,
        Self::Refund,
        Self::Case,
        Self::Contact,
        Self::Product,
        Self::Stock,
        Self::Decision,
    ];

    /// The word in a subject.
    pub fn word(self) -> &'static str {
        match self {
            Self::Party => "party",
            Self::Contract => "contract",
            Self::Opportunity => "opportunity",
            Self::Order => "order",
            Self::Invoice => "invoice",
            Self::Delivery => "delivery",
            Self::Return => "return",
            Self::Payment => "payment",
            Self::CreditNote => "credit_note",
            Self::Adjustment => "adjustment",
            Self::Track => "track",
            Self::Refund => "refund",
            Self::Case => "case",
            Self::Contact => "contact",
            Self::Product => "product",
            Self::Stock => "stock",
            Self::Decision => "decision",
        }
    }

    /// The kind that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "party" => Self::Party,
            "contract" => Self::Contract,
            "opportunity" => Self::Opportunity,
            "order" => Self::Order,
            "invoice" => Self::Invoice,
            "delivery" => Self::Delivery,
            "return" => Self::Return,
            "payment" => Self::Payment,
            "credit_note" => Self::CreditNote,
            "adjustment" => Self::Adjustment,
            "track" => Self::Track,
            "refund" => Self::Refund,
            "case" => Self::Case,
            "contact" => Self::Contact,
            "product" => Self::Product,
            "stock" => Self::Stock,
            "decision" => Self::Decision,
            _ => return None,
        })
    }

    /// Rank of a document: a parent's is lower than its child's. None for what is no document.
    pub fn rank(self) -> Option<u8> {
        Some(match self {
            Self::Contract | Self::Opportunity => 10,
            Self::Order => 20,
            Self::Invoice | Self::Delivery => 30,
            Self::Return => 35,
            Self::Payment | Self::CreditNote | Self::Adjustment | Self::Track => 40,
            Self::Refund => 50,
            Self::Case => 60,
            Self::Contact => 70,
            Self::Party | Self::Product | Self::Stock | Self::Decision => return None,
        })
    }

    /// Whether a customer can own it.
    pub fn is_document(self) -> bool {
        self.rank().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_word() {
        for kind in SubjectKind::ALL {
            assert_eq!(SubjectKind::from_word(kind.word()), Some(kind));
        }
        assert_eq!(SubjectKind::from_word("customer"), None);
    }
}
