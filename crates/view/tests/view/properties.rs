//! What holds whatever happens, and in whatever order.

use std::collections::BTreeMap;

use proptest::prelude::*;
use prost::Message;

use crate::given::*;
use crate::hub::{Folded, Hub, subject};
use onefold_event::SubjectKind;
use onefold_event::v1::{
    CaseClosed, CaseOpened, ContactMade, Delivered, DisputeClosed, DisputeOpened, DocumentReassigned,
    DocumentReinstated, DocumentVoided, OrderAmended, OrderCancelled, PartiesLinked, PaymentReversed,
    SatisfactionRated, Scanned,
};
use onefold_view::{
    Bundle, BundleRefill, Contribution, FactRef, Fragment, MoneyMeasure, MoneyTotals, ShipmentsView, ViewInput,
    assemble, day_number,
};

const PARTIES: [&str; 3] = ["party:erp:A", "party:erp:B", "party:erp:C"];
const MEASURES: [MoneyMeasure; 19] = [
    MoneyMeasure::Ordered,
    MoneyMeasure::Invoiced,
    MoneyMeasure::Credited,
    MoneyMeasure::Adjusted,
    MoneyMeasure::Owed,
    MoneyMeasure::Forgiven,
    MoneyMeasure::Corrected,
    MoneyMeasure::Paid,
    MoneyMeasure::Refunded,
    MoneyMeasure::Unallocated,
    MoneyMeasure::Open,
    MoneyMeasure::Unapplied,
    MoneyMeasure::Advanced,
    MoneyMeasure::Disputed,
    MoneyMeasure::CashDiscount,
    MoneyMeasure::Fee,
    MoneyMeasure::ShortPayment,
    MoneyMeasure::WrittenOff,
    MoneyMeasure::OtherDeduction,
];

/// Something that happened: what, about which number, when, to whom, how much.
type Happening = (u8, u8, u8, u8, u16);

fn happenings(most: usize) -> impl Strategy<Value = Vec<Happening>> {
    proptest::collection::vec((0u8..21, 0u8..6, 1u8..28, 0u8..8, 0u16..20_000), 0..most)
}

fn hub(happened: &[Happening]) -> Hub {
    let mut hub = Hub::default();
    for party_key in PARTIES {
        hub.say(party_key, "2026-01-01", party(party_key, &[]));
    }
    for happening in happened {
        say(&mut hub, *happening);
    }
    hub
}

/// Who: none, one, another, or two at once.
fn parties(who: u8) -> Vec<&'static str> {
    match who {
        0 => vec![],
        1..=5 => vec![PARTIES[usize::from(who) % 3]],
        _ => vec![PARTIES[0], PARTIES[usize::from(who) % 2 + 1]],
    }
}

