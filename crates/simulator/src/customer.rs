//! A real customer, and the parties under which the systems know it.

use crate::moment::LocalTime;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CustomerKind {
    Person,
    Organisation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SourceSystem {
    Erp,
    Bank,
    Wms,
    Desk,
}

impl SourceSystem {
    /// As the connector files name the source.
    pub(crate) fn source(self) -> &'static str {
        match self {
            Self::Erp => "erp",
            Self::Bank => "bank",
            Self::Wms => "wms",
            Self::Desk => "desk",
        }
    }
}

/// What one system has written down of a customer. Only what stands here is in its files.
#[derive(Debug, Clone)]
pub(crate) struct PartyRecord {
    pub(crate) system: SourceSystem,
    pub(crate) number: String,
    pub(crate) name: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) tax_number: Option<String>,
    pub(crate) loyalty: Option<String>,
    /// The ERP's number for the same customer, given as such.
    pub(crate) erp_number: Option<String>,
    pub(crate) since: LocalTime,
    /// A later revision says this phone instead of `phone`.
    pub(crate) moved_to: Option<(LocalTime, String)>,
    /// `phone` was somebody else's all along: when the system said so.
    pub(crate) phone_disowned: Option<LocalTime>,
}

impl PartyRecord {
    pub(crate) fn subject(&self) -> String {
        format!("party:{}:{}", self.system.source(), self.number)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct SimulatedCustomer {
    /// Over the whole company.
    pub(crate) index: u32,
    pub(crate) kind: CustomerKind,
    pub(crate) western: bool,
    /// As the ERP writes it.
    pub(crate) name: String,
    /// As the bank writes it.
    pub(crate) latin: String,
    pub(crate) city: usize,
    pub(crate) industry: &'static str,
    pub(crate) since: LocalTime,
    /// The phone of now or once, whoever else has it too.
    pub(crate) phone: String,
    /// Others have the phone too, so that a call from it is nobody's in particular.
    pub(crate) phone_shared: bool,
    pub(crate) account: String,
    pub(crate) parties: Vec<PartyRecord>,
}

impl SimulatedCustomer {
    /// The ERP's first number for the customer: every customer has one.
    pub(crate) fn erp_number(&self) -> &str {
        self.parties.first().map_or("", |party| party.number.as_str())
    }

    pub(crate) fn parties_in(&self, system: SourceSystem) -> impl Iterator<Item = &PartyRecord> {
        self.parties.iter().filter(move |party| party.system == system)
    }

    /// Whether any system has said that the account is this customer's.
    pub(crate) fn account_known(&self) -> bool {
        self.parties.iter().any(|party| party.account.is_some())
    }

    /// Whether any system has said that the phone is this customer's.
    pub(crate) fn phone_known(&self) -> bool {
        let own = |party: &&PartyRecord| party.phone_disowned.is_none();
        self.parties.iter().filter(own).any(|party| party.phone.as_deref() == Some(&self.phone))
    }
}
