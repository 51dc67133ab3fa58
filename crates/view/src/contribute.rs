//! What a subject adds to its owners' bundles; it depends on the subject's own row alone.

mod finance;

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{Subject, SubjectKind};
use onefold_identity::OwnerKey;

use crate::amount::{Money, format_day};
use crate::case::CaseStage;
use crate::contribution::{
    BundleCounter, Contribution, DocumentStatus, OpenCase, PendingAction, RatingSum, TimelineRow,
};
use crate::finding::{FindingCode, FindingList};
use crate::inbound::{MentionState, OwnerKeys};
use crate::party::value::truncate_text;
use crate::profile::PartyProfile;
use crate::shipment::ShipmentStage;
use crate::validity::DocumentStance;
use crate::whose::is_shipped;
use crate::{EventTime, Fragment, MoneyMeasure};

/// Most pending actions shown of one open case.
const PENDING: usize = 2;

/// What a subject adds, by owner key. A document without an owner adds to its `none:` key.
pub fn contribute(
    subject: &Subject,
    fragment: &Fragment,
    inbound: &BTreeMap<String, MentionState>,
    keys: &OwnerKeys,
) -> BTreeMap<String, Contribution> {
    let none = || OwnerKey::None.key_for(subject);
    let or_none = |key: &String| if key.is_empty() { none() } else { key.clone() };
    let kind = subject.kind();
    let mut sheet = ContributionBuilder { subject, fragment, inbound, of: BTreeMap::new() };
    if kind == SubjectKind::Party {
        sheet.add_party();
        return sheet.of;
    }
    if !kind.is_document() || !(fragment.has_facts() || is_shipped(subject, inbound)) {
        return sheet.of;
    }
    let (trade, receivable) = (or_none(&keys.trade), or_none(&keys.receivable));
    let parts: Vec<String> = match kind {
        SubjectKind::Delivery | SubjectKind::Track => keys.parts.iter().map(or_none).collect(),
        _ => (0..fragment.owned_parts().len()).map(|n| keys.parts.get(n).map_or_else(none, or_none)).collect(),
    };
    let main = if matches!(kind, SubjectKind::Payment | SubjectKind::Refund) { &receivable } else { &trade };
    let mut counted = main.clone();
    match kind {
        _ if fragment.stance() == DocumentStance::Void => counted = sheet.add_void(keys, main, &parts),
        SubjectKind::Order => sheet.add_order(&trade),
        SubjectKind::Invoice => sheet.add_invoice(&trade, &receivable),
        SubjectKind::CreditNote => sheet.credit_note(&trade, &receivable),
        SubjectKind::Adjustment => sheet.add_adjustment(&trade, &receivable),
        SubjectKind::Payment => counted = sheet.add_payment(&receivable, &parts),
        SubjectKind::Refund => sheet.add_refund(&receivable),
        SubjectKind::Delivery | SubjectKind::Track => {
            counted = sheet.add_shipment(&trade, &parts, keys.promised.or(keys.ordered))
        }
        SubjectKind::Return => sheet.goods_returned(&trade),
        SubjectKind::Case => sheet.add_case(&trade),
        SubjectKind::Contact => sheet.add_contact(&trade),
        SubjectKind::Contract | SubjectKind::Opportunity => sheet.add_row(&trade, DocumentStatus::Stands, None, ""),
        SubjectKind::Party | SubjectKind::Product | SubjectKind::Stock | SubjectKind::Decision => {}
    }
    if fragment.stance() != DocumentStance::Void {
        sheet.withdrawn_currency(main);
    }
    if fragment.has_facts() {
        sheet.contribution_at(&counted).add_count(BundleCounter::Documents, 1);
    }
    sheet.of
}

struct ContributionBuilder<'a> {
    subject: &'a Subject,
    fragment: &'a Fragment,
    inbound: &'a BTreeMap<String, MentionState>,
    of: BTreeMap<String, Contribution>,
}

