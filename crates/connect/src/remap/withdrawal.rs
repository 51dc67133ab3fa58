//! What takes a fact away from a subject that the current mapping no longer makes it about.

use onefold_event::{Event, EventError, EventHeader, v1};

/// Where an event was about another subject as older mappings made it, among `versions` of its fact: what withdraws it there, which the
/// door makes a newer version of that. None: one of them was made by a mapping that the event does not outrank.
///
/// # Errors
/// It was about what no fact can be withdrawn from.
pub(super) fn withdrawals(event: &Event, mapping: i64, versions: &[Event]) -> Result<Option<Vec<Event>>, EventError> {
    let mut withdrawn = Vec::new();
    for older in versions.iter().map(|version| &version.header) {
        let EventHeader { id, revision_order, .. } = older;
        let is_first = *id == event.header.id;
        let is_made_anew = revision_order.last().is_some_and(|mapping| event.header.id.remapped(*mapping) == *id);
        if !is_first && !is_made_anew {
            // Another version of the source: of what subject the mapping makes that, this event does not say.
            continue;
        }
        let Some(order) = outranking_order(revision_order, &event.header.revision_order, mapping) else {
            return Ok(None);
        };
        if is_first {
            let body =
                v1::FactWithdrawn { reason: format!("mapping {mapping} makes it about {}", event.header.subject) };
            let subject = older.subject.clone();
            let mut one = Event::new(*id, older.fact, &older.source, subject, older.occurred_at, body.into())?;
            let header = &mut one.header;
            (header.day, header.offset) = (older.day, older.offset);
            (header.revision, header.revision_order) = (older.revision.clone(), order);
            header.mapping.clone_from(&event.header.mapping);
            header.locator.clone_from(&event.header.locator);
            withdrawn.push(one);
        }
    }
    Ok(Some(withdrawn))
}

/// The order of an older version with the current mapping in the place of its own. The source's order comes first, as long as it is in
/// the new version; behind it the number of the mapping, which the first one leaves out. None: it would not be greater.
fn outranking_order(older: &[i64], newer: &[i64], mapping: i64) -> Option<Vec<i64>> {
    let of_source = newer.len() - usize::from(newer.last() == Some(&mapping) && mapping > 1);
    let (source, made_by) = older.split_at_checked(of_source)?;
    let made_by = match made_by {
        [] => 1,
        [number] => *number,
        _ => return None,
    };
    (made_by < mapping).then(|| [source, &[mapping]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_outranked_by_a_later_mapping_alone_whatever_order_the_source_has() {
        for source in [vec![], vec![9], vec![1_700_000_000_000_000, 3]] {
            let with = |mapping: i64| {
                let number = Some(mapping).filter(|mapping| *mapping > 1);
                source.iter().copied().chain(number).collect::<Vec<i64>>()
            };
            for (older, newer, is_greater) in [(1, 2, true), (2, 3, true), (2, 2, false), (3, 2, false), (1, 1, false)]
            {
                let order = outranking_order(&with(older), &with(newer), newer);
                assert_eq!(order.is_some(), is_greater, "{source:?}: {older}, {newer}");
                assert!(order.is_none_or(|order| order > with(older) && order == with(newer)));
            }
        }
        assert_eq!(outranking_order(&[4], &[1, 2, 3], 3), None, "another order than before");
    }
}
