//! Settlement (rule E5): what finance documents say to each other, and what each of them comes to.
//!
//! It takes three steps, each of which depends on those before and on nothing else, so that it ends and its outcome is a
//! function of the facts: a document *claims* what its own facts say; who hears a claim *answers* where it is not what it is
//! taken for, and an order which invoice bills it; a payment or credit note then *passes on* what that made of it.

use std::collections::BTreeMap;

use onefold_event::{ReferenceRole, Subject, SubjectKind};

use crate::amount::Money;
use crate::fragment::Fragment;
use crate::inbound::{BilledInvoice, MentionRefusal, MentionState};
use crate::payment::AllocatedAmount;

/// What others say to a subject, by their key.
type InboundMentions = BTreeMap<String, MentionState>;

/// A step of settlement after the first, in which a document says what its own facts say ([`Fragment::outbound_mentions`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettlementStep {
    /// What it answers to what others said by themselves.
    Answer,
    /// What it tells others once it has its answers.
    PassOn,
}

impl SettlementStep {
    /// Both, in their order.
    pub const ALL: [Self; 2] = [Self::Answer, Self::PassOn];

    /// Kinds of subject that have something to say in it. What they say in a step goes to kinds that hear it later.
    pub fn speaking_kinds(self) -> &'static [SubjectKind] {
        match self {
            Self::Answer => &[SubjectKind::Order, SubjectKind::Invoice, SubjectKind::Payment, SubjectKind::CreditNote],
            Self::PassOn => &[SubjectKind::Payment, SubjectKind::CreditNote],
        }
    }

    /// Whether a word makes a subject that hears it say something in this step.
    pub fn is_woken_by(self, said: &MentionState) -> bool {
        match self {
            Self::Answer => {
                let claims = !said.allocated.is_empty() || !said.credited.is_empty() || said.adjusted.is_some();
                claims || said.refunded.is_some() || said.advance.is_some()
            }
            Self::PassOn => said.refunded.is_some() || said.billed.is_some(),
        }
    }
}

/// What a subject says to others in a step of settlement, given what it heard in the steps before. Words of several steps to
/// one subject are of different fields: they merge by [`MentionState::merge_with`].
pub fn reply_in_step(
    step: SettlementStep,
    subject: &Subject,
    fragment: &Fragment,
    heard: &InboundMentions,
) -> BTreeMap<Subject, MentionState> {
    let mut all = BTreeMap::new();
    if step.speaking_kinds().contains(&subject.kind()) {
        match step {
            SettlementStep::Answer => fragment.answer_claims(subject.kind(), heard, &mut all),
            SettlementStep::PassOn => fragment.pass_on(subject.kind(), heard, &mut all),
        }
    }
    all
}

/// All that a subject says to others, in all steps.
pub fn all_mentions(
    subject: &Subject,
    fragment: &Fragment,
    heard: &InboundMentions,
) -> BTreeMap<Subject, MentionState> {
    let mut all = fragment.outbound_mentions();
    for step in SettlementStep::ALL {
        for (target, words) in reply_in_step(step, subject, fragment, heard) {
            all.entry(target).or_default().merge_with(words);
        }
    }
    all
}

/// What a refund is given against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RefundTarget {
    /// An invoice, credit note or payment.
    One(Subject),
    /// It names several, and nobody says which.
    Several,
    /// It names none.
    None,
}

impl Fragment {
    /// Whether it is a payment whose allocations do not come to its amount: the remainder is its payer's (C4).
    pub fn leaves_over(&self) -> bool {
        let Some(amount) = self.payment.as_deref().and_then(|payment| payment.amount) else { return false };
        let given = self.allocations().into_iter().filter_map(|(_, allocated)| allocated.amount);
        !given.fold(amount, |rest, given| rest.minus(&given)).is_zero()
    }

    /// The amount of a payment, refund, adjustment or credit note.
    fn document_amount(&self) -> Option<Money> {
        let paid = self.payment.as_ref().and_then(|p| p.amount);
        paid.or_else(|| self.sale.as_ref().and_then(|s| s.total))
    }

