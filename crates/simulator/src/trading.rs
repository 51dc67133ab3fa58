//! What customers buy over the years, and the paper that follows from it.

use std::collections::BTreeMap;

use crate::aftercare;
use crate::customer::{CustomerKind, SimulatedCustomer, SourceSystem};
use crate::dice::SeededDice;
use crate::documents::{
    BranchLedger, CreditNote, CustomerNumber, DocumentRoles, NoteKind, OrderLine, SalesInvoice, SalesOrder, StockCount,
    TrueOwner, lines_total,
};
use crate::goods::GOODS;
use crate::moment::LocalTime;
use crate::money::TradingCurrency;
use crate::numbers::NumberSeries;
use crate::payments::{self, BankState, OpenBill, PaymentDesk, StatementPayer};
use crate::settings::CompanySettings;
use crate::shipping::{self, PLACES};

/// The two customer numbers of the ERP that are nobody's own.
#[derive(Clone)]
pub(crate) struct HouseNumbers {
    pub(crate) marketplace: CustomerNumber,
    pub(crate) walk_in: CustomerNumber,
}

/// What a credit note or an adjustment is about.
#[derive(Clone, Copy)]
struct NoteSubject<'a> {
    roles: &'a DocumentRoles,
    invoice: Option<usize>,
    currency: TradingCurrency,
}

/// One branch at work.
pub(crate) struct BranchRun<'a> {
    pub(crate) settings: &'a CompanySettings,
    pub(crate) house: &'a HouseNumbers,
    pub(crate) numbers: &'a mut NumberSeries,
    pub(crate) ledger: BranchLedger,
    pub(crate) today: LocalTime,
    bank: BankState,
    /// Companies that others' invoices are billed to.
    patrons: Vec<CustomerNumber>,
}

impl<'a> BranchRun<'a> {
    pub(crate) fn new(settings: &'a CompanySettings, house: &'a HouseNumbers, numbers: &'a mut NumberSeries) -> Self {
        Self {
            settings,
            house,
            numbers,
            ledger: BranchLedger::default(),
            today: LocalTime::midnight(settings.today),
            bank: BankState::default(),
            patrons: Vec::new(),
        }
    }

    /// One customer's years with us.
    pub(crate) fn live_years(&mut self, customer: &SimulatedCustomer) {
        let mut dice = SeededDice::new(self.settings.seed, "life", customer.index.into());
        let mean = i64::from(self.settings.orders.max(1));
        let count = match dice.between(0, 99) {
            0..=1 => mean * dice.between(3, 8),
            2..=5 => 0, // recorded, but never bought
            _ => dice.between(1, 2 * mean - 1),
        };
        // Those whom people are shown first have something to show.
        let count = if customer.index <= 2 { count.max(6) } else { count };
        let span = customer.since.days_until(self.today) - 1;
        let mut days: Vec<i64> = (0..count).map(|_| dice.between(0, span)).collect();
        days.sort_unstable();
        let mut bills = BTreeMap::new();
        for day in days {
            let at =
                customer.since.plus_days(day).at_time(dice.between(9, 17), dice.between(0, 59), dice.between(0, 59));
            self.place_order(customer, at, &mut bills, &mut dice);
        }
        let purse = StatementPayer::payer_of(customer, own_number(customer, &mut dice));
        for (currency, bills) in bills {
            let mut till = PaymentDesk { today: self.today, ledger: &mut self.ledger, numbers: self.numbers };
            self.bank.settle_bills(&purse, currency, bills, &mut till, &mut dice);
        }
        if customer.kind == CustomerKind::Organisation && customer.index > 5 {
            self.patrons.push(own_number(customer, &mut dice));
        }
    }

