//! A list of invoices of a Chinese ERP as it is saved for Excel: merged cells, subtotals, a total, red invoices.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::harness::Home;
use crate::{amount, count, show, status, take_in};

const HEADING: &str = "发票号,开票日期,客户编码,客户名称,币种,红蓝标识,对应蓝字发票号,单据状态,存货编码,存货名称,数量,原币含税单价,原币价税合计,本币价税合计";

/// Thousands in commas, below zero in front.
fn written(amount: Decimal) -> String {
    let text = format!("{:.2}", amount.abs());
    let (whole, cents) = text.split_once('.').expect("cents");
    let mut grouped = String::new();
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("\"{}{grouped}.{cents}\"", if amount.is_sign_negative() { "-" } else { "" })
}

/// What stands in the books of the list.
#[derive(Default)]
struct Books {
    invoiced: BTreeMap<String, Decimal>,
    credited: BTreeMap<String, Decimal>,
    documents: i64,
    void: i64,
    drafts: i64,
    subtotals: i64,
    /// As the list itself adds up, drafts and void invoices included.
    total: Decimal,
}

/// A list of 40 customers, whose every third invoice is taken back by a red one in part.
fn list(books: &mut Books) -> String {
    let mut text = format!("销售发票列表{commas}\n期间：2026-03{commas}\n{HEADING}\n", commas = ",".repeat(13));
    let mut number = 0;
    for n in 1..=40_i64 {
        let (customer, mut subtotal) = (format!("K{n:05}"), Decimal::ZERO);
        for k in 0..(1 + n % 4) {
            number += 1;
            let blue = format!("{number:010}");
            let state = if (n, k) == (7, 0) {
                "作废"
            } else if number % 11 == 0 {
                "未审核"
            } else {
                "已审核"
            };
            let lines = 1 + (n + k) % 5;
            let head = format!("{blue},2026年3月{}日,{customer},客户{n},人民币,蓝字,,{state}", 1 + number % 28);
            let mut sum = Decimal::ZERO;
            for line in 0..lines {
                let (quantity, price) = (Decimal::from(1 + line * 7), Decimal::new(12_345 + n * 991 + line, 2));
                let row = if line == 0 { head.as_str() } else { ",,,,,,," };
                let worth = quantity * price;
                text += &format!(
                    "{row},P-{line:04},货物{line},{quantity},{},{},{}\n",
                    written(price),
                    written(worth),
                    written(worth)
                );
                sum += worth;
            }
            subtotal += sum;
            match state {
                "已审核" => *books.invoiced.entry(customer.clone()).or_default() += sum,
                "作废" => books.void += 1,
                _ => books.drafts += 1,
            }
            books.documents += i64::from(state == "已审核");
            if number % 3 == 0 && state == "已审核" {
                number += 1;
                let back = Decimal::new(12_345 + n * 991, 2);
                text += &format!(
                    "{number:010},2026/3/28,{customer},客户{n},人民币,红字,{blue},已审核,P-0000,货物0,-1,{},{},{}\n",
                    written(back),
                    written(-back),
                    written(-back)
                );
                subtotal -= back;
                *books.credited.entry(customer.clone()).or_default() += back;
                books.documents += 1;
            }
        }
        text += &format!("小计,,,,,,,,,,,,{},{}\n", written(subtotal), written(subtotal));
        books.subtotals += 1;
        books.total += subtotal;
    }
    text + &format!("合计,,,,,,,,,,,,{},{}\n", written(books.total), written(books.total))
}

#[test]
fn a_chinese_list_of_invoices_comes_to_its_books() {
    let mut books = Books::default();
    let text = list(&mut books);
    let (bytes, _, replaced) = encoding_rs::GBK.encode(&text);
    assert!(!replaced);
    let home = Home::new();
    let file = home.file("发票列表.csv", &bytes);
    let report = take_in(&home, "yonyou-invoices", &file, 0);
    let wanted = [books.documents + books.void, books.subtotals + 1 + books.drafts, 0];
    // Subtotals of one file share their number, 小计, so that they are one record.
    let skipped = wanted[1] - books.subtotals + 1;
    assert_eq!(
        [count(&report, "/mapped"), count(&report, "/skipped"), count(&report, "/quarantined")],
        [wanted[0], skipped, 0],
        "{report}"
    );
    let sum = |of: &BTreeMap<String, Decimal>| of.values().sum::<Decimal>();
    let money = &status(&home)["money"]["CNY"];
    assert_eq!(amount(money, "/invoiced"), sum(&books.invoiced));
    assert_eq!(amount(money, "/credited"), sum(&books.credited));
    assert_ne!(
        sum(&books.invoiced) - sum(&books.credited),
        books.total,
        "drafts and void invoices are in the list's own total"
    );
    for customer in books.invoiced.keys() {
        let view = show(&home, &format!("party:yonyou:{customer}"));
        assert_eq!(amount(&view, "/trade/by_currency/CNY/invoiced"), books.invoiced[customer], "{customer}");
        let credited = books.credited.get(customer).copied().unwrap_or_default();
        assert_eq!(amount(&view, "/trade/by_currency/CNY/credited"), credited, "{customer}");
    }
}
