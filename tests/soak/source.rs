//! What one system of a company says, batch after batch, as the dice have it; with its own sums beside.

use onefold_testkit::Dice;
use serde_json::{Value, json};

use crate::harness::event;

/// Systems that post events; each speaks of its own parties and documents.
pub(crate) const SYSTEMS: [&str; 3] = ["erp", "desk", "shop"];
/// Events in one request, at most.
const MOST: u64 = 12;

/// Parties that may become one customer, of each system: were it all of them, customers would grow until one is everybody.
const BLOCK: usize = 8;

/// Another party of the same block, of so many that there are.
pub(crate) fn near(one: usize, parties: usize, dice: &mut Dice) -> usize {
    let begin = one - one % BLOCK;
    let others = BLOCK.min(parties - begin) - 1;
    // The first of a block has nobody beside it yet.
    if others == 0 {
        return one - 1;
    }
    begin + (one - begin + 1 + dice.place(others)) % (others + 1)
}

/// What the views must come to, of one system or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sums {
    /// Documents, however often each was revised.
    pub(crate) documents: u64,
    /// Their invoices as they were said last, in cents.
    pub(crate) invoiced: i64,
}

struct Invoice {
    buyer: usize,
    revision: u32,
    cents: u64,
}

/// A person's decision that stands.
struct Decision {
    number: u32,
    ty: &'static str,
    data: Value,
}

/// One system.
pub(crate) struct Source {
    system: &'static str,
    dice: Dice,
    /// Revisions of its parties, by number.
    parties: Vec<u32>,
    invoices: Vec<Invoice>,
    /// Of other documents and decisions.
    numbers: u32,
    decisions: Vec<Decision>,
    sums: Sums,
}

impl Source {
    pub(crate) fn new(system: &'static str, dice: Dice) -> Self {
        let (parties, invoices, decisions) = Default::default();
        Self { system, dice, parties, invoices, numbers: 0, decisions, sums: Sums::default() }
    }

    /// What it comes to with all that was made so far.
    pub(crate) fn sums(&self) -> Sums {
        self.sums
    }

    /// How many parties it has.
    pub(crate) fn parties(&self) -> usize {
        self.parties.len()
    }

    /// The next few events.
    pub(crate) fn batch(&mut self) -> Vec<Value> {
        (0..=self.dice.below(MOST)).map(|_| self.next()).collect()
    }

    fn next(&mut self) -> Value {
        let (choice, known, invoices) = (self.dice.below(100), self.parties.len(), self.invoices.len());
        match choice {
            _ if known < 4 => self.recorded(),
            0..8 => self.recorded(),
            8..18 => self.revised(),
            18..28 if invoices > 0 => self.invoice_again(),
            28..45 if invoices > 0 => self.payment(),
            45..60 => self.order(),
            60..70 => self.contact(),
            70..74 => self.decision(),
            74..76 if !self.decisions.is_empty() => self.undone(),
            _ => self.invoice(),
        }
    }

    fn recorded(&mut self) -> Value {
        self.parties.push(1);
        self.party(self.parties.len() - 1, 1, 0)
    }

    /// It has another phone now, and so may be another customer's; or has its own again.
    fn revised(&mut self) -> Value {
        let at = self.any();
        self.parties[at] += 1;
        let away = self.dice.place(3);
        self.party(at, self.parties[at], away)
    }

    /// Those that share a phone share a name, in each system two.
    fn party(&self, at: usize, revision: u32, away: usize) -> Value {
        let home = BLOCK / 2 * (at / BLOCK) + (at / 2 + away) % (BLOCK / 2);
        let (name, phone) = (format!("王伟{home}"), format!("138{home:08}"));
        let identifiers = json!([{ "kind": "phone", "text": phone, "issuer": "CN" }]);
        self.said(
            "party.recorded.v1",
            &self.subject(at),
            revision,
            json!({ "name": { "full": name }, "identifiers": identifiers }),
        )
    }

    fn invoice(&mut self) -> Value {
        let (buyer, cents) = (self.any(), self.cents());
        self.invoices.push(Invoice { buyer, revision: 1, cents });
        self.sums.documents += 1;
        self.sums.invoiced += cents.cast_signed();
        self.billed(self.invoices.len() - 1)
    }

