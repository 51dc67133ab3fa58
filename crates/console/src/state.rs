//! What pages are made from, and how they are shown.

use jiff::civil::Date;
use onefold_service::Service;

/// How the pages are shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConsoleOptions {
    /// The day from which ages and due days are counted; none: today in the hub's zone. A company whose books end on a day is looked
    /// at from there.
    pub today: Option<Date>,
}

/// What pages are made from.
#[derive(Clone)]
pub(crate) struct ConsoleState {
    pub(crate) service: Service,
    pub(crate) options: ConsoleOptions,
}
