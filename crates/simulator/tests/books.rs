//! The books add up, and agree with what an outsider reads in the files.

mod support;

use std::collections::BTreeMap;

use serde_json::Value;
use support::{Company, Row, bank_cents, company, erp_cents, plain_cents};

const FIGURES: [(&str, &str); 12] = [
    ("trade", "ordered"),
    ("trade", "invoiced"),
    ("trade", "credited"),
    ("trade", "adjusted"),
    ("trade", "net"),
    ("receivable", "invoiced"),
    ("receivable", "credited"),
    ("receivable", "adjusted"),
    ("receivable", "paid"),
    ("receivable", "refunded"),
    ("receivable", "unallocated"),
    ("receivable", "open"),
];
const CURRENCIES: [&str; 3] = ["CNY", "EUR", "USD"];

fn figure(of: &Value, currency: &str, facet: &str, name: &str) -> i128 {
    match &of["books"][currency][facet][name] {
        Value::Null => 0,
        amount => plain_cents(amount),
    }
}

#[test]
fn customers_and_unattributed_add_up_to_the_whole() {
    let company = company(900, 12, 350);
    let totals = company.json("totals.json");
    let customers = company.ndjson("customers.ndjson");
    for currency in CURRENCIES {
        for (facet, name) in FIGURES {
            let sum: i128 = customers.iter().map(|customer| figure(customer, currency, facet, name)).sum();
            assert_eq!(sum, figure(&totals["of_customers"], currency, facet, name), "{currency} {facet} {name}");
            let nobody = figure(&totals["unattributed"], currency, facet, name);
            assert_eq!(sum + nobody, figure(&totals["total"], currency, facet, name), "{currency} {facet} {name}");
        }
        let total = |facet, name| figure(&totals["total"], currency, facet, name);
        assert_eq!(total("trade", "invoiced"), total("receivable", "invoiced"));
        assert_eq!(
            total("trade", "net"),
            total("trade", "invoiced") - total("trade", "credited") + total("trade", "adjusted")
        );
        // Adjustments of nobody's name no invoice; those of customers all do.
        let of_customers = |name| figure(&totals["of_customers"], currency, "receivable", name);
        let allocated = of_customers("paid") - of_customers("unallocated");
        assert_eq!(
            of_customers("open"),
            of_customers("invoiced") - of_customers("credited") - allocated + of_customers("adjusted")
        );
        assert_ne!(total("receivable", "open"), 0);
    }
    for count in ["orders", "cancelled", "invoices", "credit_notes", "adjustments", "cases", "contacts"] {
        let sum: u64 = customers.iter().map(|customer| customer[count].as_u64().expect("a count")).sum();
        let nobody = totals["unattributed"][count].as_u64().expect("a count");
        assert_eq!(sum + nobody, totals["total"][count].as_u64().expect("a count"), "{count}");
    }
}

/// The rows of each document's greatest revision.
fn standing<R: Ord + Clone>(
    rows: Vec<Row>,
    key: impl Fn(&Row) -> String,
    revision: impl Fn(&Row) -> R,
) -> BTreeMap<String, Vec<Row>> {
    let mut documents: BTreeMap<String, (R, Vec<Row>)> = BTreeMap::new();
    for row in rows {
        let (key, revision) = (key(&row), revision(&row));
        let document = documents.entry(key).or_insert_with(|| (revision.clone(), Vec::new()));
        if revision > document.0 {
            *document = (revision, vec![row]);
        } else if revision == document.0 && !document.1.contains(&row) {
            document.1.push(row);
        }
    }
    documents.into_iter().map(|(key, (_, rows))| (key, rows)).collect()
}

/// `2026/3/9 7:05:11` in a form that sorts.
fn sortable(text: &str) -> Vec<u32> {
    text.split(['/', ' ', ':']).map(|part| part.parse().expect("a number")).collect()
}

fn code(word: &str) -> &'static str {
    match word {
        "欧元" | "EUR" => "EUR",
        "美元" | "USD" => "USD",
        "人民币" | "RMB" | "CNY" => "CNY",
        other => panic!("{other}"),
    }
}

fn invoices(company: &Company) -> BTreeMap<String, (&'static str, i128)> {
    let rows = company.rows("erp-invoices");
    standing(rows, |row| row["发票号"].clone(), |row| sortable(&row["最后修改时间"]))
        .into_iter()
        .filter(|(_, rows)| rows[0]["状态"] != "草稿")
        .map(|(number, rows)| {
            (number, (code(&rows[0]["币种"]), rows.iter().map(|row| erp_cents(&row["价税合计(元)"])).sum()))
        })
        .collect()
}

