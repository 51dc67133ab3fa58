//! When goods arrived: a parcel says so itself, a delivery through the parcels that carry it.

use std::collections::BTreeMap;

use onefold_event::{Subject, SubjectKind};
use onefold_fold::SubjectState;
use onefold_view::{EventTime, Fragment, LatestView};

use crate::ServiceError;
use crate::document::rows::SubjectReader;

/// As a timeline says that goods arrived.
const DELIVERED: &str = "delivered";

impl SubjectReader<'_> {
    /// Dates what arrived. A delivery has arrived once all of its parcels have, though nobody says so of it: it is not open then.
    pub(crate) async fn date_deliveries(&self, documents: Vec<&mut LatestView>) -> Result<(), ServiceError> {
        let is_shipped = |document: &&mut LatestView| {
            matches!(document.kind.as_str(), "delivery" | "track") && matches!(document.status, "open" | DELIVERED)
        };
        let mut shipped: Vec<&mut LatestView> = documents.into_iter().filter(is_shipped).collect();
        let keys: Vec<String> = shipped.iter().map(|document| document.subject.clone()).collect();
        let states = self.states(&keys).await?;
        let tracks: Vec<Vec<Subject>> = states.iter().flatten().map(tracks_of).collect();
        let wanted: Vec<String> = tracks.iter().flatten().map(Subject::to_string).collect();
        let found = self.states(&wanted).await?;
        let arrived: BTreeMap<String, Option<EventTime>> =
            wanted.into_iter().zip(found.iter().map(|state| state.as_ref().and_then(delivered_at))).collect();
        let known = shipped.iter_mut().zip(&states).filter_map(|(document, state)| Some((document, state.as_ref()?)));
        for ((document, state), tracks) in known.zip(tracks) {
            let parcels: Option<Vec<EventTime>> =
                tracks.iter().map(|track| arrived.get(track.as_str()).copied().flatten()).collect();
            let last = || parcels.and_then(|parcels| parcels.into_iter().max());
            if let Some(at) = delivered_at(state).or_else(last) {
                document.status = DELIVERED;
                document.delivered_at = Some(at.to_occurred());
            }
        }
        Ok(())
    }
}

fn delivered_at(state: &SubjectState) -> Option<EventTime> {
    state.fragment.as_ref().and_then(Fragment::delivered_at)
}

/// The parcels of a delivery; of anything else none.
pub(crate) fn tracks_of(state: &SubjectState) -> Vec<Subject> {
    state.children().into_iter().filter(|child| child.kind() == SubjectKind::Track).collect()
}
