//! The same events in any order, doubled, over any number of partitions, in batches of any size, with any lag between
//! the stages, give the same views; after every decision nothing is lost; live equals rebuild.

use onefold_event::{Event, v1};
use onefold_store::StoreCounts;
use onefold_testkit::{Draft, Shape, TestHub, identifier as written, party};
use onefold_view::{DigestSum, MoneyMeasure, MoneyTotals};
use proptest::prelude::*;

use crate::modelled::the_model_answers_as_the_hub_does;
use crate::owners::each_document_is_counted_once;

/// Few of everything, so that they meet.
const PARTIES: [&str; 8] = [
    "party:erp:1",
    "party:erp:2",
    "party:crm:1",
    "party:crm:2",
    "party:desk:1",
    "party:bank:1",
    // Guests: whoever orders by these is this party, whether anything else is said about it or not.
    "party:erp:guest:email:info@example.com",
    "party:erp:guest:phone:+8613800138000",
];
/// Never recorded, only named: in a role, in a decision, as a number.
const NAMED: [&str; 2] = ["party:erp:9", "party:crm:9"];
/// Records of one source.
const OWN_RECORDS: [(&str, &str); 5] = [
    ("party:erp:1", "party:erp:2"),
    ("party:erp:2", "party:erp:9"),
    ("party:erp:9", "party:erp:1"),
    ("party:crm:1", "party:crm:2"),
    ("party:crm:2", "party:crm:9"),
];
const NUMBERS: [&str; 4] = ["erp:1", "erp:9", "crm:2", "crm:9"];
const NAMES: [&str; 3] = ["王伟", "李娜", ""];
const PHONES: [&str; 3] = ["13800138000", "13900139000", "13700137000"];
const TAX: [&str; 2] = ["91110000600037341L", "121200004013590816"];

fn identifier() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop_oneof![
        prop::sample::select(&PHONES[..]).prop_map(|p| ("phone", p)),
        prop::sample::select(&TAX[..]).prop_map(|t| ("tax_number", t)),
        prop::sample::select(&NUMBERS[..]).prop_map(|n| ("number", n)),
        Just(("email", "info@example.com")),
        // Of a kind that never links.
        Just(("wechat", "o1")),
        Just(("phone", "12")),
    ]
}

fn who() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&PARTIES[..])
}

/// Whoever can be named, recorded or not.
fn anybody() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => who(), 1 => prop::sample::select(&NAMED[..])]
}

fn of(kind: &'static str) -> impl Strategy<Value = String> {
    (1..4u8).prop_map(move |n| format!("{kind}:erp:{n}"))
}

fn amount() -> impl Strategy<Value = String> {
    (1..9999u32, 0..3u32).prop_map(|(units, scale)| match scale {
        0 => units.to_string(),
        1 => format!("{}.{}", units / 10, units % 10),
        _ => format!("{}.{:02}", units / 100, units % 100),
    })
}

fn role() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&["buyer", "debtor", "end_customer", "bill_to"][..])
}

/// What a source says beside, or takes back.
fn beside() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let said = (prop::sample::select(&["plan", "colour"][..]), prop::sample::select(&["gold", "red", ""][..]));
    prop::collection::vec(said, 0..3)
}

fn parties() -> impl Strategy<Value = Draft> {
    let recorded = (who(), prop::sample::select(&NAMES[..]), prop::collection::vec(identifier(), 0..3), 1..4i64);
    let recorded = (recorded, beside()).prop_map(|((who, name, ids, revision), said)| {
        let draft = party(who, name, &ids).revision(revision);
        let draft = said.iter().fold(draft, |draft, (name, text)| draft.attribute(name, text));
        said.iter().fold(draft, |draft, (name, text)| draft.contact(name, text))
    });
    // Further facts of their own, so that what is said under one name meets.
    let noted = (who(), beside(), 0..9u8, 1..3i64, 0..3i64).prop_map(|(who, said, n, revision, at)| {
        let draft = party(who, "", &[]).id(&format!("note {who} {n}")).revision(revision).later(at);
        said.iter().fold(draft, |draft, (name, text)| draft.attribute(name, text).contact(name, text))
    });
    let wrong = (who(), identifier(), 0..9u8).prop_map(|(who, (kind, text), n)| {
        let corrected = v1::PartyCorrected { wrong: vec![written(&(kind, text))], ..Default::default() };
        Draft::new(who, corrected).id(&format!("correction {who} {n}"))
    });
    let flagged = (who(), 0..3i32).prop_map(|(who, intermediary)| {
        Draft::new(who, v1::PartyFlaggedIntermediary { intermediary, ..Default::default() })
            .revision(i64::from(intermediary))
    });
    prop_oneof![4 => recorded, 2 => noted, 1 => wrong, 1 => flagged, 1 => at_source()]
}