#[test]
fn the_files_say_what_the_books_say() {
    let company = company(900, 12, 350);
    let totals = company.json("totals.json");
    let mut read: BTreeMap<(&str, &str), i128> = BTreeMap::new();

    let orders = standing(
        company.rows("erp-orders"),
        |row| format!("{}/{}", row["订单编号"], row["变更序号"]),
        |row| sortable(&row["最后修改时间"]),
    );
    for (key, rows) in &orders {
        let (number, sequence) = key.split_once('/').expect("two parts");
        let changed = sequence == "0" && orders.contains_key(&format!("{number}/1"));
        if sequence == "9" || changed || orders.contains_key(&format!("{number}/9")) {
            continue;
        }
        let total: i128 = rows.iter().map(|row| erp_cents(&row["金额"])).sum();
        *read.entry((code(&rows[0]["币种"]), "ordered")).or_default() += total;
    }
    let invoices = invoices(&company);
    for (currency, total) in invoices.values() {
        *read.entry((currency, "invoiced")).or_default() += total;
    }
    let notes = standing(company.rows("erp-credit-notes"), |row| row["单据号"].clone(), |_| 0);
    for row in notes.values().flatten() {
        let (name, sign) = if row["单据类型"] == "红字发票" { ("credited", -1) } else { ("adjusted", 1) };
        *read.entry((code(&row["币种"]), name)).or_default() += sign * erp_cents(&row["金额"]);
    }
    let statement = standing(
        company.rows("bank-payments"),
        |row| row["Zahlungsnummer"].clone(),
        |row| row["Version"].parse::<u32>().expect("a version"),
    );
    let reversed: Vec<&String> =
        statement.values().flatten().filter(|row| row["Art"] == "Storno").map(|row| &row["Bezug"]).collect();
    assert!(!reversed.is_empty());
    for (number, rows) in &statement {
        let currency = code(&rows[0]["Währung"]);
        let amount = bank_cents(&rows[0]["Betrag"]);
        match rows[0]["Art"].as_str() {
            "Zahlung" if !reversed.contains(&number) => {
                let allocated: i128 = rows
                    .iter()
                    .filter(|row| !row["Rechnung"].is_empty())
                    .map(|row| {
                        assert_eq!(invoices[&row["Rechnung"]].0, currency, "{row:?}");
                        bank_cents(&row["Zugeordnet"])
                    })
                    .sum();
                assert!(allocated <= amount, "{rows:?}");
                *read.entry((currency, "paid")).or_default() += amount;
                *read.entry((currency, "unallocated")).or_default() += amount - allocated;
            }
            "Rückzahlung" => *read.entry((currency, "refunded")).or_default() -= amount,
            _ => {}
        }
    }
    for currency in CURRENCIES {
        for (facet, name) in [
            ("trade", "ordered"),
            ("trade", "invoiced"),
            ("trade", "credited"),
            ("trade", "adjusted"),
            ("receivable", "paid"),
            ("receivable", "unallocated"),
            ("receivable", "refunded"),
        ] {
            let wanted = figure(&totals["total"], currency, facet, name);
            assert_eq!(read.get(&(currency, name)).copied().unwrap_or_default(), wanted, "{currency} {name}");
        }
    }
    let documents = &totals["documents"];
    assert_eq!(documents["invoices"], invoices.len());
    assert_eq!(
        documents["credit_notes"].as_u64().unwrap_or(0) + documents["adjustments"].as_u64().unwrap_or(0),
        notes.len() as u64
    );
    assert_eq!(documents["payments"], statement.values().filter(|rows| rows[0]["Art"] == "Zahlung").count());
}

#[test]
fn every_way_of_paying_is_there() {
    let company = company(900, 12, 10_000);
    let totals = company.json("totals.json");
    let mut payer_of: BTreeMap<String, String> = BTreeMap::new();
    for row in company.rows("erp-invoices") {
        payer_of.insert(row["发票号"].clone(), row["客户编号"].clone());
    }
    let mut of_two = 0;
    let mut by_account = 0;
    let payments =
        standing(company.rows("bank-payments"), |row| row["Zahlungsnummer"].clone(), |row| row["Version"].clone());
    for rows in payments.values() {
        let buyers: std::collections::BTreeSet<_> =
            rows.iter().filter_map(|row| payer_of.get(&row["Rechnung"])).collect();
        of_two += usize::from(buyers.len() > 1);
        by_account += usize::from(rows[0]["Art"] == "Zahlung" && rows[0]["Kundennummer"].is_empty());
    }
    assert!(of_two > 20, "payments for two customers: {of_two}");
    assert!(by_account > 200, "payments known by account alone: {by_account}");
    let customers = company.ndjson("customers.ndjson");
    let house = |kind: &str| customers.iter().find(|customer| customer["kind"] == kind).expect("a house party");
    assert!(figure(house("marketplace"), "CNY", "receivable", "invoiced") > 0);
    assert_eq!(figure(house("marketplace"), "CNY", "trade", "invoiced"), 0);
    assert_eq!(house("walk_in")["books"], serde_json::json!({}));
    assert!(figure(&totals["unattributed"], "CNY", "trade", "invoiced") > 0);
}