    /// What a payment or credit note settles: its allocations, as far as each names an invoice that can be read; without
    /// any, all of it where it names exactly one invoice.
    pub(crate) fn allocations(&self) -> Vec<(Subject, AllocatedAmount)> {
        let listed = match (&self.payment, &self.sale) {
            (Some(payment), _) => &payment.allocations,
            (_, Some(sale)) => &sale.allocations,
            _ => return Vec::new(),
        };
        if !listed.is_empty() {
            let anonymous = |a: &AllocatedAmount| AllocatedAmount { invoice: String::new(), ..a.clone() };
            return listed.iter().filter_map(|a| Some((a.invoice.parse().ok()?, anonymous(a)))).collect();
        }
        let settles = self.is_of(SubjectKind::Payment) || self.is_of(SubjectKind::CreditNote);
        match (self.document_amount().filter(|_| settles), self.only_reference(ReferenceRole::Invoice)) {
            (Some(amount), RefundTarget::One(invoice)) => vec![(invoice, AllocatedAmount::whole_amount(amount))],
            _ => Vec::new(),
        }
    }

    /// Whether a payment or credit note brings no allocations of its own.
    pub(crate) fn lists_no_allocation(&self) -> bool {
        let payment = self.payment.as_ref().is_none_or(|payment| payment.allocations.is_empty());
        payment && self.sale.as_ref().is_none_or(|sale| sale.allocations.is_empty())
    }

    /// The order on which a payment is made in advance: the one that it names, where it names no invoice.
    pub(crate) fn advance_on(&self) -> Option<Subject> {
        if !self.is_of(SubjectKind::Payment) || self.payment.as_ref().is_none_or(|p| !p.allocations.is_empty()) {
            return None;
        }
        match (self.only_reference(ReferenceRole::Invoice), self.only_reference(ReferenceRole::Order)) {
            (RefundTarget::None, RefundTarget::One(order)) => Some(order),
            _ => None,
        }
    }

    /// What a refund is given against: an invoice before a credit note before a payment.
    pub(crate) fn refund_against(&self) -> RefundTarget {
        let roles = [ReferenceRole::Invoice, ReferenceRole::CreditNote, ReferenceRole::Payment];
        roles
            .into_iter()
            .map(|role| self.only_reference(role))
            .find(|found| *found != RefundTarget::None)
            .unwrap_or(RefundTarget::None)
    }

    /// The one document that it names in a role.
    pub(crate) fn only_reference(&self, wanted: ReferenceRole) -> RefundTarget {
        let mut named = self.standing_references(|role| role == wanted).map(|(_, subject)| subject);
        match (named.next(), named.next()) {
            (Some(one), None) => RefundTarget::One(one),
            (Some(_), Some(_)) => RefundTarget::Several,
            (None, _) => RefundTarget::None,
        }
    }

    /// First step: what its own facts say of money to others.
    pub(crate) fn add_claims(&self, all: &mut BTreeMap<Subject, MentionState>) {
        if !self.is_standing() {
            return;
        }
        if self.is_of(SubjectKind::Payment) || self.is_of(SubjectKind::CreditNote) {
            for (invoice, allocated) in self.allocations() {
                let inbound = all.entry(invoice).or_default();
                if self.is_of(SubjectKind::Payment) {
                    inbound.at = self.since;
                    inbound.allocated.push(allocated);
                } else {
                    inbound.credited.push(allocated);
                }
            }
        }
        if let (Some(order), Some(amount)) = (self.advance_on(), self.document_amount()) {
            all.entry(order).or_default().advance = Some(amount);
        }
        if self.is_of(SubjectKind::Adjustment)
            && let (RefundTarget::One(invoice), Some(amount)) =
                (self.only_reference(ReferenceRole::Invoice), self.document_amount())
        {
            all.entry(invoice).or_default().adjusted = Some(amount);
        }
        if self.is_of(SubjectKind::Refund)
            && let (RefundTarget::One(target), Some(amount)) = (self.refund_against(), self.document_amount())
        {
            all.entry(target).or_default().refunded = Some(amount);
        }
        if self.is_of(SubjectKind::Invoice)
            && let Some(total) = self.document_amount()
        {
            for (_, order) in self.standing_references(|role| role == ReferenceRole::Order) {
                all.entry(order).or_default().bills = Some(total.currency);
            }
        }
    }

