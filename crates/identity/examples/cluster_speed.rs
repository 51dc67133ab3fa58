//! How fast parties are normalised and clustered: `cargo run --release -p onefold-identity --example cluster_speed [PARTIES]`.
#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use onefold_identity::{Invalid, PartyFacts, Rules, cluster, normalise, normalise_name};

/// Two systems' parties of each customer, who share a phone and a name, and every tenth a tax number.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let parties: u64 = std::env::args().nth(1).map_or(Ok(200_000), |n| n.parse())?;
    let start = Instant::now();
    let mut facts = BTreeMap::new();
    for n in 0..parties {
        let customer = n / 2;
        let mut party =
            PartyFacts::new(format!("party:{}:{customer:08}", if n % 2 == 0 { "erp" } else { "crm" }).parse()?);
        party.names.extend(normalise_name(&format!("Customer {customer}")));
        let values = [("phone", format!("139{customer:08}"), "CN"), ("email", format!("c{customer}@example.com"), "")];
        let keys: Result<Vec<_>, Invalid> =
            values.iter().map(|(kind, text, issuer)| normalise(kind, text, issuer)).collect();
        party.identifiers.extend(keys?);
        if customer % 10 == 0 {
            party.identifiers.insert(normalise("registration", &format!("HRB {customer}"), "DE")?);
        }
        facts.insert(party.key.clone(), party);
    }
    let made = start.elapsed();
    let start = Instant::now();
    let found = cluster(&facts, &[], &BTreeSet::new(), &Rules::default());
    let took = start.elapsed();
    let rate = |seconds: f64| parties as f64 / seconds;
    println!("{parties} parties normalised in {made:.2?} ({:.0}/s)", rate(made.as_secs_f64()));
    println!("{} customers clustered in {took:.2?} ({:.0} parties/s)", found.sets.len(), rate(took.as_secs_f64()));
    Ok(())
}
