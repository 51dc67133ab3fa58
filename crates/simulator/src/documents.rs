//! What happened, as the company itself would know it: the model from which the
//! systems' files are written and, apart from them, the books are kept.

use crate::moment::Moment;
use crate::money::Currency;

/// Whose something really is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// By the customer's index over the whole company.
    Customer(u32),
    Marketplace,
    WalkIn,
    Nobody,
}

/// One of the ERP's customer numbers, and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Handle {
    pub(crate) who: Who,
    pub(crate) number: String,
}

/// The customer numbers on a document.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roles {
    pub(crate) buyer: Option<Handle>,
    pub(crate) bill_to: Option<Handle>,
    pub(crate) debtor: Option<Handle>,
    pub(crate) end_customer: Option<Handle>,
}

impl Roles {
    pub(crate) fn buyer(handle: Handle) -> Self {
        Self { buyer: Some(handle), ..Self::default() }
    }

    /// Who bought: the end customer, else the buyer unless it stands for others.
    pub(crate) fn trade(&self) -> Who {
        let real = |handle: &Option<Handle>| match handle {
            Some(handle) if matches!(handle.who, Who::Customer(_)) => Some(handle.who),
            _ => None,
        };
        real(&self.end_customer).or(real(&self.buyer)).unwrap_or(Who::Nobody)
    }

    /// Who owes: the debtor, else who is billed, else the buyer. A walk-in owes nothing that could be asked for.
    pub(crate) fn receivable(&self) -> Who {
        let handle = [&self.debtor, &self.bill_to, &self.buyer].into_iter().flatten().next();
        match handle.map(|handle| handle.who) {
            Some(Who::WalkIn) | None => Who::Nobody,
            Some(who) => who,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) good: usize,
    pub(crate) quantity: i64,
    pub(crate) unit_price: i64,
    pub(crate) discount: i64,
}

impl Line {
    pub(crate) fn amount(&self) -> i64 {
        self.quantity * self.unit_price - self.discount
    }
}

pub(crate) fn total(lines: &[Line]) -> i64 {
    lines.iter().map(Line::amount).sum()
}

#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) number: String,
    pub(crate) at: Moment,
    pub(crate) roles: Roles,
    pub(crate) currency: Currency,
    pub(crate) channel: &'static str,
    pub(crate) lines: Vec<Line>,
    /// What the ERP said first, before somebody corrected the record without a trace but its time.
    pub(crate) misentered: Option<Vec<Line>>,
    /// A change that the customer asked for.
    pub(crate) amended: Option<(Moment, Vec<Line>)>,
    pub(crate) cancelled: Option<Moment>,
}

impl Order {
    /// What was ordered in the end.
    pub(crate) fn standing(&self) -> &[Line] {
        self.amended.as_ref().map_or(&self.lines, |(_, lines)| lines)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Invoice {
    pub(crate) number: String,
    pub(crate) at: Moment,
    pub(crate) due_in: i64,
    pub(crate) order: String,
    pub(crate) roles: Roles,
    pub(crate) currency: Currency,
    pub(crate) lines: Vec<Line>,
    /// The buyer on it at first, before the ERP moved it to whose it is.
    pub(crate) misfiled: Option<Roles>,
    pub(crate) draft: bool,
}

impl Invoice {
    pub(crate) fn total(&self) -> i64 {
        total(&self.lines)
    }
}

/// A credit note, or an adjustment: one file holds both.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    pub(crate) number: String,
    pub(crate) at: Moment,
    pub(crate) kind: NoteKind,
    /// What is printed on it; it may say no more than the invoice that it is about.
    pub(crate) printed: Roles,
    /// Whose it is, printed or not.
    pub(crate) roles: Roles,
    /// Index of the invoice in the branch's ledger.
    pub(crate) invoice: Option<usize>,
    pub(crate) currency: Currency,
    /// Positive for what is given back; signed for an adjustment.
    pub(crate) amount: i64,
    pub(crate) reason: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoteKind {
    Credit,
    Adjustment,
}

#[derive(Debug, Clone)]
pub(crate) struct Allocation {
    /// Index of the invoice in the branch's ledger.
    pub(crate) invoice: usize,
    pub(crate) amount: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) number: String,
    pub(crate) at: Moment,
    /// The customer number on the statement.
    pub(crate) payer: Option<Handle>,
    pub(crate) payer_name: String,
    pub(crate) account: Option<String>,
    /// Who is known to hold that account.
    pub(crate) holder: Who,
    pub(crate) currency: Currency,
    pub(crate) amount: i64,
    /// Each allocation of it that the bank's clerk booked; the last stands.
    pub(crate) versions: Vec<Vec<Allocation>>,
    pub(crate) reversed: Option<(Moment, String)>,
}

impl Payment {
    pub(crate) fn allocations(&self) -> &[Allocation] {
        self.versions.last().map_or(&[], Vec::as_slice)
    }

