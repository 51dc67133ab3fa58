//! Why a value of a customer's view is what it is.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use onefold_event::{Subject, SubjectKind};
use onefold_fold::SubjectState;
use onefold_identity::Facet;
use onefold_view::{Contribution, LatestView, SettlementTerm, format_day};
use serde_json::{Value, json};

use super::answer::{ExplainedFigure, ExplainedPart, ExplainedTerm, Explanation, LostPart};
use super::basis::{OwnPart, ViewBasis};
use super::field::{ExplanationKind, FieldMeaning};
use super::identity::figure;
use super::path::{FoundValue, ValueStep, find_value, value_at};
use crate::document::shipped::tracks_of;
use crate::document::why::owner_reason;
use crate::show::product_subjects;
use crate::{CustomerReference, ErrorCode, EventLine, ReadClocks, Service, ServiceError};

/// Parts whose reasons, terms and events are given: the latest.
const MOST_DETAILED: usize = 100;
/// Documents that do not count, of those that are given.
const MOST_LOST: usize = 100;

impl Service {
    /// Why a value is what it is that `show` shows of a reference, seen from a day. `customer` stands for its id.
    ///
    /// # Errors
    /// Nothing is known of the reference, nothing is shown at the path (which says what is), the customer has more documents than are
    /// explained, or the log or the read model cannot be read.
    pub async fn explain(
        &self,
        reference: &CustomerReference,
        path: &str,
        today: Option<i64>,
    ) -> Result<Explanation, ServiceError> {
        if reference.document().is_some() {
            return self.explain_document(reference, path, None).await;
        }
        let basis = ViewBasis::now(self, reference, today).await?;
        self.explain_value(&basis, path).await
    }

    /// The same at these clocks.
    ///
    /// # Errors
    /// As [`Self::explain`] and [`Self::past_show`].
    pub async fn past_explain(
        &self,
        reference: &CustomerReference,
        path: &str,
        clocks: &ReadClocks,
        today: Option<i64>,
    ) -> Result<Explanation, ServiceError> {
        if reference.document().is_some() {
            return self.explain_document(reference, path, Some(clocks)).await;
        }
        let basis = ViewBasis::past(self, reference, clocks, today).await?;
        self.explain_value(&basis, path).await
    }

    async fn explain_value(&self, basis: &ViewBasis, path: &str) -> Result<Explanation, ServiceError> {
        let path = if path.trim() == "customer" { "id" } else { path };
        let found = find_value(&basis.shown, path)?;
        let mut explanation = Explanation {
            clocks: basis.world.as_ref().map(|world| world.clocks.clone()),
            path: found.path(),
            value: found.value.clone(),
            ..Explanation::default()
        };
        let meaning = FieldMeaning::find(&found.steps);
        let is_group = matches!(meaning.map(|meaning| meaning.kind), None | Some(ExplanationKind::Statement(_)));
        let holds_others = found.value.is_object() || found.value.is_array();
        let is_field = meaning.is_some() && found.steps.len() > 1;
        if let (true, true, false) = (is_group, holds_others, is_field) {
            explanation.fields = found.fields();
            let fields = explanation.fields.len();
            let values = if fields == 1 { "1 value".to_owned() } else { format!("{fields} values") };
            explanation.sentence = format!("`{}` holds {values}: ask for one.", found.path());
            return Ok(explanation);
        }
        if meaning.is_none() && found.value.is_null() {
            explanation.sentence = format!("`{}`: there is none.", found.path());
            return Ok(explanation);
        }
        let meaning = meaning.ok_or_else(|| {
            ServiceError::new(ErrorCode::Internal, format!("`{}` has no explanation, which is a defect", found.path()))
        })?;
        (explanation.rule, explanation.formula) = (meaning.rule, meaning.formula.0);
        explanation.sentence = meaning.says.to_owned();
        explanation.figures = figures(&basis.shown, &found, meaning);
        let explainer = FieldExplainer { service: self, basis, found: &found, meaning };
        let rests = explainer.fill(&mut explanation)?;
        explainer.add_details(&mut explanation, rests).await?;
        Ok(explanation)
    }
}

