//! Records come late, twice, out of order and interleaved, but never so that a careful reader must go wrong.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use support::{company, lines};

/// First and last line of each document of a table, and how many lines it has.
fn documents(path: &Path, key_columns: usize) -> BTreeMap<Vec<u8>, (usize, usize, usize)> {
    let delimiter = if path.to_string_lossy().contains("statement") { b';' } else { b',' };
    let mut found = BTreeMap::new();
    for (number, line) in lines(path).iter().enumerate().skip(1) {
        let key: Vec<&[u8]> = line.split(|byte| *byte == delimiter).take(key_columns).collect();
        let entry = found.entry(key.join(&b'|')).or_insert((number, number, 0));
        entry.1 = number;
        entry.2 += 1;
    }
    found
}

#[test]
fn documents_are_interleaved_within_the_window_and_never_twice_in_one_file() {
    let company = company(900, 5, 10_000);
    for (connector, columns) in [("erp-orders", 2), ("erp-invoices", 1), ("bank-payments", 2)] {
        let mut torn = 0;
        for path in company.feeds(connector) {
            for (first, last, count) in documents(&path, columns).into_values() {
                let span = last - first + 1;
                assert!(span <= 600, "{connector}: {span} lines");
                torn += usize::from(span > count);
            }
        }
        assert!(torn > 3, "{connector}: {torn} documents with others between their rows");
    }
}

#[test]
fn what_comes_twice_says_the_same() {
    let company = company(900, 5, 10_000);
    let mut again = 0;
    for connector in ["wms-movements", "desk-events", "carrier-scans"] {
        for path in company.feeds(connector) {
            let all = lines(&path);
            let distinct: BTreeSet<&Vec<u8>> = all.iter().collect();
            again += all.len() - distinct.len();
        }
    }
    for connector in ["erp-orders", "erp-invoices", "erp-credit-notes", "erp-customers", "bank-payers", "bank-payments"]
    {
        let [main, later] = company.feeds(connector).try_into().expect("an export and a later one");
        let main: BTreeSet<Vec<u8>> = lines(&main).into_iter().skip(1).collect();
        let same = lines(&later).into_iter().skip(1).filter(|line| main.contains(line)).count();
        assert!(same > 0 || connector == "bank-payers", "{connector}");
        again += same;
    }
    assert!(again as u64 >= company.summary.doubled, "{again} lines, {} records", company.summary.doubled);
}

#[test]
fn records_are_out_of_order_and_revisions_arrive_backwards() {
    let company = company(900, 5, 10_000);
    let times: Vec<String> = company.records("wms-movements").iter().map(|record| record["at"].to_string()).collect();
    assert!(times.windows(2).filter(|pair| pair[0] > pair[1]).count() > 100);
    let mut moved: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in company.rows("erp-customers") {
        moved.entry(row["客户编号"].clone()).or_default().push(row["最后修改时间"].clone());
    }
    // Files are read in order, so here the first is what stands in the earlier file.
    let day = |text: &str| {
        text.split([' ', '/']).take(3).map(|part| part.parse::<u32>().expect("a number")).collect::<Vec<_>>()
    };
    let backwards = moved.values().filter(|times| times.len() == 2 && day(&times[0]) > day(&times[1])).count();
    let forwards = moved.values().filter(|times| times.len() == 2 && day(&times[0]) < day(&times[1])).count();
    assert!(backwards > 0 && forwards > backwards, "{backwards} of {forwards}");
}
