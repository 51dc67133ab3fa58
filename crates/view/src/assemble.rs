//! The view of a customer from its bundles, at read.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::Subject;
use onefold_identity::{
    IdentifierKey, IdentityRules, Intermediary, KeptApart, LinkStrength, PartyDecision, kept_apart,
};

use crate::amount::{DAY, Money, format_day};
use crate::contribution::{BundleCounter, OpenCase, TimelineRow};
use crate::finding::{FindingList, FindingRow, code_text, help_of};
use crate::merged::merge_bundles;
use crate::money_totals::text_at;
use crate::party::intermediary;
use crate::party::value::ContactValue;
use crate::profile::statement::{ProfilePart, assemble_values};
use crate::profile::{BESIDE, HELD, INVALID, MERGED, PartyProfile, RecordChange, SPLIT};
use crate::receivable::assemble_receivable;
use crate::tally::{PurchaseTallies, PurchaseTally};
use crate::view::{
    ActionView, CasesView, ContactPersonView, ContactsView, CustomerView, FindingView, FindingsView, IdentifierView,
    KeptApartView, LatestView, OpenCaseView, PreferredValue, RecordView, SatisfactionView, ShipmentsView, TradeMoney,
    TradeView,
};
use crate::{Bundle, EventTime, MoneyMeasure, OpenItem};

/// Products and categories that a view shows.
const PREFERRED: usize = 5;

/// What a view is made of.
#[derive(Debug, Clone, Copy)]
pub struct ViewInput<'a> {
    /// The customer's id.
    pub id: &'a str,
    /// Its parties.
    pub parties: &'a [Subject],
    /// Bundles of the owner keys that are the customer's.
    pub bundles: &'a BTreeMap<String, Bundle>,
    /// Which of its identifiers too many parties share.
    pub hubs: &'a BTreeSet<IdentifierKey>,
    /// Decisions that name its parties, and those that supersede them.
    pub decisions: &'a [PartyDecision],
    /// Which kinds link.
    pub rules: &'a IdentityRules,
    /// Open items of these owners; those that are past due are enough.
    pub open_items: &'a [OpenItem],
    /// Day number to look from; none leaves out what depends on it.
    pub today: Option<i64>,
    /// Tallies of all its documents, where a bundle holds too few (see [`Bundle::has_many_lines`]).
    pub tallies: Option<&'a PurchaseTallies>,
}

/// Makes the view. The order of parties, bundles and items does not matter.
pub fn assemble(given: &ViewInput) -> CustomerView {
    let (sum, tallies) = merge_bundles(given.bundles.values());
    let profiles: BTreeMap<&str, &PartyProfile> =
        given.bundles.iter().filter_map(|(key, b)| Some((key.as_str(), b.profile.as_deref()?))).collect();
    let rules = &given.rules.profile;
    let mut parties: Vec<String> = given.parties.iter().map(Subject::to_string).collect();
    parties.sort();
    CustomerView {
        id: given.id.to_owned(),
        full: given.rules.is_full(parties.len()),
        parties,
        intermediary: match profiles
            .values()
            .map(|p| intermediary(p.intermediary))
            .filter(|flag| *flag != Intermediary::Former)
            .max()
        {
            Some(Intermediary::Marketplace) => Some("marketplace"),
            Some(Intermediary::WalkIn) => Some("walk_in"),
            _ => None,
        },
        profile: assemble_values(&profiles, rules, ProfilePart::Fields),
        attributes: assemble_values(&profiles, rules, ProfilePart::Attributes),
        more_attributes: profiles.values().map(|profile| profile.more_attributes).sum(),
        contact_persons: assemble_contact_persons(&profiles),
        more_contact_persons: profiles.values().map(|profile| profile.more_contacts).sum(),
        identifiers: assemble_identifiers(&profiles, given),
        records: assemble_records(&profiles, given.parties),
        kept_apart: assemble_kept_apart(given),
        documents: sum.document_count(),
        trade: assemble_trade(&sum, given.tallies.or(tallies.as_ref())),
        receivable: assemble_receivable(&sum, given.open_items, given.today),
        shipments: assemble_shipments(&sum, given.today),
        cases: assemble_cases(&sum, given.today),
        contacts: assemble_contacts(&sum),
        findings: assemble_findings(&sum),
        latest: sum.latest.iter().map(TimelineRow::to_view).collect(),
    }
}