/// What sources do with their own records: merged, taken apart again, retired, and each of it revised.
fn at_source() -> impl Strategy<Value = Draft> {
    let pair = (prop::sample::select(&OWN_RECORDS[..]), any::<bool>());
    let pair = pair.prop_map(|((one, other), turned)| if turned { (other, one) } else { (one, other) });
    let said = (pair, any::<bool>(), 0..3u8, 1..3i64).prop_map(|((one, other), merged, n, revision)| {
        let draft = match merged {
            true => Draft::new(one, v1::PartyMergedAtSource { into: other.into(), ..Default::default() }),
            false => Draft::new(one, v1::PartySplitAtSource { out_of: other.into(), ..Default::default() }),
        };
        draft.id(&format!("at source {one} {n}")).revision(revision)
    });
    let retired = who().prop_map(|who| Draft::new(who, v1::PartyRetiredAtSource::default()));
    prop_oneof![4 => said, 1 => retired]
}

fn sales() -> impl Strategy<Value = Draft> {
    let order = (of("order"), amount(), role(), anybody(), 1..4i64).prop_map(|(order, total, role, who, revision)| {
        Draft::order(&order, &total).refer(role, who).revision(revision)
    });
    let by = || prop::collection::vec(identifier(), 1..3);
    let known =
        |draft: Draft, by: Vec<(&str, &str)>| by.iter().fold(draft, |draft, (kind, text)| draft.known_by(kind, text));
    let guest = (of("order"), amount(), by(), prop::sample::select(&NAMES[..]), 0..8u8, 1..4i64).prop_map(
        move |(order, total, by, name, contract, n)| {
            let draft = known(Draft::order(&order, &total).bought_by(name), by).revision(n);
            if contract == 0 { draft.refer("contract", "contract:erp:1") } else { draft }
        },
    );
    let amended = (of("order"), by(), prop::option::of(who())).prop_map(move |(order, by, who)| {
        // Known to the day alone, as it may be, it comes before the placing.
        let draft = known(Draft::new(&order, v1::OrderAmended::default()).later(-40_000), by);
        who.iter().fold(draft, |draft, who| draft.refer("buyer", who))
    });
    let cancelled = of("order").prop_map(|order| Draft::new(&order, v1::OrderCancelled::default()));
    let invoice =
        (of("invoice"), amount(), prop::option::of(of("order")), prop::option::of((role(), anybody())), 1..3i64)
            .prop_map(|(invoice, total, order, who, revision)| {
                let draft = Draft::invoice(&invoice, &total).revision(revision);
                let draft = order.iter().fold(draft, |draft, order| draft.refer("order", order));
                who.iter().fold(draft, |draft, (role, who)| draft.refer(role, who))
            });
    let by_role = prop::sample::select(&["", "end_customer", "buyer", "customer", "debtor", "payer"][..]);
    let identified =
        (of("invoice"), amount(), prop::collection::vec((by_role, identifier()), 1..3), prop::option::of(who()))
            .prop_map(|(invoice, total, by, debtor)| {
                let draft = Draft::invoice(&invoice, &total).revision(3);
                let draft = by.iter().fold(draft, |draft, (role, (kind, text))| draft.known_as(role, kind, text));
                debtor.iter().fold(draft, |draft, debtor| draft.refer("debtor", debtor))
            });
    let credit = (of("credit_note"), amount(), of("invoice"))
        .prop_map(|(note, total, invoice)| Draft::credit_note(&note, &total).refer("invoice", &invoice));
    prop_oneof![2 => order, 2 => guest, 1 => amended, 1 => cancelled, 3 => invoice, 2 => identified, 1 => credit]
}

fn money() -> impl Strategy<Value = Draft> {
    let parts = prop::collection::vec((of("invoice"), amount()), 0..3);
    let payment = (of("payment"), amount(), parts, prop::option::of(who()), 1..3i64).prop_map(
        |(payment, amount, parts, payer, n)| {
            let parts: Vec<(&str, &str)> =
                parts.iter().map(|(invoice, amount)| (invoice.as_str(), amount.as_str())).collect();
            let draft = Draft::payment(&payment, &amount, &parts).revision(n);
            payer.iter().fold(draft, |draft, payer| draft.refer("payer", payer))
        },
    );
    let by_account = (of("payment"), amount(), identifier()).prop_map(|(payment, amount, (kind, text))| {
        Draft::payment(&payment, &amount, &[]).known_by(kind, text).revision(0)
    });
    let reversed = of("payment").prop_map(|payment| Draft::new(&payment, v1::PaymentReversed::default()));
    prop_oneof![3 => payment, 1 => by_account, 1 => reversed, 4 => settlement()]
}