    fn invoice_again(&mut self) -> Value {
        let (at, cents) = (self.dice.place(self.invoices.len()), self.cents());
        let invoice = &mut self.invoices[at];
        self.sums.invoiced += cents.cast_signed() - invoice.cents.cast_signed();
        (invoice.revision, invoice.cents) = (invoice.revision + 1, cents);
        self.billed(at)
    }

    fn billed(&self, at: usize) -> Value {
        let Invoice { buyer, revision, cents } = self.invoices[at];
        let data = json!({
            "issued_on": "2026-02-03", "due_on": "2026-03-05", "total": yuan(cents),
            "references": [{ "role": "buyer", "subject": self.subject(buyer) }]
        });
        self.said("finance.invoice_issued.v1", &format!("invoice:{}:I{at}", self.system), revision, data)
    }

    fn payment(&mut self) -> Value {
        let at = self.dice.place(self.invoices.len());
        let (number, cents, buyer) = (self.number(), self.cents(), self.invoices[at].buyer);
        let of =
            json!([{ "invoice": format!("invoice:{}:I{at}", self.system), "amount": yuan(cents / 2 + 1)["amount"] }]);
        let data = json!({
            "amount": yuan(cents), "allocations": of,
            "references": [{ "role": "payer", "subject": self.subject(buyer) }]
        });
        self.document("finance.payment_received.v1", &format!("payment:{}:Z{number}", self.system), data)
    }

    fn order(&mut self) -> Value {
        let (number, cents, buyer) = (self.number(), self.cents(), self.any());
        let data = json!({ "total": yuan(cents), "references": [{ "role": "buyer", "subject": self.subject(buyer) }] });
        self.document("sales.order_placed.v1", &format!("order:{}:O{number}", self.system), data)
    }

    /// Somebody of whom only a phone is known.
    fn contact(&mut self) -> Value {
        let (number, home) = (self.number(), self.any() / 2);
        let caller = json!([{ "kind": "phone", "text": format!("138{home:08}"), "issuer": "CN", "role": "caller" }]);
        let data = json!({ "direction": "in", "identifiers": caller });
        self.document("sales.contact_made.v1", &format!("contact:{}:C{number}", self.system), data)
    }

    fn decision(&mut self) -> Value {
        let number = self.number();
        let one = self.any();
        let other = near(one, self.parties.len(), &mut self.dice);
        let (one, other) = (self.subject(one), self.subject(other));
        let (ty, data) = if self.dice.below(3) == 0 {
            let data = json!({ "left": [one], "right": [other], "by": "ann", "why": "father and son" });
            ("decision.parties_separated.v1", data)
        } else {
            ("decision.parties_linked.v1", json!({ "parties": [one, other], "by": "ann", "why": "same person" }))
        };
        self.decisions.push(Decision { number, ty, data: data.clone() });
        self.said(ty, &format!("decision:{}:D{number}", self.system), 1, data)
    }

    fn undone(&mut self) -> Value {
        let at = self.dice.place(self.decisions.len());
        let Decision { number, ty, mut data } = self.decisions.swap_remove(at);
        (data["undone"], data["why"]) = (true.into(), "mistaken".into());
        self.said(ty, &format!("decision:{}:D{number}", self.system), 2, data)
    }

    fn document(&mut self, ty: &str, subject: &str, data: Value) -> Value {
        self.sums.documents += 1;
        self.said(ty, subject, 1, data)
    }

    fn said(&self, ty: &str, subject: &str, revision: u32, data: Value) -> Value {
        let mut event = event(ty, subject, "2026-02-03T09:00:00Z", data);
        let fact = format!("{ty}/{subject}");
        (event["id"], event["fact"], event["revision"]) =
            (format!("{fact}/{revision}").into(), fact.into(), revision.to_string().into());
        event
    }

    fn subject(&self, party: usize) -> String {
        format!("party:{}:P{party}", self.system)
    }

    /// One of its parties.
    fn any(&mut self) -> usize {
        self.dice.place(self.parties.len())
    }

    fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    fn cents(&mut self) -> u64 {
        1 + self.dice.below(100_000)
    }
}

fn yuan(cents: u64) -> Value {
    json!({ "amount": format!("{}.{:02}", cents / 100, cents % 100), "currency": "CNY" })
}
