//! Events in few words.

use onefold_event::{Body, Event, IdParts, Micros, Subject, v1};
use serde_json::{Value, json};

/// An event in the making.
#[derive(Debug, Clone)]
pub struct Draft {
    subject: String,
    at: Micros,
    id: String,
    revision: Option<i64>,
    references: Vec<(String, String)>,
    body: Body,
}

/// An invoice in EUR as a system posts it: a CloudEvent.
pub fn posted_invoice(number: &str, total: &str) -> Value {
    json!({
        "specversion": "1.0", "id": format!("inv-{number}"), "source": "erp", "type": "finance.invoice_issued.v1",
        "subject": format!("invoice:erp:{number}"), "time": "2026-03-09T00:00:00Z",
        "data": {"number": number, "issued_on": "2026-03-09", "total": {"amount": total, "currency": "EUR"}}
    })
}

/// A party recorded, with a name (empty: none) and identifiers of (kind, text).
pub fn party(subject: &str, name: &str, identifiers: &[(&str, &str)]) -> Draft {
    let name = (!name.is_empty()).then(|| v1::Name { full: name.to_owned(), ..v1::Name::default() });
    Draft::new(
        subject,
        v1::PartyRecorded {
            name,
            identifiers: identifiers.iter().map(identifier).collect(),
            ..v1::PartyRecorded::default()
        },
    )
}

/// An identifier of China; the number of a party in another system is written with that system, `erp:K1`.
pub fn identifier((kind, text): &(&str, &str)) -> v1::Identifier {
    let (issuer, text) = text.split_once(':').filter(|_| *kind == "number").unwrap_or(("CN", text));
    v1::Identifier { kind: (*kind).to_owned(), text: text.to_owned(), issuer: issuer.to_owned(), role: String::new() }
}

/// A source's word that identifiers which it reported of a party were wrong.
pub fn corrected(subject: &str, wrong: &[(&str, &str)]) -> Draft {
    let wrong = wrong.iter().map(identifier).collect();
    Draft::new(subject, v1::PartyCorrected { wrong, ..v1::PartyCorrected::default() })
}

/// A person's word that identifiers are not a party's.
pub fn withdrawn(subject: &str, wrong: &[(&str, &str)]) -> Draft {
    let wrong = wrong.iter().map(identifier).collect();
    Draft::new(subject, v1::IdentifierWithdrawn { wrong, ..v1::IdentifierWithdrawn::default() })
}

/// A person's word that parties are one customer; the decision is `decision:onefold:<n>`.
pub fn linked(n: u8, parties: &[&str]) -> Draft {
    let parties = parties.iter().map(|party| (*party).to_owned()).collect();
    Draft::new(&format!("decision:onefold:{n}"), v1::PartiesLinked { parties, ..v1::PartiesLinked::default() })
}

/// A person's word that two parties are never one customer.
pub fn separated(n: u8, left: &str, right: &str) -> Draft {
    let (left, right) = (vec![left.to_owned()], vec![right.to_owned()]);
    Draft::new(&format!("decision:onefold:{n}"), v1::PartiesSeparated { left, right, ..Default::default() })
}

fn money(amount: &str) -> Option<v1::Money> {
    Some(v1::Money { amount: amount.to_owned(), currency: "CNY".to_owned() })
}

impl Draft {
    /// Any message about a subject; its id is subject and type until it is given another.
    pub fn new(subject: &str, body: impl Into<Body>) -> Self {
        let body = body.into();
        let id = format!("{subject}/{}", body.name());
        Self {
            subject: subject.to_owned(),
            at: 1_700_000_000_000_000,
            id,
            revision: None,
            references: Vec::new(),
            body,
        }
    }

    /// An order of a total in CNY.
    pub fn order(subject: &str, total: &str) -> Self {
        Self::new(subject, v1::OrderPlaced { total: money(total), ..v1::OrderPlaced::default() })
    }

    /// An invoice of a total in CNY.
    pub fn invoice(subject: &str, total: &str) -> Self {
        let due_on = "2026-01-31".to_owned();
        Self::new(subject, v1::InvoiceIssued { total: money(total), due_on, ..v1::InvoiceIssued::default() })
    }

    /// A credit note of a total in CNY.
    pub fn credit_note(subject: &str, total: &str) -> Self {
        Self::new(subject, v1::CreditNoteIssued { total: money(total), ..v1::CreditNoteIssued::default() })
    }

    /// A payment in CNY with allocations of (invoice, amount).
    pub fn payment(subject: &str, amount: &str, allocations: &[(&str, &str)]) -> Self {
        let allocation = |(invoice, amount): &(&str, &str)| v1::Allocation {
            invoice: (*invoice).to_owned(),
            amount: (*amount).to_owned(),
            ..v1::Allocation::default()
        };
        let allocations = allocations.iter().map(allocation).collect();
        Self::new(subject, v1::PaymentReceived { amount: money(amount), allocations, ..v1::PaymentReceived::default() })
    }

    /// A delivery that is handed over, with a line for each of these orders; "" is a line without one.
    pub fn dispatched(subject: &str, promised_on: &str, orders: &[&str]) -> Self {
        let item =
            |order: &&str| v1::Item { product: "P".to_owned(), order: (*order).to_owned(), ..v1::Item::default() };
        let (promised_on, items) = (promised_on.to_owned(), orders.iter().map(item).collect());
        Self::new(subject, v1::Dispatched { promised_on, items, ..v1::Dispatched::default() })
    }