    /// Second step: what it answers to claims.
    fn answer_claims(&self, kind: SubjectKind, heard: &InboundMentions, all: &mut BTreeMap<Subject, MentionState>) {
        if kind == SubjectKind::Order {
            self.answer_advances(heard, all);
        }
        let answers = matches!(kind, SubjectKind::Invoice | SubjectKind::Payment | SubjectKind::CreditNote);
        let currency = self.document_amount().map_or(0, |amount| amount.currency);
        if !answers || (self.is_standing() && currency == 0) {
            return;
        }
        for (from, said) in heard {
            let claims = said.allocated.iter().chain(&said.credited).map(|a| a.settled_amount(currency).is_some());
            let moved = said.adjusted.iter().chain(&said.refunded).map(|m| m.currency == currency);
            let mut fits = claims.chain(moved).peekable();
            let is_refused = fits.peek().is_some() && (!self.is_standing() || fits.any(|fits| !fits));
            if let (true, Ok(from)) = (is_refused, from.parse::<Subject>()) {
                all.entry(from).or_default().refuses = Some(MentionRefusal { void: !self.is_standing(), currency });
            }
        }
    }

    fn answer_advances(&self, heard: &InboundMentions, all: &mut BTreeMap<Subject, MentionState>) {
        let in_advance = heard.iter().filter(|(_, said)| said.advance.is_some());
        let payments = in_advance.filter_map(|(payment, _)| payment.parse::<Subject>().ok());
        if !self.is_standing() {
            for payment in payments {
                all.entry(payment).or_default().refuses = Some(MentionRefusal { void: true, currency: 0 });
            }
            return;
        }
        let mut bills = heard.iter().filter_map(|(from, said)| Some((from, said.bills?)));
        let (Some((invoice, currency)), None) = (bills.next(), bills.next()) else { return };
        for payment in payments {
            let billed = BilledInvoice { invoice: invoice.clone(), currency };
            all.entry(payment).or_default().billed = Some(billed);
        }
    }

    /// Third step: what a payment or credit note tells an invoice once it has its answers.
    fn pass_on(&self, kind: SubjectKind, heard: &InboundMentions, all: &mut BTreeMap<Subject, MentionState>) {
        if !matches!(kind, SubjectKind::Payment | SubjectKind::CreditNote) || !self.is_standing() {
            return;
        }
        let hears = |said: &MentionState| said.billed.is_some() || said.refunded.is_some();
        if !heard.values().any(hears) {
            return;
        }
        let Some(applied) = self.applied_amounts(heard) else { return };
        if let (Some(invoice), Some(amount)) = (&applied.advanced_on, self.document_amount()) {
            let inbound = all.entry(invoice.clone()).or_default();
            (inbound.advanced, inbound.at) = (Some(amount), self.since);
        }
        if let (Some(invoice), false) = (&applied.sole, applied.returned.is_zero()) {
            all.entry(invoice.clone()).or_default().returned = Some(applied.returned);
        }
    }

