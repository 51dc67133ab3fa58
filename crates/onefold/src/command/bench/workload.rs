//! A trading company's events, made by number: the same for the same numbers.
//!
//! Each customer is recorded once, with a phone. Then customers are hit in an order that spreads them evenly: an order,
//! its invoice, its payment, its dispatch with a waybill, the carrier's delivery, a call, a case opened and closed.

use anyhow::Result;
use onefold_event::{Event, IdParts, Subject, party_id, v1};

pub(crate) const START: i64 = 1_700_000_000_000_000;
/// Kinds of event that a customer's story repeats.
const STORY: u64 = 8;
const FAMILY: [&str; 10] = ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴"];
const GIVEN: [&str; 20] = [
    "伟", "芳", "娜", "秀英", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超",
    "秀兰", "霞",
];

/// Customers that are hit most where only a few are.
const HOT: u64 = 100;

#[derive(Clone, Copy)]
pub(crate) struct BenchWorkload {
    pub(crate) customers: u64,
    /// Four of five events are about the first customers.
    pub(crate) hot: bool,
}

fn make_money(cents: u64) -> Option<v1::Money> {
    Some(v1::Money { amount: format!("{}.{:02}", cents / 100, cents % 100), currency: "CNY".to_owned() })
}

/// Name of a customer. The first is 王伟, and about one in two hundred is.
pub(crate) fn customer_name(customer: u64) -> String {
    let (family, given) = ((customer % 10) as usize, (customer / 10 % 20) as usize);
    format!("{}{}", FAMILY[family], GIVEN[given])
}

/// A mobile phone of their own.
pub(crate) fn phone_number(customer: u64) -> String {
    format!("139{:08}", customer % 100_000_000)
}

/// Number of a customer in the ERP.
pub(crate) fn customer_number(customer: u64) -> String {
    format!("K{customer}")
}

pub(crate) fn party_key(customer: u64) -> String {
    format!("party:erp:{}", customer_number(customer))
}

impl BenchWorkload {
    /// The n-th customer of a long row in no order.
    pub(crate) fn any_customer(&self, n: u64) -> u64 {
        n.wrapping_mul(0x9E37_79B1) % self.customers
    }

    /// Its id.
    pub(crate) fn customer_id(&self, n: u64) -> String {
        party_id(&party_key(self.any_customer(n))).to_string()
    }

    /// Events per customer that has any, in a batch of so many that are spread evenly; none where they are not.
    pub(crate) fn per_customer(&self, batch: u64) -> Option<f64> {
        let (all, batch) = (self.customers as f64, batch as f64);
        let hit = all * (1.0 - (1.0 - 1.0 / all).powf(batch));
        (!self.hot && batch > 0.0).then(|| (batch / hit * 100.0).round() / 100.0)
    }

    /// The event that records a customer.
    pub(crate) fn party_recorded(&self, customer: u64) -> Result<Event> {
        let identifier = v1::Identifier {
            kind: "phone".into(),
            text: phone_number(customer),
            issuer: "CN".into(),
            role: String::new(),
        };
        let address = v1::Address { city: "沈阳".into(), country: "CN".into(), ..v1::Address::default() };
        let body = v1::PartyRecorded {
            name: Some(v1::Name { full: customer_name(customer), ..v1::Name::default() }),
            addresses: vec![address],
            identifiers: vec![identifier],
            ..v1::PartyRecorded::default()
        };
        make_event(&party_key(customer), body, START, &[])
    }

    /// What the n-th event is about. Customers' stories are told in rounds, so that neighbours in the log are of different
    /// customers, and their documents are numbered one after the other, as systems number them.
    fn scatter_turn(&self, n: u64) -> EventTurn {
        let (round, turn) = (n / self.customers, n % self.customers);
        // 0x9E3779B1 is prime, so it scatters the turn over all customers when it shares no factor with their number.
        EventTurn::turn_of(turn.wrapping_mul(0x9E37_79B1) % self.customers, round, turn, self.customers, "")
    }