    /// Two parties are one, by a decision of this number; undone, they are not.
    pub fn linked(number: u8, parties: [&str; 2], undone: bool) -> Self {
        let parties = parties.map(str::to_owned).to_vec();
        let body = v1::PartiesLinked { parties, undone, ..v1::PartiesLinked::default() };
        let draft = Self::new(&format!("decision:onefold:{number}"), body).id(&format!("decision {number}"));
        draft.revision(1 + i64::from(undone)).later(i64::from(undone))
    }

    /// A document is a party's, by a person's decision.
    pub fn reassigned(subject: &str, to: &str) -> Self {
        let body = v1::DocumentReassigned { to: to.to_owned(), ..v1::DocumentReassigned::default() };
        Self::new(subject, body).id(&format!("reassign {subject}")).later(60)
    }

    /// Instead of what it says, that its fact says nothing; of a decision, which is undone instead, as it is.
    pub fn withdrawing(mut self) -> Self {
        if !self.subject.starts_with("decision:") {
            (self.body, self.references) = (v1::FactWithdrawn::default().into(), Vec::new());
        }
        self
    }

    /// With a reference.
    pub fn refer(mut self, role: &str, subject: &str) -> Self {
        self.references.push((role.to_owned(), subject.to_owned()));
        self
    }

    /// With an identifier of whoever is behind it.
    pub fn known_by(self, kind: &str, text: &str) -> Self {
        self.known_as("", kind, text)
    }

    /// With an identifier of whoever is behind it in a role.
    pub fn known_as(mut self, role: &str, kind: &str, text: &str) -> Self {
        let found = v1::Identifier { role: role.to_owned(), ..identifier(&(kind, text)) };
        match &mut self.body {
            Body::OrderPlaced(m) => m.identifiers.push(found),
            Body::OrderAmended(m) => m.identifiers.push(found),
            Body::InvoiceIssued(m) => m.identifiers.push(found),
            Body::PaymentReceived(m) => m.identifiers.push(found),
            Body::ContactMade(m) => m.identifiers.push(found),
            Body::CaseOpened(m) => m.identifiers.push(found),
            Body::PartyRecorded(m) => m.identifiers.push(found),
            other => panic!("{} carries no identifiers that a test needs", other.name()),
        }
        self
    }

    /// With a text under a name of the source's own; none takes back what was said under it.
    ///
    /// # Panics
    /// Anything but a party recorded or an order placed or amended: a test's own mistake.
    pub fn attribute(mut self, name: &str, text: &str) -> Self {
        let said = v1::Attribute { name: name.to_owned(), text: text.to_owned() };
        match &mut self.body {
            Body::PartyRecorded(m) => m.attributes.push(said),
            Body::OrderPlaced(m) => m.attributes.push(said),
            Body::OrderAmended(m) => m.attributes.push(said),
            other => panic!("{} carries no attributes that a test needs", other.name()),
        }
        self
    }

    /// With somebody who speaks for an organisation.
    ///
    /// # Panics
    /// Anything but a party recorded: a test's own mistake.
    pub fn contact(mut self, name: &str, phone: &str) -> Self {
        let Body::PartyRecorded(m) = &mut self.body else {
            panic!("only a party that is recorded has contact persons")
        };
        let (name, phone) = (name.to_owned(), phone.to_owned());
        m.contacts.push(v1::ContactPerson { name, phone, ..v1::ContactPerson::default() });
        self
    }

    /// With the buyer's name on an order.
    ///
    /// # Panics
    /// Anything but an order placed: a test's own mistake.
    pub fn bought_by(mut self, name: &str) -> Self {
        let Body::OrderPlaced(m) = &mut self.body else { panic!("only an order that is placed names its buyer") };
        m.buyer = Some(v1::Person { name: name.to_owned(), ..v1::Person::default() });
        self
    }

    /// So many seconds later than others.
    pub fn later(mut self, seconds: i64) -> Self {
        self.at += seconds * 1_000_000;
        self
    }

    /// Under another id.
    pub fn id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.id);
        self
    }

    /// As a revision of the fact.
    pub fn revision(mut self, revision: i64) -> Self {
        self.revision = Some(revision);
        self
    }

    /// The event.
    ///
    /// # Panics
    /// Words that make no event: a test's own mistake.
    pub fn event(&self) -> Event {
        let subject: Subject = self.subject.parse().expect("a test's subject");
        let (parts, revision) = ([self.id.clone()], self.revision.map(|r| r.to_string()).unwrap_or_default());
        let source = subject.source().to_owned();
        let ids = IdParts { source: &source, part: "", parts: &parts, revision: &revision };
        let mut event = Event::new(ids.event_id(), ids.fact_id(), &source, subject, self.at, self.body.clone())
            .expect("a test's event");
        event.header.revision = revision;
        event.header.revision_order = self.revision.into_iter().collect();
        for (role, target) in &self.references {
            event.add_reference(role, target.parse().expect("a test's reference")).expect("a test's role");
        }
        event
    }
}
