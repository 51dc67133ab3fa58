//! What a hub says of everybody.

use serde_json::{Map, Value, json};

use crate::harness::Home;
use crate::history::{PARTIES, TODAY};

/// What of it is kept of every program: words that all of them have.
#[derive(Debug)]
pub(crate) struct Answers(Value);

impl Answers {
    /// Asks a hub. `decisions`: ids of those that somebody took there and that stand.
    pub(crate) fn of(home: &Home, decisions: Vec<String>) -> Self {
        let status = home.run(&["status", "--json"]).exits(0).json();
        let held = home.run(&["quarantine", "list", "--json"]).exits(0).lines();
        Self(plain(json!({
            "counts": picked(&status, &["events", "subjects", "parties", "customers", "documents", "unattributed_documents"]),
            "digests": picked(&status, &["digest", "ids_digest"]),
            "money": money(&status["money"], &["invoiced", "credited", "net", "of_customers", "unattributed"]),
            "customers": PARTIES.iter().map(|party| ((*party).to_owned(), customer(home, party))).collect::<Map<_, _>>(),
            "quarantine": held.iter().map(|entry| picked(entry, &["number", "connector", "codes", "resource", "first_line", "raw"]))
                .collect::<Vec<_>>(),
            "decisions": decisions,
        })))
    }

    pub(crate) fn read(text: &str) -> Self {
        Self(plain(serde_json::from_str(text).expect("what was answered")))
    }

    pub(crate) fn text(&self) -> String {
        format!("{:#}\n", self.0)
    }

    /// A part of it.
    pub(crate) fn get(&self, part: &str) -> &Value {
        self.0.get(part).unwrap_or_else(|| panic!("{part}: {}", self.0))
    }

    /// Ids of decisions that stand.
    pub(crate) fn decisions(&self) -> Vec<&str> {
        self.get("decisions").as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Each party with the id of the customer that it is part of.
    pub(crate) fn ids(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.get("customers").as_object().into_iter().flatten();
        all.map(|(party, customer)| (party.as_str(), customer["id"].as_str().expect("an id")))
    }
}

fn customer(home: &Home, party: &str) -> Value {
    let view = home.run(&["show", party, "--today", TODAY, "--json"]).exits(0).json();
    let mut customer = picked(&view, &["id", "parties", "documents"]);
    customer["name"] = view["profile"]["name"]["value"].clone();
    customer["trade"] = money(&view["trade"]["by_currency"], &["invoiced", "credited", "net", "ordered"]);
    customer["receivable"] = money(&view["receivable"]["by_currency"], &["open", "overdue", "paid"]);
    customer["cases"] = picked(&view["cases"], &["open", "actions_pending"]);
    customer
}

fn money(by_currency: &Value, names: &[&str]) -> Value {
    let each = by_currency.as_object().into_iter().flatten();
    each.map(|(currency, sums)| (currency.clone(), picked(sums, names))).collect::<Map<_, _>>().into()
}

fn picked(of: &Value, names: &[&str]) -> Value {
    names.iter().map(|name| ((*name).to_owned(), of[*name].clone())).collect::<Map<_, _>>().into()
}

/// Amounts without the zeros at their end: older programs wrote as many digits as they had read.
fn plain(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('.') && text.parse::<f64>().is_ok() => {
            text.trim_end_matches('0').trim_end_matches('.').into()
        }
        Value::Array(all) => all.into_iter().map(plain).collect(),
        Value::Object(all) => all.into_iter().map(|(name, value)| (name, plain(value))).collect::<Map<_, _>>().into(),
        other => other,
    }
}