/// What meets over more than one document: refunds of credit notes and payments, payments in advance, amounts in two
/// currencies, and documents that are voided and come back.
fn settlement() -> impl Strategy<Value = Draft> {
    let euro = |amount: String| Some(v1::Money { amount, currency: "EUR".into() });
    let target = prop_oneof![of("credit_note"), of("payment"), of("invoice")];
    let refund = (of("refund"), amount(), target, 1..3i64).prop_map(|(refund, amount, target, n)| {
        let amount = Some(v1::Money { amount, currency: "CNY".into() });
        let draft = Draft::new(&refund, v1::RefundPaid { amount, ..Default::default() }).revision(n);
        let role = target.split(':').next().unwrap_or_default().to_owned();
        draft.refer(&role, &target)
    });
    let advance = (of("payment"), amount(), of("order"), who()).prop_map(|(payment, amount, order, who)| {
        Draft::payment(&payment, &amount, &[]).refer("order", &order).refer("payer", who).revision(3)
    });
    let one = (of("payment"), amount(), of("invoice"))
        .prop_map(|(payment, amount, invoice)| Draft::payment(&payment, &amount, &[]).refer("invoice", &invoice));
    let foreign =
        (of("payment"), amount(), of("invoice"), any::<bool>()).prop_map(move |(payment, amount, invoice, says)| {
            let settled = says.then(|| v1::Money { amount: "1.00".into(), currency: "CNY".into() });
            let deductions = vec![v1::Deduction { amount: "0.10".into(), reason: 1 }];
            let part = v1::Allocation { invoice, amount: amount.clone(), settled, deductions };
            let body = v1::PaymentReceived { amount: euro(amount), allocations: vec![part], ..Default::default() };
            Draft::new(&payment, body).revision(4)
        });
    let note = (of("credit_note"), amount(), of("invoice"), of("invoice")).prop_map(|(note, total, one, other)| {
        let part = |invoice: String| v1::Allocation { invoice, amount: "2.5".into(), ..Default::default() };
        let total = Some(v1::Money { amount: total, currency: "CNY".into() });
        let allocations = vec![part(one), part(other)];
        Draft::new(&note, v1::CreditNoteIssued { total, allocations, ..Default::default() }).revision(2)
    });
    let adjustment = (of("adjustment"), amount(), of("invoice")).prop_map(|(adjustment, amount, invoice)| {
        let amount = Some(v1::Money { amount: format!("-{amount}"), currency: "CNY".into() });
        Draft::new(&adjustment, v1::AdjustmentPosted { amount, ..Default::default() }).refer("invoice", &invoice)
    });
    const KINDS: [&str; 9] =
        ["invoice", "payment", "credit_note", "refund", "order", "delivery", "track", "case", "adjustment"];
    let ended =
        (prop::sample::select(&KINDS[..]), 1..4u8, any::<bool>(), 1..4i64).prop_map(|(kind, n, back, revision)| {
            let about = format!("{kind}:erp:{n}");
            let draft = if back {
                Draft::new(&about, v1::DocumentReinstated::default())
            } else {
                Draft::new(&about, v1::DocumentVoided::default())
            };
            draft.id(&format!("state of {about}")).revision(revision)
        });
    let disputed = (of("invoice"), any::<bool>()).prop_map(|(invoice, closed)| {
        if closed {
            return Draft::new(&invoice, v1::DisputeClosed::default());
        }
        Draft::new(&invoice, v1::DisputeOpened { amount: None, ..Default::default() })
    });
    prop_oneof![3 => refund, 3 => advance, 1 => one, 1 => foreign, 1 => note, 1 => adjustment, 2 => ended, 1 => disputed]
}

