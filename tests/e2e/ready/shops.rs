//! Shopify and WooCommerce.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde_json::Value;

use crate::harness::Home;
use crate::{amount, count, decimal, sample, show, status, take_bodies, text};

/// The bodies of Shopify's samples, which the REST API wraps.
fn shopify(name: &str, test: &str) -> Option<Value> {
    let wrapped: Value = serde_json::from_str(&sample(&format!("shopify/{name}.json"), test)?).expect("JSON");
    Some(wrapped[name].clone())
}

#[test]
fn shopify_comes_to_what_its_own_samples_say() {
    let test = "shopify_comes_to_what_its_own_samples_say";
    let read = ["order", "customer", "refund", "fulfillment"].map(|name| shopify(name, test));
    let [Some(order), Some(customer), Some(refund), Some(fulfilment)] = read else { return };
    let home = Home::new();
    // A refund and a delivery that come before their order wait for it.
    let connectors = ["shopify-refunds", "shopify-fulfilments", "shopify-customers", "shopify-orders"];
    for (connector, body) in connectors.into_iter().zip([&refund, &fulfilment, &customer, &order]) {
        let report = take_bodies(&home, connector, std::slice::from_ref(body), 0);
        assert_eq!((count(&report, "/mapped"), count(&report, "/quarantined")), (1, 0), "{connector}: {report}");
    }
    let party = format!("party:shopify:{}", customer["id"]);
    let view = show(&home, &party);
    let paid_back: Decimal =
        refund["transactions"].as_array().expect("transactions").iter().map(|t| decimal(text(t, "/amount"))).sum();
    assert_eq!(paid_back, decimal("209.00"));
    assert_eq!(text(&view, "/trade/by_currency/USD/ordered"), text(&order, "/total_price"));
    assert_eq!(amount(&view, "/receivable/by_currency/USD/refunded"), paid_back);
    assert_eq!(
        [count(&view, "/trade/orders"), count(&view, "/receivable/refunds"), count(&view, "/shipments/open")],
        [1, 1, 1]
    );
    assert_eq!(count(&status(&home), "/customers"), 1);
    assert_eq!(count(&status(&home), "/unattributed_documents"), 0);

    let shown = show(&home, &format!("order:shopify:{}", order["id"]));
    let (lines, said) = (&order["line_items"], &shown["content"]["lines"]);
    assert_eq!(said.as_array().map(Vec::len), lines.as_array().map(Vec::len));
    for (n, line) in lines.as_array().expect("lines").iter().enumerate() {
        assert_eq!((&said[n]["product"], &said[n]["unit_price"]), (&line["sku"], &line["price"]), "line {n}");
    }
    assert_eq!(shown["content"]["discount_codes"][0], order["discount_codes"][0]["code"]);
    let attributes = shown["content"]["attributes"].as_array().expect("attributes");
    let note =
        |asked: &Value| attributes.iter().any(|said| said["name"] == asked["name"] && said["text"] == asked["value"]);
    assert!(order["note_attributes"].as_array().is_some_and(|asked| asked.len() == 2 && asked.iter().all(note)));
    let naming = shown["named_by"].as_array().expect("named_by").iter().map(|n| text(n, "/subject").to_owned());
    let wanted = [format!("delivery:shopify:{}", fulfilment["id"]), format!("refund:shopify:{}", refund["id"])];
    assert_eq!(naming.collect::<BTreeSet<_>>(), BTreeSet::from(wanted));

    // The list of orders says other things of this order under the same updated_at: a conflict, which a person sees.
    let list: Value = serde_json::from_str(&sample("shopify/orders.json", test).expect("orders")).expect("JSON");
    let report = take_bodies(&home, "shopify-orders", list["orders"].as_array().expect("orders"), 3);
    assert_eq!(count(&report, "/conflicts"), 2, "{report}");
    assert_eq!(text(&show(&home, &party), "/trade/by_currency/USD/ordered"), text(&order, "/total_price"));
}

/// Every JSON object with a date in a page of WooCommerce's documentation, in its order; of batches each of theirs.
fn woocommerce(page: &str) -> Vec<Value> {
    let answers = page.split("```json\n").skip(1).filter_map(|rest| rest.split_once("```")).map(|(json, _)| json);
    let mut bodies = Vec::new();
    for answer in answers {
        match serde_json::from_str(answer).expect("JSON") {
            Value::Array(list) => bodies.extend(list),
            Value::Object(batch) if batch.contains_key("create") => {
                bodies.extend(batch.into_values().flat_map(|list| list.as_array().cloned().unwrap_or_default()));
            }
            one => bodies.push(one),
        }
    }
    bodies.retain(|body| body["date_created_gmt"].is_string() && body["download_id"].is_null());
    bodies
}

