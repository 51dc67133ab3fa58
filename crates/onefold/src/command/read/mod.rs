//! Commands that only ask: of a customer, of a document, or of everything.

pub(crate) mod diff;
pub(crate) mod documents;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod find;
pub(crate) mod show;
pub(crate) mod status;

use onefold_service::{ReadClocks, day_number};

use crate::args::Globals;

/// From which day a past is looked at: the one that is named, else that of business time, else today.
fn past_day(clocks: &ReadClocks, globals: &Globals) -> Option<i64> {
    let business_day = clocks.business_day().filter(|_| globals.today.is_none());
    business_day.or_else(|| Some(day_number(globals.view_day())))
}
