//! What is shown of the past, which must not be taken for now.

use std::fmt::Write;

use onefold_service::{AnsweredClocks, CustomerStatus};

use crate::render::amount_text;

/// The first line of an answer about the past.
pub(crate) fn clocks_line(clocks: &AnsweredClocks) -> String {
    let of = |at: &Option<String>| at.as_deref().unwrap_or("now").to_owned();
    let settled = if clocks.settled { "settled: it stays so" } else { "not settled: what comes in may change it" };
    let positions: Vec<String> = clocks.positions.iter().map(u64::to_string).collect();
    let (as_of, known_at, identity_at) = (of(&clocks.as_of), of(&clocks.known_at), of(&clocks.identity_at));
    format!(
        "AS OF {as_of}, by what was known at {known_at}, customers by what was known at {identity_at}\n\
         {settled}; days end in {}; log read up to {}\n",
        clocks.zone,
        positions.join(" ")
    )
    .replace("known at now", "known now")
    .replace("by what was known now", "by what is known now")
}

/// One customer, counted.
pub(crate) fn customer_status(status: &CustomerStatus) -> String {
    let mut text = String::new();
    let count = |n: u64| amount_text(&n.to_string());
    let mut put = |label: &str, words: String| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{label:<14}{words}");
    };
    let name = if status.name.is_empty() { "(no name known)" } else { &status.name };
    put("customer", format!("{name}  {}", status.id));
    put("parties", status.parties.join("  "));
    put("events", format!("{}, {} conflicts", count(status.events), count(status.conflicts)));
    put("documents", amount_text(&status.documents.to_string()));
    for (currency, sums) in &status.money {
        put(
            currency,
            format!(
                "net {} = invoiced {} - credited {} + adjusted {}",
                amount_text(&sums.net),
                amount_text(&sums.invoiced),
                amount_text(&sums.credited),
                amount_text(&sums.adjusted)
            ),
        );
    }
    text.truncate(text.trim_end().len());
    text
}
