//! The balance of every invoice, and what is left of every payment and credit note, against a second computation: straight
//! from the facts, by looking documents up, without messages between them.

use std::collections::BTreeMap;

use onefold_event::v1::{Allocation, DocumentReinstated, DocumentVoided, Money, PaymentReversed};
use onefold_event::{Body, DecodedEvent, ReferenceRole, Subject, SubjectKind};
use onefold_view::MoneyMeasure;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::given::*;
use crate::hub::{Hub, subject};

const K1: &str = "party:erp:K1";
const CURRENCIES: [&str; 2] = ["CNY", "EUR"];

/// What happens: what, to which number, which other numbers it names, how much, in which currency, when.
type Happening = (u8, u8, u8, u16, u8, u8);

fn number(n: u8) -> u8 {
    n % 3
}

fn say(hub: &mut Hub, (what, n, other, cents, currency, day): Happening) {
    let amount = format!("{}.{:02}", cents / 100, cents % 100);
    let at = format!("2026-03-{day:02}");
    let of = money(&amount, CURRENCIES[usize::from(currency == 0)]);
    let about = |kind: &str| format!("{kind}:erp:{}", number(n));
    let invoice_of = |n: u8| format!("invoice:erp:{}", number(n));
    let allocation_of = |n: u8, half: bool| {
        let share = if half { format!("{}.5", cents / 200) } else { amount.clone() };
        let mut part = allocation(&invoice_of(n), &share);
        if other % 4 == 1 {
            part.settled = money("1.25", CURRENCIES[usize::from(other % 8 == 1)]);
        }
        if other % 4 == 2 {
            part.deductions = vec![deduction("0.75", onefold_event::v1::deduction::Reason::Fee)];
        }
        part
    };
    let allocations: Vec<Allocation> = match other % 5 {
        0 => vec![allocation_of(other, false)],
        1 => vec![allocation_of(other, true), allocation_of(other + 1, true)],
        _ => vec![],
    };
    let mut names: Vec<(&str, String)> = Vec::new();
    // None, one or two of a kind.
    let mut name = |role: &'static str, kind: &str, many: u8| {
        names.extend((0..many).map(|more| (role, format!("{kind}:erp:{}", number(other + more)))));
    };
    let event = match what {
        0 | 1 => {
            name("order", "order", other % 2);
            let issued = onefold_event::v1::InvoiceIssued { total: of, ..Default::default() };
            hub.say(&about("invoice"), &at, issued)
        }
        2 | 3 => {
            name("invoice", "invoice", (other / 5) % 3);
            name("order", "order", other / 15);
            let received = onefold_event::v1::PaymentReceived { amount: of, allocations, ..Default::default() };
            hub.say(&about("payment"), &at, received)
        }
        4 | 5 => {
            name("invoice", "invoice", (other / 5) % 3);
            let issued = onefold_event::v1::CreditNoteIssued { total: of, allocations, ..Default::default() };
            hub.say(&about("credit_note"), &at, issued)
        }
        6 => {
            name("invoice", "invoice", other % 3);
            hub.say(&about("adjustment"), &at, onefold_event::v1::AdjustmentPosted { amount: of, ..Default::default() })
        }
        7 | 8 => {
            name("invoice", "invoice", u8::from(other % 4 == 0));
            name("credit_note", "credit_note", u8::from(other % 4 == 1) + u8::from(other % 8 == 5));
            name("payment", "payment", u8::from(other % 4 >= 1));
            hub.say(&about("refund"), &at, onefold_event::v1::RefundPaid { amount: of, ..Default::default() })
        }
        9 => hub.say(&about("payment"), &at, PaymentReversed::default()),
        10 => hub.say(&about("order"), &at, onefold_event::v1::OrderPlaced { total: of, ..Default::default() }),
        _ => {
            let kinds = ["invoice", "payment", "credit_note", "refund", "adjustment", "order"];
            let about = about(kinds[usize::from(other) % kinds.len()]);
            match cents % 3 {
                0 => hub.say(&about, &at, DocumentReinstated::default()),
                _ => hub.say(&about, &at, DocumentVoided::default()),
            }
        }
    };
    names.sort();
    names.dedup();
    for (role, target) in names {
        event.add_reference(role, subject(&target)).unwrap();
    }
}

/// A document as its facts leave it.
#[derive(Default)]
struct Doc {
    amount: Option<(Decimal, String)>,
    allocations: Vec<Allocation>,
    names: BTreeMap<ReferenceRole, Vec<Subject>>,
    falls: bool,
}

