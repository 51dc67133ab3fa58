//! What each value of a customer's view is, and by what kind of explanation it is explained.

use onefold_view::ProfilePart;

use super::path::ValueStep;

/// How a value comes of what it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExplanationKind {
    /// What documents and parties add, added up. Documents of these kinds may count and not do so; of none: of any kind.
    Sum(&'static [&'static str]),
    /// The mean of what documents say.
    Mean,
    /// From the first to the last purchase.
    Interval,
    /// Two sums, the one over the other: of the documents of the other.
    Share(&'static str),
    /// Of the document that says the same: a first or a last day.
    Same,
    /// Of the subject that an entry of a list names in this member; of a list all of its entries'.
    Entry(&'static str),
    /// What parties say of a field.
    Statement(ProfilePart),
    /// What parties say of themselves: persons, identifiers, flags.
    Party,
    /// Who is one customer.
    Identity,
    /// What a product is called.
    Title,
}

/// What a value is.
#[derive(Debug)]
pub(super) struct FieldMeaning {
    /// Where it stands: `*` is any member of a map, `[]` any entry of a list.
    pub(super) pattern: &'static str,
    pub(super) kind: ExplanationKind,
    /// What it is, in words that begin a sentence.
    pub(super) says: &'static str,
    /// The rule that makes it; empty: none beside that of its kind.
    pub(super) rule: &'static str,
    /// The formula, and the values in it by where they stand from the object that holds this one.
    pub(super) formula: (&'static str, &'static [&'static str]),
    /// It comes of what documents leave open: of each the terms are told.
    pub(super) is_settled: bool,
    /// It depends on the day from which it is seen.
    pub(super) is_dated: bool,
}

const fn of(pattern: &'static str, kind: ExplanationKind, says: &'static str, rule: &'static str) -> FieldMeaning {
    FieldMeaning { pattern, kind, says, rule, formula: ("", &[]), is_settled: false, is_dated: false }
}

const fn made(field: FieldMeaning, formula: &'static str, figures: &'static [&'static str]) -> FieldMeaning {
    FieldMeaning { formula: (formula, figures), ..field }
}

const fn settled(field: FieldMeaning) -> FieldMeaning {
    FieldMeaning { is_settled: true, ..field }
}

const fn dated(field: FieldMeaning) -> FieldMeaning {
    FieldMeaning { is_dated: true, ..field }
}

const ORDER: ExplanationKind = ExplanationKind::Sum(&["order"]);
const INVOICE: ExplanationKind = ExplanationKind::Sum(&["invoice"]);
const CREDIT: ExplanationKind = ExplanationKind::Sum(&["credit_note"]);
const ADJUSTMENT: ExplanationKind = ExplanationKind::Sum(&["adjustment"]);
const PAYMENT: ExplanationKind = ExplanationKind::Sum(&["payment"]);
const REFUND: ExplanationKind = ExplanationKind::Sum(&["refund"]);
const BOUGHT: ExplanationKind = ExplanationKind::Sum(&["order", "invoice"]);
const SHIPMENT: ExplanationKind = ExplanationKind::Sum(&["delivery", "track"]);
const CASE: ExplanationKind = ExplanationKind::Sum(&["case"]);
const CONTACT: ExplanationKind = ExplanationKind::Sum(&["contact"]);

/// All values of a customer's view.
const FIELDS: &[FieldMeaning] = &[
    of("id", ExplanationKind::Identity, "The id of the earliest of the customer's parties", "B7"),
    of("parties", ExplanationKind::Identity, "The parties that are one customer", "B1 to B6"),
    of(
        "full",
        ExplanationKind::Identity,
        "Whether it has so many parties that values join nobody to it any more",
        "B5",
    ),
    of("intermediary", ExplanationKind::Party, "What a party of it stands for others as", "C2"),
    of("profile", ExplanationKind::Statement(ProfilePart::Fields), "What parties say of the field", "Profile"),
    of(
        "attributes",
        ExplanationKind::Statement(ProfilePart::Attributes),
        "What parties say of the attribute",
        "Attributes",
    ),
    of("more_attributes", ExplanationKind::Sum(&[]), "Attributes of its parties beyond those that are shown", "E4"),
    of(
        "contact_persons",
        ExplanationKind::Party,
        "Who speaks for it, as was said last of each name",
        "Contact persons",
    ),
    of(
        "more_contact_persons",
        ExplanationKind::Sum(&[]),
        "Contact persons of its parties beyond those that are shown",
        "E4",
    ),
    of("identifiers", ExplanationKind::Party, "What parties assert of themselves", "B2 to B4"),
    of("records", ExplanationKind::Entry("party"), "What a source did with its own record", "A9"),
    of("kept_apart", ExplanationKind::Entry("decision"), "A decision that cannot be honoured", "B5"),
    of("documents", ExplanationKind::Sum(&[]), "Documents of which all, or a part, is the customer's", "C4"),
    of("trade.orders", ORDER, "Orders, cancelled ones too", "C3"),
    of("trade.cancelled", ORDER, "Orders that were cancelled", "C3"),
    of("trade.invoices", INVOICE, "Invoices", "C3"),
    of("trade.credit_notes", CREDIT, "Credit notes", "C3"),
    of("trade.adjustments", ADJUSTMENT, "Adjustments", "C3"),
    of("trade.returns", ExplanationKind::Sum(&["return"]), "Returns of goods", "C3"),
    of("trade.lines", ExplanationKind::Sum(&["invoice", "credit_note"]), "Lines of invoices and credit notes", "C3"),
    of(
        "trade.first_at",
        ExplanationKind::Same,
        "The first of its orders that stand and of its invoices",
        "First and last",
    ),
    of(
        "trade.last_at",
        ExplanationKind::Same,
        "The last of its orders that stand and of its invoices",
        "First and last",
    ),
    made(
        of(
            "trade.mean_interval_days",
            ExplanationKind::Interval,
            "Days between two purchases, in the mean",
            "First and last",
        ),
        "(last_at - first_at) in days / (purchases - 1)",
        &["first_at", "last_at"],
    ),
    of("trade.by_currency.*.ordered", ORDER, "Totals of orders that stand", "C3"),
    of("trade.by_currency.*.invoiced", INVOICE, "Totals of invoices, of who bought", "C3"),
    of("trade.by_currency.*.credited", CREDIT, "Totals of credit notes, of who bought", "C3"),
    of("trade.by_currency.*.adjusted", ADJUSTMENT, "Adjustments, signed, of who bought", "C3"),
    made(
        of(
            "trade.by_currency.*.net",
            ExplanationKind::Sum(&["invoice", "credit_note", "adjustment"]),
            "What it bought, less what was credited",
            "C3",
        ),
        "invoiced - credited + adjusted",
        &["invoiced", "credited", "adjusted"],
    ),
    of("trade.products[]", BOUGHT, "Purchases that hold the product", "Products and categories"),
    of("trade.products[].name", BOUGHT, "The product of these purchases", "Products and categories"),
    of(
        "trade.products[].title",
        ExplanationKind::Title,
        "What the product is called by its source",
        "Products and categories",
    ),
    of("trade.products[].documents", BOUGHT, "Purchases that hold the product", "Products and categories"),
    of(
        "trade.products[].quantity",
        BOUGHT,
        "Quantities of the product, whatever their units",
        "Products and categories",
    ),
    of("trade.products[].amounts.*", BOUGHT, "Amounts of the product's lines", "Products and categories"),
    of("trade.categories[]", BOUGHT, "Purchases that hold the category", "Products and categories"),
    of("trade.categories[].name", BOUGHT, "The category of these purchases", "Products and categories"),
    of("trade.categories[].documents", BOUGHT, "Purchases that hold the category", "Products and categories"),
    of(
        "trade.categories[].quantity",
        BOUGHT,
        "Quantities of the category, whatever their units",
        "Products and categories",
    ),
    of("trade.categories[].amounts.*", BOUGHT, "Amounts of the category's lines", "Products and categories"),
    of("receivable.payments", PAYMENT, "Payments that stand", "C4"),
    of("receivable.reversed", PAYMENT, "Payments that were taken back", "A9"),
    of("receivable.refunds", REFUND, "Refunds", "C3"),
    settled(of("receivable.open_invoices", INVOICE, "Invoices with something left to pay", "E5")),
    settled(of("receivable.settled_invoices", INVOICE, "Invoices with nothing left to pay", "E5")),
    settled(of("receivable.invoices_in_credit", INVOICE, "Invoices on which more was given than owed", "E5")),
    settled(of("receivable.disputed_invoices", INVOICE, "Open invoices of which something is disputed", "Disputed")),
    of(
        "receivable.mean_days_to_pay",
        ExplanationKind::Mean,
        "Days from issue to the latest payment, of invoices with a payment and nothing left to pay",
        "Days to pay",
    ),
    of("receivable.by_currency.*.invoiced", INVOICE, "Totals of invoices, of who owes", "C3"),
    of("receivable.by_currency.*.credited", CREDIT, "Totals of credit notes, of who owes", "C3"),
    of("receivable.by_currency.*.adjusted", ADJUSTMENT, "Adjustments, signed, of who owes", "C3"),
    of(
        "receivable.by_currency.*.paid",
        PAYMENT,
        "Payments that stand: allocations to its invoices, and its remainders",
        "C4",
    ),
    of("receivable.by_currency.*.refunded", REFUND, "Refunds", "C3"),
    settled(of("receivable.by_currency.*.deducted", INVOICE, "What payers took off beside what they paid", "E5")),
    settled(of("receivable.by_currency.*.deductions.*", INVOICE, "What payers took off for this reason", "E5")),
    settled(made(
        of(
            "receivable.by_currency.*.owed",
            ExplanationKind::Sum(&["invoice", "credit_note", "payment", "refund"]),
            "What the customer owes in all",
            "E5",
        ),
        "open - unapplied_credit - unallocated",
        &["open", "unapplied_credit", "unallocated"],
    )),
    settled(of(
        "receivable.by_currency.*.open",
        INVOICE,
        "What is left to pay of invoices, less what was given on them too much",
        "E5",
    )),
    settled(of(
        "receivable.by_currency.*.unapplied_credit",
        ExplanationKind::Sum(&["credit_note", "refund"]),
        "What of credit notes is applied to no invoice and not refunded",
        "E5",
    )),
    settled(of(
        "receivable.by_currency.*.unallocated",
        ExplanationKind::Sum(&["payment", "refund"]),
        "What of payments is allocated to no invoice and not refunded",
        "E5",
    )),
    settled(of(
        "receivable.by_currency.*.advances",
        PAYMENT,
        "What of the unallocated was paid in advance on orders",
        "E5",
    )),
    settled(of("receivable.by_currency.*.disputed", INVOICE, "What of the open is disputed", "Disputed")),
    dated(settled(made(
        of("receivable.by_currency.*.overdue", INVOICE, "What of the open is past its due day", "E5"),
        "1-30 + 31-60 + 61-90 + over-90 days past due",
        &["ageing.1-30", "ageing.31-60", "ageing.61-90", "ageing.over-90"],
    ))),
    dated(settled(made(
        of("receivable.by_currency.*.ageing.current", INVOICE, "What of the open is not past its due day", "E5"),
        "open - overdue",
        &["../open", "../overdue"],
    ))),
    dated(settled(of(
        "receivable.by_currency.*.ageing.*",
        INVOICE,
        "What of the open is past its due day by so many days",
        "E5",
    ))),
    of("shipments.open", SHIPMENT, "Parcels on their way", "Shipments"),
    dated(of("shipments.late", SHIPMENT, "Parcels that have not arrived though promised for an earlier day", "C5")),
    of("shipments.delivered", SHIPMENT, "Parcels that arrived", "Shipments"),
    of("shipments.failed", SHIPMENT, "Parcels that were tried and failed, and have not arrived since", "Shipments"),
    of("shipments.damaged", SHIPMENT, "Parcels that were found damaged", "Shipments"),
    of("shipments.on_time", SHIPMENT, "Parcels that arrived on or before the promised day", "Shipments"),
    of("shipments.promised", SHIPMENT, "Parcels that arrived and had a promised day", "Shipments"),
    made(
        of(
            "shipments.on_time_share",
            ExplanationKind::Share("promised"),
            "Parcels on time of those that had a promised day",
            "Shipments",
        ),
        "on_time / promised",
        &["on_time", "promised"],
    ),
    of("cases.total", CASE, "Cases, all there were", "C3"),
    of("cases.open", CASE, "Cases that are open", "C3"),
    of("cases.resolved", CASE, "Cases that are resolved and not closed", "C3"),
    of("cases.closed", CASE, "Cases that are closed", "C3"),
    of("cases.reopened", CASE, "How often a case was opened again", "C3"),
    of("cases.actions_pending", CASE, "Actions asked of departments and not done", "C3"),
    of("cases.satisfaction.rated", CASE, "Cases that were rated", "C3"),
    of("cases.satisfaction.mean_of_5", ExplanationKind::Mean, "Ratings of cases, each of five", "C3"),
    of("cases.open_cases", ExplanationKind::Entry("subject"), "The newest open cases", "E4"),
    of("contacts.total", CONTACT, "Contacts, all there were", "C3"),
    of("contacts.in", CONTACT, "Contacts from the customer", "C3"),
    of("contacts.out", CONTACT, "Contacts to the customer", "C3"),
    of("contacts.by_channel.*", CONTACT, "Contacts by this channel", "C3"),
    of("contacts.last_at", ExplanationKind::Same, "The last contact", "C3"),
    of("contacts.latest", ExplanationKind::Entry("subject"), "The latest contacts", "E4"),
    of("findings.total", ExplanationKind::Sum(&[]), "What was accepted and cannot be honoured", "A7"),
    of("findings.by_code.*", ExplanationKind::Sum(&[]), "Findings of this code", "A7"),
    of("findings.latest", ExplanationKind::Entry("subject"), "The latest findings", "A7"),
    of("latest", ExplanationKind::Entry("subject"), "The latest documents", "E4"),
];

impl FieldMeaning {
    /// What the value at a path is; none of an object that only holds others.
    pub(super) fn find(steps: &[ValueStep]) -> Option<&'static Self> {
        let fits = |field: &&Self| field.reaches(steps);
        let told = |field: &&Self| {
            let named = steps_of(field.pattern).filter(|step| *step != "*").count();
            (steps_of(field.pattern).count(), named)
        };
        FIELDS.iter().filter(fits).max_by_key(told)
    }

    /// Whether the value at a path is this one, or stands within it where what is within is explained alike.
    fn reaches(&self, steps: &[ValueStep]) -> bool {
        let pattern: Vec<&str> = steps_of(self.pattern).collect();
        let alike = |(expected, step): (&&str, &ValueStep)| match step {
            ValueStep::Member(name) => *expected == "*" || *expected == name,
            ValueStep::Entry(_) => *expected == "[]",
        };
        let is_whole = pattern.len() == steps.len();
        let reaches_within = pattern.len() < steps.len()
            && matches!(
                self.kind,
                ExplanationKind::Entry(_)
                    | ExplanationKind::Statement(_)
                    | ExplanationKind::Party
                    | ExplanationKind::Identity
            );
        (is_whole || reaches_within) && pattern.iter().zip(steps).all(alike)
    }
}

fn steps_of(pattern: &str) -> impl Iterator<Item = &str> {
    pattern.split('.').flat_map(|part| match part.strip_suffix("[]") {
        Some(list) => vec![list, "[]"],
        None => vec![part],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Option<&'static str> {
        let step = |name: &&str| match name.strip_prefix('#') {
            Some(entry) => ValueStep::Entry(entry.to_owned()),
            None => ValueStep::Member((*name).to_owned()),
        };
        FieldMeaning::find(&names.iter().map(step).collect::<Vec<_>>()).map(|field| field.pattern)
    }

    #[test]
    fn the_meaning_that_says_most_is_found() {
        assert_eq!(found(&["trade", "by_currency", "CNY", "net"]), Some("trade.by_currency.*.net"));
        let ageing = ["receivable", "by_currency", "CNY", "ageing", "current"];
        assert_eq!(found(&ageing), Some("receivable.by_currency.*.ageing.current"));
        assert_eq!(found(&["latest", "#order:erp:1", "amount"]), Some("latest"));
        assert_eq!(found(&["profile", "name", "value"]), Some("profile"));
        assert_eq!(found(&["trade", "by_currency"]), None, "it only holds others");
    }
}
