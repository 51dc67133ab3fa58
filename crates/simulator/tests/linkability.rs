//! From the files alone, by the rules alone, the real customers can be found: strong
//! identifiers link, weak ones with one name, and what too many share links nobody.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use support::{Company, Row, company};

const WEAK_LIMIT: usize = 20;

#[derive(Debug, Default)]
struct Known {
    name: Option<String>,
    strong: BTreeSet<String>,
    weak: BTreeSet<String>,
}

fn phone(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    match text {
        t if t.starts_with('+') => digits,
        t if t.starts_with('0') => format!("86{}", &digits[1..]),
        _ => format!("86{digits}"),
    }
}

fn parties(company: &Company) -> BTreeMap<String, Known> {
    let mut parties: BTreeMap<String, Known> = BTreeMap::new();
    let mut twice = BTreeSet::new();
    let mut say = |key: String,
                   name: Option<&str>,
                   strong: Vec<(&str, Option<&str>)>,
                   weak: Vec<(&str, Option<String>)>| {
        let known = parties.entry(key).or_default();
        known.name = name.filter(|name| !name.is_empty()).map(str::to_owned);
        let given = |value: Option<&str>| value.filter(|value| !value.is_empty()).map(str::to_owned);
        known.strong.extend(strong.into_iter().filter_map(|(kind, value)| Some(format!("{kind}:{}", given(value)?))));
        known
            .weak
            .extend(weak.into_iter().filter_map(|(kind, value)| Some(format!("{kind}:{}", given(value.as_deref())?))));
    };
    let cell = |row: &Row, heading: &str| row.get(heading).cloned().unwrap_or_default();
    for row in company.rows("erp-customers") {
        let number = cell(&row, "客户编号");
        say(
            format!("party:erp:{number}"),
            Some(&cell(&row, "客户名称")),
            vec![
                ("erp", Some(&number)),
                ("tax", Some(&cell(&row, "统一社会信用代码"))),
                ("card", Some(&cell(&row, "会员号"))),
            ],
            vec![
                ("phone", Some(cell(&row, "手机")).filter(|p| !p.is_empty()).map(|p| phone(&p))),
                ("email", Some(cell(&row, "邮箱"))),
                ("account", Some(cell(&row, "银行账号"))),
            ],
        );
    }
    for row in company.rows("bank-payers") {
        say(
            format!("party:bank:{}", cell(&row, "Zahlernummer")),
            Some(&cell(&row, "Name")),
            vec![("erp", Some(&cell(&row, "Kundennummer"))), ("tax", Some(&cell(&row, "Steuernummer")))],
            vec![("account", Some(cell(&row, "Konto")))],
        );
    }
    for (connector, kind, number, source) in
        [("wms-movements", "type", "id", "wms"), ("desk-events", "kind", "contact", "desk")]
    {
        for record in company.records(connector) {
            if record[kind] != "consignee" && record[kind] != "contact" {
                continue;
            }
            say(
                format!("party:{source}:{}", record[number].as_str().expect("a number")),
                record["name"].as_str(),
                vec![
                    ("erp", record["erp_no"].as_str()),
                    ("tax", record["tax_no"].as_str()),
                    ("card", record["card"].as_str()),
                ],
                vec![
                    ("phone", record["phone"].as_str().map(phone)),
                    ("email", record["email"].as_str().map(str::to_owned)),
                ],
            );
        }
    }
    for record in company.records("desk-events") {
        if record["kind"] == "contact_corrected" {
            let contact = format!("party:desk:{}", record["contact"].as_str().expect("a contact"));
            let wrong = format!("phone:{}", phone(record["wrong_phone"].as_str().expect("a phone")));
            let known = parties.get_mut(&contact).expect("a known contact");
            assert!(known.weak.remove(&wrong) || twice.contains(&wrong), "{wrong}");
            twice.insert(wrong);
        }
    }
    parties
}

struct Groups(BTreeMap<String, String>);

impl Groups {
    fn root(&self, of: &str) -> String {
        let mut at = of.to_owned();
        while let Some(next) = self.0.get(&at) {
            at.clone_from(next);
        }
        at
    }

    fn join(&mut self, holders: &[&String]) {
        for pair in holders.windows(2) {
            let (a, b) = (self.root(pair[0]), self.root(pair[1]));
            if a != b {
                self.0.insert(a, b);
            }
        }
    }
}

