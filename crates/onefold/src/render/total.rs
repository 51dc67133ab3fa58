//! Counts and money over everything.

use std::fmt::Write;

use onefold_service::{CurrencySums, CustomerStatus, HubStatus};

use super::amount_text;

/// The whole hub on one screen.
pub(crate) fn render_status(status: &HubStatus) -> String {
    let mut text = String::new();
    let mut put = |label: &str, words: String| put_line(&mut text, label, &words);
    put("events", format!("{} about {} subjects", count(status.events), count(status.subjects)));
    let full = match status.full_customers {
        0 => String::new(),
        n => format!("; {} full: look at what holds so many parties together", count(n)),
    };
    put("customers", format!("{} of {} parties{full}", count(status.customers), count(status.parties)));
    put(
        "documents",
        format!(
            "{}, of which {} unattributed",
            amount_text(&status.documents.to_string()),
            amount_text(&status.unattributed_documents.to_string())
        ),
    );
    for (currency, sums) in &status.money {
        put(currency, net_text(sums));
        put(
            "",
            format!(
                "    {} = customers {} + unattributed {}",
                amount_text(&sums.net),
                amount_text(&sums.of_customers),
                amount_text(&sums.unattributed)
            ),
        );
    }
    put("quarantine", format!("{} open, {} conflicts", count(status.quarantined), count(status.conflicts)));
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
    put("events", format!("{}, {} conflicts", count(status.events), count(status.conflicts)));
    put("documents", amount_text(&status.documents.to_string()));
    for (currency, sums) in &status.money {
        put(currency, net_text(sums));
    }
    text.truncate(text.trim_end().len());
    text
}

fn put_line(text: &mut String, label: &str, words: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{label:<14}{words}");
}

fn count(n: u64) -> String {
    amount_text(&n.to_string())
}

fn net_text(sums: &CurrencySums) -> String {
    format!(
        "net {} = invoiced {} - credited {} + adjusted {}",
        amount_text(&sums.net),
        amount_text(&sums.invoiced),
        amount_text(&sums.credited),
        amount_text(&sums.adjusted)
    )
}