    fn place_order(
        &mut self,
        customer: &SimulatedCustomer,
        at: LocalTime,
        bills: &mut BTreeMap<TradingCurrency, Vec<OpenBill>>,
        dice: &mut SeededDice,
    ) {
        let me = own_number(customer, dice);
        let mut roles = DocumentRoles::buyer(me.clone());
        let mut channel = *dice.pick(&["web", "phone", "shop"]);
        let marketplace = customer.kind == CustomerKind::Person && dice.chance(60);
        if marketplace {
            channel = "marketplace";
            roles = DocumentRoles {
                buyer: Some(self.house.marketplace.clone()),
                debtor: dice.chance(300).then(|| self.house.marketplace.clone()),
                end_customer: (!dice.chance(20)).then(|| me.clone()),
                bill_to: None,
            };
        }
        let currency = match (customer.western, dice.chance(50)) {
            (_, true) => TradingCurrency::Usd,
            (true, _) => TradingCurrency::Eur,
            (false, _) => TradingCurrency::Cny,
        };
        let most = if customer.kind == CustomerKind::Organisation { 60 } else { 6 };
        let lines = fill_basket(currency, most, dice);
        let mut order = SalesOrder {
            number: self.numbers.order(),
            at,
            roles,
            currency,
            channel,
            lines,
            misentered: None,
            amended: None,
            cancelled: None,
        };
        match dice.between(0, 999) {
            0..=49 => order.cancelled = Some(at.plus_minutes(dice.between(20, 700))),
            50..=94 => {
                order.amended = Some((at.plus_minutes(dice.between(15, 600)), fill_basket(currency, most, dice)))
            }
            95..=114 => order.misentered = Some(fill_basket(currency, most, dice)),
            _ => {}
        }
        if order.cancelled.is_none() {
            let bill = self.fulfil_order(customer, &me, &order, dice);
            if let Some(bill) = bill {
                // What is billed to a patron is paid from the buyer's account all the same.
                match order.roles.receivable_owner() {
                    TrueOwner::Marketplace => self.bank.owed_by_marketplace(currency, bill),
                    _ => bills.entry(currency).or_default().push(bill),
                }
            }
        }
        self.ledger.orders.push(order);
    }

    /// Ships, bills and looks after one order; returns what there is to pay.
    fn fulfil_order(
        &mut self,
        customer: &SimulatedCustomer,
        me: &CustomerNumber,
        order: &SalesOrder,
        dice: &mut SeededDice,
    ) -> Option<OpenBill> {
        if order.at.plus_days(3) >= self.today {
            return None;
        }
        let consignee = customer.parties_in(SourceSystem::Wms).next().map(|party| party.number.clone());
        let delivery = shipping::ship_order(order, Some(customer), consignee, self.today, self.numbers, dice);
        let issued_at = delivery.issued.at_time(20, dice.between(0, 59), dice.between(0, 59));
        let delivered = shipping::delivered_at(&delivery);
        let mut returned = None;
        if let Some(at) = delivered
            && dice.chance(35)
        {
            let at = at.plus_days(dice.between(3, 12)).at_time(14, dice.between(0, 59), 0);
            if at < self.today {
                returned = shipping::send_back(&delivery, at, self.numbers, dice);
            }
        }

        let bill = if dice.chance(30) {
            None // shipped, not yet billed
        } else {
            self.bill_order(order, issued_at, returned.as_ref().map(|back| (back.at, back.item.1, back.reason)), dice)
        };
        if let Some(bill) = &bill
            && dice.chance(12)
        {
            let at = bill.at.plus_days(dice.between(20, 40));
            if at < self.today {
                let amount = dice.between(500, bill.amount.max(501));
                let refund = payments::make_refund(customer, me.clone(), order.currency, amount, at, self.numbers);
                self.ledger.refunds.push(refund);
            }
        }
        if let Some(at) = delivered {
            let complained = match returned {
                Some(_) => dice.chance(500),
                None => dice.chance(45),
            };
            if complained {
                let told = aftercare::open_case(customer, order, at, self.today, self.numbers, dice);
                self.ledger.cases.extend(told.cases);
                self.ledger.calls.extend(told.calls);
            }
        }
        if dice.chance(60) {
            let call = aftercare::make_enquiry(customer, order.at.plus_days(2), self.numbers, dice);
            self.ledger.calls.push(call);
        }
        self.ledger.returns.extend(returned);
        self.ledger.deliveries.push(delivery);
        bill
    }

