//! What happened, as the company itself would know it: the model from which the
//! systems' files are written and, apart from them, the books are kept.

use crate::moment::LocalTime;
use crate::money::TradingCurrency;

/// Whose something really is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TrueOwner {
    /// By the customer's index over the whole company.
    Customer(u32),
    Marketplace,
    WalkIn,
    Nobody,
}

/// One of the ERP's customer numbers, and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct CustomerNumber {
    pub(crate) who: TrueOwner,
    pub(crate) number: String,
}

/// The customer numbers on a document.
#[derive(Debug, Clone, Default)]
pub(crate) struct DocumentRoles {
    pub(crate) buyer: Option<CustomerNumber>,
    pub(crate) bill_to: Option<CustomerNumber>,
    pub(crate) debtor: Option<CustomerNumber>,
    pub(crate) end_customer: Option<CustomerNumber>,
}

impl DocumentRoles {
    pub(crate) fn buyer(handle: CustomerNumber) -> Self {
        Self { buyer: Some(handle), ..Self::default() }
    }

    /// Who bought: the end customer, else the buyer unless it stands for others.
    pub(crate) fn trade_owner(&self) -> TrueOwner {
        let real = |handle: &Option<CustomerNumber>| match handle {
            Some(handle) if matches!(handle.who, TrueOwner::Customer(_)) => Some(handle.who),
            _ => None,
        };
        real(&self.end_customer).or(real(&self.buyer)).unwrap_or(TrueOwner::Nobody)
    }

