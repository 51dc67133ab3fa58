//! How long the pure functions take: `cargo run --release -p onefold-view --example view_speed`.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use onefold_event::{DecodedEvent, EmptyKeyRing, Event, EventId, Subject, v1};
use onefold_view::{Bundle, FactRef, Fragment, OwnerKeys, contribute};
use prost::Message;

const ROUNDS: u32 = 200_000;

fn timed<T>(what: &str, mut work: impl FnMut() -> T) {
    let start = Instant::now();
    for _ in 0..ROUNDS {
        black_box(work());
    }
    println!("{what:<34} {:>6} ns", start.elapsed().as_nanos() / u128::from(ROUNDS));
}

fn invoice(n: u32) -> Result<DecodedEvent, Box<dyn std::error::Error>> {
    let line = |product: String| v1::Line {
        product,
        category: "toys".into(),
        quantity: "2".into(),
        amount: "12.50".into(),
        ..v1::Line::default()
    };
    let body = v1::InvoiceIssued {
        total: Some(v1::Money { amount: format!("{n}.50"), currency: "CNY".into() }),
        due_on: "2026-04-01".into(),
        lines: (0..3).map(|p| line(format!("P-{:05}", n % 40 + p))).collect(),
        ..v1::InvoiceIssued::default()
    };
    let subject: Subject = format!("invoice:erp:SO-{n:06}").parse()?;
    let mut event =
        Event::new(EventId([1; 16]), EventId([2; 16]), "erp", subject, i64::from(n) * 1_000_000_000, body.into())?;
    event.add_reference("buyer", "party:erp:K00417".parse()?)?;
    Ok(event.into_decoded(&EmptyKeyRing)?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let events: Vec<DecodedEvent> = (1..=12).map(invoice).collect::<Result<_, _>>()?;
    let keys =
        OwnerKeys { trade: "party:erp:K00417".into(), receivable: "party:erp:K00417".into(), ..OwnerKeys::default() };
    let none = BTreeMap::new();
    let fold = |event: &DecodedEvent| Fragment::fold(&event.header.subject, &[FactRef { event, recorded_at: 1 }]);
    let of = |event: &DecodedEvent| {
        contribute(&event.header.subject, &fold(event), &none, &keys).remove("party:erp:K00417").unwrap_or_default()
    };
    let contributions: Vec<_> = events.iter().map(of).collect();
    let mut bundle = Bundle::default();
    contributions.iter().for_each(|c| bundle.add(c));
    let bytes = bundle.encode_to_vec();
    let last = &events[11];
    let fragment = fold(last);
    let fragment_bytes = fragment.encode_to_vec();
    println!("invoice of 3 lines: fragment {} bytes; bundle of 12 such: {} bytes", fragment_bytes.len(), bytes.len());
    timed("fold one fact", || fold(last));
    timed("decode the fragment", || Fragment::decode(fragment_bytes.as_slice()));
    timed("encode the fragment", || fragment.encode_to_vec());
    timed("contribute", || contribute(&last.header.subject, &fragment, &none, &keys));
    timed("subtract and add", || {
        let refill = bundle.replace(Some(&contributions[11]), Some(&contributions[10]));
        bundle.replace(Some(&contributions[10]), Some(&contributions[11]));
        refill
    });
    timed("decode the bundle", || Bundle::decode(bytes.as_slice()));
    timed("encode the bundle", || bundle.encode_to_vec());
    timed("digest the bundle", || Bundle::digest("party:erp:K00417", &bytes));
    Ok(())
}
