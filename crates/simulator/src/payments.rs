//! Who pays what: in full, in part, late, for two at once, too much, by mistake.

use std::collections::BTreeMap;

use crate::customer::SimulatedCustomer;
use crate::dice::SeededDice;
use crate::documents::{BranchLedger, CustomerNumber, CustomerPayment, CustomerRefund, PaymentAllocation, TrueOwner};
use crate::moment::LocalTime;
use crate::money::TradingCurrency;
use crate::numbers::NumberSeries;

/// What is to be paid.
pub(crate) struct OpenBill {
    /// Index of the invoice in the branch's ledger.
    pub(crate) invoice: usize,
    pub(crate) amount: i64,
    pub(crate) at: LocalTime,
}

/// Who stands on the statement as having paid.
#[derive(Clone)]
pub(crate) struct StatementPayer {
    pub(crate) handle: CustomerNumber,
    pub(crate) name: String,
    /// The account it is paid from, and whose it is known to be.
    pub(crate) account: Option<(String, TrueOwner)>,
}

impl StatementPayer {
    pub(crate) fn payer_of(customer: &SimulatedCustomer, handle: CustomerNumber) -> Self {
        let holder = if customer.account_known() { handle.who } else { TrueOwner::Nobody };
        Self { handle, name: customer.latin.clone(), account: Some((customer.account.clone(), holder)) }
    }
}

/// Where payments are written down.
pub(crate) struct PaymentDesk<'a> {
    pub(crate) today: LocalTime,
    pub(crate) ledger: &'a mut BranchLedger,
    pub(crate) numbers: &'a mut NumberSeries,
}

/// The bank, and what it still holds in hand for two customers.
#[derive(Default)]
pub(crate) struct BankState {
    waiting: BTreeMap<TradingCurrency, (StatementPayer, OpenBill)>,
    /// Invoices that the marketplace owes.
    marketplace: Vec<(TradingCurrency, OpenBill)>,
}

impl BankState {
    pub(crate) fn owed_by_marketplace(&mut self, currency: TradingCurrency, bill: OpenBill) {
        self.marketplace.push((currency, bill));
    }

    /// Settles one customer's bills in one currency, oldest first.
    pub(crate) fn settle_bills(
        &mut self,
        purse: &StatementPayer,
        currency: TradingCurrency,
        bills: Vec<OpenBill>,
        till: &mut PaymentDesk<'_>,
        dice: &mut SeededDice,
    ) {
        let mut bills = bills.into_iter().filter(|bill| bill.amount > 0).peekable();
        while let Some(bill) = bills.next() {
            let at = bill.at.plus_days(dice.between(2, 45)).at_time(0, 0, 0);
            if at >= till.today {
                continue;
            }
            let one = |bill: &OpenBill| PaymentAllocation { invoice: bill.invoice, amount: bill.amount };
            let mut pay = |amount: i64, versions: Vec<Vec<PaymentAllocation>>, at: LocalTime, dice: &mut SeededDice| {
                let payment = make_payment(purse, currency, amount, versions, at, till.numbers, dice);
                till.ledger.payments.push(payment);
            };
            match dice.between(0, 999) {
                0..=49 => {} // open for ever
                50..=129 => {
                    // 60 now, 30 later, the rest open: cents are never lost in the halves.
                    let (first, second) = (bill.amount * 6 / 10, bill.amount * 3 / 10);
                    pay(first, vec![vec![PaymentAllocation { amount: first, ..one(&bill) }]], at, dice);
                    let later = at.plus_days(14);
                    if later < till.today && second > 0 {
                        pay(second, vec![vec![PaymentAllocation { amount: second, ..one(&bill) }]], later, dice);
                    }
                }
                130..=199 => {
                    // Too much: what is over stays with the payer.
                    let over = dice.between(1, 20_000);
                    pay(bill.amount + over, vec![vec![one(&bill)]], at, dice);
                }
                200..=229 => {
                    // Booked without an invoice at first, allocated by a clerk later.
                    pay(bill.amount, vec![vec![], vec![one(&bill)]], at, dice);
                }
                230..=239 => {
                    // Nobody knows what for.
                    pay(bill.amount, vec![vec![]], at, dice);
                }
                240..=319 if bills.peek().is_some_and(|next| next.at < at) => {
                    if let Some(next) = bills.next() {
                        pay(bill.amount + next.amount, vec![vec![one(&bill), one(&next)]], at, dice);
                    }
                }
                320..=389 => {
                    // One transfer for two customers: with a neighbour's bill, if one is waiting.
                    match self.waiting.remove(&currency) {
                        Some((_, other)) => {
                            let both = vec![one(&other), one(&bill)];
                            // The other's bill could be paid before today too, so this day has come.
                            let at = at.max(other.at.plus_days(2).at_time(0, 0, 0));
                            pay(bill.amount + other.amount, vec![both], at, dice);
                        }
                        None => {
                            self.waiting.insert(currency, (purse.clone(), bill));
                        }
                    }
                }
                _ => pay(bill.amount, vec![vec![one(&bill)]], at, dice),
            }
        }
    }

