//! The stored form is frozen, and the digest sees every field of it.

use std::collections::BTreeSet;

use onefold_event::v1::{
    ActionRequested, Attribute, CaseOpened, ContactMade, ContactPerson, GoodsReturned, InvoiceIssued, OrderPlaced,
    PartyRecorded, PaymentReversed, SatisfactionRated, party_flagged_intermediary::Intermediary,
};
use onefold_view::{Bundle, Digest, DigestSum};
use prost::Message;
use prost::encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint};

use crate::given::*;
use crate::hub::{Hub, subject};

/// Everything that a bundle can hold, at one customer.
fn everything() -> Bundle {
    let mut hub = Hub::default();
    let known =
        PartyRecorded { language: "de".into(), ..party("Anna", &[id("phone", "+8613800138000"), id("email", "none")]) };
    hub.say("party:erp:A", "2026-01-01", known);
    let buyer = |event: &mut onefold_event::Event| event.add_reference("buyer", subject("party:erp:A")).unwrap();
    let lines = vec![line("P1", "toys", "2", "5.00")];
    buyer(hub.say(
        "order:erp:1",
        "2026-03-01",
        OrderPlaced { lines: lines.clone(), channel: "web".into(), ..order("5.00") },
    ));
    buyer(hub.say(
        "invoice:erp:1",
        "2026-03-02",
        InvoiceIssued { lines, ..invoice("79228162514264.337593543", "2026-04-01") },
    ));
    buyer(hub.say("credit_note:erp:1", "2026-03-03", credit("1.00")));
    buyer(hub.say("adjustment:erp:1", "2026-03-03", adjustment("-1.00")));
    buyer(hub.say("payment:bank:1", "2026-03-04", payment("9.00", &[("invoice:erp:1", "4.00")])));
    buyer(hub.say("payment:bank:2", "2026-03-04", payment("9.00", &[])));
    hub.say("payment:bank:2", "2026-03-05", PaymentReversed::default());
    buyer(hub.say("payment:bank:3", "2026-03-05", payment("1.00", &[("invoice:erp:9", "4.00")])));
    buyer(hub.say("refund:erp:1", "2026-03-05", refund("2.00")));
    hub.say("delivery:wms:1", "2026-03-05", dispatched("2026-03-09", &["order:erp:1"]));
    buyer(hub.say("return:wms:1", "2026-03-06", GoodsReturned { reason: "leaks".into(), ..Default::default() }));
    let opened = CaseOpened {
        title: "Leaking".into(),
        words: "It drips.".into(),
        with: "Li".into(),
        category: "quality".into(),
        severity: "high".into(),
        product: "P1".into(),
        ..CaseOpened::default()
    };
    buyer(hub.say("case:desk:1", "2026-03-07", opened));
    let asked = ActionRequested {
        action: "1".into(),
        department: "finance".into(),
        what: "release".into(),
        due_on: "2026-03-08".into(),
    };
    hub.say("case:desk:1", "2026-03-07", asked);
    hub.say("case:desk:1", "2026-03-08", onefold_event::v1::CaseReopened::default());
    hub.say("case:desk:1", "2026-03-08", SatisfactionRated { score: 2, ..SatisfactionRated::default() });
    let made =
        ContactMade { channel: "phone".into(), direction: "in".into(), topic: "leak".into(), ..ContactMade::default() };
    buyer(hub.say("contact:crm:1", "2026-03-08", made));
    hub.say("party:erp:B", "2026-01-01", party("Berta", &[]));
    let shared = hub.say("order:erp:2", "2026-03-09", order("1.00"));
    shared.add_reference("buyer", subject("party:erp:A")).unwrap();
    shared.add_reference("buyer", subject("party:erp:B")).unwrap();
    let folded = hub.fold();
    hub.say("party:erp:A", "2026-01-02", flag(Intermediary::Marketplace));
    let own = |folded: &crate::hub::Folded| folded.contributions[&subject("party:erp:A")]["party:erp:A"].clone();
    let mut bundle = folded.bundles["party:erp:A"].clone();
    assert!(!bundle.replace(Some(&own(&folded)), Some(&own(&hub.fold()))).is_needed());
    bundle
}

/// Fields that are messages; all others are leaves.
const MESSAGES: &str =
    "13 14 14.3 14.4 15 16 2 2.1 5 5.15 5.4 6 6.1 6.1.3 6.2 6.2.3 7 8 8.15 8.9 9 9.15 10 11 11.1 11.1.2 11.2";

/// Copies of the bytes with one leaf changed each, by path.
fn changed(bytes: &[u8], at: &str, out: &mut Vec<(String, Vec<u8>)>) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let start = bytes.len() - rest.len();
        let (number, wire) = decode_key(&mut rest).unwrap();
        let path = if at.is_empty() { number.to_string() } else { format!("{at}.{number}") };
        let mut copies = Vec::new();
        match wire {
            WireType::Varint => {
                let value = decode_varint(&mut rest).unwrap();
                let mut varint = Vec::new();
                encode_varint(if value == 1 { 0 } else { value ^ 2 }, &mut varint);
                copies.push((path, varint));
            }
            WireType::LengthDelimited => {
                let length = usize::try_from(decode_varint(&mut rest).unwrap()).unwrap();
                let (inner, after) = rest.split_at(length);
                rest = after;
                let mut inners = Vec::new();
                if MESSAGES.split(' ').any(|message| message == path) {
                    changed(inner, &path, &mut inners);
                } else {
                    let mut other = inner.to_vec();
                    *other.last_mut().unwrap() ^= 2;
                    inners.push((path, other));
                }
                copies.extend(inners.into_iter().map(|(path, inner)| {
                    let mut framed = Vec::new();
                    encode_varint(inner.len() as u64, &mut framed);
                    framed.extend(inner);
                    (path, framed)
                }));
            }
            _ => panic!("a bundle has no fixed fields"),
        }
        let end = bytes.len() - rest.len();
        for (path, value) in copies {
            let mut copy = bytes[..start].to_vec();
            encode_key(number, wire, &mut copy);
            copy.extend(value);
            copy.extend(&bytes[end..]);
            out.push((path, copy));
        }
    }
}

