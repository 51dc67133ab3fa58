//! What is shown of the past, which must not be taken for now.

use onefold_service::AnsweredClocks;

/// The first line of an answer about the past.
pub(crate) fn clocks_line(clocks: &AnsweredClocks) -> String {
    let known = |at: &Option<String>| match at {
        Some(at) => format!("by what was known at {at}"),
        None => "by what is known now".to_owned(),
    };
    let settled = if clocks.settled { "settled: it stays so" } else { "not settled: what comes in may change it" };
    let positions: Vec<String> = clocks.positions.iter().map(u64::to_string).collect();
    format!(
        "AS OF {}, {}, customers {}\n{settled}; days end in {}; log read up to {}\n",
        clocks.as_of.as_deref().unwrap_or("now"),
        known(&clocks.known_at),
        known(&clocks.identity_at),
        clocks.zone,
        positions.join(" ")
    )
}
