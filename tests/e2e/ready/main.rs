//! The ready connectors on the real samples: what the hub says is compared with figures that are computed here from the source itself.

#[path = "../harness.rs"]
mod harness;
mod northwind;
mod panels;
mod shops;
mod stripe;
mod tracking;
mod yonyou;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::read::GzDecoder;
use harness::{Home, Server, root, shared};
use hmac::{Hmac, KeyInit, Mac};
use rust_decimal::Decimal;
use serde_json::Value;
use sha2::Sha256;

/// A ready connector's file.
fn ready(name: &str) -> String {
    root().join("deploy/ready").join(format!("{name}.toml")).display().to_string()
}

/// A file of the shared real inputs as text; none where it is absent and `CI` is not set.
fn sample(file: &str, test: &str) -> Option<String> {
    shared(file, test).map(|path| fs::read_to_string(path).expect("a sample"))
}

/// Takes a file in, and answers the report. A record of each end becomes a test of a copy of the connector file, which passes it.
fn take_in(home: &Home, connector: &str, path: &str, code: i32) -> Value {
    let report = home.run(&["ingest", "--json", "--connector", &ready(connector), path]).exits(code).json();
    let copy = home.file(&format!("{connector}.toml"), fs::read(ready(connector)).expect("a connector file"));
    let begins = beginning(home, path);
    let tried = home.run(&["connector", "try", &copy, &begins, "--json", "--limit", "0"]).json();
    let mut accepted = Vec::new();
    for (end, counted) in [("mapped", "/mapped"), ("skipped", "/skipped"), ("rejected", "/quarantined")] {
        if count(&tried, counted) > 0 {
            let accept = ["connector", "try", &copy, &begins, "--only", end, "--limit", "1", "--accept", end];
            let answer = home.run(&accept);
            assert!([0, 3].contains(&answer.code), "{connector}: {}{}", answer.out, answer.err);
            accepted.push(end);
        }
    }
    let check = home.run(&["connector", "check", "--json", &copy]).exits(0).json();
    let names: Vec<&str> = check["tests"].as_array().expect("tests").iter().map(|test| text(test, "/name")).collect();
    assert!(!accepted.is_empty() && accepted.iter().all(|end| names.contains(end)), "{names:?}");
    report
}

/// So much of a table as shows what becomes of its records; a document is taken whole.
fn beginning(home: &Home, path: &str) -> String {
    let file = fs::File::open(path).expect("a file");
    let reader: Box<dyn Read> = if path.ends_with(".gz") { Box::new(GzDecoder::new(file)) } else { Box::new(file) };
    if path.ends_with(".json") {
        return path.to_owned();
    }
    let lines: Vec<Vec<u8>> = BufReader::new(reader).split(b'\n').take(500).collect::<Result<_, _>>().expect("lines");
    home.file("beginning.csv", [lines.join(&b'\n'), b"\n".to_vec()].concat())
}

/// The same of JSON bodies, each as a webhook would bring it.
fn take_bodies(home: &Home, connector: &str, bodies: &[Value], code: i32) -> Value {
    let path = home.file(&format!("{connector}.json"), Value::Array(bodies.to_vec()).to_string());
    take_in(home, connector, &path, code)
}

/// A number of a report or of a view.
fn count(value: &Value, path: &str) -> i64 {
    let found = value.pointer(path).unwrap_or(&Value::Null);
    found.as_i64().unwrap_or_else(|| panic!("{path} is {found} in {value}"))
}

/// An amount of a view; nothing where the currency was never met.
fn amount(view: &Value, path: &str) -> Decimal {
    view.pointer(path).and_then(Value::as_str).map_or(Decimal::ZERO, decimal)
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// A member that must be a text.
fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_else(|| panic!("no text at {path} in {value}"))
}

/// What the hub says of one thing.
fn show(home: &Home, reference: &str) -> Value {
    home.run(&["show", reference, "--json"]).exits(0).json()
}

