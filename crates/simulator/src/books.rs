//! The company's own books, kept from what happened and not from what the systems wrote.
//! No line of the hub's code is used: two who reckon apart and agree are probably right.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::documents::{Ledger, NoteKind, Who, total};
use crate::money::{Currency, plain};

/// Cents. Trade is what was bought, receivable what is owed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    ordered: i128,
    invoiced: i128,
    credited: i128,
    adjusted: i128,
    owed_invoiced: i128,
    owed_credited: i128,
    owed_adjusted: i128,
    paid: i128,
    refunded: i128,
    unallocated: i128,
    open: i128,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.ordered += other.ordered;
        self.invoiced += other.invoiced;
        self.credited += other.credited;
        self.adjusted += other.adjusted;
        self.owed_invoiced += other.owed_invoiced;
        self.owed_credited += other.owed_credited;
        self.owed_adjusted += other.owed_adjusted;
        self.paid += other.paid;
        self.refunded += other.refunded;
        self.unallocated += other.unallocated;
        self.open += other.open;
    }
}

/// What one owner's documents come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Account {
    sums: BTreeMap<Currency, Sums>,
    pub(crate) orders: u64,
    pub(crate) cancelled: u64,
    pub(crate) invoices: u64,
    pub(crate) credit_notes: u64,
    pub(crate) adjustments: u64,
    pub(crate) cases: u64,
    pub(crate) contacts: u64,
}

impl Account {
    fn of(&mut self, currency: Currency) -> &mut Sums {
        self.sums.entry(currency).or_default()
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (currency, sums) in &other.sums {
            self.of(*currency).add(sums);
        }
        self.orders += other.orders;
        self.cancelled += other.cancelled;
        self.invoices += other.invoices;
        self.credit_notes += other.credit_notes;
        self.adjustments += other.adjustments;
        self.cases += other.cases;
        self.contacts += other.contacts;
    }

    pub(crate) fn written(&self) -> BTreeMap<&'static str, Written> {
        self.sums.iter().map(|(currency, sums)| (currency.code(), Written::from(sums))).collect()
    }
}

/// The figures as `truth/` shows them.
#[derive(Debug, Serialize)]
pub(crate) struct Written {
    trade: Trade,
    receivable: Receivable,
}

#[derive(Debug, Serialize)]
struct Trade {
    ordered: String,
    invoiced: String,
    credited: String,
    adjusted: String,
    net: String,
}

#[derive(Debug, Serialize)]
struct Receivable {
    invoiced: String,
    credited: String,
    adjusted: String,
    paid: String,
    refunded: String,
    unallocated: String,
    open: String,
}

impl From<&Sums> for Written {
    fn from(sums: &Sums) -> Self {
        Self {
            trade: Trade {
                ordered: plain(sums.ordered),
                invoiced: plain(sums.invoiced),
                credited: plain(sums.credited),
                adjusted: plain(sums.adjusted),
                net: plain(sums.invoiced - sums.credited + sums.adjusted),
            },
            receivable: Receivable {
                invoiced: plain(sums.owed_invoiced),
                credited: plain(sums.owed_credited),
                adjusted: plain(sums.owed_adjusted),
                paid: plain(sums.paid),
                refunded: plain(sums.refunded),
                unallocated: plain(sums.unallocated),
                open: plain(sums.open),
            },
        }
    }
}

/// One branch's books; the marketplace's and nobody's are carried on from branch to branch.
#[derive(Debug, Default)]
pub(crate) struct Books {
    first: u32,
    customers: Vec<Account>,
    pub(crate) marketplace: Account,
    pub(crate) nobody: Account,
    /// Everything, reckoned from the documents alone, whoever owns them.
    pub(crate) whole: Account,
}

impl Books {
    /// Opens the books of the branch whose customers are these.
    pub(crate) fn open(&mut self, first: u32, customers: usize) {
        self.first = first;
        self.customers = vec![Account::default(); customers];
    }

    pub(crate) fn of_customer(&self, index: u32) -> Option<&Account> {
        self.customers.get(index.checked_sub(self.first)? as usize)
    }

