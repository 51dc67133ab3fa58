//! Counts and money over everything.

use std::fmt::Write;

use onefold_service::{CurrencySums, CustomerStatus, HubStatus};

use super::{amount_text, count, counted, money_text};

/// The whole hub on one screen.
pub(crate) fn render_status(status: &HubStatus) -> String {
    let mut text = String::new();
    let mut put = |label: &str, words: String| put_line(&mut text, label, &words);
    put("events", format!("{} about {}", count(status.events), counted(status.subjects, "subject", "subjects")));
    let full = match status.full_customers {
        0 => String::new(),
        n => format!("; {} full: look at what holds so many parties together", count(n)),
    };
    put("customers", format!("{} of {}{full}", count(status.customers), counted(status.parties, "party", "parties")));
    put(
        "documents",
        format!(
            "{}, of which {} unattributed",
            amount_text(&status.documents.to_string()),
            amount_text(&status.unattributed_documents.to_string())
        ),
    );
    for (currency, sums) in &status.money {
        put(currency, net_text(sums, currency));
        put(
            "",
            format!(
                "    {} = customers {} + unattributed {}",
                money_text(&sums.net, currency),
                money_text(&sums.of_customers, currency),
                money_text(&sums.unattributed, currency)
            ),
        );
    }
    put(
        "quarantine",
        format!(
            "{} open, {}; {} of one id and other content in the log",
            count(status.quarantined),
            match status.quarantined_conflicts {
                0 => "no conflict waits".to_owned(),
                n => format!("of which {} an event that stands", counted(n, "contradicts", "contradict")),
            },
            counted(status.conflicts, "copy", "copies"),
        ),
    );
    put(
        "lag",
        if status.lag == 0 { "none: views are up to date".to_owned() } else { format!("{} behind", count(status.lag)) },
    );
    status.warnings.iter().for_each(|warning| put("WARNING", warning.clone()));
    put("digest", status.digest.clone());
    put("ids digest", status.ids_digest.clone());
    text.truncate(text.trim_end().len());
    text
}

/// One customer, counted.
pub(crate) fn render_customer_status(status: &CustomerStatus) -> String {
    let mut text = String::new();
    let mut put = |label: &str, words: String| put_line(&mut text, label, &words);
    let name = if status.name.is_empty() { "(no name known)" } else { &status.name };
    put("customer", format!("{name}  {}", status.id));
    put("parties", status.parties.join("  "));
    put("events", format!("{}, {}", count(status.events), counted(status.conflicts, "conflict", "conflicts")));
    put("documents", amount_text(&status.documents.to_string()));
    for (currency, sums) in &status.money {
        put(currency, net_text(sums, currency));
    }
    text.truncate(text.trim_end().len());
    text
}

fn put_line(text: &mut String, label: &str, words: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{label:<14}{words}");
}

fn net_text(sums: &CurrencySums, currency: &str) -> String {
    format!(
        "net {} = invoiced {} - credited {} + adjusted {}",
        money_text(&sums.net, currency),
        money_text(&sums.invoiced, currency),
        money_text(&sums.credited, currency),
        money_text(&sums.adjusted, currency)
    )
}
