//! Purchases of customer panels: CDNOW, and The Complete Journey.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;

use rust_decimal::Decimal;

use crate::harness::{Home, shared};
use crate::{count, decimal, ordered, sample, show, status, take_in};

#[test]
fn cdnow_comes_to_its_own_log() {
    let test = "cdnow_comes_to_its_own_log";
    let (Some(path), Some(log)) = (shared("cdnow/CDNOW_master.txt", test), sample("cdnow/CDNOW_master.txt", test))
    else {
        return;
    };
    let (mut days, mut sums) = (BTreeSet::new(), BTreeMap::<String, Decimal>::new());
    let mut lines = 0;
    for line in log.lines().skip(1) {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let &[customer, day, _, dollars] = cells.as_slice() else { panic!("{line}") };
        lines += 1;
        days.insert((customer, day));
        *sums.entry(customer.to_owned()).or_default() += decimal(dollars);
    }
    assert_eq!((lines, sums.len(), days.len()), (69_659, 23_570, 67_591));
    assert_eq!(sums.values().sum::<Decimal>(), decimal("2500315.63"));
    let home = Home::new();
    let report = take_in(&home, "cdnow", &path, 0);
    assert_eq!(
        [count(&report, "/lines"), count(&report, "/mapped"), count(&report, "/quarantined")],
        [lines, 67_591, 0]
    );
    let said = status(&home);
    assert_eq!([count(&said, "/customers"), count(&said, "/documents")], [23_570, 67_591]);
    // Every tenth customer, and whoever spent most.
    let most = sums.iter().max_by_key(|(_, sum)| **sum).map(|(customer, _)| customer.clone());
    let some: Vec<String> = sums.keys().step_by(10).cloned().chain(most).collect();
    let wanted: BTreeMap<String, Decimal> = some.iter().map(|customer| (customer.clone(), sums[customer])).collect();
    let server = home.serve();
    assert_eq!(ordered(&server, "cdnow", some.into_iter()), wanted);
    assert_eq!(server.stop(), 0);
}

/// Rows of a CSV by their headings.
fn table(text: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().collect::<Result<_, _>>().expect("a table")
}

#[test]
fn the_complete_journey_comes_to_its_published_figures() {
    let test = "the_complete_journey_comes_to_its_published_figures";
    let folder = "complete-journey";
    let Some(baskets) = shared(&format!("{folder}/transactions_sample.csv.gz"), test) else { return };
    let Some(households) = shared(&format!("{folder}/demographics.csv"), test) else { return };
    let Some(coupons) = shared(&format!("{folder}/coupon_redemptions.csv"), test) else { return };
    let mut unpacked = String::new();
    let file = fs::File::open(&baskets).expect("a file");
    flate2::read::GzDecoder::new(file).read_to_string(&mut unpacked).expect("a gzip");
    let (mut numbers, mut sums) = (BTreeSet::new(), BTreeMap::<String, Decimal>::new());
    for mut row in table(&unpacked) {
        let paid =
            Decimal::from_scientific(&row["sales_value"]).or_else(|_| row["sales_value"].parse()).expect("a number");
        numbers.insert(row["basket_id"].clone());
        *sums.entry(row.remove("household_id").expect("a household")).or_default() += paid.round_dp(2);
    }
    assert_eq!((numbers.len(), sums.len()), (47_243, 2_377));
    assert_eq!(sums.values().sum::<Decimal>(), decimal("233935.24"));

    let home = Home::new();
    let report = take_in(&home, "complete-journey-baskets", &baskets, 0);
    assert_eq!(
        [count(&report, "/lines"), count(&report, "/mapped"), count(&report, "/quarantined")],
        [75_000, 47_243, 0]
    );
    let said = status(&home);
    assert_eq!([count(&said, "/customers"), count(&said, "/documents")], [2_377, 47_243]);
    let server = home.serve();
    assert_eq!(ordered(&server, folder, sums.keys().cloned()), sums);
    assert_eq!(server.stop(), 0);

    let asked = table(&fs::read_to_string(&households).expect("a file"));
    let redeemed = table(&fs::read_to_string(&coupons).expect("a file"));
    assert_eq!((asked.len(), redeemed.len()), (801, 2_102));
    assert_eq!(count(&take_in(&home, "complete-journey-households", &households, 0), "/mapped"), 801);
    assert_eq!(count(&take_in(&home, "complete-journey-coupons", &coupons, 0), "/mapped"), 2_102);
    let all: BTreeSet<&String> =
        sums.keys().chain(asked.iter().chain(&redeemed).map(|row| &row["household_id"])).collect();
    let said = status(&home);
    assert_eq!([count(&said, "/customers"), count(&said, "/documents")], [all.len() as i64, 47_243 + 2_102]);
    let row = &asked[0];
    let view = show(&home, &format!("party:{folder}:{}", row["household_id"]));
    for (attribute, column) in [("age", "age"), ("income", "income"), ("composition", "household_comp")] {
        assert_eq!(view["attributes"][attribute]["value"], row[column].as_str(), "{attribute}");
    }
}