    /// To whom goes what is allocated to no invoice.
    pub(crate) fn payer(&self) -> Who {
        match self.payer.as_ref().map(|handle| handle.who) {
            Some(Who::WalkIn) => Who::Nobody,
            Some(who) => who,
            None => self.holder,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub(crate) number: String,
    pub(crate) at: Moment,
    pub(crate) payee: Handle,
    pub(crate) payee_name: String,
    pub(crate) account: String,
    pub(crate) currency: Currency,
    pub(crate) amount: i64,
}

/// Goods on their way, from the shelf to the door.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) number: String,
    pub(crate) order: String,
    pub(crate) place: &'static str,
    pub(crate) consignee: Option<String>,
    pub(crate) items: Vec<(usize, i64)>,
    pub(crate) reserved: Moment,
    pub(crate) issued: Moment,
    pub(crate) carrier: &'static str,
    pub(crate) waybill: String,
    pub(crate) dispatched: Moment,
    pub(crate) promised: Moment,
    pub(crate) scans: Vec<Scan>,
}

#[derive(Debug, Clone)]
pub(crate) struct Scan {
    pub(crate) at: Moment,
    pub(crate) what: ScanKind,
    pub(crate) city: &'static str,
    pub(crate) text: &'static str,
    pub(crate) signed_by: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScanKind {
    Moved,
    Delivered,
    Failed,
    Damaged,
}

#[derive(Debug, Clone)]
pub(crate) struct GoodsReturn {
    pub(crate) number: String,
    pub(crate) at: Moment,
    pub(crate) order: String,
    pub(crate) delivery: String,
    pub(crate) place: &'static str,
    pub(crate) condition: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) item: (usize, i64),
}

#[derive(Debug, Clone)]
pub(crate) struct StockCount {
    pub(crate) at: Moment,
    pub(crate) place: &'static str,
    pub(crate) good: usize,
    pub(crate) quantity: i64,
    pub(crate) case: Option<String>,
}

/// How the desk knows who is speaking.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    Contact(String),
    ErpNumber(String),
    Phone(String),
}

#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) number: String,
    pub(crate) caller: Caller,
    pub(crate) owner: Who,
    pub(crate) order: Option<String>,
    pub(crate) good: Option<usize>,
    pub(crate) category: &'static str,
    pub(crate) severity: &'static str,
    pub(crate) channel: &'static str,
    pub(crate) title: &'static str,
    pub(crate) words: &'static str,
    pub(crate) steps: Vec<(Moment, Step)>,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Opened { with: &'static str },
    Noted { by: &'static str, words: &'static str },
    Requested { action: String, department: &'static str, what: &'static str },
    Completed { action: String, result: &'static str, order: Option<String> },
    Resolved(&'static str),
    Reopened(&'static str),
    Closed(&'static str),
    Rated { score: u32, words: &'static str },
}

/// A call or a letter.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) number: String,
    pub(crate) at: Moment,
    pub(crate) caller: Caller,
    pub(crate) owner: Who,
    pub(crate) case: Option<String>,
    pub(crate) inward: bool,
    pub(crate) channel: &'static str,
    pub(crate) with: &'static str,
    pub(crate) topic: &'static str,
    pub(crate) words: &'static str,
}

/// All that happened in one branch.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) orders: Vec<Order>,
    pub(crate) invoices: Vec<Invoice>,
    pub(crate) notes: Vec<Note>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) returns: Vec<GoodsReturn>,
    pub(crate) counts: Vec<StockCount>,
    pub(crate) cases: Vec<Case>,
    pub(crate) calls: Vec<Call>,
}
