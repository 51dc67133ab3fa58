//! The connectors that we ship pass their own tests, and the real input comes out as published.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use onefold_event::{Body, EmptyKeyRing, parse_decimal};
use onefold_mapping::{Connector, MappingOutcome, NumberedRow, SourceRecord, SourceRow};
use rust_decimal::Decimal;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/connectors")
}

fn connector(name: &str) -> Connector {
    let load = |file: &str| std::fs::read_to_string(folder().join(file)).map_err(|e| e.to_string());
    let text = load(&format!("{name}.toml")).unwrap();
    Connector::parse(&format!("{name}.toml"), &text, &load).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(ToString::to_string).collect::<String>());
    })
}

#[test]
fn deployed_connectors_pass_their_own_tests() {
    for name in ["uci-online-retail", "kingdee-invoices", "crm-contacts"] {
        let outcomes = connector(name).run_tests();
        assert!(outcomes.len() >= 4, "{name}");
        for outcome in outcomes {
            let problems: String = outcome.problems.iter().map(ToString::to_string).collect();
            assert!(problems.is_empty(), "{name}: {}\n{problems}", outcome.name);
        }
    }
}

#[test]
fn the_real_invoices_give_the_published_figures() {
    let data =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/uci-online-retail-2009-10/invoices.csv.gz");
    let Ok(file) = std::fs::File::open(&data) else {
        assert!(std::env::var("CI").is_err(), "{} is absent", data.display());
        eprintln!("skipped: the_real_invoices_give_the_published_figures ({} is absent)", data.display());
        return;
    };
    let connector = connector("uci-online-retail");
    let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(file));
    let heading: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let plan = connector.plan_heading(&heading).unwrap();
    let rows: Vec<Vec<String>> = reader.deserialize().map(Result::unwrap).collect();
    let (mut groups, mut at): (Vec<Vec<NumberedRow>>, HashMap<String, usize>) = Default::default();
    for (n, row) in rows.iter().enumerate() {
        let slot = *at.entry(plan.group_key(row).unwrap()).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[slot].push(NumberedRow { row: SourceRow::Table(row), line: n as u64 + 2 });
    }
    let mut sums: BTreeMap<&str, (u32, Decimal)> = BTreeMap::new();
    let (mut lines, mut ownerless, mut ids) = (0, 0, std::collections::BTreeSet::new());
    for rows in &groups {
        let record = SourceRecord { resource: "invoices.csv", rows, last_line: 0, offset: 0, length: 0 };
        let MappingOutcome::Mapped { events, .. } = plan.map(&record) else { panic!("line {}", rows[0].line) };
        let [event] = events.as_slice() else { panic!("{} events", events.len()) };
        let (total, count) = match &event.read(&EmptyKeyRing).unwrap().body {
            Body::InvoiceIssued(m) => (m.total.clone(), m.lines.len()),
            Body::CreditNoteIssued(m) => (m.total.clone(), m.lines.len()),
            Body::AdjustmentPosted(m) => (m.amount.clone(), 1),
            other => panic!("{}", other.name()),
        };
        let sum = sums.entry(event.ty().name).or_default();
        sum.0 += 1;
        sum.1 += parse_decimal(&total.unwrap().amount).unwrap();
        lines += count;
        ownerless += usize::from(event.header.references.is_empty());
        ids.insert(event.header.id);
    }
    let figures: Vec<_> = sums.values().map(|(n, sum)| (*n, sum.to_string())).collect();
    let wanted = [(3, "-136552.02"), (4_592, "629855.37"), (24_221, "10305892.024")];
    assert_eq!(figures, wanted.map(|(n, sum)| (n, sum.to_owned())));
    assert_eq!((lines, ownerless, ids.len()), (525_461, 5_229, 28_816));
}