fn say(hub: &mut Hub, (what, n, day, who, cents): Happening) {
    let at = format!("2026-03-{day:02}");
    let amount = if cents % 7 == 0 { format!("{cents}") } else { format!("{}.{:02}", cents / 100, cents % 100) };
    let about = |kind: &str| format!("{kind}:erp:{n}");
    let (own, other) = (format!("invoice:erp:{n}"), format!("invoice:erp:{}", (n + 1) % 6));
    let lines = vec![line(&format!("P{}", who), "toys", "2", &amount), line("Q", "", "1", "")];
    let (event, role) = match what {
        0 => (hub.say(&about("order"), &at, onefold_event::v1::OrderPlaced { lines, ..order(&amount) }), "buyer"),
        1 => (
            hub.say(&about("order"), &at, OrderAmended { total: cny(&amount), lines, ..OrderAmended::default() }),
            "buyer",
        ),
        2 => (hub.say(&about("order"), &at, OrderCancelled::default()), ""),
        3 => {
            (hub.say(&own, &at, onefold_event::v1::InvoiceIssued { lines, ..invoice(&amount, "2026-03-15") }), "buyer")
        }
        4 => (hub.say(&own, &at, invoice(&amount, "")), "debtor"),
        5 => {
            let event = hub.say(&about("credit_note"), &at, credit(&amount));
            event.add_reference("invoice", subject(&own)).unwrap();
            (event, "buyer")
        }
        6 => (hub.say(&about("payment"), &at, payment(&amount, &[(&own, "3.5"), (&other, "2.25")])), "payer"),
        7 => (hub.say(&about("payment"), &at, PaymentReversed::default()), ""),
        8 => (hub.say(&about("refund"), &at, refund(&amount)), "payee"),
        9 => (hub.say(&about("adjustment"), &at, adjustment(&format!("-{amount}"))), "debtor"),
        10 => {
            let loose = if cents % 3 == 0 { String::new() } else { format!("order:erp:{}", cents % 6) };
            let orders = [format!("order:erp:{n}"), format!("order:erp:{}", who % 6), loose];
            let orders: Vec<&str> = orders.iter().map(String::as_str).collect();
            let event = hub.say(&about("delivery"), &at, dispatched("2026-03-10", &orders));
            if n % 2 == 0 {
                event.add_reference("tracking", subject(&about("track"))).unwrap();
            }
            (event, if cents % 5 == 0 { "buyer" } else { "" })
        }
        11 if who % 2 == 0 => (hub.say(&about("track"), &at, Scanned::default()), ""),
        11 => (hub.say(&about("track"), &at, Delivered::default()), ""),
        12 if who % 3 == 0 => (hub.say(&about("case"), &at, CaseClosed::default()), ""),
        12 if who % 3 == 1 => (
            hub.say(&about("case"), &at, SatisfactionRated { score: u32::from(who), of: 10, ..Default::default() }),
            "",
        ),
        12 => (hub.say(&about("case"), &at, CaseOpened { title: amount.clone(), ..CaseOpened::default() }), "customer"),
        13 | 14 => {
            let kinds = ["invoice", "payment", "credit_note", "order", "delivery", "track", "case", "refund"];
            let about = about(kinds[usize::from(who)]);
            let voided = DocumentVoided { reason: amount.clone() };
            (
                if cents % 3 == 0 {
                    hub.say(&about, &at, DocumentReinstated::default())
                } else {
                    hub.say(&about, &at, voided)
                },
                "",
            )
        }
        15 => {
            let (number, reason) = (format!("{}", who % 2), "dear".to_owned());
            let amount = cny(&amount).filter(|_| cents % 5 > 0);
            (hub.say(&own, &at, DisputeOpened { number, amount, reason }), "")
        }
        16 => {
            let number = format!("{}", who % 2);
            (hub.say(&own, &at, DisputeClosed { number, ..DisputeClosed::default() }), "")
        }
        17 => {
            let event = hub.say(&about("refund"), &at, refund(&amount));
            event
                .add_reference(
                    ["credit_note", "payment", "invoice"][usize::from(who) % 3],
                    subject(&match who % 3 {
                        0 => about("credit_note"),
                        1 => about("payment"),
                        _ => own,
                    }),
                )
                .unwrap();
            (event, "payee")
        }
        18 => {
            let event = hub.say(&about("payment"), &at, payment(&amount, &[]));
            event.add_reference("order", subject(&about("order"))).unwrap();
            (event, "payer")
        }
        19 => {
            let kind = ["order", "delivery", "payment", "track", "invoice"][usize::from(cents % 5)];
            let to = PARTIES[usize::from(who % 3)].to_owned();
            (hub.say(&about(kind), &at, DocumentReassigned { to, ..DocumentReassigned::default() }), "")
        }
        _ => (
            hub.say(&about("contact"), &at, ContactMade { direction: "in".into(), ..ContactMade::default() }),
            "customer",
        ),
    };
    if !role.is_empty() {
        for party_key in parties(who) {
            event.add_reference(role, subject(party_key)).unwrap();
        }
    }
}

/// Every contribution of every owner, with its subject.
fn by_owner(folded: &Folded) -> BTreeMap<String, Vec<Contribution>> {
    let mut all: BTreeMap<String, Vec<Contribution>> = BTreeMap::new();
    for (owner, contribution) in folded.contributions.values().flatten() {
        all.entry(owner.clone()).or_default().push(contribution.clone());
    }
    all
}

fn bytes(folded: &Folded) -> BTreeMap<String, Vec<u8>> {
    folded.bundles.iter().map(|(key, bundle)| (key.clone(), bundle.encode_to_vec())).collect()
}