/// The clusters that the rules find.
fn clusters(parties: &BTreeMap<String, Known>) -> BTreeSet<BTreeSet<String>> {
    let mut strong: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
    let mut weak: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
    for (party, known) in parties {
        known.strong.iter().for_each(|value| strong.entry(value).or_default().push(party));
        known.weak.iter().for_each(|value| weak.entry(value).or_default().push(party));
    }
    let mut groups = Groups(BTreeMap::new());
    strong.values().for_each(|holders| groups.join(holders));
    for holders in weak.values().filter(|holders| holders.len() <= WEAK_LIMIT) {
        let mut by_name: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
        let mut nameless = Vec::new();
        for party in holders {
            match &parties[*party].name {
                Some(name) => by_name.entry(name).or_default().push(party),
                None => nameless.push(*party),
            }
        }
        if by_name.len() == 1 {
            by_name.values_mut().for_each(|holders| holders.append(&mut nameless));
        }
        by_name.values().for_each(|holders| groups.join(holders));
    }
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for party in parties.keys() {
        found.entry(groups.root(party)).or_default().insert(party.clone());
    }
    found.into_values().collect()
}

fn truth(company: &Company) -> BTreeSet<BTreeSet<String>> {
    company
        .ndjson("customers.ndjson")
        .iter()
        .map(|customer| {
            let parties = customer["parties"].as_array().expect("parties");
            parties.iter().map(|party| party.as_str().expect("a party").to_owned()).collect()
        })
        .collect()
}

#[test]
fn the_rules_find_exactly_the_real_customers() {
    for (customers, seed, branch) in [(1_500, 1, 10_000), (1_500, 2, 400), (700, 77, 10_000), (30, 5, 10_000)] {
        let company = company(customers, seed, branch);
        let (found, real) = (clusters(&parties(&company)), truth(&company));
        let wrong: Vec<_> = real.symmetric_difference(&found).collect();
        assert!(wrong.is_empty(), "{customers} customers of seed {seed}: {wrong:#?}");
        assert_eq!(company.json("totals.json")["customers"], real.len());
        assert_eq!(company.json("totals.json")["parties"], real.iter().map(BTreeSet::len).sum::<usize>());
    }
}

#[test]
fn the_hard_cases_are_there() {
    let company = company(1_500, 1, 10_000);
    let parties = parties(&company);
    let mut phones: BTreeMap<&String, BTreeSet<&Option<String>>> = BTreeMap::new();
    let mut holders: BTreeMap<&String, usize> = BTreeMap::new();
    for known in parties.values() {
        for value in known.weak.iter().filter(|value| value.starts_with("phone")) {
            phones.entry(value).or_default().insert(&known.name);
            *holders.entry(value).or_default() += 1;
        }
    }
    assert!(holders.values().any(|count| *count > WEAK_LIMIT), "a switchboard");
    assert!(phones.values().filter(|names| names.len() == 2).count() > 20, "families and misspelt names");
    assert!(parties.values().any(|known| known.name.is_none()), "a caller without a name");
    let corrected = company.records("desk-events").iter().any(|record| record["kind"] == "contact_corrected");
    assert!(corrected, "a phone that was somebody else's");
    let same_name =
        parties.iter().filter(|(party, known)| party.starts_with("party:erp") && known.name.as_deref() == Some("王伟"));
    assert!(same_name.count() >= 3, "several 王伟");
    // Without the rule on hub values the switchboard would make one customer of two.
    let behind = |limit: usize| {
        let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
        for known in parties.values() {
            for value in &known.weak {
                if holders.get(value).is_some_and(|count| *count > limit)
                    && let Some(name) = &known.name
                {
                    *by_name.entry(name).or_default() += 1;
                }
            }
        }
        by_name
    };
    assert!(behind(WEAK_LIMIT).get("王伟").is_some_and(|count| *count >= 2));
    let largest = truth(&company).into_iter().map(|parties| parties.len()).max();
    assert_eq!(largest, Some(5), "one customer under five numbers");
    let merged = company.summary.merged.expect("a merged customer");
    let customer = truth_of(&parties, &merged);
    assert_eq!(customer, "party:desk");
}

fn truth_of(parties: &BTreeMap<String, Known>, party: &str) -> String {
    assert!(parties.contains_key(party));
    party.rsplit_once(':').map(|(source, _)| source.to_owned()).unwrap_or_default()
}