/// Explains one value.
struct FieldExplainer<'a> {
    service: &'a Service,
    basis: &'a ViewBasis,
    found: &'a FoundValue<'a>,
    meaning: &'static FieldMeaning,
}

impl OwnPart<'_> {
    fn to_part(&self, value: Value) -> ExplainedPart {
        let row = self.row.as_ref();
        ExplainedPart {
            subject: self.subject.to_string(),
            at: row.map(|row| row.at),
            status: row.map(|row| row.status).unwrap_or_default(),
            value,
            why: String::new(),
            terms: Vec::new(),
        }
    }
}

impl FieldExplainer<'_> {
    /// Fills in what the value is made of; gives whose events that rests on.
    fn fill(&self, explanation: &mut Explanation) -> Result<BTreeSet<Subject>, ServiceError> {
        match self.meaning.kind {
            ExplanationKind::Statement(part) => {
                let field = match self.found.steps.get(1) {
                    Some(ValueStep::Member(field)) => field.as_str(),
                    _ => "",
                };
                return Ok(explanation.add_statements(self.service, self.basis, (part, field)));
            }
            ExplanationKind::Party => return explanation.add_parties(self.service, self.basis, self.found),
            ExplanationKind::Identity => return explanation.add_links(self.service, self.basis, self.found),
            ExplanationKind::Entry(member) => self.add_entries(explanation, member),
            ExplanationKind::Title => {
                explanation.sentence = format!("{}, as its events say it.", self.meaning.says);
                return Ok(self.product_subjects());
            }
            ExplanationKind::Sum(kinds) => self.add_sum(explanation, kinds)?,
            ExplanationKind::Same => {
                let parts = self.own_parts(&explanation.path)?;
                let same = parts.iter().filter(|part| part.value == *self.found.value && !part.value.is_null());
                explanation.parts = same.map(|part| part.to_part(part.value.clone())).collect();
                let named: Vec<&str> = explanation.parts.iter().map(|part| part.subject.as_str()).collect();
                explanation.sentence = match named.as_slice() {
                    [] => format!("{}: there is none.", self.meaning.says),
                    named => format!("{}: {}.", self.meaning.says, named.join(", ")),
                };
            }
            ExplanationKind::Mean => {
                let parts = self.own_parts(&explanation.path)?;
                let said = parts.iter().filter(|part| !part.value.is_null());
                explanation.parts = said.map(|part| part.to_part(part.value.clone())).collect();
                explanation.formula = "mean of the parts";
                explanation.sentence =
                    format!("{}: the mean of {}.", self.meaning.says, counted(explanation.parts.len()));
            }
            ExplanationKind::Share(of) => {
                let path = format!("{}.{of}", parent_path(&explanation.path));
                let parts = self.own_parts(&path)?;
                let counts = parts.iter().filter(|part| !is_nothing(&part.value));
                explanation.parts = counts.map(|part| part.to_part(part.value.clone())).collect();
                explanation.sentence = format!("{}: of {}.", self.meaning.says, counted(explanation.parts.len()));
            }
            ExplanationKind::Interval => {
                let parts = self.own_parts(&explanation.path)?;
                let purchases = |part: &OwnPart| -> i64 { part.adds.values().map(Contribution::purchase_count).sum() };
                let bought = parts.iter().filter(|part| purchases(part) > 0);
                explanation.parts = bought.map(|part| part.to_part(json!(purchases(part)))).collect();
                let all: i64 = parts.iter().map(purchases).sum();
                explanation.figures.push(ExplainedFigure { name: "purchases".to_owned(), value: json!(all) });
                explanation.sentence = format!("{}: over {all} purchases.", self.meaning.says);
            }
        }
        let detailed = explanation.parts.iter().take(MOST_DETAILED);
        Ok(detailed.filter_map(|part| part.subject.parse().ok()).collect())
    }

    /// What each document and party adds at a path; of a product or category what it adds of that one.
    fn own_parts(&self, path: &str) -> Result<Vec<OwnPart<'_>>, ServiceError> {
        let bought = match self.found.steps.as_slice() {
            [ValueStep::Member(_), ValueStep::Member(list), ValueStep::Entry(_), ..]
                if matches!(list.as_str(), "products" | "categories") =>
            {
                self.found.entry().and_then(|entry| entry.get("name")).and_then(Value::as_str)
            }
            _ => None,
        };
        let mut parts = self.basis.parts_at(&self.service.rules, path, bought, |_| true)?;
        // The newest first; parties and what is only named come last.
        let at = |part: &OwnPart| part.adds.values().filter_map(|adds| Some(adds.timeline_row()?.at())).max();
        parts.sort_by_cached_key(|part| Reverse((at(part), part.subject.clone())));
        Ok(parts)
    }

    fn add_sum(&self, explanation: &mut Explanation, kinds: &[&str]) -> Result<(), ServiceError> {
        let mut path = explanation.path.clone();
        // Of a product all that it says of itself is of the purchases that hold it.
        if let Some(ValueStep::Entry(_)) = self.found.steps.last() {
            path.push_str(".documents");
        } else if let Some(ValueStep::Member(last)) = self.found.steps.last()
            && last == "name"
        {
            path = format!("{}.documents", parent_path(&path));
        }
        let parts = self.own_parts(&path)?;
        let (gives, gives_not): (Vec<&OwnPart>, Vec<&OwnPart>) =
            parts.iter().partition(|part| !is_nothing(&part.value));
        explanation.parts = gives.iter().map(|part| part.to_part(part.value.clone())).collect();
        let is_of_kind = |part: &OwnPart| kinds.is_empty() || kinds.contains(&part.subject.kind().word());
        let lost = gives_not.iter().filter(|part| is_of_kind(part)).filter_map(|part| {
            Some(LostPart { subject: part.subject.to_string(), why: reason_of_loss(part.row.as_ref()?)? })
        });
        let found = parts.iter().filter(|part| !kinds.is_empty() && is_of_kind(part)).flat_map(|part| {
            part.findings.iter().map(|finding| LostPart {
                subject: finding.subject.clone(),
                why: format!("{} {}: {}; {}", finding.code, finding.field, finding.what, finding.help),
            })
        });
        explanation.lost = lost.chain(found).take(MOST_LOST).collect();
        let seen = match self.basis.today.filter(|_| self.meaning.is_dated) {
            Some(day) => format!(", seen from {}", format_day(day)),
            None => String::new(),
        };
        explanation.sentence = match explanation.parts.len() {
            0 => format!("{}{seen}: nothing adds to it.", self.meaning.says),
            n => format!(
                "{}{seen}: {} to it.",
                self.meaning.says,
                if n == 1 { "1 part adds".to_owned() } else { format!("{n} parts add up") }
            ),
        };
        Ok(())
    }

    /// What the entries of a list name, or the one entry.
    fn add_entries(&self, explanation: &mut Explanation, member: &str) {
        let of = self.found.entries.iter().rev().find(|entry| entry.get(member).is_some()).copied();
        let whole = self.found.value.as_array().filter(|_| of.is_none());
        let entries: Vec<&Value> = match (of, whole) {
            (Some(entry), _) => vec![entry],
            (None, Some(entries)) => entries.iter().collect(),
            (None, None) => Vec::new(),
        };
        for entry in entries {
            let Some(subject) = entry.get(member).and_then(Value::as_str) else { continue };
            let value = if of.is_some() { self.found.value.clone() } else { entry.clone() };
            explanation.parts.push(ExplainedPart {
                subject: subject.to_owned(),
                at: None,
                status: "",
                value,
                why: String::new(),
                terms: Vec::new(),
            });
        }
        let named = explanation.parts.first().map(|part| part.subject.clone());
        explanation.sentence = match (of, named) {
            (Some(_), Some(named)) => format!("{}: here {named}, as its events say it.", self.meaning.says),
            _ => format!("{}: {}.", self.meaning.says, counted(explanation.parts.len())),
        };
    }

    /// The subjects that may say what the product is called.
    fn product_subjects(&self) -> BTreeSet<Subject> {
        let number = self.found.entry().and_then(|entry| entry.get("name")).and_then(Value::as_str).unwrap_or_default();
        product_subjects(&self.basis.view, number).into_iter().collect()
    }

    /// Adds why each part is the customer's, what it comes of, and the events that all rests on.
    async fn add_details(
        &self,
        explanation: &mut Explanation,
        mut rests: BTreeSet<Subject>,
    ) -> Result<(), ServiceError> {
        let states = self.basis.states(self.service, &rests).await?;
        for part in explanation.parts.iter_mut().take(MOST_DETAILED) {
            let Some(state) = states.get(part.subject.as_str()) else { continue };
            rests.extend(tracks_of(state));
            if self.meaning.is_settled {
                part.terms = terms(state);
                rests.extend(part.terms.iter().filter_map(|term| term.by.parse::<Subject>().ok()));
            }
            // A parcel that nobody scanned is known by what names it.
            if !state.is_known() {
                rests.extend(state.inbound.keys().filter_map(|from| from.parse::<Subject>().ok()));
            }
        }
        let reader = self.basis.reader(self.service);
        let decided = explanation.add_events(self.service, &reader, &rests).await?;
        for part in explanation.parts.iter_mut().take(MOST_DETAILED) {
            let Some((subject, state)) = states.get_key_value(part.subject.as_str()) else { continue };
            if subject.kind().is_document() {
                let parents = reader.parents(state).await?;
                let about = |line: &&EventLine| line.subject == part.subject;
                let decided: Vec<EventLine> = decided.iter().filter(about).cloned().collect();
                part.why = owner_reason(subject, state, self.facet_of(subject), &parents, &decided);
            }
        }
        Ok(())
    }

    /// By which facet a document is the customer's.
    fn facet_of(&self, subject: &Subject) -> Facet {
        let is_receivable = self.found.steps.first() == Some(&ValueStep::Member("receivable".to_owned()));
        let pays = matches!(subject.kind(), SubjectKind::Payment | SubjectKind::Refund);
        if is_receivable || pays { Facet::Receivable } else { Facet::Trade }
    }
}