fn goods() -> impl Strategy<Value = Draft> {
    let dispatched = (of("delivery"), of("order"), of("track")).prop_map(|(delivery, order, track)| {
        Draft::new(&delivery, v1::Dispatched::default()).refer("order", &order).refer("tracking", &track)
    });
    let issued = (of("delivery"), prop::collection::vec(of("order"), 1..3)).prop_map(|(delivery, orders)| {
        let item = |order: &String| v1::Item {
            product: "P".into(),
            quantity: "1".into(),
            order: order.clone(),
            ..Default::default()
        };
        Draft::new(&delivery, v1::GoodsIssued { items: orders.iter().map(item).collect(), ..Default::default() })
    });
    // Lines of several orders, or of none; a buyer of its own, or none; promised, or not.
    let lines = prop::collection::vec(prop::option::of(of("order")), 1..4);
    let parted = (of("delivery"), lines, prop::option::of(who()), prop::option::of(of("track")), any::<bool>())
        .prop_map(|(delivery, orders, buyer, track, promised)| {
            let orders: Vec<&str> = orders.iter().map(|order| order.as_deref().unwrap_or_default()).collect();
            let draft = Draft::dispatched(&delivery, if promised { "2026-03-05" } else { "" }, &orders).revision(2);
            let draft = buyer.iter().fold(draft, |draft, buyer| draft.refer("buyer", buyer));
            track.iter().fold(draft, |draft, track| draft.refer("tracking", track))
        });
    let scanned = (of("track"), of("delivery"))
        .prop_map(|(track, delivery)| Draft::new(&track, v1::Scanned::default()).refer("delivery", &delivery));
    let delivered = of("track").prop_map(|track| Draft::new(&track, v1::Delivered::default()));
    let opened = (of("case"), of("order"), prop::option::of(identifier())).prop_map(|(case, order, by)| {
        let draft =
            Draft::new(&case, v1::CaseOpened { title: "leaking".into(), ..Default::default() }).refer("order", &order);
        by.iter().fold(draft, |draft, (kind, text)| draft.known_by(kind, text))
    });
    let closed = of("case").prop_map(|case| Draft::new(&case, v1::CaseClosed::default()));
    let called = (of("contact"), identifier())
        .prop_map(|(contact, (kind, text))| Draft::new(&contact, v1::ContactMade::default()).known_by(kind, text));
    prop_oneof![1 => dispatched, 1 => issued, 2 => parted, 1 => scanned, 1 => delivered, 1 => opened, 1 => closed, 1 => called]
}

fn decisions() -> impl Strategy<Value = Draft> {
    let supersedes = || prop::collection::vec((1..7u8).prop_map(|n| format!("decision:onefold:{n}")), 0..2);
    let linked =
        (1..4u8, anybody(), anybody(), any::<bool>(), supersedes()).prop_map(|(n, a, b, undone, supersedes)| {
            let body =
                v1::PartiesLinked { parties: vec![a.into(), b.into()], undone, supersedes, ..Default::default() };
            Draft::new(&format!("decision:onefold:{n}"), body)
                .id(&format!("decision {n}"))
                .revision(1 + i64::from(undone))
        });
    let separated =
        (4..7u8, anybody(), anybody(), any::<bool>(), supersedes()).prop_map(|(n, a, b, undone, supersedes)| {
            let (left, right) = (vec![a.into()], vec![b.into()]);
            let body = v1::PartiesSeparated { left, right, undone, supersedes, ..Default::default() };
            Draft::new(&format!("decision:onefold:{n}"), body)
                .id(&format!("decision {n}"))
                .revision(1 + i64::from(undone))
        });
    let document = prop_oneof![of("invoice"), of("delivery"), of("payment"), of("order"), of("track")];
    let reassigned = (document, anybody(), any::<bool>()).prop_map(|(document, to, undone)| {
        let body = v1::DocumentReassigned { to: to.into(), undone, ..Default::default() };
        Draft::new(&document, body).id(&format!("reassign {document}")).revision(1 + i64::from(undone))
    });
    let withdrawn = (who(), identifier(), any::<bool>()).prop_map(|(who, (kind, text), undone)| {
        let wrong = vec![written(&(kind, text))];
        let body = v1::IdentifierWithdrawn { wrong, undone, ..Default::default() };
        Draft::new(who, body).id(&format!("withdraw {who} {text}")).revision(1 + i64::from(undone))
    });
    prop_oneof![linked, separated, reassigned, withdrawn]
}

/// An event with when it happened and when the hub took it in: unlike for all, whatever the order of arrival.
pub(crate) fn company() -> impl Strategy<Value = Vec<(Event, i64)>> {
    said(prop_oneof![4 => parties(), 4 => sales(), 3 => money(), 3 => goods(), 2 => decisions()], 60)
}

/// Parties and decisions, so that links are made, forbidden and taken back all the time, and a few documents that name parties
/// or are known by their values.
pub(crate) fn people() -> impl Strategy<Value = Vec<(Event, i64)>> {
    said(prop_oneof![8 => parties(), 4 => decisions(), 1 => sales()], 30)
}

