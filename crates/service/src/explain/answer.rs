//! What an explanation says.

use onefold_event::Occurred;
use serde::Serialize;
use serde_json::Value;

use crate::{AnsweredClocks, DecisionView, EventLine, JoinStep};

/// Why a value is what it is.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Explanation {
    /// The clocks that it holds for; none: now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clocks: Option<AnsweredClocks>,
    /// Where the value stands, as `diff` writes it: an entry of a list by what tells it apart.
    pub path: String,
    /// The value that is shown.
    pub value: Value,
    /// What it is, in one sentence.
    pub sentence: String,
    /// The rule that makes it, as the README of `onefold-view` or `onefold-identity` numbers it.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub rule: &'static str,
    /// The formula, where it is made of other values that are shown; else what is said of parts.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub formula: &'static str,
    /// The figures of the formula, in its order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<ExplainedFigure>,
    /// Documents or parties that give a part of it, newest first: of money and counts all that there are, and their values add up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<ExplainedPart>,
    /// Of what a document leaves open its terms, which add up to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<ExplainedTerm>,
    /// What each party says of it, the one that counts first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<ExplainedStatement>,
    /// Of who is one customer: what joins each party to the one whose id the customer bears.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<ExplainedLink>,
    /// Of a value that holds others their paths: each has an explanation of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// What could have counted, and does not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<LostPart>,
    /// Decisions of people among all that it rests on, those among events that are left out too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<DecisionView>,
    /// Events that it rests on, by business time, with connector, file and line: of the latest hundred parts, and of more than 500
    /// the latest.
    pub events: Vec<EventLine>,
    /// How many earlier ones are left out.
    #[serde(skip_serializing_if = "is_nothing")]
    pub more_events: usize,
}

/// A figure of a formula.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedFigure {
    /// As the formula calls it.
    pub name: String,
    /// What it is.
    pub value: Value,
}

/// What a document or a party gives to a value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedPart {
    /// The document or party.
    pub subject: String,
    /// When it came to be; none of a party, and of a parcel that is only named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Occurred>,
    /// How it stands.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub status: &'static str,
    /// Its part.
    pub value: Value,
    /// Why the document is the customer's; of the latest hundred.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What its part comes of, where other documents say of it what is left; of the latest hundred.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<ExplainedTerm>,
}

/// A term of what a document leaves open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedTerm {
    /// Such as `total`, `payment`, `deduction`, `allocated`.
    pub what: &'static str,
    /// The document that says so, or to which it goes; empty: itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Signed, a decimal.
    pub amount: String,
}

/// What a party says of a field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedStatement {
    /// The party.
    pub party: String,
    /// Who says so.
    pub source: String,
    /// When it was so; none where that is not told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Occurred>,
    /// What it says.
    pub value: Value,
    /// What it loses by; empty: it counts, or says the same.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub lost_by: &'static str,
}

/// What joins a party to the one whose id its customer bears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedLink {
    /// The party.
    pub party: String,
    /// When the hub first heard of it, RFC 3339.
    pub first_seen: String,
    /// The shortest chain of links to it; empty: it is that party itself.
    pub path: Vec<JoinStep>,
}

/// What could have counted and does not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LostPart {
    /// The document or party.
    pub subject: String,
    /// Why not, with the rule or the finding.
    pub why: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_nothing(n: &usize) -> bool {
    *n == 0
}