fn sum_of(money: &Option<Money>) -> Option<(Decimal, String)> {
    money.as_ref().map(|m| (m.amount.parse().unwrap(), m.currency.clone()))
}

impl Doc {
    fn hear(&mut self, event: &DecodedEvent) {
        let (amount, allocations) = match &event.body {
            Body::InvoiceIssued(m) => (&m.total, None),
            Body::OrderPlaced(m) => (&m.total, None),
            Body::CreditNoteIssued(m) => (&m.total, Some(&m.allocations)),
            Body::PaymentReceived(m) => (&m.amount, Some(&m.allocations)),
            Body::RefundPaid(m) => (&m.amount, None),
            Body::AdjustmentPosted(m) => (&m.amount, None),
            _ => (&None, None),
        };
        self.amount = sum_of(amount).or(self.amount.take());
        if let Some(allocations) = allocations {
            self.allocations.clone_from(allocations);
        }
        self.falls = matches!(event.body, Body::DocumentVoided(_) | Body::PaymentReversed(_));
        let mut roles: BTreeMap<ReferenceRole, Vec<Subject>> = BTreeMap::new();
        event.header.references.iter().for_each(|r| roles.entry(r.role).or_default().push(r.subject.clone()));
        self.names.extend(roles);
    }

    fn named(&self, role: ReferenceRole) -> &[Subject] {
        self.names.get(&role).map_or(&[], Vec::as_slice)
    }
}

struct Books {
    docs: BTreeMap<Subject, Doc>,
}

/// What a payment or credit note gives to an invoice: off its own amount, off the invoice.
struct Given {
    invoice: Subject,
    own: Decimal,
    off: Decimal,
    same_currency: bool,
}

impl Books {
    fn of(&self, kind: SubjectKind) -> impl Iterator<Item = (&Subject, &Doc, Decimal, &str)> {
        let standing = self.docs.iter().filter(move |(about, doc)| about.kind() == kind && !doc.falls);
        standing.filter_map(|(about, doc)| doc.amount.as_ref().map(|(sum, code)| (about, doc, *sum, code.as_str())))
    }

    /// Whether something in a currency may be given to a document; what nobody has told of yet waits.
    fn takes(&self, target: &Subject, currency: &str) -> bool {
        let Some(doc) = self.docs.get(target) else { return true };
        !doc.falls && doc.amount.as_ref().is_none_or(|(_, code)| code == currency)
    }

    fn bill_of(&self, order: &Subject) -> Option<(&Subject, &str)> {
        let mut bills =
            self.of(SubjectKind::Invoice).filter(|(_, doc, ..)| doc.named(ReferenceRole::Order).contains(order));
        let only = bills.next().filter(|_| bills.next().is_none());
        let stands = self.docs.get(order).is_none_or(|doc| !doc.falls);
        only.filter(|_| stands).map(|(about, _, _, code)| (about, code))
    }

    fn gives(&self, about: &Subject, doc: &Doc, amount: Decimal, currency: &str) -> Vec<Given> {
        let whole =
            |invoice: &Subject| Given { invoice: invoice.clone(), own: amount, off: amount, same_currency: true };
        if doc.allocations.is_empty() {
            return match (doc.named(ReferenceRole::Invoice), doc.named(ReferenceRole::Order)) {
                ([one], _) => self.takes(one, currency).then(|| whole(one)).into_iter().collect(),
                ([], [order]) if about.kind() == SubjectKind::Payment => {
                    let bill = self.bill_of(order).filter(|(_, code)| *code == currency);
                    bill.map(|(invoice, _)| whole(invoice)).into_iter().collect()
                }
                _ => vec![],
            };
        }
        let given = doc.allocations.iter().filter_map(|part| {
            let invoice = subject(&part.invoice);
            let own: Decimal = part.amount.parse().unwrap();
            let (off, code) = sum_of(&part.settled).unwrap_or((own, currency.to_owned()));
            let off = off + part.deductions.iter().map(|d| d.amount.parse::<Decimal>().unwrap()).sum::<Decimal>();
            self.takes(&invoice, &code).then(|| Given { invoice, own, off, same_currency: code == currency })
        });
        given.collect()
    }

    /// What a refund is given against.
    fn against(doc: &Doc) -> Option<&Subject> {
        let roles = [ReferenceRole::Invoice, ReferenceRole::CreditNote, ReferenceRole::Payment];
        let named = roles.iter().map(|role| doc.named(*role)).find(|named| !named.is_empty())?;
        if let [one] = named { Some(one) } else { None }
    }

