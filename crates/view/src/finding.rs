//! Findings (rule A7): what was accepted and cannot be honoured. A code says what kind it is and what to do about it; what is
//! stored is where it was found, so that the words may be mended.

use std::collections::BTreeMap;

use onefold_event::Micros;

use crate::party::value::truncate_text;
use crate::top::DatedRow;

/// Findings of one document that are told in words; all of them are counted.
const TOLD: usize = 4;

/// Kinds of finding. The numbers are codes that people and programs know: never used for anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub(crate) enum FindingCode {
    OtherCurrency = 1201,
    MoreThanTheAmount = 1202,
    VoidTarget = 1203,
    SeveralTargets = 1204,
    SecondReceipt = 1205,
    NoSuchDispute = 1206,
    DisputeCurrency = 1207,
    WithdrawnCurrency = 1208,
}

impl FindingCode {
    const ALL: [Self; 8] = [
        Self::OtherCurrency,
        Self::MoreThanTheAmount,
        Self::VoidTarget,
        Self::SeveralTargets,
        Self::SecondReceipt,
        Self::NoSuchDispute,
        Self::DisputeCurrency,
        Self::WithdrawnCurrency,
    ];

    fn help_text(self) -> &'static str {
        match self {
            Self::OtherCurrency => {
                "say both amounts: in an allocation `settled` is what it settles in the invoice's currency. Until then the \
                 amount is applied to nothing"
            }
            Self::MoreThanTheAmount => {
                "correct the allocations at the source: together they may not exceed the amount of the document"
            }
            Self::VoidTarget => "allocate it to a document that stands, or reinstate the one that it names",
            Self::SeveralTargets => {
                "name one document, or say in allocations which gets how much. Until then it is applied to none"
            }
            Self::SecondReceipt => {
                "if it was received twice, report the second payment under a number of its own; if it was corrected, as a \
                 revision of the first report"
            }
            Self::NoSuchDispute => "close a dispute under the number under which it was opened",
            Self::DisputeCurrency => {
                "state the disputed amount in the invoice's currency. Until then all that is open is disputed"
            }
            Self::WithdrawnCurrency => {
                "state the amount in the currency that followed; of an old document correct the day. Until then it counts in the \
                 currency that it names"
            }
        }
    }
}

/// The code as people write it, such as `F1201`.
pub(crate) fn code_text(code: u32) -> String {
    format!("F{code}")
}

/// What to do about findings of a code; empty for one that this build does not know.
pub(crate) fn help_of(code: u32) -> &'static str {
    FindingCode::ALL.into_iter().find(|known| *known as u32 == code).map_or("", FindingCode::help_text)
}

/// One finding, as it is kept.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct FindingRow {
    #[prost(uint32, tag = "1")]
    pub(crate) code: u32,
    /// Field of the document's event, such as `allocations[0]`.
    #[prost(string, tag = "2")]
    pub(crate) field: String,
    /// What was found there.
    #[prost(string, tag = "3")]
    pub(crate) what: String,
}

/// All findings of one document.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct FindingList {
    #[prost(sint64, tag = "1")]
    pub(crate) at: Micros,
    #[prost(string, tag = "2")]
    pub(crate) subject: String,
    /// All of them, by code.
    #[prost(btree_map = "uint32, sint64", tag = "3")]
    pub(crate) counts: BTreeMap<u32, i64>,
    /// The first few.
    #[prost(message, repeated, tag = "4")]
    pub(crate) told: Vec<FindingRow>,
}

impl FindingList {
    pub(crate) fn add(&mut self, code: FindingCode, field: &str, what: &str) {
        *self.counts.entry(code as u32).or_default() += 1;
        if self.told.len() < TOLD {
            let (field, what) = (truncate_text(field, 40).to_owned(), truncate_text(what, 160).to_owned());
            self.told.push(FindingRow { code: code as u32, field, what });
        }
    }
}

impl DatedRow for FindingList {
    fn sort_key(&self) -> (i64, &str) {
        (self.at, &self.subject)
    }
}

/// Adds counts by code, or takes them away; what comes to nothing goes.
pub(crate) fn add_codes(counts: &mut BTreeMap<u32, i64>, other: &BTreeMap<u32, i64>, sign: i64) {
    for (code, n) in other {
        let sum = counts.entry(*code).or_default();
        *sum = sum.wrapping_add(n.wrapping_mul(sign));
        if *sum == 0 {
            counts.remove(code);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_says_what_to_do() {
        for code in FindingCode::ALL {
            assert!(!help_of(code as u32).is_empty(), "{code:?}");
        }
        assert_eq!((code_text(1201).as_str(), help_of(9)), ("F1201", ""));
    }

    #[test]
    fn all_findings_are_counted_and_the_first_few_told() {
        let mut findings = FindingList::default();
        (0..9).for_each(|n| findings.add(FindingCode::VoidTarget, &format!("allocations[{n}]"), "is void"));
        assert_eq!((findings.counts[&1203], findings.told.len()), (9, TOLD));
    }
}
