//! A customer or a document step by step: its state after each event, and what the event changed.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::past::AnsweredClocks;
use crate::{ClockSpan, CustomerReference, DifferenceStep, MovedClock, Service, ServiceError};

/// A history, step by step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReplaySteps {
    /// The clock that runs.
    pub clock: MovedClock,
    /// Clocks of the last moment.
    pub to: AnsweredClocks,
    /// Each moment with its events, what they changed, and what is shown after it.
    pub steps: Vec<DifferenceStep>,
}

impl Service {
    /// As [`Service::difference`], where each step bears what is shown after it.
    ///
    /// # Errors
    /// As [`Service::difference`].
    pub async fn replay_steps(
        &self,
        reference: &CustomerReference,
        span: &ClockSpan,
    ) -> Result<ReplaySteps, ServiceError> {
        let difference = self.compare_moments(reference, span, true).await?;
        Ok(ReplaySteps { clock: span.clock, to: difference.to, steps: difference.steps })
    }

    /// Subjects of all events of a customer, or of one document, now.
    ///
    /// # Errors
    /// Nothing is known of the reference, or the read model cannot be read.
    pub async fn replayed_subjects(&self, reference: &CustomerReference) -> Result<BTreeSet<String>, ServiceError> {
        Ok(self.history_subjects(reference).await?.into_iter().collect())
    }
}