/// Per name what was said last, then by the greater source and party.
fn assemble_contact_persons(profiles: &BTreeMap<&str, &PartyProfile>) -> Vec<ContactPersonView> {
    let mut by_name: BTreeMap<&str, (i64, &str, &str, &ContactValue)> = BTreeMap::new();
    for (party, profile) in profiles {
        for (name, said) in &profile.contacts {
            let new = (said.at, said.source.as_str(), *party, said);
            let known = by_name.entry(name).or_insert(new);
            if (new.0, new.1, new.2) > (known.0, known.1, known.2) {
                *known = new;
            }
        }
    }
    let view = |(name, (_, source, _, said)): (&str, (i64, &str, &str, &ContactValue))| ContactPersonView {
        name: name.to_owned(),
        function: said.function.clone(),
        phone: said.phone.clone(),
        email: said.email.clone(),
        source: source.to_owned(),
    };
    by_name.into_iter().map(view).collect()
}

fn assemble_records(profiles: &BTreeMap<&str, &PartyProfile>, parties: &[Subject]) -> Vec<RecordView> {
    let of = profiles.iter().flat_map(|(party, profile)| profile.records.iter().map(move |record| (*party, record)));
    let mut all: Vec<(&str, &RecordChange)> = of.collect();
    all.sort_by(|(a, x), (b, y)| (y.at, a, x.what, &x.other).cmp(&(x.at, b, y.what, &y.other)));
    let view = |(party, record): (&str, &RecordChange)| RecordView {
        party: party.to_owned(),
        state: match record.what {
            MERGED => "merged",
            SPLIT => "split",
            _ => "retired",
        },
        other: record.other.clone(),
        kept_apart: record.what == MERGED && !parties.iter().any(|party| party.as_str() == record.other),
        at: record.at.to_occurred(),
        reason: record.reason.clone(),
    };
    all.into_iter().map(view).collect()
}

fn assemble_kept_apart(given: &ViewInput) -> Vec<KeptApartView> {
    let parties: BTreeSet<Subject> = given.parties.iter().cloned().collect();
    let texts = |parties: Vec<Subject>| parties.iter().map(Subject::to_string).collect();
    let view = |kept: KeptApart| KeptApartView {
        decision: kept.decision.to_string(),
        parties: texts(kept.parties),
        others: texts(kept.others),
    };
    kept_apart(&parties, given.decisions).into_iter().map(view).collect()
}

fn assemble_identifiers(profiles: &BTreeMap<&str, &PartyProfile>, given: &ViewInput) -> Vec<IdentifierView> {
    // Where parties of one customer disagree, an identifier that one of them holds is held.
    let mut all: BTreeMap<&str, (u32, &str, BTreeSet<&str>)> = BTreeMap::new();
    for profile in profiles.values() {
        for shown in &profile.identifiers {
            let entry = all.entry(&shown.key).or_insert((shown.state, &shown.problem, BTreeSet::new()));
            if shown.state < entry.0 {
                (entry.0, entry.1) = (shown.state, &shown.problem);
            }
            entry.2.insert(&profile.source);
        }
    }
    let view = |(key, (state, problem, sources)): (&str, (u32, &str, BTreeSet<&str>))| {
        let (kind, value) = key.split_once(':').unwrap_or(("", key));
        let is_hub = key.parse::<IdentifierKey>().is_ok_and(|key| given.hubs.contains(&key));
        IdentifierView {
            key: key.to_owned(),
            kind: kind.to_owned(),
            value: value.to_owned(),
            state: match (state, given.rules.strength(kind)) {
                (HELD, _) if is_hub => "hub",
                (HELD, LinkStrength::Strong) => "links",
                (HELD, LinkStrength::Weak) => "weak",
                (HELD, LinkStrength::Neither) => "other",
                (INVALID, _) => "invalid",
                (BESIDE, _) => "beside",
                _ => "withdrawn",
            },
            problem: problem.to_owned(),
            sources: sources.into_iter().map(str::to_owned).collect(),
        }
    };
    all.into_iter().map(view).collect()
}

