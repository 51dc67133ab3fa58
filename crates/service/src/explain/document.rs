//! Why a value of a document, looked at from inside, is what it is.

use std::collections::BTreeSet;

use onefold_event::Subject;
use serde_json::Value;

use super::answer::Explanation;
use super::basis::to_value;
use super::customer::terms;
use super::path::{ValueStep, find_value};
use crate::document::rows::SubjectReader;
use crate::{CustomerReference, ReadClocks, Service, ServiceError, Shown};

impl Service {
    /// Why a value is what it is that `show` shows of a document, now or at these clocks.
    pub(super) async fn explain_document(
        &self,
        reference: &CustomerReference,
        path: &str,
        clocks: Option<&ReadClocks>,
    ) -> Result<Explanation, ServiceError> {
        let (world, shown) = match clocks {
            Some(clocks) => {
                let (world, party) = self.past_world(reference, clocks).await?;
                let shown = self.show_world(&world, reference, party.as_ref(), None).await?;
                (Some(world), shown)
            }
            None => (None, self.show(reference, None).await?),
        };
        let (Shown::Document(view), Some(subject)) = (&shown, reference.document()) else {
            return Err(ServiceError::invalid(format!(
                "{reference} is not a document: expected one such as order:erp:4711"
            )));
        };
        let value = to_value(&shown)?;
        let found = find_value(&value, path)?;
        let reader = world.as_ref().map_or(SubjectReader::Now(self), SubjectReader::Past);
        let state = reader.states(&[subject.to_string()]).await?.pop().flatten();
        let kind = subject.kind().word().replace('_', " ");
        let mut explanation = Explanation {
            clocks: world.as_ref().map(|world| world.clocks.clone()),
            path: found.path(),
            value: found.value.clone(),
            sentence: format!("It stands on the {kind}, as its events say it."),
            ..Explanation::default()
        };
        let mut rests = BTreeSet::from([subject.clone()]);
        let facet = match found.steps.get(..2) {
            Some([ValueStep::Member(why), ValueStep::Member(facet)]) if why == "why" => facet.as_str(),
            _ => "",
        };
        match found.steps.first() {
            Some(ValueStep::Member(name)) if matches!(name.as_str(), "open" | "status") => {
                explanation.rule = "E5";
                let terms = state.as_ref().map(terms).unwrap_or_default();
                rests.extend(terms.iter().filter_map(|term| term.by.parse::<Subject>().ok()));
                if !terms.is_empty() {
                    explanation.sentence = format!("What the {kind} leaves open: its terms add up to it.");
                    explanation.terms = terms;
                }
            }
            Some(ValueStep::Member(name)) if matches!(name.as_str(), "trade" | "receivable" | "why" | "parts") => {
                let is_trade = name == "trade" || name == "parts" || facet == "trade";
                explanation.rule = "C1 to C5";
                let why = if is_trade { &view.why.trade } else { &view.why.receivable };
                explanation.sentence = format!("Whose it is: {why}.");
                rests.extend(state.iter().flat_map(|state| state.parents()));
            }
            _ => {
                let named = found.entry().and_then(|entry| entry.get("subject")).and_then(Value::as_str);
                rests.extend(named.and_then(|named| named.parse::<Subject>().ok()));
            }
        }
        explanation.add_events(self, &reader, &rests).await?;
        Ok(explanation)
    }
}
