//! What is known of a customer, as `show --json` writes it. Amounts are decimal strings, days ISO 8601 and instants RFC 3339
//! with their offset: a time says which of the two its source knows.

use std::collections::BTreeMap;

use onefold_event::Occurred;
use serde::Serialize;

/// Everything that is known of one customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomerView {
    /// The customer's id.
    pub id: String,
    /// Its parties, sorted.
    pub parties: Vec<String>,
    /// It has so many parties that values join nobody to it any more, which is for a person to look at (rule B5).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub full: bool,
    /// `marketplace` or `walk_in`, where a party stands for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intermediary: Option<&'static str>,
    /// Values by field.
    pub profile: BTreeMap<String, ProfileValue>,
    /// Identifiers of its parties, by key.
    pub identifiers: Vec<IdentifierView>,
    /// What sources say of it beside, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, ProfileValue>,
    /// How many more attributes its parties have than are shown.
    #[serde(skip_serializing_if = "is_nothing")]
    pub more_attributes: u32,
    /// Who speaks for it, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contact_persons: Vec<ContactPersonView>,
    /// How many more contact persons its parties have than are shown.
    #[serde(skip_serializing_if = "is_nothing")]
    pub more_contact_persons: u32,
    /// What sources did with their own records of its parties, latest first: merged, split and retired ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<RecordView>,
    /// Decisions that make parties of it one with others, and that cannot be honoured (rule B5), by their ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept_apart: Vec<KeptApartView>,
    /// Documents of which all, or a part, is the customer's.
    pub documents: i64,
    /// What it bought.
    pub trade: TradeView,
    /// What it owes and paid.
    pub receivable: ReceivableView,
    /// What is on its way, and what arrived.
    pub shipments: ShipmentsView,
    /// What it brought to the service desk.
    pub cases: CasesView,
    /// When one spoke or wrote to the other.
    pub contacts: ContactsView,
    /// What was accepted of it and cannot be honoured.
    pub findings: FindingsView,
    /// The latest documents, newest first.
    pub latest: Vec<LatestView>,
}

/// A decision that parties are the same, of whom some are kept apart: another decision, or values of which a customer has only
/// one, hold against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptApartView {
    /// The decision.
    pub decision: String,
    /// Parties of this customer that it names.
    pub parties: Vec<String>,
    /// Parties of others with whom it says that these are the same.
    pub others: Vec<String>,
}

/// What was accepted and cannot be honoured, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct FindingsView {
    /// All of them.
    pub total: i64,
    /// How many there are of each code, such as `F1201`.
    pub by_code: BTreeMap<String, i64>,
    /// The latest few.
    pub latest: Vec<FindingView>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingView {
    /// Its kind, such as `F1201`; a code never comes to mean something else.
    pub code: String,
    /// The document.
    pub subject: String,
    /// The field of its event, such as `allocations[0]`.
    pub field: String,
    /// What was found.
    pub what: String,
    /// What to do.
    pub help: &'static str,
}

/// The value of a field that counts, and those that do not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProfileValue {
    /// The latest.
    pub value: String,
    /// Who says so.
    pub source: String,
    /// What other sources say instead.
    pub others: Vec<OtherValue>,
}

/// A value that lost.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct OtherValue {
    /// The value.
    pub value: String,
    /// Who says so.
    pub source: String,
}

/// An identifier of the customer's parties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IdentifierView {
    /// As in a reference on the command line: `phone:+8613800138000`.
    pub key: String,
    /// `phone`, `email`, ...
    pub kind: String,
    /// The value without its kind.
    pub value: String,
    /// `links` (alone), `weak` (links parties of one name), `hub` (too many share it), `other` (of a kind that links
    /// nobody), `invalid`, `withdrawn`, `beside` (stood beside its own on a guest order, and links nobody).
    pub state: &'static str,
    /// What is wrong with an invalid one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub problem: String,
    /// Who says so.
    pub sources: Vec<String>,
}