/// Shipments of one bundle, long after everything that was promised.
fn assemble_alone(bundle: &Bundle) -> ShipmentsView {
    assemble(&ViewInput {
        id: "",
        parties: &[],
        bundles: &BTreeMap::from([(String::new(), bundle.clone())]),
        hubs: &Default::default(),
        decisions: &[],
        rules: &Default::default(),
        open_items: &[],
        today: day_number("2026-06-30"),
        tallies: None,
    })
    .shipments
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_reading_does_not_matter(happened in happenings(40), seed in any::<u64>()) {
        let straight = hub(&happened);
        let shuffled = straight.shuffled(|n| (n as u64 + 1).wrapping_mul(seed | 1) >> 7);
        prop_assert_eq!(bytes(&straight.fold()), bytes(&shuffled.fold()));
    }

    #[test]
    fn bundles_survive_their_bytes(happened in happenings(30)) {
        for bundle in hub(&happened).fold().bundles.values() {
            let bytes = bundle.encode_to_vec();
            let read = Bundle::decode(bytes.as_slice()).unwrap();
            prop_assert_eq!(&read, bundle);
            prop_assert_eq!(read.encode_to_vec(), bytes);
        }
    }

    #[test]
    fn fragments_and_contributions_survive_their_bytes(happened in happenings(30)) {
        let folded = hub(&happened).fold();
        for fragment in folded.fragments.values() {
            prop_assert_eq!(&Fragment::decode(fragment.encode_to_vec().as_slice()).unwrap(), fragment);
        }
        for contribution in folded.contributions.values().flat_map(BTreeMap::values) {
            prop_assert_eq!(&Contribution::decode(contribution.encode_to_vec().as_slice()).unwrap(), contribution);
        }
    }

    /// E2: whatever is taken away, what is left is what would be there without it.
    #[test]
    fn taking_away_leaves_what_would_be_there_without_it(happened in happenings(60), gone in any::<u64>()) {
        for (owner, contributions) in by_owner(&hub(&happened).fold()) {
            let mut all = Bundle::default();
            contributions.iter().for_each(|c| all.add(c));
            let (mut kept, mut refill) = (Vec::new(), BundleRefill::default());
            for (n, contribution) in contributions.iter().enumerate() {
                if gone >> (n % 64) & 1 == 1 { refill |= all.subtract(contribution) } else { kept.push(contribution) }
            }
            let mut without = Bundle::default();
            kept.iter().rev().for_each(|c| without.add(c));
            if refill.is_needed() {
                all.refill_from(kept.iter().copied());
            }
            prop_assert_eq!(all.encode_to_vec(), without.encode_to_vec(), "{}", owner);
        }
    }

    /// A refill is asked for whenever it is needed, also where a row only changes.
    #[test]
    fn replacing_is_taking_away_and_adding(happened in happenings(60), changed in happenings(60)) {
        let (old, new) = (hub(&happened).fold(), hub(&changed).fold());
        let owners = old.bundles.keys().chain(new.bundles.keys()).cloned().collect::<std::collections::BTreeSet<_>>();
        for owner in owners {
            let mut bundle = old.bundles.get(&owner).cloned().unwrap_or_default();
            let mut refill = BundleRefill::default();
            let subjects = old.contributions.keys().chain(new.contributions.keys()).collect::<std::collections::BTreeSet<_>>();
            for about in subjects {
                let of = |folded: &Folded| folded.contributions.get(about).and_then(|of| of.get(&owner)).cloned();
                refill |= bundle.replace(of(&old).as_ref(), of(&new).as_ref());
            }
            if refill.is_needed() {
                let all: Vec<_> = new.contributions.values().filter_map(|of| of.get(&owner)).collect();
                bundle.refill_from(all);
            }
            let expected = new.bundles.get(&owner).cloned().unwrap_or_default();
            prop_assert_eq!(bundle.encode_to_vec(), expected.encode_to_vec(), "{}", owner);
        }
    }

    /// Money is conserved: over all owners a document's parts add up to the document.
    #[test]
    fn parts_add_up_to_the_whole(happened in happenings(40)) {
        let folded = hub(&happened).fold();
        let (total, documents) = folded.total();
        let facts = folded.fragments.iter().filter(|(_, f)| f.is_document()).count();
        prop_assert_eq!(documents, i64::try_from(facts).unwrap());
        for (about, of) in &folded.contributions {
            let mut sum = MoneyTotals::default();
            of.values().for_each(|c| sum.add(&c.money_totals()));
            let amount = |measure| sum.amount(measure, "CNY").parse::<rust_decimal::Decimal>().unwrap();
            prop_assert_eq!(amount(MoneyMeasure::Invoiced), amount(MoneyMeasure::Owed), "{}", about);
            prop_assert_eq!(amount(MoneyMeasure::Credited), amount(MoneyMeasure::Forgiven), "{}", about);
            prop_assert_eq!(amount(MoneyMeasure::Adjusted), amount(MoneyMeasure::Corrected), "{}", about);
        }
        // Each facet and currency: customers and nobody.
        let mut parted = folded.unattributed().0;
        let mut seen = std::collections::BTreeSet::new();
        for party_key in PARTIES {
            if seen.insert(folded.customer(party_key).to_vec()) {
                let view = folded.view(party_key);
                let money = view.trade.by_currency.get("CNY").map_or("0".to_owned(), |m| m.net.clone());
                let mut one = MoneyTotals::default();
                let parties: Vec<String> = folded.customer(party_key).iter().map(ToString::to_string).collect();
                folded.bundles.iter().filter(|(key, _)| parties.contains(key)).for_each(|(_, bundle)| one.add(&bundle.money_totals()));
                prop_assert_eq!(one.net_amount("CNY").parse::<rust_decimal::Decimal>().unwrap(), money.parse::<rust_decimal::Decimal>().unwrap());
                parted.add(&one);
            }
        }
        for measure in MEASURES {
            prop_assert_eq!(parted.amount(measure, "CNY"), total.amount(measure, "CNY"), "{:?}", measure);
        }
    }

    /// Whoever is one with whom: a customer counts what its timeline shows, once, and so does nobody.
    #[test]
    fn each_document_is_counted_once_for_whoever_owns_any_of_it(happened in happenings(40), linked in 0usize..4) {
        let mut hub = hub(&happened);
        let one: Vec<String> = [&[][..], &PARTIES[..2], &PARTIES[1..], &PARTIES][linked].iter().map(|p| (*p).to_owned()).collect();
        hub.say("decision:hub:1", "2026-04-01", PartiesLinked { parties: one, ..PartiesLinked::default() });
        let folded = hub.fold();
        for party_key in PARTIES {
            let (held, view) = (folded.bundles_of(party_key), folded.view_at(party_key, Some("2026-06-30")));
            let (mut documents, mut shipments, mut late) = (0, 0, 0);
            for (about, of) in &folded.contributions {
                let of: BTreeMap<_, _> = of.iter().filter(|(owner, _)| held.contains_key(*owner)).collect();
                let (shown, counted) = (of.values().any(|c| c.timeline_row().is_some_and(|row| !row.is_reference())), of.values().map(|c| c.document_count()).sum::<i64>());
                prop_assert!((0..=1).contains(&counted), "{}", about);
                if matches!(about.kind(), SubjectKind::Order | SubjectKind::Delivery | SubjectKind::Track | SubjectKind::Case | SubjectKind::Contact) {
                    prop_assert_eq!(counted, i64::from(shown), "{}", about);
                }
                documents += counted;
                let mut alone = Bundle::default();
                of.values().for_each(|c| alone.add(c));
                let mine = assemble_alone(&alone);
                prop_assert!(mine.open + mine.delivered + mine.failed <= 1, "{}", about);
                (shipments, late) = (shipments + mine.open + mine.delivered + mine.failed, late + mine.late.unwrap());
            }
            let ships = &view.shipments;
            prop_assert_eq!((view.documents, ships.open + ships.delivered + ships.failed, ships.late), (documents, shipments, Some(late)));
        }
        let nobodys = folded.contributions.values().filter(|of| of.iter().any(|(owner, adds)| adds.document_count() > 0 && !folded.whose(owner).whole));
        prop_assert_eq!(folded.unattributed().1, i64::try_from(nobodys.count()).unwrap());
        // What stands with the owners of parts together is counted and never parted.
        for (key, bundle) in folded.bundles.iter().filter(|(key, _)| key.starts_with("each:")) {
            prop_assert!(bundle.money_totals().is_empty(), "{}", key);
            let rows = folded.contributions.values().filter_map(|of| of.get(key)).filter(|adds| adds.timeline_row().is_some());
            prop_assert_eq!(rows.count(), 0, "{}", key);
        }
    }

    /// A payment's parts add up to its amount, whoever owns what.
    #[test]
    fn a_payment_is_paid_once(cents in 0u32..1_000_000, allocated in proptest::collection::vec((0u8..3, 0u32..100_000), 0..5)) {
        let mut hub = hub(&[]);
        for (n, party_key) in PARTIES.iter().enumerate() {
            let event = hub.say(&format!("invoice:erp:{n}"), "2026-03-01", invoice("1.00", ""));
            event.add_reference("buyer", subject(party_key)).unwrap();
        }
        let text = |cents: u32| format!("{}.{:02}", cents / 100, cents % 100);
        let texts: Vec<(String, String)> = allocated.iter().map(|(n, c)| (format!("invoice:erp:{n}"), text(*c))).collect();
        let pairs: Vec<(&str, &str)> = texts.iter().map(|(i, a)| (i.as_str(), a.as_str())).collect();
        hub.say("payment:bank:1", "2026-03-02", payment(&text(cents), &pairs));
        let (total, _) = hub.fold().total();
        let of = |measure| total.amount(measure, "CNY").parse::<rust_decimal::Decimal>().unwrap();
        prop_assert_eq!(of(MoneyMeasure::Paid), text(cents).parse().unwrap());
        let given: u32 = allocated.iter().map(|(_, c)| c).sum();
        prop_assert_eq!(of(MoneyMeasure::Paid) - of(MoneyMeasure::Unallocated), text(given).parse().unwrap());
    }

    /// Facts that come in order are applied to the fragment that is there.
    #[test]
    fn applying_in_order_is_folding(happened in happenings(20)) {
        let hub = hub(&happened);
        for (about, events) in hub.by_subject() {
            let facts: Vec<FactRef> = events.iter().map(|(event, at)| FactRef { event, recorded_at: *at }).collect();
            let mut stepwise = Fragment::default();
            for n in 0..facts.len() {
                stepwise.apply(&facts[n]);
                prop_assert_eq!(&stepwise, &Fragment::fold(&about, &facts[..=n]));
            }
        }
    }

    /// Whether a bundle holds tallies depends on what is in it, not on the way there.
    #[test]
    fn tallies_come_back_when_they_are_few_again(products in proptest::collection::vec(1u8..30, 1..8), gone in any::<u8>()) {
        let mut hub = Hub::default();
        for (n, lines) in products.iter().enumerate() {
            let lines = (0..*lines).map(|p| line(&format!("P{p}"), "toys", "1", "1.00")).collect();
            hub.say(&format!("order:erp:{n}"), "2026-03-01", onefold_event::v1::OrderPlaced { lines, ..order("1.00") })
                .add_reference("buyer", subject(PARTIES[0])).unwrap();
        }
        let contributions = by_owner(&hub.fold()).remove(PARTIES[0]).unwrap();
        let (mut all, mut refill) = (Bundle::default(), BundleRefill::default());
        contributions.iter().for_each(|c| all.add(c));
        let kept: Vec<_> = contributions.iter().enumerate().filter(|(n, _)| gone >> n & 1 == 0).map(|(_, c)| c).collect();
        for (n, contribution) in contributions.iter().enumerate() {
            if gone >> n & 1 == 1 {
                refill |= all.subtract(contribution);
            }
        }
        let mut without = Bundle::default();
        kept.iter().for_each(|c| without.add(c));
        if refill.is_needed() {
            all.refill_from(kept.iter().copied());
        }
        prop_assert_eq!(all.encode_to_vec(), without.encode_to_vec());
        let entries: u32 = contributions.iter().zip(&products).enumerate().filter(|(n, _)| gone >> n & 1 == 0).map(|(_, (_, p))| u32::from(*p)).sum();
        prop_assert_eq!(without.has_many_lines(), entries > 64);
    }

    /// Revisions that no longer stand may be told before or after the facts, in any order.
    #[test]
    fn superseded_revisions_are_told_in_any_order(words in proptest::collection::vec((0u8..3, 0u8..4, 1u8..9), 1..9)) {
        let mut hub = Hub::default();
        for (n, (what, phone, day)) in words.iter().enumerate() {
            let (phone, at) = (id("phone", &format!("+861380013800{phone}")), format!("2026-03-0{day}"));
            match what {
                0 => hub.revise(&format!("s{n}"), 0, PARTIES[0], &at, party("Anna", &[phone])),
                1 => hub.revise(&format!("f{n}"), 0, PARTIES[0], &at, party("Berta", &[phone])),
                _ => hub.revise(&format!("f{n}"), 0, PARTIES[0], &at, wrong(&[phone])),
            };
        }
        let events = hub.by_subject().remove(&subject(PARTIES[0])).unwrap();
        let gone = |event: &onefold_event::DecodedEvent| matches!(&event.body, onefold_event::Body::PartyRecorded(m) if m.name.as_ref().is_some_and(|n| n.full == "Anna"));
        let (superseded, standing): (Vec<_>, Vec<_>) = events.iter().partition(|(event, _)| gone(event));
        let (mut before, mut after) = (Fragment::default(), Fragment::default());
        superseded.iter().rev().for_each(|(event, _)| before.assert_superseded(event));
        for (event, at) in &standing {
            before.apply(&FactRef { event, recorded_at: *at });
            after.apply(&FactRef { event, recorded_at: *at });
        }
        superseded.iter().for_each(|(event, _)| after.assert_superseded(event));
        prop_assert_eq!(before, after);
    }
}