    /// The n-th event after all customers are recorded.
    pub(crate) fn nth_event(&self, n: u64) -> Result<Event> {
        let EventTurn { customer, step, number } = match (self.hot, n / 5, n % 5) {
            (false, ..) => self.scatter_turn(n),
            (true, fifth, 0) => self.scatter_turn(fifth),
            (true, fifth, of) => {
                let (n, hot) = (fifth * 4 + of - 1, HOT.min(self.customers));
                EventTurn::turn_of(n % hot, n / hot, n % hot, hot, "H")
            }
        };
        let at = START + i64::try_from(n).unwrap_or(0) * 1_000_000;
        let (order, invoice, track) =
            (format!("order:erp:S{number}"), format!("invoice:erp:I{number}"), format!("track:sf:W{number}"));
        let who = party_key(customer);
        let cents = 1_000 + n % 90_000;
        match step {
            0 => make_event(
                &order,
                v1::OrderPlaced {
                    total: make_money(cents),
                    lines: make_lines(n),
                    channel: "web".into(),
                    ..Default::default()
                },
                at,
                &[("buyer", &who)],
            ),
            1 => {
                let body =
                    v1::InvoiceIssued { total: make_money(cents), due_on: "2026-05-01".into(), ..Default::default() };
                make_event(&invoice, body, at, &[("order", &order), ("buyer", &who)])
            }
            2 => {
                let amount = make_money(cents).map(|m| m.amount).unwrap_or_default();
                let allocations = vec![v1::Allocation { invoice, amount, ..v1::Allocation::default() }];
                let body = v1::PaymentReceived { amount: make_money(cents), allocations, ..Default::default() };
                make_event(&format!("payment:bank:P{number}"), body, at, &[("payer", &who)])
            }
            3 => {
                let body = v1::Dispatched {
                    carrier: "sf".into(),
                    tracking_number: number.clone(),
                    promised_on: "2026-04-20".into(),
                    ..Default::default()
                };
                make_event(&format!("delivery:wms:D{number}"), body, at, &[("order", &order), ("tracking", &track)])
            }
            4 => make_event(&track, v1::Delivered { tracking_number: number, ..Default::default() }, at, &[]),
            5 => make_event(
                &format!("contact:desk:C{number}"),
                v1::ContactMade { channel: "phone".into(), topic: "delivery".into(), ..Default::default() },
                at,
                &[("customer", &who)],
            ),
            6 => make_event(
                &format!("case:desk:Q{number}"),
                v1::CaseOpened { category: "damage".into(), title: "leaking package".into(), ..Default::default() },
                at,
                &[("customer", &who)],
            ),
            _ => make_event(&format!("case:desk:Q{number}"), v1::CaseClosed::default(), at, &[]),
        }
    }
}

/// What an event is about.
struct EventTurn {
    customer: u64,
    /// Of the customer's story.
    step: u64,
    /// Of the story's documents.
    number: String,
}

impl EventTurn {
    /// Of a customer in a round, in which it is one of so many.
    fn turn_of(customer: u64, round: u64, turn: u64, of: u64, mark: &str) -> Self {
        let (story, step) = (round / STORY, round % STORY);
        Self { customer, step, number: format!("{mark}{:07}", story * of + turn) }
    }
}

fn make_lines(n: u64) -> Vec<v1::Line> {
    let product = format!("P-{:04}", n % 500);
    vec![v1::Line {
        product,
        quantity: "2".into(),
        unit_price: "5.00".into(),
        amount: "10.00".into(),
        ..v1::Line::default()
    }]
}

fn make_event(
    subject: &str,
    body: impl Into<onefold_event::Body>,
    at: i64,
    references: &[(&str, &str)],
) -> Result<Event> {
    let (subject, body) = (subject.parse::<Subject>()?, body.into());
    let source = subject.source().to_owned();
    let parts = [subject.to_string(), body.name().to_owned()];
    let ids = IdParts { source: &source, part: "", parts: &parts, revision: "" };
    let mut event = Event::new(ids.event_id(), ids.fact_id(), &source, subject, at, body)?;
    for (role, target) in references {
        event.add_reference(role, target.parse()?)?;
    }
    Ok(event)
}
