//! The events that an explanation rests on, and the decisions of people among them.

use std::collections::BTreeSet;

use onefold_event::Subject;

use super::answer::Explanation;
use crate::decision::made::{decisions_in, is_decision};
use crate::document::rows::SubjectReader;
use crate::{EventLine, Service, ServiceError};

/// Events that are told at most: of more the latest.
const MOST_EVENTS: usize = 500;
/// Events that are left out and are read at once, for the decisions among them.
const CHUNK: usize = 500;

impl Explanation {
    /// Tells the events of these subjects, of many the latest, and the decisions among all of them. Gives the events by which was
    /// decided.
    pub(super) async fn add_events(
        &mut self,
        service: &Service,
        reader: &SubjectReader<'_>,
        subjects: &BTreeSet<Subject>,
    ) -> Result<Vec<EventLine>, ServiceError> {
        let keys: Vec<String> = subjects.iter().map(Subject::to_string).collect();
        let places = reader.places(&keys).await?;
        self.more_events = places.len().saturating_sub(MOST_EVENTS);
        let (left_out, told) = places.split_at(self.more_events);
        self.events = service.event_lines(told).await?;
        // What a person decided long ago counts all the same.
        let mut decided = Vec::new();
        for some in left_out.chunks(CHUNK) {
            decided.extend(service.event_lines(some).await?.into_iter().filter(is_decision));
        }
        decided.extend(self.events.iter().filter(|line| is_decision(line)).cloned());
        self.decisions = decisions_in(&decided);
        // What became of one is known of now alone.
        if matches!(reader, SubjectReader::Now(_)) {
            for decision in &mut self.decisions {
                service.judge(decision).await?;
            }
        }
        Ok(decided)
    }
}
