//! What to know of a customer before a word is said: typed, so that each face says it in its own words and language.

use onefold_event::Occurred;
use onefold_view::{CustomerView, OpenItem, is_zero};
use serde::Serialize;

use super::open::{case_about, case_with, overdue_of};

/// How many of his own intervals a customer may be quiet.
const QUIET_INTERVALS: i64 = 2;
/// Purchases from which there is an interval to speak of.
const FEWEST_PURCHASES: i64 = 3;

/// One thing to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Notice {
    /// A party stands for others, such as a marketplace: what it bought is not one buyer's.
    StandsForOthers {
        /// `marketplace` or `walk_in`.
        what: String,
    },
    /// A case is open.
    CaseOpen {
        /// The case.
        subject: String,
        /// What it is about.
        title: String,
        /// As its source says.
        severity: String,
        /// Who owes the next step.
        with: String,
        /// Days since it was opened.
        age_days: Option<i64>,
    },
    /// Deliveries were tried, failed, and have not arrived since.
    DeliveryFailed {
        /// How many.
        count: i64,
    },
    /// Invoices of one currency are past their due day.
    Overdue {
        /// ISO 4217.
        currency: String,
        /// What of them is open, a decimal.
        amount: String,
        /// How many.
        invoices: usize,
        /// Days past due of the oldest.
        oldest_days: i64,
    },
    /// Something of what is open is disputed.
    Disputed {
        /// ISO 4217.
        currency: String,
        /// A decimal.
        amount: String,
    },
    /// Shipments have not arrived though promised for an earlier day.
    ShipmentsLate {
        /// How many.
        count: i64,
    },
    /// The last purchase is longer ago than the customer's own rhythm lets expect.
    Quiet {
        /// Days since it.
        days: i64,
        /// Days between two.
        usual: i64,
        /// When it was.
        since: Occurred,
    },
    /// Documents were accepted and cannot be honoured.
    Findings {
        /// How many findings.
        count: i64,
    },
    /// Decisions that parties are one customer cannot be honoured.
    KeptApart {
        /// How many.
        count: usize,
    },
    /// So many parties that values join nobody to them any more.
    Full {
        /// How many.
        parties: usize,
    },
}

/// How much it weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeLevel {
    /// Before anything else.
    Critical,
    /// In this call.
    Warning,
    /// Good to know.
    Neutral,
}

impl Notice {
    /// How much it weighs.
    pub fn level(&self) -> NoticeLevel {
        match self {
            Self::CaseOpen { severity, .. } if is_grave(severity) => NoticeLevel::Critical,
            Self::DeliveryFailed { .. } => NoticeLevel::Critical,
            Self::Overdue { oldest_days, .. } if *oldest_days > 30 => NoticeLevel::Critical,
            Self::CaseOpen { .. }
            | Self::Overdue { .. }
            | Self::Disputed { .. }
            | Self::ShipmentsLate { .. }
            | Self::StandsForOthers { .. }
            | Self::KeptApart { .. }
            | Self::Full { .. } => NoticeLevel::Warning,
            Self::Quiet { .. } | Self::Findings { .. } => NoticeLevel::Neutral,
        }
    }

    /// All of a customer seen from a day, by weight; of one weight in the order in which a caller is likely to speak of them.
    pub(super) fn all_of(view: &CustomerView, invoices: &[OpenItem], today: i64) -> Vec<Self> {
        let mut all = Vec::new();
        all.extend(view.intermediary.map(|what| Self::StandsForOthers { what: what.to_owned() }));
        all.extend(view.cases.open_cases.iter().map(|case| Self::CaseOpen {
            subject: case.subject.clone(),
            title: case_about(case).to_owned(),
            severity: case.severity.clone(),
            with: case_with(case).to_owned(),
            age_days: case.age_days,
        }));
        all.extend((view.shipments.failed > 0).then_some(Self::DeliveryFailed { count: view.shipments.failed }));
        for (currency, money) in &view.receivable.by_currency {
            let amount = money.overdue.clone().unwrap_or_default();
            if let Some((oldest_days, invoices)) = overdue_of(invoices, currency, today) {
                all.push(Self::Overdue { currency: currency.clone(), amount, invoices, oldest_days });
            }
            if view.receivable.disputed_invoices > 0 && !is_zero(&money.disputed) {
                all.push(Self::Disputed { currency: currency.clone(), amount: money.disputed.clone() });
            }
        }
        let late = view.shipments.late.unwrap_or(0);
        all.extend((late > 0).then_some(Self::ShipmentsLate { count: late }));
        all.extend(quiet(view, today));
        let (findings, apart) = (view.findings.total, view.kept_apart.len());
        all.extend((findings > 0).then_some(Self::Findings { count: findings }));
        all.extend((apart > 0).then_some(Self::KeptApart { count: apart }));
        all.extend(view.full.then_some(Self::Full { parties: view.parties.len() }));
        all.sort_by_key(Self::level);
        all
    }
}

fn quiet(view: &CustomerView, today: i64) -> Option<Notice> {
    let trade = &view.trade;
    let usual = trade.mean_interval_days.as_deref()?.split('.').next()?.parse::<i64>().ok().filter(|days| *days > 0)?;
    let since = trade.last_at?;
    let days = today - since.day().0;
    let enough = trade.orders.max(trade.invoices) >= FEWEST_PURCHASES;
    (enough && days > usual.saturating_mul(QUIET_INTERVALS)).then_some(Notice::Quiet { days, usual, since })
}

/// Of the four severities of the catalogue: low, normal, high, critical.
fn is_grave(severity: &str) -> bool {
    ["high", "critical"].contains(&severity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_is_told_first() {
        let case = |severity: &str| Notice::CaseOpen {
            subject: "case:desk:1".into(),
            title: String::new(),
            severity: severity.into(),
            with: String::new(),
            age_days: None,
        };
        let quiet = Notice::Findings { count: 1 };
        let mut all = [quiet.clone(), case("low"), Notice::DeliveryFailed { count: 1 }, case("high")];
        all.sort_by_key(Notice::level);
        assert_eq!(all, [Notice::DeliveryFailed { count: 1 }, case("high"), case("low"), quiet]);
    }
}
