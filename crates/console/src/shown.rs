//! Values as they are shown: times in the hub's zone, money with its currency, documents by kind and number.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use onefold_event::{Day, Occurred, Subject, SubjectKind};
use onefold_service::Document;
use onefold_view::money_text;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::language::Language;
use crate::words::Words;

/// What stands as it is in a part of an address: the marks of subjects, and those of RFC 3986 that are never special.
const IN_PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':').remove(b'@');

/// A text as one part of an address.
pub(crate) fn path_part(text: &str) -> String {
    utf8_percent_encode(text, IN_PATH).to_string()
}

/// The number of a subject, and the source that gave it; of what is none, the text as it is.
pub(crate) fn number_of(subject: &str) -> (String, String) {
    match subject.parse::<Subject>() {
        Ok(parsed) => (parsed.number().to_owned(), parsed.source().to_owned()),
        Err(_) => (subject.to_owned(), String::new()),
    }
}

/// A label beside a number: a waybill of which its carrier said no more is labelled with its own number, which says nothing new.
pub(crate) fn label_beside<'l>(number: &str, label: &'l str) -> &'l str {
    if label == number { "" } else { label }
}

/// How times are shown on a page: in which zone, from which day, in which language.
#[derive(Debug, Clone)]
pub(crate) struct PageClock {
    pub(crate) zone: TimeZone,
    /// The day from which ages are counted.
    pub(crate) today: Day,
    pub(crate) language: Language,
    /// The clocks of the page as a query, which every link to something dated bears.
    pub(crate) query: String,
}

/// A time on a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ShownTime {
    /// As people read it, in the hub's zone.
    pub(crate) text: String,
    /// As programs read it, with its offset.
    pub(crate) machine: String,
    /// Its day, in the hub's zone.
    pub(crate) day: String,
    /// How long ago it was.
    pub(crate) age: String,
}

/// A document as a row of a list.
#[derive(Debug, Clone, Default)]
pub(crate) struct DocumentLine {
    pub(crate) at: ShownTime,
    pub(crate) kind: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) number: String,
    pub(crate) source: String,
    pub(crate) subject: String,
    pub(crate) path: String,
    pub(crate) label: String,
    pub(crate) amount: String,
    pub(crate) state: String,
    /// Of the state: `good`, `critical`, `warning` or empty.
    pub(crate) mark: &'static str,
    pub(crate) shared: bool,
    /// Of whom it says that it is, where nobody holds it.
    pub(crate) stated: String,
    pub(crate) findings: Vec<String>,
}

impl PageClock {
    /// Where a customer is shown at the clocks of the page.
    pub(crate) fn customer_path(&self, id: &str) -> String {
        format!("/c/{}/{}", path_part(id), self.query)
    }

    /// Where a document is shown at the clocks of the page.
    pub(crate) fn document_path(&self, subject: &str) -> String {
        format!("/s/{}{}", path_part(subject), self.query)
    }

    /// Where a subject is shown at the clocks of the page: a party's customer, or a document.
    pub(crate) fn subject_path(&self, subject: &str) -> String {
        let is_party = subject.parse::<Subject>().is_ok_and(|subject| subject.kind() == SubjectKind::Party);
        if is_party { self.customer_path(subject) } else { self.document_path(subject) }
    }

    /// From the page of a customer, where the reason is of the value at a path of its view.
    pub(crate) fn why_path(&self, path: &str) -> String {
        format!("why/{}{}", path_part(path), self.query)
    }

    pub(crate) fn time(&self, occurred: Occurred) -> ShownTime {
        let machine = occurred.to_string();
        let age = self.language.age(self.today.0 - occurred.day_in(&self.zone).0);
        let day = occurred.day_in(&self.zone).to_string();
        let text = match occurred {
            Occurred::Day(_) => day.clone(),
            Occurred::Instant { at, .. } => Timestamp::from_microsecond(at).map_or_else(
                |_| machine.clone(),
                |at| at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
            ),
        };
        ShownTime { text, machine, day, age }
    }

    pub(crate) fn document(&self, document: &Document) -> DocumentLine {
        let words = self.language.words();
        let subject: Option<Subject> = document.subject.parse().ok();
        let kind = subject.as_ref().map(Subject::kind);
        let (number, source) = number_of(&document.subject);
        let (state, mark) = words.status(kind, document.status);
        let delivered = document.delivered_at.map(|at| self.time(at).text);
        let stated = document.stated.iter().flat_map(|said| {
            std::iter::once(said.name.clone()).chain(said.identifiers.iter().cloned()).chain([said.text.clone()])
        });
        DocumentLine {
            at: self.time(document.at),
            kind: kind.map_or(words.document_other, |kind| words.kind(kind)),
            icon: kind.map_or("document", department_of),
            path: self.document_path(&document.subject),
            subject: document.subject.clone(),
            label: label_beside(&number, &document.label).to_owned(),
            number,
            source,
            amount: match (&document.amount, &document.currency) {
                (Some(amount), Some(currency)) => money(amount, currency),
                _ => String::new(),
            },
            state: match delivered {
                Some(at) if state.is_empty() => format!("{} {at}", words.state_delivered),
                Some(at) => format!("{state} {at}"),
                None => state.to_owned(),
            },
            mark,
            shared: document.reference,
            stated: stated.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · "),
            findings: document
                .findings
                .iter()
                .map(|found| format!("{} {}: {}", found.code, found.what, found.help))
                .collect(),
        }
    }
}