fn assemble_trade(sum: &Bundle, tallies: Option<&PurchaseTallies>) -> TradeView {
    let money = sum.money_totals();
    let by_currency = money.currencies().into_iter().filter_map(|currency| {
        let measures = [MoneyMeasure::Ordered, MoneyMeasure::Invoiced, MoneyMeasure::Credited, MoneyMeasure::Adjusted];
        let ([ordered, invoiced, credited, adjusted], scale) = money.totals_of(measures, &currency)?;
        let net = invoiced.minus(&credited).plus(&adjusted);
        let text = |sum: Money| text_at(&sum, scale);
        let [ordered, invoiced, credited, adjusted, net] = [ordered, invoiced, credited, adjusted, net].map(text);
        Some((currency, TradeMoney { ordered, invoiced, credited, adjusted, net }))
    });
    let interval = match (sum.first_at, sum.last_at, sum.count_of(BundleCounter::Purchases)) {
        (Some(first), Some(last), n) if n > 1 => {
            let passed = first.to_occurred().until(last.to_occurred());
            Some(format_ratio(i128::from(passed), i128::from(DAY) * i128::from(n - 1), 1))
        }
        _ => None,
    };
    TradeView {
        orders: sum.count_of(BundleCounter::Orders),
        cancelled: sum.count_of(BundleCounter::OrdersCancelled),
        invoices: sum.count_of(BundleCounter::Invoices),
        credit_notes: sum.count_of(BundleCounter::CreditNotes),
        adjustments: sum.count_of(BundleCounter::Adjustments),
        returns: sum.count_of(BundleCounter::Returns),
        lines: sum.count_of(BundleCounter::Lines),
        first_at: sum.first_at.map(EventTime::to_occurred),
        last_at: sum.last_at.map(EventTime::to_occurred),
        mean_interval_days: interval,
        by_currency: by_currency.collect(),
        products: tallies.map(|t| preferred_products(&t.products)),
        categories: tallies.map(|t| preferred_products(&t.categories)),
    }
}

fn preferred_products(tallies: &[PurchaseTally]) -> Vec<PreferredValue> {
    let mut ranked: Vec<&PurchaseTally> = tallies.iter().collect();
    ranked.sort_by(|a, b| (b.n, &a.name).cmp(&(a.n, &b.name)));
    let view = |tally: &PurchaseTally| PreferredValue {
        name: tally.name.clone(),
        title: String::new(),
        documents: tally.n,
        quantity: tally.quantity().text(),
        amounts: tally.amounts().iter().map(|amount| (amount.currency_code(), amount.text())).collect(),
    };
    ranked.into_iter().take(PREFERRED).map(view).collect()
}

fn assemble_shipments(sum: &Bundle, today: Option<i64>) -> ShipmentsView {
    let (on_time, promised) = (sum.count_of(BundleCounter::OnTime), sum.count_of(BundleCounter::DeliveredPromised));
    ShipmentsView {
        open: sum.count_of(BundleCounter::ShipmentsOpen),
        late: today.map(|today| sum.promised.range(..today).map(|(_, n)| n).sum()),
        delivered: sum.count_of(BundleCounter::Delivered),
        failed: sum.count_of(BundleCounter::Failed),
        damaged: sum.count_of(BundleCounter::Damaged),
        on_time,
        promised,
        on_time_share: (promised > 0).then(|| format_ratio(i128::from(on_time), i128::from(promised), 3)),
    }
}

fn assemble_cases(sum: &Bundle, today: Option<i64>) -> CasesView {
    let rated: i64 = sum.ratings.iter().map(|r| r.n).sum();
    // Scores of different best possible ones, over their common multiple.
    let best = sum.ratings.iter().try_fold(1i128, |best, r| best.checked_mul(i128::from(r.of)));
    let score = best.and_then(|best| {
        let scores = sum.ratings.iter().map(|r| i128::from(r.sum).checked_mul(best.checked_div(i128::from(r.of))?));
        scores.sum::<Option<i128>>()?.checked_mul(5).zip(best.checked_mul(i128::from(rated)))
    });
    CasesView {
        total: sum.count_of(BundleCounter::Cases),
        open: sum.count_of(BundleCounter::CasesOpen),
        resolved: sum.count_of(BundleCounter::CasesResolved),
        closed: sum.count_of(BundleCounter::CasesClosed),
        reopened: sum.count_of(BundleCounter::Reopened),
        actions_pending: sum.count_of(BundleCounter::ActionsPending),
        satisfaction: score
            .filter(|_| rated > 0)
            .map(|(score, best)| SatisfactionView { rated, mean_of_5: format_ratio(score, best, 2) }),
        open_cases: sum.cases.iter().map(|case| open_case(case, today)).collect(),
    }
}