    fn bill_order(
        &mut self,
        order: &SalesOrder,
        at: LocalTime,
        returned: Option<(LocalTime, i64, &'static str)>,
        dice: &mut SeededDice,
    ) -> Option<OpenBill> {
        let mut roles = order.roles.clone();
        let direct = matches!(roles.buyer.as_ref().map(|buyer| buyer.who), Some(TrueOwner::Customer(_)));
        if direct && !self.patrons.is_empty() && dice.chance(25) {
            roles.bill_to = Some(dice.pick(&self.patrons).clone());
        }
        // Filed under somebody else first, then moved by the ERP itself.
        let misfiled = (direct && roles.bill_to.is_none() && !self.patrons.is_empty() && dice.chance(10))
            .then(|| DocumentRoles::buyer(dice.pick(&self.patrons).clone()));
        let invoice = SalesInvoice {
            number: self.numbers.invoice(),
            at,
            due_in: *dice.pick(&[14, 30, 30, 60]),
            order: order.number.clone(),
            roles: roles.clone(),
            currency: order.currency,
            lines: order.standing_lines().to_vec(),
            draft: dice.chance(8),
            misfiled: misfiled.clone(),
        };
        let whole = invoice.total();
        let index = self.ledger.invoices.len();
        let (draft, first) = (invoice.draft, invoice.lines.first().cloned());
        self.ledger.invoices.push(invoice);
        if draft {
            return None;
        }
        let about = NoteSubject { roles: &roles, invoice: Some(index), currency: order.currency };
        let mut rest = whole;
        let credit = match (returned, first) {
            (Some((at, pieces, reason)), Some(line)) if misfiled.is_none() => {
                let amount = line.amount() * pieces.min(line.quantity) / line.quantity;
                Some((at.plus_days(1), amount, reason))
            }
            _ if misfiled.is_none() && dice.chance(15) => Some((at.plus_days(5), whole, "开票有误")),
            _ => None,
        };
        if let Some((at, amount, reason)) = credit
            && amount > 0
            && at < self.today
        {
            rest -= amount;
            self.issue_note(NoteKind::Credit, about, at, amount, reason, dice);
        }
        if misfiled.is_none() && dice.chance(10) {
            let amount = if dice.chance(700) { -dice.between(1, 5_000) } else { dice.between(1, 5_000) };
            let at = at.plus_days(20);
            if at < self.today {
                self.issue_note(NoteKind::Adjustment, about, at, amount, "尾差调整", dice);
            }
        }
        Some(OpenBill { invoice: index, amount: rest, at })
    }

    fn issue_note(
        &mut self,
        kind: NoteKind,
        about: NoteSubject<'_>,
        at: LocalTime,
        amount: i64,
        reason: &'static str,
        dice: &mut SeededDice,
    ) {
        let NoteSubject { roles, invoice, currency } = about;
        let number = match kind {
            NoteKind::Credit => self.numbers.note(),
            NoteKind::Adjustment => self.numbers.adjustment(),
        };
        // Some say only which invoice they are about: whose they are follows from that.
        let printed = if dice.chance(80) { DocumentRoles::default() } else { roles.clone() };
        self.ledger.notes.push(CreditNote {
            number,
            at: at.at_time(16, dice.between(0, 59), 0),
            kind,
            printed,
            roles: roles.clone(),
            invoice,
            currency,
            amount,
            reason,
        });
    }

    /// What no customer is behind: cash sales, adjustments of nobody's, stock taking, the marketplace's transfers.
    pub(crate) fn close_branch(mut self, first: u32, customers: usize) -> BranchLedger {
        let mut dice = SeededDice::new(self.settings.seed, "house", first.into());
        for _ in 0..(3 + customers / 40) {
            self.sell_over_the_counter(&mut dice);
        }
        for _ in 0..=(customers / 500) {
            let at = self.today.plus_days(-dice.between(5, 1_500));
            let amount = -dice.between(1, 90_000);
            let nobody = DocumentRoles::default();
            let about = NoteSubject { roles: &nobody, invoice: None, currency: TradingCurrency::Cny };
            self.issue_note(NoteKind::Adjustment, about, at, amount, "坏账核销", &mut dice);
        }
        if first == 0 {
            self.take_stock(&mut dice);
        }
        let purse = StatementPayer {
            handle: self.house.marketplace.clone(),
            name: "Taohui Marketplace Ltd.".into(),
            account: None,
        };
        let mut till = PaymentDesk { today: self.today, ledger: &mut self.ledger, numbers: self.numbers };
        self.bank.close_branch(&purse, &mut till, &mut dice);
        // What is to bounce after the last day has not bounced yet.
        for payment in &mut self.ledger.payments {
            payment.reversed.take_if(|(at, _)| *at >= self.today);
        }
        self.ledger
    }

    fn sell_over_the_counter(&mut self, dice: &mut SeededDice) {
        let at = self.today.plus_days(-dice.between(10, 1_800)).at_time(dice.between(9, 18), dice.between(0, 59), 0);
        let roles = DocumentRoles::buyer(self.house.walk_in.clone());
        let order = SalesOrder {
            number: self.numbers.order(),
            at,
            roles: roles.clone(),
            currency: TradingCurrency::Cny,
            channel: "shop",
            lines: fill_basket(TradingCurrency::Cny, 3, dice),
            misentered: None,
            amended: None,
            cancelled: None,
        };
        let invoice = SalesInvoice {
            number: self.numbers.invoice(),
            at: at.plus_minutes(1),
            due_in: 0,
            order: order.number.clone(),
            roles,
            currency: TradingCurrency::Cny,
            lines: order.lines.clone(),
            misfiled: None,
            draft: false,
        };
        let amount = invoice.total();
        let allocation = crate::documents::PaymentAllocation { invoice: self.ledger.invoices.len(), amount };
        let purse = StatementPayer { handle: self.house.walk_in.clone(), name: "BAR".into(), account: None };
        let paid = payments::make_payment(
            &purse,
            TradingCurrency::Cny,
            amount,
            vec![vec![allocation]],
            at.at_time(0, 0, 0),
            self.numbers,
            dice,
        );
        self.ledger.payments.push(paid);
        self.ledger.invoices.push(invoice);
        self.ledger.orders.push(order);
    }

    /// Every month each place is counted.
    fn take_stock(&mut self, dice: &mut SeededDice) {
        for month in 1..=24 {
            for place in PLACES {
                for good in 0..GOODS.len() {
                    self.ledger.counts.push(StockCount {
                        at: self.today.plus_days(-30 * month).at_time(21, dice.between(0, 59), 0),
                        place,
                        good,
                        quantity: dice.between(0, 4_000),
                        case: None,
                    });
                }
            }
        }
    }
}

/// One of the customer's own ERP numbers; who has two is served under either.
pub(crate) fn own_number(customer: &SimulatedCustomer, dice: &mut SeededDice) -> CustomerNumber {
    let numbers: Vec<&str> = customer.parties_in(SourceSystem::Erp).map(|party| party.number.as_str()).collect();
    let number = if numbers.len() > 1 && dice.chance(350) { numbers[1] } else { customer.erp_number() };
    CustomerNumber { who: TrueOwner::Customer(customer.index), number: number.to_owned() }
}

/// One to four lines of different goods.
pub(crate) fn fill_basket(currency: TradingCurrency, most: i64, dice: &mut SeededDice) -> Vec<OrderLine> {
    let count = dice.between(1, 4);
    let start = dice.below(GOODS.len());
    let lines: Vec<OrderLine> = (0..count as usize)
        .map(|step| {
            let good = (start + step * 5) % GOODS.len();
            let unit_price = currency.price_of(GOODS[good].price);
            let quantity = dice.between(1, most);
            // Five per cent off, now and then; whole cents.
            let discount = if dice.chance(100) { quantity * unit_price / 20 } else { 0 };
            OrderLine { good, quantity, unit_price, discount }
        })
        .collect();
    debug_assert!(lines_total(&lines) > 0);
    lines
}