    /// What became of a payment or credit note that stands; none where it has no amount yet.
    pub(crate) fn applied_amounts(&self, heard: &InboundMentions) -> Option<AppliedPayment> {
        let amount = self.document_amount()?;
        let refused = |invoice: &Subject| heard.get(invoice.as_str()).and_then(|said| said.refuses.clone());
        let claims = self.allocations().into_iter().map(|(invoice, allocated)| {
            let refuses = refused(&invoice).filter(|r| r.void || allocated.settled_amount(r.currency).is_none());
            AllocationClaim { invoice, allocated, refuses }
        });
        let claims: Vec<AllocationClaim> = claims.collect();
        let standing = || claims.iter().filter(|claim| claim.refuses.is_none());
        let given = standing().filter_map(|claim| claim.allocated.amount);
        let mut rest = given.fold(amount, |rest, given| rest.minus(&given));
        let billed = heard.values().find_map(|said| said.billed.clone()).filter(|_| self.advance_on().is_some());
        let is_billed = |billed: &BilledInvoice| billed.currency == amount.currency;
        let advanced_on = billed.iter().filter(|b| is_billed(b)).find_map(|b| b.invoice.parse::<Subject>().ok());
        if advanced_on.is_some() {
            rest = Money::new(amount.currency, amount.scale, 0);
        }
        // The one invoice that it settles, in its own currency: a refund beyond what is left over is given against that.
        let mut invoices: Vec<&Subject> = standing().map(|claim| &claim.invoice).chain(&advanced_on).collect();
        invoices.sort_unstable();
        invoices.dedup();
        let same_currency =
            standing().all(|claim| claim.allocated.settled.is_none_or(|s| s.currency == amount.currency));
        let sole = match invoices.as_slice() {
            [one] if same_currency => Some((*one).clone()),
            _ => None,
        };
        let refunds = heard.values().filter_map(|said| said.refunded).filter(|m| m.currency == amount.currency);
        let refunded = refunds.fold(Money::new(amount.currency, 0, 0), |sum, refund| sum.plus(&refund));
        let over = refunded.minus(&rest.at_least_zero());
        let returned = if sole.is_some() { over.at_least_zero() } else { Money::new(amount.currency, 0, 0) };
        let left = rest.minus(&refunded).plus(&returned);
        Some(AppliedPayment { claims, rest, left, advanced_on, billed, sole, returned })
    }

    /// What is left to pay of an invoice that stands, in its currency; negative where it is in credit.
    pub(crate) fn balance(&self, heard: &InboundMentions) -> Option<InvoiceBalance> {
        let total = self.sale.as_ref()?.total?;
        let mut balance = InvoiceBalance { open: total, deducted: BTreeMap::new(), paid_at: None };
        each_balance_term(total.currency, heard, &mut |term| {
            balance.open = balance.open.plus(&term.amount);
            match term.what {
                TermKind::Deduction(reason) => {
                    let amount = term.amount.negated();
                    balance.deducted.entry(reason).and_modify(|sum| *sum = sum.plus(&amount)).or_insert(amount);
                }
                TermKind::Payment | TermKind::Advance => balance.paid_at = balance.paid_at.max(term.said.at),
                TermKind::Credit | TermKind::Adjustment | TermKind::Refund | TermKind::Return => {}
            }
        });
        Some(balance)
    }

    /// What comes to what an invoice leaves open, a payment unallocated or a credit note unapplied: the terms that add up to it. None
    /// of a document that leaves nothing of the kind, or does not stand.
    pub fn settlement_terms(&self, heard: &BTreeMap<String, MentionState>) -> Vec<SettlementTerm> {
        let Some(amount) = self.document_amount().filter(|_| self.is_standing()) else { return Vec::new() };
        let term = |what, by: &str, amount| SettlementTerm { what, by: by.to_owned(), amount };
        let own = if self.sale.is_some() { "total" } else { "amount" };
        let mut terms = vec![term(own, "", amount)];
        if self.is_of(SubjectKind::Invoice) {
            each_balance_term(amount.currency, heard, &mut |one| {
                terms.push(term(one.what.word(), one.from, one.amount));
            });
            return terms;
        }
        let settles = self.is_of(SubjectKind::Payment) || self.is_of(SubjectKind::CreditNote);
        let Some(applied) = self.applied_amounts(heard).filter(|_| settles) else { return Vec::new() };
        for claim in applied.claims.iter().filter(|claim| claim.refuses.is_none()) {
            if let Some(given) = claim.allocated.amount {
                terms.push(term("allocated", claim.invoice.as_str(), given.negated()));
            }
        }
        if let Some(invoice) = &applied.advanced_on {
            terms.push(term("advance", invoice.as_str(), amount.negated()));
        }
        for (from, said) in heard {
            if let Some(refund) = said.refunded.filter(|refund| refund.currency == amount.currency) {
                terms.push(term("refund", from, refund.negated()));
            }
        }
        if let Some(sole) = applied.sole.as_ref().filter(|_| !applied.returned.is_zero()) {
            terms.push(term("returned", sole.as_str(), applied.returned));
        }
        terms
    }