/// Somebody who speaks for an organisation, as was said last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContactPersonView {
    /// The person's name.
    pub name: String,
    /// What the person does there.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub function: String,
    /// A phone, as the source wrote it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub phone: String,
    /// A mail address, as the source wrote it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// Who says so.
    pub source: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_nothing(n: &u32) -> bool {
    *n == 0
}

/// What a source did with its own record of a party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordView {
    /// The party whose record it is.
    pub party: String,
    /// `merged` (absorbed by another record), `split` (taken out of it again), `retired` (deleted or deactivated).
    pub state: &'static str,
    /// The other record of a merge or a split.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub other: String,
    /// The merge cannot be honoured: a person said *never the same*, or a value of which a customer has only one contradicts.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub kept_apart: bool,
    /// When the source did it.
    pub at: Occurred,
    /// Why, as the source says.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// Orders, invoiced purchases, returns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct TradeView {
    /// Orders, cancelled ones too.
    pub orders: i64,
    /// Those that were cancelled.
    pub cancelled: i64,
    /// Invoices.
    pub invoices: i64,
    /// Credit notes.
    pub credit_notes: i64,
    /// Adjustments.
    pub adjustments: i64,
    /// Returns of goods.
    pub returns: i64,
    /// Lines of invoices and credit notes.
    pub lines: i64,
    /// First order or invoice.
    pub first_at: Option<Occurred>,
    /// Last order or invoice.
    pub last_at: Option<Occurred>,
    /// Days from the first to the last, over one less than the purchases: orders, and invoices that name no order.
    pub mean_interval_days: Option<String>,
    /// Money by currency.
    pub by_currency: BTreeMap<String, TradeMoney>,
    /// Products bought in most documents; none where they are more than the bundles hold.
    pub products: Option<Vec<PreferredValue>>,
    /// The same of categories.
    pub categories: Option<Vec<PreferredValue>>,
}

/// Money of the trade facet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct TradeMoney {
    /// Orders that stand.
    pub ordered: String,
    /// Invoices.
    pub invoiced: String,
    /// Credit notes.
    pub credited: String,
    /// Adjustments, signed.
    pub adjusted: String,
    /// Invoiced less credited and adjusted.
    pub net: String,
}

/// A product or category that was bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreferredValue {
    /// The product's number, or the category.
    pub name: String,
    /// What the product is called by its source, where `show` shows the customer as it is now; empty elsewhere.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Purchases that hold it.
    pub documents: i64,
    /// Sum of quantities, whatever their units.
    pub quantity: String,
    /// Amounts by currency.
    pub amounts: BTreeMap<String, String>,
}

/// Invoices as debts, payments.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ReceivableView {
    /// Payments that stand.
    pub payments: i64,
    /// Payments taken back.
    pub reversed: i64,
    /// Refunds.
    pub refunds: i64,
    /// Invoices with something left to pay.
    pub open_invoices: i64,
    /// Invoices with nothing left to pay.
    pub settled_invoices: i64,
    /// Invoices on which more was given than owed.
    pub invoices_in_credit: i64,
    /// Open invoices of which something is disputed.
    pub disputed_invoices: i64,
    /// Days of the calendar from issue to the latest payment, over invoices with a payment and nothing left to pay.
    pub mean_days_to_pay: Option<String>,
    /// Money by currency.
    pub by_currency: BTreeMap<String, ReceivableMoney>,
}

/// Money of the receivable facet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ReceivableMoney {
    /// Invoices.
    pub invoiced: String,
    /// Credit notes.
    pub credited: String,
    /// Adjustments, signed.
    pub adjusted: String,
    /// Payments that stand.
    pub paid: String,
    /// Refunds.
    pub refunded: String,
    /// What payers took off beside what they paid, on invoices to which it applies.
    pub deducted: String,
    /// The same by reason: `cash_discount`, `fee`, `short_payment`, `written_off`, `other`.
    pub deductions: BTreeMap<&'static str, String>,
    /// What the customer owes in all: open less unapplied credit and unallocated.
    pub owed: String,
    /// What is left to pay of invoices, less what was given on them too much.
    pub open: String,
    /// What of credit notes is applied to no invoice and not refunded.
    pub unapplied_credit: String,
    /// What of payments is allocated to no invoice and not refunded.
    pub unallocated: String,
    /// What of the unallocated was paid in advance on orders.
    pub advances: String,
    /// What of the open is disputed.
    pub disputed: String,
    /// What of it is past its due day; none where no day is given to look from.
    pub overdue: Option<String>,
    /// What is open by days past due.
    pub ageing: Option<AgeingView>,
}