    fn account(&mut self, who: Who) -> &mut Account {
        match who {
            Who::Marketplace => &mut self.marketplace,
            Who::WalkIn | Who::Nobody => &mut self.nobody,
            Who::Customer(index) => {
                let slot = index.checked_sub(self.first).map(|slot| slot as usize);
                match slot.and_then(|slot| self.customers.get_mut(slot)) {
                    Some(account) => account,
                    None => &mut self.nobody,
                }
            }
        }
    }

    /// Posts the same thing to whom it belongs and to the whole.
    fn post(&mut self, who: Who, entry: impl Fn(&mut Account)) {
        entry(self.account(who));
        entry(&mut self.whole);
    }

    pub(crate) fn keep(&mut self, ledger: &Ledger) {
        for order in &ledger.orders {
            let ordered = i128::from(total(order.standing()));
            let stands = order.cancelled.is_none();
            self.post(order.roles.trade(), |account| {
                account.orders += 1;
                account.cancelled += u64::from(!stands);
                let sums = account.of(order.currency);
                if stands {
                    sums.ordered += ordered;
                }
            });
        }
        // What is still to pay on each invoice.
        let mut open: Vec<i128> = ledger.invoices.iter().map(|invoice| invoice.total().into()).collect();
        for invoice in ledger.invoices.iter().filter(|invoice| !invoice.draft) {
            let amount = i128::from(invoice.total());
            self.post(invoice.roles.trade(), |account| {
                account.invoices += 1;
                account.of(invoice.currency).invoiced += amount;
            });
            self.post(invoice.roles.receivable(), |account| {
                account.of(invoice.currency).owed_invoiced += amount;
            });
        }
        for note in &ledger.notes {
            let amount = i128::from(note.amount);
            let (trade, receivable) = (note.roles.trade(), note.roles.receivable());
            match note.kind {
                NoteKind::Credit => {
                    self.post(trade, |account| {
                        account.credit_notes += 1;
                        account.of(note.currency).credited += amount;
                    });
                    self.post(receivable, |account| account.of(note.currency).owed_credited += amount);
                    if let Some(rest) = note.invoice.and_then(|invoice| open.get_mut(invoice)) {
                        *rest -= amount;
                    }
                }
                NoteKind::Adjustment => {
                    self.post(trade, |account| {
                        account.adjustments += 1;
                        account.of(note.currency).adjusted += amount;
                    });
                    self.post(receivable, |account| account.of(note.currency).owed_adjusted += amount);
                    if let Some(rest) = note.invoice.and_then(|invoice| open.get_mut(invoice)) {
                        *rest += amount;
                    }
                }
            }
        }
        for payment in ledger.payments.iter().filter(|payment| payment.reversed.is_none()) {
            let mut rest = i128::from(payment.amount);
            for allocation in payment.allocations() {
                let amount = i128::from(allocation.amount);
                rest -= amount;
                let Some(invoice) = ledger.invoices.get(allocation.invoice) else { continue };
                if let Some(still) = open.get_mut(allocation.invoice) {
                    *still -= amount;
                }
                self.post(invoice.roles.receivable(), |account| account.of(payment.currency).paid += amount);
            }
            if rest != 0 || payment.allocations().is_empty() {
                self.post(payment.payer(), |account| {
                    let sums = account.of(payment.currency);
                    sums.paid += rest;
                    sums.unallocated += rest;
                });
            }
        }
        for refund in &ledger.refunds {
            let payee = match refund.payee.who {
                Who::WalkIn => Who::Nobody,
                who => who,
            };
            self.post(payee, |account| account.of(refund.currency).refunded += i128::from(refund.amount));
        }
        for (invoice, rest) in ledger.invoices.iter().zip(open) {
            if !invoice.draft {
                self.post(invoice.roles.receivable(), |account| account.of(invoice.currency).open += rest);
            }
        }
        for case in &ledger.cases {
            self.post(case.owner, |account| account.cases += 1);
        }
        for call in &ledger.calls {
            self.post(call.owner, |account| account.contacts += 1);
        }
    }
}
