//! The company's own books, kept from what happened and not from what the systems wrote.
//! No line of the hub's code is used: two who reckon apart and agree are probably right.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::documents::{BranchLedger, NoteKind, TrueOwner, lines_total};
use crate::money::{TradingCurrency, plain_amount};

/// Cents. Trade is what was bought, receivable what is owed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct AccountSums {
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

impl AccountSums {
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
pub(crate) struct OwnerAccount {
    sums: BTreeMap<TradingCurrency, AccountSums>,
    pub(crate) orders: u64,
    pub(crate) cancelled: u64,
    pub(crate) invoices: u64,
    pub(crate) credit_notes: u64,
    pub(crate) adjustments: u64,
    pub(crate) cases: u64,
    pub(crate) contacts: u64,
}

impl OwnerAccount {
    fn sums_in(&mut self, currency: TradingCurrency) -> &mut AccountSums {
        self.sums.entry(currency).or_default()
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (currency, sums) in &other.sums {
            self.sums_in(*currency).add(sums);
        }
        self.orders += other.orders;
        self.cancelled += other.cancelled;
        self.invoices += other.invoices;
        self.credit_notes += other.credit_notes;
        self.adjustments += other.adjustments;
        self.cases += other.cases;
        self.contacts += other.contacts;
    }

    pub(crate) fn to_figures(&self) -> BTreeMap<&'static str, CurrencyFigures> {
        self.sums.iter().map(|(currency, sums)| (currency.code(), CurrencyFigures::from(sums))).collect()
    }
}

/// The figures as `truth/` shows them.
#[derive(Debug, Serialize)]
pub(crate) struct CurrencyFigures {
    trade: TradeFigures,
    receivable: ReceivableFigures,
}

#[derive(Debug, Serialize)]
struct TradeFigures {
    ordered: String,
    invoiced: String,
    credited: String,
    adjusted: String,
    net: String,
}

#[derive(Debug, Serialize)]
struct ReceivableFigures {
    invoiced: String,
    credited: String,
    adjusted: String,
    paid: String,
    refunded: String,
    unallocated: String,
    open: String,
}

impl From<&AccountSums> for CurrencyFigures {
    fn from(sums: &AccountSums) -> Self {
        Self {
            trade: TradeFigures {
                ordered: plain_amount(sums.ordered),
                invoiced: plain_amount(sums.invoiced),
                credited: plain_amount(sums.credited),
                adjusted: plain_amount(sums.adjusted),
                net: plain_amount(sums.invoiced - sums.credited + sums.adjusted),
            },
            receivable: ReceivableFigures {
                invoiced: plain_amount(sums.owed_invoiced),
                credited: plain_amount(sums.owed_credited),
                adjusted: plain_amount(sums.owed_adjusted),
                paid: plain_amount(sums.paid),
                refunded: plain_amount(sums.refunded),
                unallocated: plain_amount(sums.unallocated),
                open: plain_amount(sums.open),
            },
        }
    }
}

/// One branch's books; the marketplace's and nobody's are carried on from branch to branch.
#[derive(Debug, Default)]
pub(crate) struct BranchBooks {
    first: u32,
    customers: Vec<OwnerAccount>,
    pub(crate) marketplace: OwnerAccount,
    pub(crate) nobody: OwnerAccount,
    /// Everything, reckoned from the documents alone, whoever owns them.
    pub(crate) whole: OwnerAccount,
}

impl BranchBooks {
    /// Opens the books of the branch whose customers are these.
    pub(crate) fn open_accounts(&mut self, first: u32, customers: usize) {
        self.first = first;
        self.customers = vec![OwnerAccount::default(); customers];
    }

    pub(crate) fn of_customer(&self, index: u32) -> Option<&OwnerAccount> {
        self.customers.get(index.checked_sub(self.first)? as usize)
    }

    fn account_of(&mut self, who: TrueOwner) -> &mut OwnerAccount {
        match who {
            TrueOwner::Marketplace => &mut self.marketplace,
            TrueOwner::WalkIn | TrueOwner::Nobody => &mut self.nobody,
            TrueOwner::Customer(index) => {
                let slot = index.checked_sub(self.first).map(|slot| slot as usize);
                match slot.and_then(|slot| self.customers.get_mut(slot)) {
                    Some(account) => account,
                    None => &mut self.nobody,
                }
            }
        }
    }

    /// Posts the same thing to whom it belongs and to the whole.
    fn post_entry(&mut self, who: TrueOwner, entry: impl Fn(&mut OwnerAccount)) {
        entry(self.account_of(who));
        entry(&mut self.whole);
    }

    pub(crate) fn post_ledger(&mut self, ledger: &BranchLedger) {
        for order in &ledger.orders {
            let ordered = i128::from(lines_total(order.standing_lines()));
            let stands = order.cancelled.is_none();
            self.post_entry(order.roles.trade_owner(), |account| {
                account.orders += 1;
                account.cancelled += u64::from(!stands);
                let sums = account.sums_in(order.currency);
                if stands {
                    sums.ordered += ordered;
                }
            });
        }
        // What is still to pay on each invoice.
        let mut open: Vec<i128> = ledger.invoices.iter().map(|invoice| invoice.total().into()).collect();
        for invoice in ledger.invoices.iter().filter(|invoice| !invoice.draft) {
            let amount = i128::from(invoice.total());
            self.post_entry(invoice.roles.trade_owner(), |account| {
                account.invoices += 1;
                account.sums_in(invoice.currency).invoiced += amount;
            });
            self.post_entry(invoice.roles.receivable_owner(), |account| {
                account.sums_in(invoice.currency).owed_invoiced += amount;
            });
        }
        for note in &ledger.notes {
            let amount = i128::from(note.amount);
            let (trade, receivable) = (note.roles.trade_owner(), note.roles.receivable_owner());
            match note.kind {
                NoteKind::Credit => {
                    self.post_entry(trade, |account| {
                        account.credit_notes += 1;
                        account.sums_in(note.currency).credited += amount;
                    });
                    self.post_entry(receivable, |account| account.sums_in(note.currency).owed_credited += amount);
                    if let Some(rest) = note.invoice.and_then(|invoice| open.get_mut(invoice)) {
                        *rest -= amount;
                    }
                }
                NoteKind::Adjustment => {
                    self.post_entry(trade, |account| {
                        account.adjustments += 1;
                        account.sums_in(note.currency).adjusted += amount;
                    });
                    self.post_entry(receivable, |account| account.sums_in(note.currency).owed_adjusted += amount);
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
                self.post_entry(invoice.roles.receivable_owner(), |account| {
                    account.sums_in(payment.currency).paid += amount
                });
            }
            if rest != 0 || payment.allocations().is_empty() {
                self.post_entry(payment.payer(), |account| {
                    let sums = account.sums_in(payment.currency);
                    sums.paid += rest;
                    sums.unallocated += rest;
                });
            }
        }
        for refund in &ledger.refunds {
            let payee = match refund.payee.who {
                TrueOwner::WalkIn => TrueOwner::Nobody,
                who => who,
            };
            self.post_entry(payee, |account| account.sums_in(refund.currency).refunded += i128::from(refund.amount));
        }
        for (invoice, rest) in ledger.invoices.iter().zip(open) {
            if !invoice.draft {
                self.post_entry(invoice.roles.receivable_owner(), |account| {
                    account.sums_in(invoice.currency).open += rest
                });
            }
        }
        for case in &ledger.cases {
            self.post_entry(case.owner, |account| account.cases += 1);
        }
        for call in &ledger.calls {
            self.post_entry(call.owner, |account| account.contacts += 1);
        }
    }
}