    /// Who owes: the debtor, else who is billed, else the buyer. A walk-in owes nothing that could be asked for.
    pub(crate) fn receivable_owner(&self) -> TrueOwner {
        let handle = [&self.debtor, &self.bill_to, &self.buyer].into_iter().flatten().next();
        match handle.map(|handle| handle.who) {
            Some(TrueOwner::WalkIn) | None => TrueOwner::Nobody,
            Some(who) => who,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct OrderLine {
    pub(crate) good: usize,
    pub(crate) quantity: i64,
    pub(crate) unit_price: i64,
    pub(crate) discount: i64,
}

impl OrderLine {
    pub(crate) fn amount(&self) -> i64 {
        self.quantity * self.unit_price - self.discount
    }
}

pub(crate) fn lines_total(lines: &[OrderLine]) -> i64 {
    lines.iter().map(OrderLine::amount).sum()
}

#[derive(Debug, Clone)]
pub(crate) struct SalesOrder {
    pub(crate) number: String,
    pub(crate) at: LocalTime,
    pub(crate) roles: DocumentRoles,
    pub(crate) currency: TradingCurrency,
    pub(crate) channel: &'static str,
    pub(crate) lines: Vec<OrderLine>,
    /// What the ERP said first, before somebody corrected the record without a trace but its time.
    pub(crate) misentered: Option<Vec<OrderLine>>,
    /// A change that the customer asked for.
    pub(crate) amended: Option<(LocalTime, Vec<OrderLine>)>,
    pub(crate) cancelled: Option<LocalTime>,
}

impl SalesOrder {
    /// What was ordered in the end.
    pub(crate) fn standing_lines(&self) -> &[OrderLine] {
        self.amended.as_ref().map_or(&self.lines, |(_, lines)| lines)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct SalesInvoice {
    pub(crate) number: String,
    pub(crate) at: LocalTime,
    pub(crate) due_in: i64,
    pub(crate) order: String,
    pub(crate) roles: DocumentRoles,
    pub(crate) currency: TradingCurrency,
    pub(crate) lines: Vec<OrderLine>,
    /// The buyer on it at first, before the ERP moved it to whose it is.
    pub(crate) misfiled: Option<DocumentRoles>,
    pub(crate) draft: bool,
}

impl SalesInvoice {
    pub(crate) fn total(&self) -> i64 {
        lines_total(&self.lines)
    }
}

/// A credit note, or an adjustment: one file holds both.
#[derive(Debug, Clone)]
pub(crate) struct CreditNote {
    pub(crate) number: String,
    pub(crate) at: LocalTime,
    pub(crate) kind: NoteKind,
    /// What is printed on it; it may say no more than the invoice that it is about.
    pub(crate) printed: DocumentRoles,
    /// Whose it is, printed or not.
    pub(crate) roles: DocumentRoles,
    /// Index of the invoice in the branch's ledger.
    pub(crate) invoice: Option<usize>,
    pub(crate) currency: TradingCurrency,
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
pub(crate) struct PaymentAllocation {
    /// Index of the invoice in the branch's ledger.
    pub(crate) invoice: usize,
    pub(crate) amount: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct CustomerPayment {
    pub(crate) number: String,
    pub(crate) at: LocalTime,
    /// The customer number on the statement.
    pub(crate) payer: Option<CustomerNumber>,
    pub(crate) payer_name: String,
    pub(crate) account: Option<String>,
    /// Who is known to hold that account.
    pub(crate) holder: TrueOwner,
    pub(crate) currency: TradingCurrency,
    pub(crate) amount: i64,
    /// Each allocation of it that the bank's clerk booked; the last stands.
    pub(crate) versions: Vec<Vec<PaymentAllocation>>,
    pub(crate) reversed: Option<(LocalTime, String)>,
}

impl CustomerPayment {
    pub(crate) fn allocations(&self) -> &[PaymentAllocation] {
        self.versions.last().map_or(&[], Vec::as_slice)
    }

    /// To whom goes what is allocated to no invoice.
    pub(crate) fn payer(&self) -> TrueOwner {
        match self.payer.as_ref().map(|handle| handle.who) {
            Some(TrueOwner::WalkIn) => TrueOwner::Nobody,
            Some(who) => who,
            None => self.holder,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct CustomerRefund {
    pub(crate) number: String,
    pub(crate) at: LocalTime,
    pub(crate) payee: CustomerNumber,
    pub(crate) payee_name: String,
    pub(crate) account: String,
    pub(crate) currency: TradingCurrency,
    pub(crate) amount: i64,
}

/// Goods on their way, from the shelf to the door.
#[derive(Debug, Clone)]
pub(crate) struct GoodsDelivery {
    pub(crate) number: String,
    pub(crate) order: String,
    pub(crate) place: &'static str,
    pub(crate) consignee: Option<String>,
    pub(crate) items: Vec<(usize, i64)>,
    pub(crate) reserved: LocalTime,
    pub(crate) issued: LocalTime,
    pub(crate) carrier: &'static str,
    pub(crate) waybill: String,
    pub(crate) dispatched: LocalTime,
    pub(crate) promised: LocalTime,
    pub(crate) scans: Vec<CarrierScan>,
}

#[derive(Debug, Clone)]
pub(crate) struct CarrierScan {
    pub(crate) at: LocalTime,
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
    pub(crate) at: LocalTime,
    pub(crate) order: String,
    pub(crate) delivery: String,
    pub(crate) place: &'static str,
    pub(crate) condition: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) item: (usize, i64),
}

#[derive(Debug, Clone)]
pub(crate) struct StockCount {
    pub(crate) at: LocalTime,
    pub(crate) place: &'static str,
    pub(crate) good: usize,
    pub(crate) quantity: i64,
    pub(crate) case: Option<String>,
}

/// How the desk knows who is speaking.
#[derive(Debug, Clone)]
pub(crate) enum CallerIdentity {
    Contact(String),
    ErpNumber(String),
    Phone(String),
}

#[derive(Debug, Clone)]
pub(crate) struct ServiceCase {
    pub(crate) number: String,
    pub(crate) caller: CallerIdentity,
    pub(crate) owner: TrueOwner,
    pub(crate) order: Option<String>,
    pub(crate) good: Option<usize>,
    pub(crate) category: &'static str,
    pub(crate) severity: &'static str,
    pub(crate) channel: &'static str,
    pub(crate) title: &'static str,
    pub(crate) words: &'static str,
    pub(crate) steps: Vec<(LocalTime, CaseStep)>,
}

#[derive(Debug, Clone)]
pub(crate) enum CaseStep {
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
pub(crate) struct ServiceCall {
    pub(crate) number: String,
    pub(crate) at: LocalTime,
    pub(crate) caller: CallerIdentity,
    pub(crate) owner: TrueOwner,
    pub(crate) case: Option<String>,
    pub(crate) inward: bool,
    pub(crate) channel: &'static str,
    pub(crate) with: &'static str,
    pub(crate) topic: &'static str,
    pub(crate) words: &'static str,
}

/// All that happened in one branch.
#[derive(Debug, Default)]
pub(crate) struct BranchLedger {
    pub(crate) orders: Vec<SalesOrder>,
    pub(crate) invoices: Vec<SalesInvoice>,
    pub(crate) notes: Vec<CreditNote>,
    pub(crate) payments: Vec<CustomerPayment>,
    pub(crate) refunds: Vec<CustomerRefund>,
    pub(crate) deliveries: Vec<GoodsDelivery>,
    pub(crate) returns: Vec<GoodsReturn>,
    pub(crate) counts: Vec<StockCount>,
    pub(crate) cases: Vec<ServiceCase>,
    pub(crate) calls: Vec<ServiceCall>,
}