/// Every field of a bundle, by its numbers from the outside in.
const FIELDS: &str = "1 10.1 10.2 10.3 11.1.1 11.1.2.1 11.1.2.2 11.1.2.3 11.2.1 11.2.2 11.2.3 11.3 11.4 12 \
    15.1 15.2 15.3 16.1 16.2 16.3 \
    2.1.1 2.1.2 2.1.3 2.1.4 2.1.5 2.1.6 5.15.1 5.15.2 5.15.3 5.2 5.3 5.4.1 5.4.2 5.4.3 5.5 5.6 \
    6.1.1 6.1.2 6.1.3.1 6.1.3.2 6.1.3.3 6.1.3.4 6.1.3.5 6.2.1 6.2.2 6.2.3.1 6.2.3.2 6.2.3.3 6.2.3.4 6.2.3.5 \
    13.1 13.2 14.1 14.2 14.3.1 14.3.2 14.4.1 14.4.2 14.4.3 \
    7.1 7.2 8.10 8.15.1 8.15.2 8.15.3 8.2 8.3 8.4 8.5 8.6 8.7 8.8 8.9.1 8.9.2 8.9.3 8.9.4 9.15.1 9.15.2 9.15.3 9.2 9.6";

#[test]
fn changing_any_field_of_a_bundle_changes_the_digest() {
    let bytes = everything().encode_to_vec();
    let digest = Bundle::digest("party:erp:A", &bytes);
    let mut copies = Vec::new();
    changed(&bytes, "", &mut copies);
    let seen: BTreeSet<&str> = copies.iter().map(|(path, _)| path.as_str()).collect();
    let expected: BTreeSet<&str> = FIELDS.split_whitespace().collect();
    assert_eq!(seen, expected);
    for (path, copy) in &copies {
        let read = Bundle::decode(copy.as_slice()).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert_ne!(Bundle::digest("party:erp:A", &read.encode_to_vec()), digest, "{path}");
    }
    assert_ne!(Bundle::digest("party:erp:B", &bytes), digest);
}

#[test]
fn digests_are_frozen() {
    let bytes = everything().encode_to_vec();
    assert_eq!(
        Bundle::digest("party:erp:A", &bytes).to_string(),
        "2d5a2ee1cee02d725bb4cc988e54d18c8f09be9f078d53f6d0c8419fafd13e5e"
    );
    assert_eq!(
        Digest::of_cluster(["party:erp:A", "party:crm:1"]).to_string(),
        "963a58000166d6d6fd6faec058f8de97e7695cebb1bcfcabcc78f5c97e7ccc9c"
    );
    assert_eq!(
        Digest::of_id("5ab483d8-b06e-595f-ac8c-46d3293332e7", ["party:erp:A"]).to_string(),
        "617a93ec2874a029c5f01f22ed83986275f47f5fa1c86d0a4972cc785d52afd8"
    );
    let mut sum = DigestSum::default();
    sum.add(&Digest([0xff; 32]));
    sum.add(&Digest([0xff; 32]));
    assert_eq!(sum.to_string(), format!("{}fe", "ff".repeat(31)));
}

#[test]
fn a_bundle_of_thousands_of_documents_stays_small() {
    let mut hub = Hub::default();
    let attributes = (0..100).map(|n| Attribute { name: format!("{n:0100}"), text: "t".repeat(1_000) });
    let contacts = (0..20).map(|n| {
        let part = || "p".repeat(500);
        ContactPerson { name: format!("{n} {}", part()), function: part(), phone: part(), email: part() }
    });
    let (attributes, contacts) = (attributes.collect(), contacts.collect());
    hub.say("party:erp:A", "2026-01-01", PartyRecorded { attributes, contacts, ..party("Anna", &[]) });
    let buyer = |event: &mut onefold_event::Event| event.add_reference("buyer", subject("party:erp:A")).unwrap();
    for n in 0..2_000 {
        let opened = CaseOpened { title: "x".repeat(500), words: "y".repeat(5000), ..CaseOpened::default() };
        let lines = vec![line(&format!("P{n}"), &format!("C{n}"), "1", "1.00")];
        buyer(hub.say(&format!("case:desk:{n}"), "2026-03-01", opened));
        buyer(hub.say(&format!("order:erp:{n}"), "2026-03-01", OrderPlaced { lines, ..order("1.00") }));
    }
    let bundle = hub.fold().bundles["party:erp:A"].encode_to_vec();
    assert!(bundle.len() < 16 * 1024, "{} bytes", bundle.len());
}