/// Of each id what was said last.
fn latest(bodies: &[Value]) -> BTreeMap<i64, &Value> {
    let mut latest: BTreeMap<i64, &Value> = BTreeMap::new();
    for body in bodies {
        let known = latest.entry(body["id"].as_i64().expect("an id")).or_insert(body);
        if body["date_modified_gmt"].as_str() > known["date_modified_gmt"].as_str() {
            *known = body;
        }
    }
    latest
}

#[test]
fn woocommerce_comes_to_what_its_own_documentation_says() {
    let test = "woocommerce_comes_to_what_its_own_documentation_says";
    let read = ["orders", "customers"].map(|page| sample(&format!("woocommerce/_{page}.md"), test));
    let [Some(orders), Some(customers)] = read.map(|page| page.map(|page| woocommerce(&page))) else { return };
    assert_eq!((orders.len(), customers.len()), (10, 10));
    let home = Home::new();
    let report = take_bodies(&home, "woocommerce-customers", &customers, 0);
    assert_eq!(
        [count(&report, "/mapped"), count(&report, "/quarantined"), count(&report, "/conflicts")],
        [10, 0, 0],
        "{report}"
    );
    let report = take_bodies(&home, "woocommerce-orders", &orders, 0);
    assert_eq!(
        [count(&report, "/mapped"), count(&report, "/quarantined"), count(&report, "/conflicts")],
        [10, 0, 0],
        "{report}"
    );

    let (orders, customers) = (latest(&orders), latest(&customers));
    let refunds: Vec<(&Value, &Value)> = orders
        .values()
        .flat_map(|order| order["refunds"].as_array().expect("refunds").iter().map(move |r| (*order, r)))
        .collect();
    let said = status(&home);
    assert_eq!((orders.len(), refunds.len(), customers.len()), (4, 2, 4));
    assert_eq!(count(&said, "/documents"), 6);
    // Two e-mails of an account, one of them another account's too: four accounts are two customers, and the guest is one of them.
    let (mut seen, mut ordered) = (BTreeSet::new(), Decimal::ZERO);
    for number in customers.keys() {
        let view = show(&home, &format!("party:woocommerce:{number}"));
        let parties: Vec<&str> =
            view["parties"].as_array().expect("parties").iter().filter_map(Value::as_str).collect();
        let emails: BTreeSet<&str> = (customers.iter())
            .filter(|(id, _)| parties.contains(&format!("party:woocommerce:{id}").as_str()))
            .flat_map(|(_, customer)| [text(customer, "/email"), text(customer, "/billing/email")])
            .collect();
        let theirs = |order: &&&Value| match order["customer_id"].as_i64() {
            Some(0) => emails.contains(text(order, "/billing/email")),
            id => id.is_some_and(|id| parties.contains(&format!("party:woocommerce:{id}").as_str())),
        };
        let sum: Decimal = orders.values().filter(theirs).map(|order| decimal(text(order, "/total"))).sum();
        assert_eq!(amount(&view, "/trade/by_currency/USD/ordered"), sum, "{number}");
        let back =
            refunds.iter().filter(|(order, _)| theirs(&order)).map(|(_, refund)| -decimal(text(refund, "/total")));
        assert_eq!(amount(&view, "/receivable/by_currency/USD/refunded"), back.sum::<Decimal>(), "{number}");
        if seen.insert(text(&view, "/id").to_owned()) {
            ordered += sum;
        }
    }
    assert_eq!((seen.len(), ordered), (2, decimal("185.00")));
    assert_eq!(count(&said, "/customers"), 2);
    let shown = show(&home, "order:woocommerce:727");
    assert_eq!(text(&shown, "/content/lines/1/name"), "Ship Your Idea – Color: Black, Size: M Test");
    let lines = shown["content"]["lines"].as_array().expect("lines").iter();
    let net: Decimal = lines.map(|line| decimal(text(line, "/amount"))).sum();
    let order = orders[&727];
    let beside: Decimal = ["/total_tax", "/shipping_total"].iter().map(|path| decimal(text(order, path))).sum();
    assert_eq!(net + beside, decimal(text(order, "/total")), "lines are without tax and shipping, the total with both");
}
