//! The three clocks as arguments.

use clap::Args;
use onefold_service::{ClockSpan, ClockTexts, MovedClock, ReadClocks, Service, ServiceError};

/// The span of a clock that is asked for: of when things happened, or of when the hub took them in.
pub(crate) fn read_span(
    service: &Service,
    known: bool,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<ClockSpan, ServiceError> {
    service.read_span(if known { MovedClock::KnownAt } else { MovedClock::AsOf }, from, to)
}

/// What had happened, what the hub knew, and who was one customer.
#[derive(Debug, Clone, Args)]
#[command(
    next_help_heading = "Clocks (a day such as 2025-12-31, which means its end in hub.zone, or an instant with its offset)"
)]
pub(crate) struct ClockArgs {
    /// As it was in business: only what had happened by then
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<String>,
    /// As the hub knew it: only what it had taken in by then
    #[arg(long, value_name = "TIME")]
    pub(crate) known_at: Option<String>,
    /// Who was one customer as the hub knew it then [default: as it knows it now]
    #[arg(long, value_name = "TIME")]
    pub(crate) identity_at: Option<String>,
}

impl ClockArgs {
    /// Whether any of them is given.
    pub(crate) fn is_given(&self) -> bool {
        self.texts().is_given()
    }

    fn texts(&self) -> ClockTexts<'_> {
        let (as_of, known_at) = (self.as_of.as_deref(), self.known_at.as_deref());
        ClockTexts { as_of, known_at, identity_at: self.identity_at.as_deref() }
    }

    /// Reads them in the hub's zone.
    pub(crate) fn read_clocks(&self, service: &Service) -> Result<ReadClocks, ServiceError> {
        service.read_clocks(self.texts())
    }
}