/// What is open by days past due.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[allow(missing_docs)]
pub struct AgeingView {
    pub current: String,
    #[serde(rename = "1-30")]
    pub to_30: String,
    #[serde(rename = "31-60")]
    pub to_60: String,
    #[serde(rename = "61-90")]
    pub to_90: String,
    #[serde(rename = "over-90")]
    pub over_90: String,
}

/// Parcels.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ShipmentsView {
    /// On their way.
    pub open: i64,
    /// Not arrived though promised for an earlier day; none where no day is given to look from.
    pub late: Option<i64>,
    /// Arrived.
    pub delivered: i64,
    /// Tried and failed, not arrived since.
    pub failed: i64,
    /// Found damaged, wherever they are.
    pub damaged: i64,
    /// Arrived on or before the promised day, by the calendar of where they arrived.
    pub on_time: i64,
    /// Arrived, of those with a promised day.
    pub promised: i64,
    /// `on_time` over `promised`.
    pub on_time_share: Option<String>,
}

/// Cases.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CasesView {
    /// All there were.
    pub total: i64,
    /// Open now.
    pub open: i64,
    /// Resolved and not closed.
    pub resolved: i64,
    /// Closed.
    pub closed: i64,
    /// How often one was opened again.
    pub reopened: i64,
    /// Actions asked of departments and not done.
    pub actions_pending: i64,
    /// How the customer rated them.
    pub satisfaction: Option<SatisfactionView>,
    /// The newest open ones.
    pub open_cases: Vec<OpenCaseView>,
}

/// Ratings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SatisfactionView {
    /// Cases rated.
    pub rated: i64,
    /// Mean score out of five.
    pub mean_of_5: String,
}

/// A case that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct OpenCaseView {
    pub subject: String,
    pub opened_at: Occurred,
    /// Days since it was opened; none where no day is given to look from.
    pub age_days: Option<i64>,
    /// Who has it.
    pub with: String,
    pub title: String,
    pub words: String,
    pub category: String,
    pub severity: String,
    pub product: String,
    pub reopened: u32,
    /// The first few actions that are pending.
    pub actions: Vec<ActionView>,
}

/// An action that a department still owes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct ActionView {
    pub action: String,
    pub department: String,
    pub what: String,
    pub due_on: Option<String>,
}

/// Contacts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ContactsView {
    /// All there were.
    pub total: i64,
    /// From the customer.
    #[serde(rename = "in")]
    pub incoming: i64,
    /// To the customer.
    #[serde(rename = "out")]
    pub outgoing: i64,
    /// By channel: phone, email, chat, visit, other.
    pub by_channel: BTreeMap<&'static str, i64>,
    /// When the last one was.
    pub last_at: Option<Occurred>,
    /// The latest few.
    pub latest: Vec<LatestView>,
}

/// A document on the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LatestView {
    /// When it came to be.
    pub at: Occurred,
    /// The document.
    pub subject: String,
    /// Its kind.
    pub kind: String,
    /// How it stands, where there is more than one way.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub status: &'static str,
    /// What it is about.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// The customer's part of its amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The document is more than one customer's: it is named here, its money is not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reference: bool,
    /// When the goods arrived, where a document is shown by itself or in a list; a customer's published view does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Occurred>,
    /// Of whom it says that it is, where nobody holds it, in a list or among what was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stated: Option<StatedView>,
    /// What of it cannot be honoured, where it is shown by itself or in a list of documents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingView>,
}

/// What stands on a document of whom it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct StatedView {
    /// The name of who buys or pays.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Identifiers as the source wrote them, such as `phone 138 0013 8000`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<String>,
    /// Words on it, such as the text of a payment or the title of a case.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
}
