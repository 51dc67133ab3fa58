//! What finance documents add: settlement (rule E5), and what of it cannot be honoured (rule A7).

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::v1::deduction::Reason;
use onefold_event::{Currency, Day, ReferenceRole, SubjectKind};
use onefold_identity::OwnerKey;

use super::{ContributionBuilder, days_between};
use crate::MoneyMeasure;
use crate::amount::Money;
use crate::contribution::{BundleCounter, DocumentStatus, OpenItem};
use crate::finding::FindingCode;
use crate::inbound::MentionRefusal;
use crate::sale::SaleFragment;
use crate::settlement::{AppliedPayment, InvoiceBalance, RefundTarget};
use crate::validity::DocumentStance;

impl ContributionBuilder<'_> {
    pub(super) fn add_invoice(&mut self, trade: &str, receivable: &str) {
        let Some(sale) = &self.fragment.sale else { return };
        let balance = self.fragment.balance(self.inbound);
        let status = match balance.as_ref().map(|b| b.open.units()) {
            None => DocumentStatus::Stands,
            Some(0) => DocumentStatus::Settled,
            Some(..0) => DocumentStatus::InCredit,
            Some(_) => DocumentStatus::Open,
        };
        let label = dispute_label(sale);
        self.add_row(trade, status, sale.total, &label);
        if trade != receivable {
            self.add_row(receivable, status, sale.total, &label);
        }
        let contribution = self.contribution_at(trade);
        contribution.add_count(BundleCounter::Invoices, 1);
        contribution.add_count(BundleCounter::Lines, i64::from(sale.lines));
        if let Some(total) = &sale.total {
            contribution.add_money(MoneyMeasure::Invoiced, total);
        }
        self.add_purchase(trade, !self.fragment.names_role(ReferenceRole::Order));
        if let (Some(total), Some(balance)) = (&sale.total, balance) {
            self.add_debt(receivable, sale, total, &balance);
        }
        self.dispute_findings(receivable, sale);
    }

    fn add_debt(&mut self, key: &str, sale: &SaleFragment, total: &Money, balance: &InvoiceBalance) {
        let open = balance.open;
        let days = balance.paid_at.filter(|_| open.units() <= 0).map(|paid| days_between(self.since_time(), paid));
        let invoice = self.subject.to_string();
        let disputed = disputed_amount(sale, &open);
        let contribution = self.contribution_at(key);
        contribution.add_money(MoneyMeasure::Owed, total);
        for (reason, amount) in &balance.deducted {
            contribution.add_money(deduction_measure(*reason), amount);
        }
        let counter = match open.units() {
            0 => BundleCounter::SettledInvoices,
            ..0 => BundleCounter::InvoicesInCredit,
            _ => BundleCounter::OpenInvoices,
        };
        contribution.add_count(counter, 1);
        if let Some(disputed) = &disputed {
            contribution.add_money(MoneyMeasure::Disputed, disputed);
            contribution.add_count(BundleCounter::DisputedInvoices, 1);
        }
        if !open.is_zero() {
            contribution.add_money(MoneyMeasure::Open, &open);
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
            contribution.add_count(BundleCounter::PaidInvoices, 1);
            contribution.add_count(BundleCounter::DaysToPay, days);
        }
    }

    fn dispute_findings(&mut self, key: &str, sale: &SaleFragment) {
        for (number, dispute) in &sale.disputes {
            if !dispute.opened {
                let what = format!("dispute `{number}` is closed and was never opened");
                self.add_finding(key, FindingCode::NoSuchDispute, "number", &what);
            }
            let amount = dispute.amount.filter(|_| dispute.is_open());
            if let (Some(amount), Some(total)) = (amount, sale.total)
                && amount.currency != total.currency
            {
                let what = format!("{} is disputed of an invoice in {}", amount_text(&amount), total.currency_code());
                self.add_finding(key, FindingCode::DisputeCurrency, "amount", &what);
            }
        }
    }

    pub(super) fn credit_note(&mut self, trade: &str, receivable: &str) {
        let Some(sale) = &self.fragment.sale else { return };
        self.add_row(trade, DocumentStatus::Stands, sale.total, "");
        if trade != receivable {
            self.add_row(receivable, DocumentStatus::Stands, sale.total, "");
        }
        let contribution = self.contribution_at(trade);
        contribution.add_count(BundleCounter::CreditNotes, 1);
        contribution.add_count(BundleCounter::Lines, i64::from(sale.lines));
        let Some(total) = &sale.total else { return };
        contribution.add_money(MoneyMeasure::Credited, total);
        self.contribution_at(receivable).add_money(MoneyMeasure::Forgiven, total);
        let Some(applied) = self.fragment.applied_amounts(self.inbound) else { return };
        if !applied.left.is_zero() {
            self.contribution_at(receivable).add_money(MoneyMeasure::Unapplied, &applied.left);
        }
        self.application_findings(receivable, total, &applied);
    }

    pub(super) fn add_adjustment(&mut self, trade: &str, receivable: &str) {
        let Some(payment) = &self.fragment.payment else { return };
        self.add_row(trade, DocumentStatus::Stands, payment.amount, "");
        if trade != receivable {
            self.add_row(receivable, DocumentStatus::Stands, payment.amount, "");
        }
        self.contribution_at(trade).add_count(BundleCounter::Adjustments, 1);
        let Some(amount) = &payment.amount else { return };
        self.contribution_at(trade).add_money(MoneyMeasure::Adjusted, amount);
        self.contribution_at(receivable).add_money(MoneyMeasure::Corrected, amount);
        let named = self.fragment.only_reference(ReferenceRole::Invoice);
        self.target_findings(receivable, amount, &named);
    }

    /// C4: each allocation is of the invoice's debtor, the remainder of the payment's own key: the parts add up. Answers where
    /// the payment counts.
    pub(super) fn add_payment(&mut self, own: &str, parts: &[String]) -> String {
        let Some(payment) = &self.fragment.payment else { return own.to_owned() };
        let reversed = self.fragment.stance() == DocumentStance::Reversed;
        let applied = if reversed { None } else { self.fragment.applied_amounts(self.inbound) };
        let on_account = applied.as_ref().filter(|a| a.advanced_on.is_none());
        let is_advance = on_account.is_some() && self.fragment.advance_on().is_some();
        let status = match (reversed, is_advance) {
            (true, _) => DocumentStatus::Reversed,
            (false, true) => DocumentStatus::Advance,
            (false, false) => DocumentStatus::Stands,
        };
        let mut shares: BTreeMap<&str, Option<Money>> = parts.iter().map(|key| (key.as_str(), None)).collect();
        for (claim, key) in applied.iter().flat_map(|a| &a.claims).zip(parts) {
            let Some(amount) = claim.allocated.amount.filter(|_| claim.refuses.is_none()) else { continue };
            let share = shares.entry(key).or_default();
            *share = Some(share.map_or(amount, |sum| sum.plus(&amount)));
            self.contribution_at(key).add_money(MoneyMeasure::Paid, &amount);
        }
        // What is of the payment itself: all of one in advance, else what its allocations leave over.
        let rest = applied.as_ref().and_then(|a| if a.advanced_on.is_some() { payment.amount } else { Some(a.rest) });
        let whole = parts.is_empty();
        if let Some(rest) = rest.filter(|rest| whole || !rest.is_zero()) {
            let share = shares.entry(own).or_default();
            *share = Some(share.map_or(rest, |sum| sum.plus(&rest)));
            self.contribution_at(own).add_money(MoneyMeasure::Paid, &rest);
        }
        if let Some(on_account) = on_account.filter(|a| whole || !a.rest.is_zero() || !a.left.is_zero()) {
            self.contribution_at(own).add_money(MoneyMeasure::Unallocated, &on_account.left);
            if is_advance {
                self.contribution_at(own).add_money(MoneyMeasure::Advanced, &on_account.left);
            }
        }
        // Whoever pays counts it, though all of it settles what others owe.
        let payer = matches!(OwnerKey::parse(own), Some(OwnerKey::One(_))).then_some(own);
        let mut counting: Vec<&str> = shares.keys().copied().chain(payer).collect();
        if counting.is_empty() {
            // One that was reversed is of whom it was of.
            counting.push(own);
        }
        let counted = self.once_key(counting);
        for (key, share) in shares {
            self.own_row(key, status, share, &payment.method);
        }
        for key in parts.iter().collect::<BTreeSet<_>>() {
            for member in OwnerKey::references_of(key) {
                self.add_reference(&member.key_for(self.subject), status, &payment.method);
            }
        }
        if whole || rest.is_some_and(|rest| !rest.is_zero()) {
            let amount = self.contribution_at(own).row.as_ref().and_then(|row| row.amount);
            self.add_row(own, status, amount, &payment.method);
        }
        self.add_reference(own, status, &payment.method);
        let counter = if reversed { BundleCounter::PaymentsReversed } else { BundleCounter::Payments };
        self.contribution_at(&counted).add_count(counter, 1);
        if payment.repeated > 0 {
            let what = "it was reported as received while it stood already; the latest report counts";
            self.add_finding(own, FindingCode::SecondReceipt, "amount", what);
        }
        if let (Some(amount), Some(applied)) = (&payment.amount, &applied) {
            self.application_findings(own, amount, applied);
        }
        counted
    }

    pub(super) fn add_refund(&mut self, key: &str) {
        let Some(payment) = &self.fragment.payment else { return };
        self.add_row(key, DocumentStatus::Stands, payment.amount, "");
        self.contribution_at(key).add_count(BundleCounter::Refunds, 1);
        let Some(amount) = &payment.amount else { return };
        self.contribution_at(key).add_money(MoneyMeasure::Refunded, amount);
        let against = self.fragment.refund_against();
        let is_refused = self.inbound.values().any(|said| said.refuses.is_some());
        // What is given against no document lowers what the customer has to its credit.
        let lowers = match &against {
            RefundTarget::One(_) if !is_refused => None,
            RefundTarget::One(target) if target.as_str().starts_with("payment:") => Some(MoneyMeasure::Unallocated),
            _ => Some(MoneyMeasure::Unapplied),
        };
        if let Some(measure) = lowers {
            self.contribution_at(key).add_money(measure, &amount.negated());
        }
        self.target_findings(key, amount, &against);
    }

    /// A document dated after its currency was withdrawn.
    pub(super) fn withdrawn_currency(&mut self, key: &str) {
        let sale = self.fragment.sale.as_ref().and_then(|sale| sale.total);
        let Some(amount) = sale.or_else(|| self.fragment.payment.as_ref()?.amount) else { return };
        let code = amount.currency_code();
        let Some(ended) = Currency::from_code(&code).and_then(|currency| currency.end_date()) else { return };
        if self.since_time().calendar_day() > Day::from(ended) {
            let what = format!(
                "{} of a currency that was withdrawn at the end of {}",
                amount_text(&amount),
                ended.strftime("%Y-%m")
            );
            let field = if self.fragment.sale.is_some() { "total" } else { "amount" };
            self.add_finding(key, FindingCode::WithdrawnCurrency, field, &what);
        }
    }

    /// Findings of a payment or credit note: parts that are not applied, and parts beyond its amount.
    fn application_findings(&mut self, key: &str, amount: &Money, applied: &AppliedPayment) {
        for (n, claim) in applied.claims.iter().enumerate() {
            let Some(refuses) = &claim.refuses else { continue };
            let part = claim.allocated.settled.or(claim.allocated.amount).unwrap_or(*amount);
            let is_listed = !self.fragment.lists_no_allocation();
            let field = if is_listed { format!("allocations[{n}]") } else { "references".to_owned() };
            self.add_refusal(key, &field, &part, claim.invoice.as_str(), refuses);
        }
        if let Some(billed) = applied.billed.as_ref().filter(|_| applied.advanced_on.is_none()) {
            let refuses = MentionRefusal { void: false, currency: billed.currency };
            self.add_refusal(key, "references", amount, &billed.invoice, &refuses);
        }
        if let Some(order) = self.fragment.advance_on() {
            let refuses = self.inbound.get(order.as_str()).and_then(|said| said.refuses.clone());
            if let Some(refuses) = refuses {
                self.add_refusal(key, "references", amount, order.as_str(), &refuses);
            }
        }
        let given = applied.claims.iter().filter(|c| c.refuses.is_none()).filter_map(|c| c.allocated.amount);
        let sum = given.fold(Money::new(amount.currency, 0, 0), |sum, given| sum.plus(&given));
        let is_beyond = if amount.units() < 0 { sum.minus(amount).units() < 0 } else { sum.minus(amount).units() > 0 };
        if is_beyond {
            let what = format!("allocations of {} together, of {}", amount_text(&sum), amount_text(amount));
            self.add_finding(key, FindingCode::MoreThanTheAmount, "allocations", &what);
        }
        let settles_nothing = self.fragment.lists_no_allocation();
        let roles = if self.subject.kind() == SubjectKind::Payment {
            &[ReferenceRole::Invoice, ReferenceRole::Order][..]
        } else {
            &[ReferenceRole::Invoice]
        };
        let several = roles.iter().copied().find(|role| self.fragment.only_reference(*role) != RefundTarget::None);
        if let Some(role) =
            several.filter(|role| settles_nothing && self.fragment.only_reference(*role) == RefundTarget::Several)
        {
            let what = format!("it names several {}s and does not say which gets how much", role.word());
            self.add_finding(key, FindingCode::SeveralTargets, "references", &what);
        }
    }

    /// Findings of an adjustment or a refund: what it names cannot take it.
    fn target_findings(&mut self, key: &str, amount: &Money, named: &RefundTarget) {
        match named {
            RefundTarget::Several => {
                let what = "it names several documents and does not say which gets how much";
                self.add_finding(key, FindingCode::SeveralTargets, "references", what);
            }
            RefundTarget::One(target) => {
                let refuses = self.inbound.get(target.as_str()).and_then(|said| said.refuses.clone());
                if let Some(refuses) = refuses {
                    self.add_refusal(key, "references", amount, target.as_str(), &refuses);
                }
            }
            RefundTarget::None => {}
        }
    }

    fn add_refusal(&mut self, key: &str, field: &str, amount: &Money, target: &str, refuses: &MentionRefusal) {
        let amount = amount_text(amount);
        if refuses.void {
            let what = format!("{amount} for {target}, which does not stand");
            self.add_finding(key, FindingCode::VoidTarget, field, &what);
        } else {
            let what = format!("{amount} for {target}, which is in {}", crate::amount::unpack_code(refuses.currency));
            self.add_finding(key, FindingCode::OtherCurrency, field, &what);
        }
    }
}

fn amount_text(amount: &Money) -> String {
    format!("{} {}", amount.text(), amount.currency_code())
}

/// What is disputed of what is open: nothing where nothing is open.
fn disputed_amount(sale: &SaleFragment, open: &Money) -> Option<Money> {
    let mut stated = Vec::new();
    for dispute in sale.disputes.values().filter(|dispute| dispute.is_open()) {
        // What is not said, or said in another currency, is all of it.
        stated.push(dispute.amount.filter(|amount| amount.currency == open.currency).unwrap_or(*open));
    }
    let none = Money::new(open.currency, open.scale, 0);
    let sum = stated.iter().fold(none, |sum, amount| sum.plus(amount));
    let disputed = sum.smaller_of(open);
    (disputed.units() > 0).then_some(disputed)
}

fn dispute_label(sale: &SaleFragment) -> String {
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