fn open_case(case: &OpenCase, today: Option<i64>) -> OpenCaseView {
    let actions = case.pending.iter().map(|action| ActionView {
        action: action.action.clone(),
        department: action.department.clone(),
        what: action.what.clone(),
        due_on: action.due.map(format_day),
    });
    OpenCaseView {
        subject: case.subject.clone(),
        opened_at: case.opened_at.to_occurred(),
        age_days: today.map(|today| today.saturating_sub(case.opened_at.calendar_day().0)),
        with: case.with.clone(),
        title: case.title.clone(),
        words: case.words.clone(),
        category: case.category.clone(),
        severity: case.severity.clone(),
        product: case.product.clone(),
        reopened: case.reopened,
        actions: actions.collect(),
    }
}

fn assemble_contacts(sum: &Bundle) -> ContactsView {
    let total = sum.count_of(BundleCounter::Contacts);
    let counters = [BundleCounter::ByPhone, BundleCounter::ByEmail, BundleCounter::ByChat, BundleCounter::ByVisit];
    let mut by_channel: BTreeMap<&str, i64> =
        ["phone", "email", "chat", "visit"].into_iter().zip(counters.map(|c| sum.count_of(c))).collect();
    by_channel.insert("other", total - by_channel.values().sum::<i64>());
    by_channel.retain(|_, n| *n != 0);
    ContactsView {
        total,
        incoming: sum.count_of(BundleCounter::ContactsIn),
        outgoing: sum.count_of(BundleCounter::ContactsOut),
        by_channel,
        last_at: sum.contacts.first().map(|row| row.at.to_occurred()),
        latest: sum.contacts.iter().map(TimelineRow::to_view).collect(),
    }
}

fn assemble_findings(sum: &Bundle) -> FindingsView {
    let one = |of: &FindingList, finding: &FindingRow| FindingView {
        code: code_text(finding.code),
        subject: of.subject.clone(),
        field: finding.field.clone(),
        what: finding.what.clone(),
        help: help_of(finding.code),
    };
    FindingsView {
        total: sum.findings.values().sum(),
        by_code: sum.findings.iter().map(|(code, n)| (code_text(*code), *n)).collect(),
        latest: sum.found.iter().flat_map(|of| of.told.iter().map(move |finding| one(of, finding))).collect(),
    }
}

impl TimelineRow {
    /// As the timeline shows it.
    pub fn to_view(&self) -> LatestView {
        LatestView {
            at: self.at.to_occurred(),
            subject: self.subject.clone(),
            kind: self.subject.split(':').next().unwrap_or_default().to_owned(),
            status: self.status(),
            label: self.label.clone(),
            amount: self.amount.as_ref().map(Money::text),
            currency: self.amount.as_ref().map(Money::currency_code),
            reference: self.reference,
            delivered_at: None,
            stated: None,
            findings: Vec::new(),
        }
    }
}

/// A quotient as a decimal, rounded half away from zero.
pub(crate) fn format_ratio(numerator: i128, denominator: i128, digits: u32) -> String {
    let scaled = numerator.saturating_mul(10i128.pow(digits));
    let half = denominator / 2 * if numerator < 0 { -1 } else { 1 };
    let rounded = scaled.saturating_add(half).checked_div(denominator).unwrap_or(0);
    crate::amount::format_decimal(rounded, digits)
}

#[cfg(test)]
mod tests {
    use super::format_ratio;

    #[test]
    fn quotients_are_rounded_half_away_from_zero() {
        assert_eq!(format_ratio(1, 3, 1), "0.3");
        assert_eq!(format_ratio(5, 100, 1), "0.1");
        assert_eq!(format_ratio(-5, 100, 1), "-0.1");
        assert_eq!(format_ratio(2, 3, 3), "0.667");
        assert_eq!(format_ratio(1, 0, 1), "0.0");
    }
}