    fn is_of(&self, kind: SubjectKind) -> bool {
        self.kind == kind as u32
    }
}

/// A term of what a document leaves open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementTerm {
    /// `total` or `amount` of the document itself; else what adds to it or takes from it, such as `payment`, `deduction`, `allocated`.
    pub what: &'static str,
    /// The document that says so, or to which it goes; empty: itself.
    pub by: String,
    /// Signed.
    pub amount: Money,
}

/// What moves what is left to pay of an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TermKind {
    Payment,
    Credit,
    /// By the number of its reason.
    Deduction(i32),
    Advance,
    Adjustment,
    Refund,
    /// What refunds took of a payment beyond what it left over.
    Return,
}

impl TermKind {
    fn word(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Credit => "credit",
            Self::Deduction(_) => "deduction",
            Self::Advance => "advance",
            Self::Adjustment => "adjustment",
            Self::Refund => "refund",
            Self::Return => "returned",
        }
    }
}

/// A term of an invoice's balance beside its total.
struct BalanceTerm<'a> {
    what: TermKind,
    from: &'a str,
    said: &'a MentionState,
    /// Negative where it lowers what is left to pay.
    amount: Money,
}

/// All that others say of what is left to pay of an invoice, in its currency (rule E5).
fn each_balance_term<'a>(currency: u32, heard: &'a InboundMentions, take: &mut impl FnMut(BalanceTerm<'a>)) {
    for (from, said) in heard {
        let mut put = |what, amount| take(BalanceTerm { what, from, said, amount });
        let of_currency = |money: &Option<Money>| money.filter(|money| money.currency == currency);
        let allocated = said.allocated.iter().map(|one| (TermKind::Payment, one));
        for (what, allocated) in allocated.chain(said.credited.iter().map(|one| (TermKind::Credit, one))) {
            let Some(settled) = allocated.settled_amount(currency) else { continue };
            put(what, settled.negated());
            for (reason, amount) in allocated.deductions_in(currency) {
                put(TermKind::Deduction(reason), amount.negated());
            }
        }
        let others = [
            (TermKind::Advance, of_currency(&said.advanced).map(|amount| amount.negated())),
            (TermKind::Adjustment, of_currency(&said.adjusted)),
            (TermKind::Refund, of_currency(&said.refunded)),
            (TermKind::Return, of_currency(&said.returned)),
        ];
        for (what, amount) in others {
            if let Some(amount) = amount {
                put(what, amount);
            }
        }
    }
}

/// A part of a payment or credit note, and why it is not applied.
#[derive(Debug)]
pub(crate) struct AllocationClaim {
    pub(crate) invoice: Subject,
    pub(crate) allocated: AllocatedAmount,
    pub(crate) refuses: Option<MentionRefusal>,
}

/// What became of a payment or credit note.
#[derive(Debug)]
pub(crate) struct AppliedPayment {
    /// As its allocations name them.
    pub(crate) claims: Vec<AllocationClaim>,
    /// What is applied to no invoice, refunds left aside.
    pub(crate) rest: Money,
    /// The same less the refunds that took it.
    pub(crate) left: Money,
    /// The invoice that a payment in advance settles.
    pub(crate) advanced_on: Option<Subject>,
    /// The one invoice that bills the order of a payment in advance.
    pub(crate) billed: Option<BilledInvoice>,
    /// The one invoice that it settles.
    sole: Option<Subject>,
    /// What refunds took beyond the rest, given against that invoice.
    returned: Money,
}

/// What is left to pay of an invoice.
#[derive(Debug)]
pub(crate) struct InvoiceBalance {
    pub(crate) open: Money,
    /// Deductions, by the number of their reason.
    pub(crate) deducted: BTreeMap<i32, Money>,
    /// When the latest payment that counts was.
    pub(crate) paid_at: Option<crate::EventTime>,
}
