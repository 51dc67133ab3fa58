//! How fast parties are normalised and clustered: `cargo run --release -p onefold-identity --example cluster_speed [PARTIES]`.
#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use onefold_event::Subject;
use onefold_identity::{
    IdentityRules, InvalidIdentifier, PartyDecision, PartyFacts, cluster_parties, normalise_identifier, normalise_name,
};

/// Two systems' parties of each customer, who share a phone and a name, and every tenth a tax number; then one component alone:
/// chains in which each party shares a value with the next, and one decision on all.
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
        let keys: Result<Vec<_>, InvalidIdentifier> =
            values.iter().map(|(kind, text, issuer)| normalise_identifier(kind, text, issuer)).collect();
        party.identifiers.extend(keys?);
        if customer % 10 == 0 {
            party.identifiers.insert(normalise_identifier("registration", &format!("HRB {customer}"), "DE")?);
        }
        facts.insert(party.key.clone(), party);
    }
    let made = start.elapsed();
    let start = Instant::now();
    let found = cluster_parties(&facts, &[], &BTreeSet::new(), &IdentityRules::default());
    let took = start.elapsed();
    let rate = |seconds: f64| parties as f64 / seconds;
    println!("{parties} parties normalised in {made:.2?} ({:.0}/s)", rate(made.as_secs_f64()));
    println!("{} customers clustered in {took:.2?} ({:.0} parties/s)", found.sets.len(), rate(took.as_secs_f64()));
    for n in [500, 1_000, 2_000, 5_000, 20_000, 100_000] {
        one_component(n)?;
    }
    Ok(())
}

/// One candidate component of so many parties, of each kind.
fn one_component(n: usize) -> Result<(), Box<dyn std::error::Error>> {
    let chain = |value: &dyn Fn(usize) -> Vec<usize>| {
        let one = |i: usize| {
            let mut party = PartyFacts::new(format!("party:erp:{i:06}").parse()?);
            for value in value(i) {
                party.identifiers.insert(normalise_identifier("loyalty", &format!("{value:06}"), "club")?);
            }
            Ok((party.key.clone(), party))
        };
        (0..n).map(one).collect::<Result<BTreeMap<_, _>, Box<dyn std::error::Error>>>()
    };
    let (forth, back, alone) = (chain(&|i| vec![i, i + 1])?, chain(&|i| vec![n - i, n - i - 1])?, chain(&|_| vec![])?);
    let exclusive = {
        let mut parties = forth.clone();
        for (i, party) in parties.values_mut().enumerate() {
            party.born_on.insert(format!("19{:02}-01-01", i % 7 / 6));
        }
        parties
    };
    let all = PartyDecision::Link {
        id: "decision:onefold:1".parse()?,
        parties: alone.keys().cloned().collect(),
        recorded_at: 0,
        supersedes: BTreeSet::new(),
    };
    let rules = IdentityRules { full_from: u64::MAX, ..IdentityRules::default() };
    let time = |parties: &BTreeMap<Subject, PartyFacts>, decisions: &[PartyDecision]| {
        let start = Instant::now();
        let customers = cluster_parties(parties, decisions, &BTreeSet::new(), &rules).sets.len();
        format!("{:.1?} ({customers})", start.elapsed())
    };
    let (forth, back) = (time(&forth, &[]), time(&back, &[]));
    let (exclusive, decided) = (time(&exclusive, &[]), time(&alone, &[all]));
    println!(
        "{n} in one component: chain {forth}, backwards {back}, with exclusive values {exclusive}, by one decision {decided}"
    );
    Ok(())
}