    /// What refunds take of a payment or credit note.
    fn refunded(&self, target: &Subject, currency: &str) -> Decimal {
        let refunds = self
            .of(SubjectKind::Refund)
            .filter(|(_, doc, _, code)| Self::against(doc) == Some(target) && *code == currency);
        refunds.map(|(_, _, sum, _)| sum).sum()
    }

    /// What is left of it, and what refunds take of the one invoice that it settles.
    fn left(
        &self,
        about: &Subject,
        doc: &Doc,
        amount: Decimal,
        currency: &str,
    ) -> (Decimal, Option<(Subject, Decimal)>) {
        let gives = self.gives(about, doc, amount, currency);
        let rest = amount - gives.iter().map(|g| g.own).sum::<Decimal>();
        let refunded = self.refunded(about, currency);
        let one = gives.first().filter(|first| gives.iter().all(|g| g.invoice == first.invoice && g.same_currency));
        let over = (refunded - rest.max(Decimal::ZERO)).max(Decimal::ZERO);
        match one {
            Some(one) => (rest - refunded + over, Some((one.invoice.clone(), over))),
            None => (rest - refunded, None),
        }
    }

    fn balance(&self, invoice: &Subject, total: Decimal, currency: &str) -> Decimal {
        let mut balance = total;
        for (_, doc, sum, code) in self.of(SubjectKind::Adjustment) {
            if doc.named(ReferenceRole::Invoice) == std::slice::from_ref(invoice) && code == currency {
                balance += sum;
            }
        }
        for (_, doc, sum, code) in self.of(SubjectKind::Refund) {
            if Self::against(doc) == Some(invoice) && code == currency {
                balance += sum;
            }
        }
        for (about, doc, sum, code) in self.of(SubjectKind::Payment).chain(self.of(SubjectKind::CreditNote)) {
            let gives = self.gives(about, doc, sum, code);
            balance -= gives.iter().filter(|g| g.invoice == *invoice).map(|g| g.off).sum::<Decimal>();
            if let (_, Some((one, over))) = self.left(about, doc, sum, code)
                && one == *invoice
            {
                balance += over;
            }
        }
        balance
    }

    /// Open, unapplied credit and unallocated in a currency.
    fn sums(&self, currency: &str) -> [Decimal; 3] {
        let mut sums = [Decimal::ZERO; 3];
        for (about, _, sum, code) in self.of(SubjectKind::Invoice).filter(|(.., code)| *code == currency) {
            sums[0] += self.balance(about, sum, code);
        }
        for (n, kind) in [(1, SubjectKind::CreditNote), (2, SubjectKind::Payment)] {
            for (about, doc, sum, code) in self.of(kind).filter(|(.., code)| *code == currency) {
                sums[n] += self.left(about, doc, sum, code).0;
            }
        }
        for (_, doc, sum, code) in self.of(SubjectKind::Refund).filter(|(.., code)| *code == currency) {
            match Self::against(doc) {
                Some(target) if self.takes(target, code) => {}
                Some(target) if target.kind() == SubjectKind::Payment => sums[2] -= sum,
                _ => sums[1] -= sum,
            }
        }
        sums
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn balances_are_what_the_equation_says(happened in proptest::collection::vec(
        (0u8..13, 0u8..3, 0u8..30, 0u16..2_000, 0u8..6, 1u8..9), 1..16,
    )) {
        let mut hub = Hub::default();
        hub.say(K1, "2026-01-01", party("Anna", &[]));
        happened.iter().for_each(|one| say(&mut hub, *one));
        let mut books = Books { docs: BTreeMap::new() };
        for (about, events) in hub.by_subject() {
            let doc = books.docs.entry(about).or_default();
            events.iter().for_each(|(event, _)| doc.hear(event));
        }
        let folded = hub.fold();
        let (total, _) = folded.total();
        for currency in CURRENCIES {
            let seen = [MoneyMeasure::Open, MoneyMeasure::Unapplied, MoneyMeasure::Unallocated]
                .map(|measure| total.amount(measure, currency).parse::<Decimal>().unwrap());
            prop_assert_eq!(seen, books.sums(currency), "{} {:?}", currency, happened);
        }
        // Each item that is open is listed with its balance, and every invoice that stands is one of three.
        for item in folded.open_items() {
            let invoice = subject(&item.invoice);
            let (sum, code) = books.docs[&invoice].amount.clone().unwrap();
            prop_assert_eq!(item.open.parse::<Decimal>().unwrap(), books.balance(&invoice, sum, &code));
        }
    }
}