/// Money as a page says it: the code, and the amount in the digits of its currency, with a minus sign that is one.
pub(crate) fn money(amount: &str, currency: &str) -> String {
    format!("{currency}\u{a0}{}", money_text(amount, currency).replacen('-', "\u{2212}", 1))
}

/// Whose business a document is, by which its icon is drawn.
fn department_of(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Party => "party",
        SubjectKind::Order | SubjectKind::Contract | SubjectKind::Opportunity => "sales",
        SubjectKind::Invoice
        | SubjectKind::CreditNote
        | SubjectKind::Payment
        | SubjectKind::Refund
        | SubjectKind::Adjustment => "finance",
        SubjectKind::Delivery | SubjectKind::Return | SubjectKind::Stock | SubjectKind::Product => "warehouse",
        SubjectKind::Track => "carrier",
        SubjectKind::Case | SubjectKind::Contact => "service",
        SubjectKind::Decision => "decision",
    }
}

impl Words {
    /// What a kind of subject is called.
    pub(crate) fn kind(&self, kind: SubjectKind) -> &'static str {
        match kind {
            SubjectKind::Party => self.party,
            SubjectKind::Order => self.order,
            SubjectKind::Invoice => self.invoice,
            SubjectKind::CreditNote => self.credit_note,
            SubjectKind::Payment => self.payment,
            SubjectKind::Refund => self.refund,
            SubjectKind::Adjustment => self.document_adjustment,
            SubjectKind::Delivery => self.delivery,
            SubjectKind::Track => self.track,
            SubjectKind::Return => self.return_goods,
            SubjectKind::Case => self.case,
            SubjectKind::Contact => self.contact,
            SubjectKind::Contract => self.contract,
            SubjectKind::Opportunity => self.opportunity,
            SubjectKind::Decision => self.decision,
            SubjectKind::Product | SubjectKind::Stock => self.document_other,
        }
    }

    /// How a document stands, and by which mark that is seen.
    pub(crate) fn status(&self, kind: Option<SubjectKind>, word: &str) -> (&'static str, &'static str) {
        let is_shipment = matches!(kind, Some(SubjectKind::Delivery | SubjectKind::Track));
        match word {
            "open" if is_shipment => (self.under_way, "warning"),
            "advance" => (self.state_advance, ""),
            "amended" => (self.state_amended, ""),
            "cancelled" => (self.state_cancelled, ""),
            "closed" => (self.state_closed, "good"),
            "delivered" => (self.state_delivered, "good"),
            "failed" => (self.state_failed, "critical"),
            "in_credit" => (self.state_in_credit, ""),
            "open" => (self.state_open, "warning"),
            "resolved" => (self.state_resolved, "good"),
            "reversed" => (self.state_reversed, ""),
            "settled" => (self.state_settled, "good"),
            "void" => (self.state_void, ""),
            _ => ("", ""),
        }
    }

    /// What a field of a party's profile, or a kind of identifier, is called; none where a source made it up.
    pub(crate) fn field(&self, name: &str) -> Option<&'static str> {
        Some(match name {
            "address" => self.address,
            "account" => self.account,
            "billing_address" => self.billing_address,
            "born_on" => self.born_on,
            "customer_since" => self.customer_since,
            "email" => self.email,
            "home_address" => self.home_address,
            "industry" => self.industry,
            "kind" => self.kind,
            "language" => self.language,
            "phone" => self.phone,
            "region" => self.region,
            "shipping_address" => self.shipping_address,
            "size" => self.size,
            "tax_number" => self.tax_number,
            _ => return None,
        })
    }

    /// Whether a party is a person or an organisation, in words; none of any other field.
    pub(crate) fn party_kind(&self, field: &str, value: &str) -> Option<&'static str> {
        match (field, value) {
            ("kind", "person") => Some(self.person),
            ("kind", "organisation") => Some(self.organisation),
            _ => None,
        }
    }

    /// How an identifier counts.
    pub(crate) fn identifier_state(&self, word: &str) -> &'static str {
        match word {
            "links" => self.state_links,
            "weak" => self.state_weak,
            "hub" => self.state_hub,
            "beside" => self.state_beside,
            "invalid" => self.state_invalid,
            "withdrawn" => self.state_withdrawn,
            _ => self.state_other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_survives_its_address() {
        let clock = PageClock {
            zone: TimeZone::UTC,
            today: Day(0),
            language: Language::English,
            query: "?as_of=2026-03-01".to_owned(),
        };
        assert_eq!(clock.subject_path("order:erp:a/b?c 号"), "/s/order:erp:a%2Fb%3Fc%20%E5%8F%B7?as_of=2026-03-01");
        assert_eq!(clock.subject_path("party:erp:K1"), "/c/party:erp:K1/?as_of=2026-03-01");
    }

    #[test]
    fn an_instant_is_shown_in_the_zone_of_the_hub_and_a_day_as_it_is() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let clock = PageClock { zone, today: Day(20_522), language: Language::English, query: String::new() };
        let at = 1_773_075_600_000_000;
        let shown = clock.time(Occurred::new(at, false, None));
        assert_eq!(
            (shown.text.as_str(), shown.day.as_str(), shown.age.as_str()),
            ("2026-03-10 01:00", "2026-03-10", "today")
        );
        assert_eq!(clock.time(Occurred::Day(Day(20_520))).age, "2 d");
    }
}