impl ContributionBuilder<'_> {
    fn contribution_at(&mut self, key: &str) -> &mut Contribution {
        self.of.entry(key.to_owned()).or_default()
    }

    fn since_time(&self) -> EventTime {
        self.fragment.since.unwrap_or_default()
    }

    fn add_party(&mut self) {
        if let Some(party) = &self.fragment.party {
            let profile = PartyProfile::from_party(party, self.subject.source());
            let key = self.subject.as_str().to_owned();
            self.contribution_at(&key).profile = Some(Box::new(profile));
        }
    }

    /// Puts the document on an owner's timeline; on those of a set's members as a reference, without money.
    fn add_row(&mut self, key: &str, status: DocumentStatus, amount: Option<Money>, label: &str) {
        self.own_row(key, status, amount, label);
        for member in OwnerKey::references_of(key) {
            self.add_reference(&member.key_for(self.subject), status, label);
        }
    }

    /// Where stands what is counted once for each customer that owns any of the parts.
    fn once_key<'k>(&self, parts: impl IntoIterator<Item = &'k str>) -> String {
        let keys: BTreeSet<&str> = parts.into_iter().collect();
        match keys.first() {
            Some(key) if keys.len() == 1 => (*key).to_owned(),
            _ => {
                let owners = keys.into_iter().map(|key| OwnerKey::parse(key).unwrap_or_default());
                OwnerKey::each_of(owners.collect()).key_for(self.subject)
            }
        }
    }

    fn own_row(&mut self, key: &str, status: DocumentStatus, amount: Option<Money>, label: &str) {
        if !self.fragment.has_facts() {
            return;
        }
        let row = self.make_row(status, amount, false, label);
        let contribution = self.contribution_at(key);
        if contribution.row.is_none() {
            contribution.add_count(BundleCounter::Rows, 1);
        }
        contribution.row = Some(row);
    }

    fn add_reference(&mut self, key: &str, status: DocumentStatus, label: &str) {
        if !self.fragment.has_facts() {
            return;
        }
        let row = self.make_row(status, None, true, label);
        let contribution = self.contribution_at(key);
        if contribution.row.is_none() {
            contribution.add_count(BundleCounter::Rows, 1);
            contribution.row = Some(row);
        }
    }

    fn make_row(&self, status: DocumentStatus, amount: Option<Money>, reference: bool, label: &str) -> TimelineRow {
        TimelineRow {
            at: self.since_time(),
            subject: self.subject.as_str().to_owned(),
            status: status as u32,
            amount,
            reference,
            label: truncate_text(label, 80).to_owned(),
        }
    }

    fn add_order(&mut self, key: &str) {
        let Some(sale) = &self.fragment.sale else { return };
        let status = match (sale.cancelled, sale.amended) {
            (true, _) => DocumentStatus::Cancelled,
            (false, true) => DocumentStatus::Amended,
            (false, false) => DocumentStatus::Stands,
        };
        self.add_row(key, status, sale.total, &sale.channel);
        self.contribution_at(key).add_count(BundleCounter::Orders, 1);
        if sale.cancelled {
            self.contribution_at(key).add_count(BundleCounter::OrdersCancelled, 1);
            return;
        }
        if let Some(total) = &sale.total {
            self.contribution_at(key).add_money(MoneyMeasure::Ordered, total);
        }
        self.add_purchase(key, true);
    }

    /// An order or invoice dates the customer's buying; one that follows an order is no purchase of its own.
    fn add_purchase(&mut self, key: &str, own: bool) {
        let (at, fragment) = (self.since_time(), self.fragment);
        let contribution = self.contribution_at(key);
        contribution.dated = Some(at);
        contribution.add_count(BundleCounter::Dated, 1);
        if !own {
            return;
        }
        contribution.add_count(BundleCounter::Purchases, 1);
        let Some(tallies) = fragment.sale.as_ref().and_then(|s| s.tallies.as_ref()) else { return };
        contribution.add_count(BundleCounter::ProductLines, i64::try_from(tallies.products.len()).unwrap_or(i64::MAX));
        contribution
            .add_count(BundleCounter::CategoryLines, i64::try_from(tallies.categories.len()).unwrap_or(i64::MAX));
        contribution.tallies = Some(Box::new(tallies.clone()));
    }

    /// Keeps a void document on the timelines where it stood; it adds nothing else (rule A9).
    fn add_void(&mut self, keys: &OwnerKeys, main: &str, parts: &[String]) -> String {
        let reason = self.fragment.validity.as_ref().map(|v| v.reason.clone()).unwrap_or_default();
        let mut owners: BTreeSet<&str> = parts.iter().map(String::as_str).collect();
        if parts.is_empty() {
            owners.insert(main);
        }
        let is_payment = self.subject.kind() == SubjectKind::Payment;
        // Who pays counts a payment, as while it stood.
        let payer = (is_payment && matches!(OwnerKey::parse(main), Some(OwnerKey::One(_)))).then_some(main);
        let counted =
            if parts.is_empty() { main.to_owned() } else { self.once_key(owners.iter().copied().chain(payer)) };
        if matches!(self.subject.kind(), SubjectKind::Invoice | SubjectKind::CreditNote | SubjectKind::Adjustment) {
            owners.insert(&keys.receivable);
        }
        for owner in owners.into_iter().filter(|owner| !owner.is_empty()) {
            self.add_row(owner, DocumentStatus::Void, None, &reason);
        }
        if is_payment {
            self.add_reference(main, DocumentStatus::Void, &reason);
        }
        counted
    }

    /// Notes what cannot be honoured (rule A7).
    fn add_finding(&mut self, key: &str, code: FindingCode, field: &str, what: &str) {
        let (at, subject) = (self.since_time().at, self.subject.as_str());
        let contribution = self.contribution_at(key);
        if contribution.findings.is_none() {
            contribution.add_count(BundleCounter::DocumentsWithFindings, 1);
        }
        let new = || Box::new(FindingList { at, subject: subject.to_owned(), ..FindingList::default() });
        contribution.findings.get_or_insert_with(new).add(code, field, what);
    }

    /// Each part stands with its owner, and counts once for whoever owns any of them. Answers where it counts.
    fn add_shipment(&mut self, trade: &str, parts: &[String], promised: Option<i64>) -> String {
        let shipment = self.fragment.shipment.as_deref().cloned().unwrap_or_default();
        let stage = shipment.shipment_stage();
        let status = match stage {
            ShipmentStage::Open => DocumentStatus::Open,
            ShipmentStage::Delivered => DocumentStatus::Delivered,
            ShipmentStage::Failed => DocumentStatus::Failed,
        };
        let named = [shipment.carrier.as_str(), shipment.number.as_str()].join(" ");
        let expected = shipment.expected.filter(|_| stage == ShipmentStage::Open);
        let expected = expected.map(|day| format!("expected {}", format_day(day))).unwrap_or_default();
        let label = [named.trim(), expected.as_str()];
        let label = label.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        let owners: BTreeSet<&str> = match parts {
            [] => BTreeSet::from([trade]),
            parts => parts.iter().map(String::as_str).collect(),
        };
        for owner in &owners {
            self.add_row(owner, status, None, &label);
        }
        let counted = self.once_key(owners);
        // A delivery that has tracks is counted by them.
        let tracked =
            !self.fragment.children().is_empty() || self.inbound.keys().any(|from| from.starts_with("track:"));
        if !tracked || self.subject.kind() == SubjectKind::Track {
            self.add_stage(&counted, stage, &shipment, promised);
        }
        counted
    }

    fn add_stage(
        &mut self,
        key: &str,
        stage: ShipmentStage,
        shipment: &crate::shipment::ShipmentFragment,
        promised: Option<i64>,
    ) {
        let contribution = self.contribution_at(key);
        contribution.add_count(BundleCounter::Damaged, i64::from(shipment.damaged));
        match stage {
            ShipmentStage::Delivered => contribution.add_count(BundleCounter::Delivered, 1),
            ShipmentStage::Open => contribution.add_count(BundleCounter::ShipmentsOpen, 1),
            ShipmentStage::Failed => contribution.add_count(BundleCounter::Failed, 1),
        }
        match (shipment.delivered_at.filter(|_| stage == ShipmentStage::Delivered), promised) {
            (Some(at), Some(promised)) => {
                contribution.add_count(BundleCounter::DeliveredPromised, 1);
                contribution.add_count(BundleCounter::OnTime, i64::from(at.calendar_day().0 <= promised));
            }
            (None, Some(promised)) => contribution.promised = Some(promised),
            _ => {}
        }
    }

    fn goods_returned(&mut self, key: &str) {
        let note = self.fragment.shipment.as_ref().map(|s| s.note.clone()).unwrap_or_default();
        self.add_row(key, DocumentStatus::Stands, None, &note);
        self.contribution_at(key).add_count(BundleCounter::Returns, 1);
    }

    fn add_case(&mut self, key: &str) {
        let Some(case) = &self.fragment.case else { return };
        let (stage, at) = (case.case_stage(), case.opened_at.unwrap_or_else(|| self.since_time()));
        let (status, counter) = match stage {
            CaseStage::Open => (DocumentStatus::Open, BundleCounter::CasesOpen),
            CaseStage::Resolved => (DocumentStatus::Resolved, BundleCounter::CasesResolved),
            CaseStage::Closed => (DocumentStatus::Closed, BundleCounter::CasesClosed),
        };
        let label = if case.title.is_empty() { &case.category } else { &case.title };
        self.add_row(key, status, None, label);
        let subject = self.subject.as_str().to_owned();
        let contribution = self.contribution_at(key);
        contribution.add_count(BundleCounter::Cases, 1);
        contribution.add_count(counter, 1);
        contribution.add_count(BundleCounter::Reopened, i64::from(case.reopened));
        contribution
            .add_count(BundleCounter::ActionsPending, i64::try_from(case.pending_actions().count()).unwrap_or(0));
        if case.of > 0 {
            contribution.rating = Some(RatingSum { of: case.of, n: 1, sum: i64::from(case.score) });
        }
        if stage == CaseStage::Open {
            let pending = case.pending_actions().take(PENDING).map(|(number, action)| PendingAction {
                action: truncate_text(number, 40).to_owned(),
                department: action.department.clone(),
                what: action.what.clone(),
                due: action.due,
            });
            contribution.case = Some(Box::new(OpenCase {
                opened_at: at,
                subject,
                title: case.title.clone(),
                words: case.words.clone(),
                with: case.with.clone(),
                category: case.category.clone(),
                severity: case.severity.clone(),
                product: case.product.clone(),
                pending: pending.collect(),
                reopened: case.reopened,
            }));
        }
    }

    fn add_contact(&mut self, key: &str) {
        let Some(contact) = &self.fragment.contact else { return };
        let words =
            [contact.channel.as_str(), contact.direction.as_str(), contact.with.as_str(), contact.topic.as_str()];
        let words: Vec<_> = words.into_iter().filter(|w| !w.is_empty()).collect();
        let label = words.join(", ");
        self.add_row(key, DocumentStatus::Stands, None, &label);
        let row = self.make_row(DocumentStatus::Stands, None, false, &label);
        let contribution = self.contribution_at(key);
        contribution.add_count(BundleCounter::Contacts, 1);
        match contact.direction.as_str() {
            "in" => contribution.add_count(BundleCounter::ContactsIn, 1),
            "out" => contribution.add_count(BundleCounter::ContactsOut, 1),
            _ => {}
        }
        match contact.channel.as_str() {
            "phone" => contribution.add_count(BundleCounter::ByPhone, 1),
            "email" => contribution.add_count(BundleCounter::ByEmail, 1),
            "chat" => contribution.add_count(BundleCounter::ByChat, 1),
            "visit" => contribution.add_count(BundleCounter::ByVisit, 1),
            _ => {}
        }
        contribution.contact = Some(Box::new(row));
    }
}

/// Days of the calendar between two times, each in its own.
fn days_between(from: EventTime, to: EventTime) -> i64 {
    to.calendar_day().0.saturating_sub(from.calendar_day().0)
}