    /// Pays at the branch's end what was waiting for company, and what the marketplace owes.
    pub(crate) fn close_branch(
        &mut self,
        marketplace: &StatementPayer,
        till: &mut PaymentDesk<'_>,
        dice: &mut SeededDice,
    ) {
        for (currency, (purse, bill)) in std::mem::take(&mut self.waiting) {
            let allocation = PaymentAllocation { invoice: bill.invoice, amount: bill.amount };
            let at = bill.at.plus_days(30).at_time(0, 0, 0);
            if at < till.today {
                let paid = make_payment(&purse, currency, bill.amount, vec![vec![allocation]], at, till.numbers, dice);
                till.ledger.payments.push(paid);
            }
        }
        let mut owed = std::mem::take(&mut self.marketplace);
        owed.sort_by_key(|(currency, bill)| (*currency, bill.at, bill.invoice));
        let mut owed = owed.into_iter().peekable();
        while let Some((currency, bill)) = owed.next() {
            let mut last = bill.at;
            let mut allocations = vec![PaymentAllocation { invoice: bill.invoice, amount: bill.amount }];
            let many = dice.between(1, 12);
            while (allocations.len() as i64) < many
                && owed.peek().is_some_and(|(next, bill)| *next == currency && bill.at < last.plus_days(31))
            {
                if let Some((_, bill)) = owed.next() {
                    last = bill.at;
                    allocations.push(PaymentAllocation { invoice: bill.invoice, amount: bill.amount });
                }
            }
            let at = last.plus_days(15).at_time(0, 0, 0);
            if at < till.today {
                let amount = allocations.iter().map(|part| part.amount).sum();
                till.ledger.payments.push(make_payment(
                    marketplace,
                    currency,
                    amount,
                    vec![allocations],
                    at,
                    till.numbers,
                    dice,
                ));
            }
        }
    }
}

/// A payment of a purse; how it stands on the statement is the bank's whim.
pub(crate) fn make_payment(
    purse: &StatementPayer,
    currency: TradingCurrency,
    amount: i64,
    versions: Vec<Vec<PaymentAllocation>>,
    at: LocalTime,
    numbers: &mut NumberSeries,
    dice: &mut SeededDice,
) -> CustomerPayment {
    // A third is known by the account alone.
    let named = purse.account.is_none() || dice.chance(650);
    let with_account = !named || dice.chance(800);
    let (account, holder) = match &purse.account {
        Some((account, holder)) if with_account => (Some(account.clone()), *holder),
        _ => (None, TrueOwner::Nobody),
    };
    let reversed = dice.chance(20).then(|| (at.plus_days(dice.between(1, 6)), numbers.reversal()));
    CustomerPayment {
        number: numbers.payment(),
        at,
        payer: named.then(|| purse.handle.clone()),
        payer_name: purse.name.clone(),
        account,
        holder,
        currency,
        amount,
        versions,
        reversed,
    }
}

/// Money that goes back to a customer.
pub(crate) fn make_refund(
    customer: &SimulatedCustomer,
    handle: CustomerNumber,
    currency: TradingCurrency,
    amount: i64,
    at: LocalTime,
    numbers: &mut NumberSeries,
) -> CustomerRefund {
    CustomerRefund {
        number: numbers.refund(),
        at: at.at_time(0, 0, 0),
        payee: handle,
        payee_name: customer.latin.clone(),
        account: customer.account.clone(),
        currency,
        amount,
    }
}