fn status(home: &Home) -> Value {
    home.run(&["status", "--json"]).exits(0).json()
}

/// What every party of a source ordered, as the hub serves it; parties without a view are left out.
fn ordered(server: &Server, source: &str, parties: impl Iterator<Item = String>) -> BTreeMap<String, Decimal> {
    let view = |party: &String| server.get(&format!("/v1/customers/party:{source}:{party}")).body;
    parties.map(|party| (party.clone(), amount(&view(&party), "/trade/by_currency/USD/ordered"))).collect()
}

#[test]
fn every_ready_connector_is_sound_and_says_what_surprises_in_its_source() {
    let home = Home::new();
    let folder = root().join("deploy/ready").display().to_string();
    let checks = home.run(&["connector", "check", "--json", &folder]).exits(0).lines();
    assert_eq!(checks.len(), 15);
    let (readme, page) = (
        fs::read_to_string(root().join("README.md")).expect("README.md"),
        fs::read_to_string(root().join("deploy/ready/README.md")).expect("deploy/ready/README.md"),
    );
    for check in &checks {
        let (file, name) = (text(check, "/file"), text(check, "/connector"));
        assert!(check["tests"].as_array().is_some_and(|tests| !tests.is_empty()), "{file} has no [test]");
        assert_eq!(check["unused"].as_array().map(Vec::len), Some(0), "{check}");
        assert!(file.ends_with(&format!("/{name}.toml")), "{file} is called {name}");
        assert!(page.contains(&format!("`{name}.toml`")), "deploy/ready/README.md does not name {name}");
        let head: String =
            fs::read_to_string(file).expect("a file").lines().take_while(|l| l.starts_with('#')).collect();
        assert!(head.contains("# What surprised in this source:") && head.matches("# - ").count() >= 3, "{file}");
    }
    let shipped = root().join("deploy/connectors").display().to_string();
    for check in home.run(&["connector", "check", "--json", &shipped]).exits(0).lines() {
        assert_eq!(check["unused"].as_array().map(Vec::len), Some(0), "{check}");
    }
    assert!(readme.contains("deploy/ready"), "README.md does not name deploy/ready");
}

#[test]
fn the_whole_folder_is_served_and_takes_a_signed_post() {
    let Some(order) = sample("shopify/order.json", "the_whole_folder_is_served_and_takes_a_signed_post") else {
        return;
    };
    let order = serde_json::from_str::<Value>(&order).expect("JSON")["order"].to_string();
    let home = Home::new();
    let folder = root().join("deploy/ready").display().to_string();
    let secrets = ["SHOPIFY", "STRIPE", "WOOCOMMERCE", "EASYPOST"].map(|name| format!("ONEFOLD_SECRET_{name}"));
    let mut env: Vec<(&str, &str)> = secrets.iter().map(|name| (name.as_str(), "hush-hush")).collect();
    env.push(("ONEFOLD_CONNECT_FILES", &folder));
    let server = home.serve_with(&[], &env);
    let mut mac = Hmac::<Sha256>::new_from_slice(b"hush-hush").expect("a key");
    mac.update(order.as_bytes());
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    let post = |name: &str, signature: &str| {
        server.post(&format!("/v1/hooks/{name}"), &[("x-shopify-hmac-sha256", signature)], order.as_bytes()).status
    };
    assert_eq!(post("shopify-orders", &signature), 202);
    assert_eq!(post("shopify-orders", &BASE64_STANDARD.encode("no signature")), 401);
    for name in ["stripe", "woocommerce-orders", "woocommerce-customers", "easypost"] {
        assert_eq!(post(name, &signature), 401, "{name} is served, and verifies by another header");
    }
    let view = server.until("/v1/customers/email:bob.norman@hostmail.com", |reply| reply.body["trade"]["orders"] == 1);
    assert_eq!(text(&view.body, "/trade/by_currency/USD/ordered"), "409.94");
    assert_eq!(server.stop(), 0);
}
