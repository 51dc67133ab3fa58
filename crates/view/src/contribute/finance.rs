//! What finance documents add: settlement (rule E5), and what of it cannot be honoured (rule A7).

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::v1::deduction::Reason;
use onefold_event::{Currency, Day, ReferenceRole, SubjectKind};
use onefold_identity::OwnerKey;

use super::{Sheet, days};
use crate::MoneyMeasure;
use crate::amount::Money;
use crate::contribution::{Counter, OpenItem, Status};
use crate::finding::FindingCode;
use crate::inbound::Refuses;
use crate::sale::Sale;
use crate::settlement::{Against, Applied, Balance};
use crate::validity::Stance;

impl Sheet<'_> {
    pub(super) fn invoice(&mut self, trade: &str, receivable: &str) {
        let Some(sale) = &self.fragment.sale else { return };
        let balance = self.fragment.balance(self.inbound);
        let status = match balance.as_ref().map(|b| b.open.units()) {
            None => Status::Stands,
            Some(0) => Status::Settled,
            Some(..0) => Status::InCredit,
            Some(_) => Status::Open,
        };
        let label = dispute_label(sale);
        self.row(trade, status, sale.total, &label);
        if trade != receivable {
            self.row(receivable, status, sale.total, &label);
        }
        let contribution = self.at(trade);
        contribution.count(Counter::Invoices, 1);
        contribution.count(Counter::Lines, i64::from(sale.lines));
        if let Some(total) = &sale.total {
            contribution.put(MoneyMeasure::Invoiced, total);
        }
        self.purchase(trade, !self.fragment.names_role(ReferenceRole::Order));
        if let (Some(total), Some(balance)) = (&sale.total, balance) {
            self.debt(receivable, sale, total, &balance);
        }
        self.dispute_findings(receivable, sale);
    }

    fn debt(&mut self, key: &str, sale: &Sale, total: &Money, balance: &Balance) {
        let open = balance.open;
        let days = balance.paid_at.filter(|_| open.units() <= 0).map(|paid| days(self.since(), paid));
        let invoice = self.subject.to_string();
        let disputed = disputed(sale, &open);
        let contribution = self.at(key);
        contribution.put(MoneyMeasure::Owed, total);
        for (reason, amount) in &balance.deducted {
            contribution.put(deduction_measure(*reason), amount);
        }
        let counter = match open.units() {
            0 => Counter::SettledInvoices,
            ..0 => Counter::InvoicesInCredit,
            _ => Counter::OpenInvoices,
        };
        contribution.count(counter, 1);
        if let Some(disputed) = &disputed {
            contribution.put(MoneyMeasure::Disputed, disputed);
            contribution.count(Counter::DisputedInvoices, 1);
        }
        if !open.is_zero() {
            contribution.put(MoneyMeasure::Open, &open);
            contribution.open = Some(Box::new(OpenItem {
                owner: key.to_owned(),
                due: sale.due.unwrap_or(OpenItem::NEVER),
                invoice,
                currency: open.currency_code(),
                open: open.text(),
                disputed: disputed.map(|amount| amount.text()).unwrap_or_default(),
            }));
        }
        if let Some(days) = days {
            contribution.count(Counter::PaidInvoices, 1);
            contribution.count(Counter::DaysToPay, days);
        }
    }

    fn dispute_findings(&mut self, key: &str, sale: &Sale) {
        for (number, dispute) in &sale.disputes {
            if !dispute.opened {
                let what = format!("dispute `{number}` is closed and was never opened");
                self.find(key, FindingCode::NoSuchDispute, "number", &what);
            }
            let amount = dispute.amount.filter(|_| dispute.is_open());
            if let (Some(amount), Some(total)) = (amount, sale.total)
                && amount.currency != total.currency
            {
                let what = format!("{} is disputed of an invoice in {}", worded(&amount), total.currency_code());
                self.find(key, FindingCode::DisputeCurrency, "amount", &what);
            }
        }
    }

    pub(super) fn credit_note(&mut self, trade: &str, receivable: &str) {
        let Some(sale) = &self.fragment.sale else { return };
        self.row(trade, Status::Stands, sale.total, "");
        if trade != receivable {
            self.row(receivable, Status::Stands, sale.total, "");
        }
        let contribution = self.at(trade);
        contribution.count(Counter::CreditNotes, 1);
        contribution.count(Counter::Lines, i64::from(sale.lines));
        let Some(total) = &sale.total else { return };
        contribution.put(MoneyMeasure::Credited, total);
        self.at(receivable).put(MoneyMeasure::Forgiven, total);
        let Some(applied) = self.fragment.applied(self.inbound) else { return };
        if !applied.left.is_zero() {
            self.at(receivable).put(MoneyMeasure::Unapplied, &applied.left);
        }
        self.application_findings(receivable, total, &applied);
    }

    pub(super) fn adjustment(&mut self, trade: &str, receivable: &str) {
        let Some(payment) = &self.fragment.payment else { return };
        self.row(trade, Status::Stands, payment.amount, "");
        if trade != receivable {
            self.row(receivable, Status::Stands, payment.amount, "");
        }
        self.at(trade).count(Counter::Adjustments, 1);
        let Some(amount) = &payment.amount else { return };
        self.at(trade).put(MoneyMeasure::Adjusted, amount);
        self.at(receivable).put(MoneyMeasure::Corrected, amount);
        let named = self.fragment.only(ReferenceRole::Invoice);
        self.target_findings(receivable, amount, &named);
    }

    /// C4: each allocation is of the invoice's debtor, the remainder of the payment's own key: the parts add up. Answers where
    /// the payment counts.
    pub(super) fn payment(&mut self, own: &str, parts: &[String]) -> String {
        let Some(payment) = &self.fragment.payment else { return own.to_owned() };
        let reversed = self.fragment.stance() == Stance::Reversed;
        let applied = if reversed { None } else { self.fragment.applied(self.inbound) };
        let on_account = applied.as_ref().filter(|a| a.advanced_on.is_none());
        let is_advance = on_account.is_some() && self.fragment.advance_on().is_some();
        let status = match (reversed, is_advance) {
            (true, _) => Status::Reversed,
            (false, true) => Status::Advance,
            (false, false) => Status::Stands,
        };
        let mut shares: BTreeMap<&str, Option<Money>> = parts.iter().map(|key| (key.as_str(), None)).collect();
        for (claim, key) in applied.iter().flat_map(|a| &a.claims).zip(parts) {
            let Some(amount) = claim.allocated.amount.filter(|_| claim.refuses.is_none()) else { continue };
            let share = shares.entry(key).or_default();
            *share = Some(share.map_or(amount, |sum| sum.plus(&amount)));
            self.at(key).put(MoneyMeasure::Paid, &amount);
        }
        // What is of the payment itself: all of one in advance, else what its allocations leave over.
        let rest = applied.as_ref().and_then(|a| if a.advanced_on.is_some() { payment.amount } else { Some(a.rest) });
        let whole = parts.is_empty();
        if let Some(rest) = rest.filter(|rest| whole || !rest.is_zero()) {
            let share = shares.entry(own).or_default();
            *share = Some(share.map_or(rest, |sum| sum.plus(&rest)));
            self.at(own).put(MoneyMeasure::Paid, &rest);
        }
        if let Some(on_account) = on_account.filter(|a| whole || !a.rest.is_zero() || !a.left.is_zero()) {
            self.at(own).put(MoneyMeasure::Unallocated, &on_account.left);
            if is_advance {
                self.at(own).put(MoneyMeasure::Advanced, &on_account.left);
            }
        }
        // Whoever pays counts it, though all of it settles what others owe.
        let payer = matches!(OwnerKey::parse(own), Some(OwnerKey::One(_))).then_some(own);
        let mut counting: Vec<&str> = shares.keys().copied().chain(payer).collect();
        if counting.is_empty() {
            // One that was reversed is of whom it was of.
            counting.push(own);
        }
        let counted = self.once(counting);
        for (key, share) in shares {
            self.own_row(key, status, share, &payment.method);
        }
        for key in parts.iter().collect::<BTreeSet<_>>() {
            for member in OwnerKey::references_of(key) {
                self.reference(&member.key_for(self.subject), status, &payment.method);
            }
        }
        if whole || rest.is_some_and(|rest| !rest.is_zero()) {
            let amount = self.at(own).row.as_ref().and_then(|row| row.amount);
            self.row(own, status, amount, &payment.method);
        }
        self.reference(own, status, &payment.method);
        let counter = if reversed { Counter::PaymentsReversed } else { Counter::Payments };
        self.at(&counted).count(counter, 1);
        if payment.repeated > 0 {
            let what = "it was reported as received while it stood already; the latest report counts";
            self.find(own, FindingCode::SecondReceipt, "amount", what);
        }
        if let (Some(amount), Some(applied)) = (&payment.amount, &applied) {
            self.application_findings(own, amount, applied);
        }
        counted
    }

    pub(super) fn refund(&mut self, key: &str) {
        let Some(payment) = &self.fragment.payment else { return };
        self.row(key, Status::Stands, payment.amount, "");
        self.at(key).count(Counter::Refunds, 1);
        let Some(amount) = &payment.amount else { return };
        self.at(key).put(MoneyMeasure::Refunded, amount);
        let against = self.fragment.refund_against();
        let is_refused = self.inbound.values().any(|said| said.refuses.is_some());
        // What is given against no document lowers what the customer has to its credit.
        let lowers = match &against {
            Against::One(_) if !is_refused => None,
            Against::One(target) if target.as_str().starts_with("payment:") => Some(MoneyMeasure::Unallocated),
            _ => Some(MoneyMeasure::Unapplied),
        };
        if let Some(measure) = lowers {
            self.at(key).put(measure, &amount.negated());
        }
        self.target_findings(key, amount, &against);
    }

    /// A document dated after its currency was withdrawn.
    pub(super) fn withdrawn_currency(&mut self, key: &str) {
        let sale = self.fragment.sale.as_ref().and_then(|sale| sale.total);
        let Some(amount) = sale.or_else(|| self.fragment.payment.as_ref()?.amount) else { return };
        let code = amount.currency_code();
        let Some(ended) = Currency::from_code(&code).and_then(|currency| currency.end_date()) else { return };
        if self.since().calendar_day() > Day::from(ended) {
            let what = format!(
                "{} of a currency that was withdrawn at the end of {}",
                worded(&amount),
                ended.strftime("%Y-%m")
            );
            let field = if self.fragment.sale.is_some() { "total" } else { "amount" };
            self.find(key, FindingCode::WithdrawnCurrency, field, &what);
        }
    }

    /// Findings of a payment or credit note: parts that are not applied, and parts beyond its amount.
    fn application_findings(&mut self, key: &str, amount: &Money, applied: &Applied) {
        for (n, claim) in applied.claims.iter().enumerate() {
            let Some(refuses) = &claim.refuses else { continue };
            let part = claim.allocated.settled.or(claim.allocated.amount).unwrap_or(*amount);
            let is_listed = !self.fragment.lists_no_allocation();
            let field = if is_listed { format!("allocations[{n}]") } else { "references".to_owned() };
            self.refused(key, &field, &part, claim.invoice.as_str(), refuses);
        }
        if let Some(billed) = applied.billed.as_ref().filter(|_| applied.advanced_on.is_none()) {
            let refuses = Refuses { void: false, currency: billed.currency };
            self.refused(key, "references", amount, &billed.invoice, &refuses);
        }
        if let Some(order) = self.fragment.advance_on() {
            let refuses = self.inbound.get(order.as_str()).and_then(|said| said.refuses.clone());
            if let Some(refuses) = refuses {
                self.refused(key, "references", amount, order.as_str(), &refuses);
            }
        }
        let given = applied.claims.iter().filter(|c| c.refuses.is_none()).filter_map(|c| c.allocated.amount);
        let sum = given.fold(Money::new(amount.currency, 0, 0), |sum, given| sum.plus(&given));
        let is_beyond = if amount.units() < 0 { sum.minus(amount).units() < 0 } else { sum.minus(amount).units() > 0 };
        if is_beyond {
            let what = format!("allocations of {} together, of {}", worded(&sum), worded(amount));
            self.find(key, FindingCode::MoreThanTheAmount, "allocations", &what);
        }
        let settles_nothing = self.fragment.lists_no_allocation();
        let roles = if self.subject.kind() == SubjectKind::Payment {
            &[ReferenceRole::Invoice, ReferenceRole::Order][..]
        } else {
            &[ReferenceRole::Invoice]
        };
        let several = roles.iter().copied().find(|role| self.fragment.only(*role) != Against::None);
        if let Some(role) = several.filter(|role| settles_nothing && self.fragment.only(*role) == Against::Several) {
            let what = format!("it names several {}s and does not say which gets how much", role.word());
            self.find(key, FindingCode::SeveralTargets, "references", &what);
        }
    }

    /// Findings of an adjustment or a refund: what it names cannot take it.
    fn target_findings(&mut self, key: &str, amount: &Money, named: &Against) {
        match named {
            Against::Several => {
                let what = "it names several documents and does not say which gets how much";
                self.find(key, FindingCode::SeveralTargets, "references", what);
            }
            Against::One(target) => {
                let refuses = self.inbound.get(target.as_str()).and_then(|said| said.refuses.clone());
                if let Some(refuses) = refuses {
                    self.refused(key, "references", amount, target.as_str(), &refuses);
                }
            }
            Against::None => {}
        }
    }

    fn refused(&mut self, key: &str, field: &str, amount: &Money, target: &str, refuses: &Refuses) {
        let amount = worded(amount);
        if refuses.void {
            let what = format!("{amount} for {target}, which does not stand");
            self.find(key, FindingCode::VoidTarget, field, &what);
        } else {
            let what = format!("{amount} for {target}, which is in {}", crate::amount::unpack(refuses.currency));
            self.find(key, FindingCode::OtherCurrency, field, &what);
        }
    }
}