/// What a document leaves open comes of.
pub(super) fn terms(state: &SubjectState) -> Vec<ExplainedTerm> {
    let terms = state.fragment.as_ref().map(|fragment| fragment.settlement_terms(&state.inbound)).unwrap_or_default();
    let term = |SettlementTerm { what, by, amount }| ExplainedTerm { what, by, amount: amount.text() };
    terms.into_iter().map(term).collect()
}

/// The figures of a formula, by where they stand from the object that holds the value.
fn figures(shown: &Value, found: &FoundValue<'_>, meaning: &FieldMeaning) -> Vec<ExplainedFigure> {
    let path = found.path();
    let named = |name: &&'static str| {
        let (mut place, mut rest) = (parent_path(&path), *name);
        while let Some(up) = rest.strip_prefix("../") {
            (place, rest) = (parent_path(place), up);
        }
        ExplainedFigure { name: rest.to_owned(), value: figure(value_at(shown, &format!("{place}.{rest}"))) }
    };
    meaning.formula.1.iter().map(named).collect()
}

fn parent_path(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(parent, _)| parent)
}

/// Why a document of the kind that counts gives nothing; none where it just has nothing to give.
fn reason_of_loss(row: &LatestView) -> Option<String> {
    match row.status {
        _ if row.reference => {
            Some("it is of several customers: its money stands with none of them alone (rule C4)".to_owned())
        }
        "void" => Some("it is void and adds nothing (rule A9)".to_owned()),
        "cancelled" => Some("it was cancelled: it has no money and is no purchase".to_owned()),
        "reversed" => Some("it was taken back (rule A9)".to_owned()),
        _ => None,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.bytes().all(|b| matches!(b, b'0' | b'.' | b'-')),
        value => value.as_i64() == Some(0),
    }
}

fn counted(n: usize) -> String {
    if n == 1 { "1 document".to_owned() } else { format!("{n} documents") }
}