/// Fewer than so many events, one after the other; some withdraw what other versions of their fact say.
fn said(draft: impl Strategy<Value = Draft>, most: usize) -> impl Strategy<Value = Vec<(Event, i64)>> {
    let withdrawing = prop::bool::weighted(0.05);
    prop::collection::vec((draft, 0..20i64, withdrawing), 1..most).prop_map(|drafts| {
        let event = |(n, (draft, at, withdrawing)): (usize, (Draft, i64, bool))| {
            let draft = if withdrawing { draft.withdrawing() } else { draft };
            (draft.later(at).event(), 1_750_000_000_000_000 + n as i64)
        };
        drafts.into_iter().enumerate().map(event).collect()
    })
}

pub(crate) fn shape() -> impl Strategy<Value = Shape> {
    let limit = prop::option::weighted(0.7, 2..=4u64);
    let full_from = prop::option::weighted(0.3, 2..=4u64);
    let shape = (prop::sample::select(&[1u32, 3, 8][..]), 1..40usize, 1..20usize, 1..6usize, limit, full_from);
    shape.prop_map(|(partitions, batch, portion, lag, limit, full_from)| Shape {
        partitions,
        batch,
        portion,
        lag,
        limit,
        full_from,
    })
}

pub(crate) struct Outcome {
    pub(crate) digest: DigestSum,
    pub(crate) ids: DigestSum,
    money: MoneyTotals,
    pub(crate) documents: i64,
    pub(crate) customers: u64,
    pub(crate) conflicts: u64,
}

/// Takes the events in at once, or stage by stage as they come.
pub(crate) async fn outcome(events: &[(Event, i64)], shape: Shape, settle_every: usize) -> Outcome {
    let mut hub = TestHub::on(&crate::engine(), shape).await;
    for chunk in events.chunks(settle_every) {
        hub.append_at(chunk).await;
        hub.settle().await;
    }
    let verified = hub.verify().await;
    assert!(verified.is_equal(), "{verified:#?}");
    each_document_is_counted_once(&hub).await;
    the_model_answers_as_the_hub_does(&hub).await;
    // Without memory everything goes through temporary files, each subject in a lane of its own.
    let spilled = hub.verify_within(0).await;
    assert!(spilled.is_equal() && spilled.split.spilled > 0, "{spilled:#?}");
    assert_eq!((spilled.rebuilt_digest, spilled.customers), (verified.rebuilt_digest, verified.customers));
    let status = hub.status().await;
    let StoreCounts { totals, digest, ids_digest, customers, conflicts, .. } = status.counts;
    Outcome { digest, ids: ids_digest, money: totals.money, documents: totals.documents, customers, conflicts }
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn views_depend_on_the_set_of_events_alone(
        events in company(),
        order in any::<prop::sample::Index>().prop_flat_map(|_| prop::collection::vec(any::<u32>(), 60)),
        doubled in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        (one, other) in (shape(), shape()),
        settle_every in 1..30usize,
    ) {
        let other = Shape { limit: one.limit, full_from: one.full_from, ..other };
        let mut shuffled: Vec<(u32, (Event, i64))> = order.into_iter().cycle().zip(events.iter().cloned()).collect();
        shuffled.sort_by_key(|(key, _)| *key);
        let mut shuffled: Vec<(Event, i64)> = shuffled.into_iter().map(|(_, event)| event).collect();
        for twin in doubled {
            // A copy that the hub took in later.
            let (event, at) = shuffled[twin.index(shuffled.len())].clone();
            shuffled.insert(twin.index(shuffled.len()), (event, at + 1_000_000));
        }
        runtime().block_on(async {
            let (a, b) = (outcome(&events, one, usize::MAX).await, outcome(&shuffled, other, settle_every).await);
            prop_assert_eq!(a.customers, b.customers);
            prop_assert_eq!(a.digest, b.digest);
            prop_assert_eq!(a.ids, b.ids);
            prop_assert_eq!(a.conflicts, b.conflicts);
            prop_assert_eq!(a.documents, b.documents);
            for measure in [MoneyMeasure::Ordered, MoneyMeasure::Invoiced, MoneyMeasure::Credited, MoneyMeasure::Owed, MoneyMeasure::Paid, MoneyMeasure::Open] {
                prop_assert_eq!(a.money.amount(measure, "CNY"), b.money.amount(measure, "CNY"));
            }
            Ok(())
        })?;
    }

    #[test]
    fn who_is_one_customer_is_the_same_event_by_event_as_all_at_once(events in people(), shape in shape()) {
        runtime().block_on(async {
            let (a, b) = (outcome(&events, shape, 1).await, outcome(&events, shape, usize::MAX).await);
            prop_assert_eq!((a.customers, a.digest, a.ids), (b.customers, b.digest, b.ids));
            Ok(())
        })?;
    }
}