fn worded(amount: &Money) -> String {
    format!("{} {}", amount.text(), amount.currency_code())
}

/// What is disputed of what is open: nothing where nothing is open.
fn disputed(sale: &Sale, open: &Money) -> Option<Money> {
    let mut stated = Vec::new();
    for dispute in sale.disputes.values().filter(|dispute| dispute.is_open()) {
        // What is not said, or said in another currency, is all of it.
        stated.push(dispute.amount.filter(|amount| amount.currency == open.currency).unwrap_or(*open));
    }
    let none = Money::new(open.currency, open.scale, 0);
    let sum = stated.iter().fold(none, |sum, amount| sum.plus(amount));
    let disputed = sum.least(open);
    (disputed.units() > 0).then_some(disputed)
}

fn dispute_label(sale: &Sale) -> String {
    let reasons: Vec<&str> = sale.disputes.values().filter(|d| d.is_open()).map(|d| d.reason.as_str()).collect();
    match reasons.iter().filter(|reason| !reason.is_empty()).copied().collect::<Vec<_>>() {
        _ if reasons.is_empty() => String::new(),
        said if said.is_empty() => "disputed".to_owned(),
        said => format!("disputed: {}", said.join(", ")),
    }
}

fn deduction_measure(reason: i32) -> MoneyMeasure {
    match Reason::try_from(reason) {
        Ok(Reason::CashDiscount) => MoneyMeasure::CashDiscount,
        Ok(Reason::Fee) => MoneyMeasure::Fee,
        Ok(Reason::ShortPayment) => MoneyMeasure::ShortPayment,
        Ok(Reason::WrittenOff) => MoneyMeasure::WrittenOff,
        Ok(Reason::Other) | Err(_) => MoneyMeasure::OtherDeduction,
    }
}
