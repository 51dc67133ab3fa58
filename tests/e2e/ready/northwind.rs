//! Northwind: its tables, as the queries in the connectors' heads would write them.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::harness::Home;
use crate::{count, decimal, ordered, sample, show, status, take_in};

/// The rows of a table in the script; NULL is blank.
fn rows(script: &str, table: &str) -> Vec<Vec<String>> {
    let begins = format!("INSERT INTO {table} VALUES (");
    script.lines().filter_map(|line| Some(values(line.strip_prefix(&begins)?.strip_suffix(");")?))).collect()
}

/// Values of one INSERT: numbers, NULL, and texts in quotes, of which one within is doubled.
fn values(text: &str) -> Vec<String> {
    let (mut values, mut value, mut quoted, mut bare) = (Vec::new(), String::new(), false, true);
    for c in text.chars() {
        match c {
            '\'' if quoted || bare => {
                // A second quote after the closing one: it was a quote within.
                if !quoted && !value.is_empty() {
                    value.push('\'');
                }
                (quoted, bare) = (!quoted, true);
            }
            ',' if !quoted => {
                values.push(std::mem::take(&mut value));
                bare = true;
            }
            ' ' if !quoted => {}
            c => value.push(c),
        }
    }
    values.push(value);
    values.into_iter().map(|value| if value == "NULL" { String::new() } else { value }).collect()
}

fn table(heading: &str, rows: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(heading.split(',')).expect("a heading");
    rows.into_iter().for_each(|row| out.write_record(row).expect("a row"));
    out.into_inner().expect("a table")
}

fn rounded(text: &str) -> Decimal {
    decimal(text).round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

#[test]
fn northwind_comes_to_its_published_sales() {
    let Some(script) = sample("northwind/northwind.sql", "northwind_comes_to_its_published_sales") else { return };
    let [customers, orders, lines, products, shippers] =
        ["customers", "orders", "order_details", "products", "shippers"].map(|name| rows(&script, name));
    assert_eq!((customers.len(), orders.len(), lines.len()), (91, 830, 2_155));
    assert!(customers.iter().all(|row| row.len() == 11) && orders.iter().all(|row| row.len() == 14));
    let name_of = |table: &[Vec<String>], key: &str| {
        table.iter().find(|row| row[0] == *key).map(|row| row[1].clone()).expect("its name")
    };
    let by_number: BTreeMap<&str, &Vec<String>> = orders.iter().map(|row| (row[0].as_str(), row)).collect();
    let joined = lines.iter().map(|line| {
        let order = by_number[line[0].as_str()];
        let more = [line[1].clone(), name_of(&products, &line[1]), line[2].clone(), line[3].clone(), line[4].clone()];
        [order.clone(), more.to_vec(), vec![name_of(&shippers, &order[6])]].concat()
    });
    let home = Home::new();
    let heading =
        "customer_id,company_name,contact_name,contact_title,address,city,region,postal_code,country,phone,fax";
    let file = home.file("customers.csv", table(heading, customers.clone()));
    let report = take_in(&home, "northwind-customers", &file, 0);
    assert_eq!([count(&report, "/mapped"), count(&report, "/quarantined")], [91, 0]);
    let heading = "order_id,customer_id,employee_id,order_date,required_date,shipped_date,ship_via,freight,ship_name,ship_address,\
                   ship_city,ship_region,ship_postal_code,ship_country,product_id,product_name,unit_price,quantity,discount,shipper";
    let file = home.file("orders.csv", table(heading, joined));
    let report = take_in(&home, "northwind-orders", &file, 0);
    let shipped = orders.iter().filter(|order| !order[5].is_empty()).count();
    assert_eq!(shipped, 809);
    assert_eq!(
        [count(&report, "/mapped"), count(&report, "/quarantined"), count(&report, "/events")],
        [830, 0, 830 + 809]
    );

    let said = status(&home);
    assert_eq!([count(&said, "/customers"), count(&said, "/documents")], [91, 830 + 809]);
    assert_eq!(count(&said, "/unattributed_documents"), 0);
    let mut totals: BTreeMap<&str, Decimal> = BTreeMap::new();
    for line in &lines {
        let share = Decimal::ONE - rounded(&line[4]);
        *totals.entry(&line[0]).or_default() += rounded(&line[2]) * decimal(&line[3]) * share;
    }
    let mut wanted: BTreeMap<String, Decimal> = customers.iter().map(|row| (row[0].clone(), Decimal::ZERO)).collect();
    for (order, total) in &totals {
        let buyer = &by_number[order][1];
        *wanted.get_mut(buyer).expect("a customer") +=
            total.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    }
    let exact: Decimal = totals.values().sum();
    assert_eq!(exact.round_dp(2), decimal("1265793.04"), "what Northwind is known to have sold");
    let server = home.serve();
    assert_eq!(ordered(&server, "northwind", wanted.keys().cloned()), wanted);
    assert_eq!(server.stop(), 0);
    let view = show(&home, "party:northwind:ALFKI");
    let of = |place: usize| customers.iter().find(|row| row[0] == "ALFKI").map(|row| row[place].clone());
    assert_eq!(view["profile"]["name"]["value"].as_str().map(str::to_owned), of(1));
    let open = orders.iter().filter(|order| order[1] == "ALFKI" && !order[5].is_empty()).count();
    assert_eq!(count(&view, "/shipments/open"), open as i64);
}
