//! Which of several values of a field counts, and what the others lose by.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use onefold_event::Micros;
use onefold_identity::ProfileRules;

use crate::Bundle;
use crate::party::value::PartyValue;
use crate::profile::PartyProfile;
use crate::view::{OtherValue, ProfileValue};

/// A part of a profile in which parties state values by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfilePart {
    /// Fields of the catalogue.
    Fields,
    /// What stands beside them.
    Attributes,
}

/// What a value of a field loses to another by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementRule {
    /// It is a name in capitals alone, which the rules of the hub let count last.
    Capitals,
    /// The rules of the hub put the other source first.
    SourceOrder,
    /// The other was said later.
    Later,
    /// Both were said at once: the greater source, party and text counts.
    Greater,
}

/// What one party says of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldStatement {
    /// The party.
    pub party: String,
    /// Who says so.
    pub source: String,
    /// The value.
    pub value: String,
    /// When it was so; microseconds since 1970-01-01T00:00Z.
    pub at: Micros,
    /// What it loses by; none: it counts.
    pub lost_by: Option<StatementRule>,
}

/// Of two statements that with the greater order counts: not in capitals, the best source of its party's group and when that said the
/// last of it, when it was said itself; then what no two share, so that it does not depend on how they came.
type StatementOrder<'a> = (bool, Option<(Reverse<usize>, Micros)>, Micros, &'a str, &'a str, &'a str);

/// What one party says of a field, as its profile holds it.
#[derive(Clone, Copy)]
struct FieldCandidate<'a> {
    party: &'a str,
    value: &'a PartyValue,
}

/// What parties say, and how it is put in order.
struct StatementRanking<'a> {
    rules: &'a ProfileRules,
    part: ProfilePart,
    fields: BTreeMap<&'a str, Vec<FieldCandidate<'a>>>,
    /// Of each party and group the best source, and when it said the last of it.
    records: BTreeMap<(&'a str, &'a str), (Reverse<usize>, Micros)>,
}

impl ProfilePart {
    fn group_of(self, field: &str) -> &str {
        match self {
            Self::Fields => ProfileRules::group_of(field),
            Self::Attributes => ProfileRules::ATTRIBUTES,
        }
    }

    fn values(self, profile: &PartyProfile) -> &BTreeMap<String, PartyValue> {
        match self {
            Self::Fields => &profile.fields,
            Self::Attributes => &profile.attributes,
        }
    }
}

impl<'a> StatementRanking<'a> {
    fn of(profiles: &BTreeMap<&'a str, &'a PartyProfile>, rules: &'a ProfileRules, part: ProfilePart) -> Self {
        let mut ranking = Self { rules, part, fields: BTreeMap::new(), records: BTreeMap::new() };
        for (party, profile) in profiles {
            for (name, value) in part.values(profile) {
                ranking.fields.entry(name).or_default().push(FieldCandidate { party, value });
                let group = part.group_of(name);
                let sources = rules.sources_of(group);
                if !sources.is_empty() {
                    let rank = sources.iter().position(|known| *known == value.source).unwrap_or(sources.len());
                    let said = (Reverse(rank), value.at);
                    let known = ranking.records.entry((party, group)).or_insert(said);
                    *known = (*known).max(said);
                }
            }
        }
        ranking
    }

    fn order(&self, name: &str, one: FieldCandidate<'a>) -> StatementOrder<'a> {
        let (value, group) = (one.value, self.part.group_of(name));
        let shouts = self.rules.capitals_last && group == "name" && is_capitals(&value.text);
        let record = self.records.get(&(one.party, group)).copied();
        (!shouts, record, value.at, &value.source, one.party, &value.text)
    }

    fn winner(&self, name: &str, said: &[FieldCandidate<'a>]) -> Option<FieldCandidate<'a>> {
        said.iter().copied().max_by_key(|one| self.order(name, *one))
    }
}

/// Per field the value of the source that the rules put first, else the latest, then that of the greater source and party; those of
/// others that differ stand beside it. Where a group has an order of sources, the first party in it gives all of its fields that it
/// has: an address is never of two.
pub(crate) fn assemble_values(
    profiles: &BTreeMap<&str, &PartyProfile>,
    rules: &ProfileRules,
    part: ProfilePart,
) -> BTreeMap<String, ProfileValue> {
    let ranking = StatementRanking::of(profiles, rules, part);
    let view = |(name, said): (&&str, &Vec<FieldCandidate>)| {
        let PartyValue { text, source, .. } = ranking.winner(name, said)?.value;
        let others = said.iter().filter(|one| one.value.text != *text).map(|one| one.value);
        let others: BTreeSet<OtherValue> =
            others.map(|v| OtherValue { value: v.text.clone(), source: v.source.clone() }).collect();
        let (value, source) = (text.clone(), source.clone());
        Some(((*name).to_owned(), ProfileValue { value, source, others: others.into_iter().collect() }))
    };
    ranking.fields.iter().filter_map(view).collect()
}

/// What each party says of a field, the one that counts first and the others in the order in which they would.
pub fn field_statements(
    bundles: &BTreeMap<String, Bundle>,
    rules: &ProfileRules,
    part: ProfilePart,
    field: &str,
) -> Vec<FieldStatement> {
    let profiles = bundles.iter().filter_map(|(key, bundle)| Some((key.as_str(), bundle.profile.as_deref()?)));
    let ranking = StatementRanking::of(&profiles.collect(), rules, part);
    let mut said = ranking.fields.get(field).cloned().unwrap_or_default();
    said.sort_by_key(|one| Reverse(ranking.order(field, *one)));
    let Some(first) = said.first().map(|first| ranking.order(field, *first)) else { return Vec::new() };
    let statement = |one: &FieldCandidate<'_>| FieldStatement {
        party: one.party.to_owned(),
        source: one.value.source.clone(),
        value: one.value.text.clone(),
        at: one.value.at,
        lost_by: lost_by(first, ranking.order(field, *one)),
    };
    said.iter().map(statement).collect()
}

/// The first in which two orders differ.
fn lost_by(first: StatementOrder, one: StatementOrder) -> Option<StatementRule> {
    let rank = |order: StatementOrder| order.1.map(|(rank, _)| rank);
    if first == one {
        None
    } else if first.0 != one.0 {
        Some(StatementRule::Capitals)
    } else if rank(first) != rank(one) {
        Some(StatementRule::SourceOrder)
    } else if (first.1, first.2) != (one.1, one.2) {
        Some(StatementRule::Later)
    } else {
        Some(StatementRule::Greater)
    }
}

/// Whether a text has letters, and no small ones; of scripts without any it is not so.
fn is_capitals(text: &str) -> bool {
    text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase)
}
