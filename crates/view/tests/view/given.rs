//! Messages as sources would give them, in a few words.

use onefold_event::v1::{self, *};

pub(crate) fn money(amount: &str, currency: &str) -> Option<Money> {
    Some(Money { amount: amount.into(), currency: currency.into() })
}

pub(crate) fn cny(amount: &str) -> Option<Money> {
    money(amount, "CNY")
}

pub(crate) fn id(kind: &str, text: &str) -> Identifier {
    Identifier { kind: kind.into(), text: text.into(), ..Identifier::default() }
}

pub(crate) fn party(name: &str, identifiers: &[Identifier]) -> PartyRecorded {
    let name = Some(Name { full: name.into(), ..Name::default() });
    PartyRecorded { name, identifiers: identifiers.to_vec(), ..PartyRecorded::default() }
}

pub(crate) fn line(product: &str, category: &str, quantity: &str, amount: &str) -> Line {
    Line {
        product: product.into(),
        category: category.into(),
        quantity: quantity.into(),
        amount: amount.into(),
        ..Line::default()
    }
}

pub(crate) fn order(total: &str) -> OrderPlaced {
    OrderPlaced { total: cny(total), ..OrderPlaced::default() }
}

pub(crate) fn invoice(total: &str, due_on: &str) -> InvoiceIssued {
    InvoiceIssued { total: cny(total), due_on: due_on.into(), ..InvoiceIssued::default() }
}

pub(crate) fn credit(total: &str) -> CreditNoteIssued {
    CreditNoteIssued { total: cny(total), ..CreditNoteIssued::default() }
}

pub(crate) fn payment(amount: &str, allocations: &[(&str, &str)]) -> PaymentReceived {
    let allocations = allocations.iter().map(|(invoice, amount)| allocation(invoice, amount)).collect();
    PaymentReceived { amount: cny(amount), allocations, ..Default::default() }
}

pub(crate) fn allocation(invoice: &str, amount: &str) -> Allocation {
    Allocation { invoice: invoice.into(), amount: amount.into(), ..Allocation::default() }
}

pub(crate) fn deduction(amount: &str, reason: deduction::Reason) -> Deduction {
    Deduction { amount: amount.into(), reason: reason.into() }
}

pub(crate) fn adjustment(amount: &str) -> AdjustmentPosted {
    AdjustmentPosted { amount: cny(amount), ..AdjustmentPosted::default() }
}

pub(crate) fn refund(amount: &str) -> RefundPaid {
    RefundPaid { amount: cny(amount), ..RefundPaid::default() }
}

pub(crate) fn dispatched(promised_on: &str, orders: &[&str]) -> Dispatched {
    let items = orders.iter().map(|order| Item { product: "P".into(), order: (*order).into(), ..Item::default() });
    Dispatched {
        promised_on: promised_on.into(),
        items: items.collect(),
        carrier: "SF".into(),
        ..Dispatched::default()
    }
}

pub(crate) fn flag(intermediary: party_flagged_intermediary::Intermediary) -> PartyFlaggedIntermediary {
    PartyFlaggedIntermediary { intermediary: intermediary.into(), ..PartyFlaggedIntermediary::default() }
}

pub(crate) fn wrong(identifiers: &[Identifier]) -> v1::PartyCorrected {
    PartyCorrected { wrong: identifiers.to_vec(), ..PartyCorrected::default() }
}
