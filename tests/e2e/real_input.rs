//! A real export through the real program: the figures that others can count.

mod harness;

use harness::{Home, connector, shared};

#[test]
fn a_year_of_invoices_comes_to_the_published_figures() {
    let Some(export) =
        shared("uci-online-retail-2009-10/invoices.csv.gz", "a_year_of_invoices_comes_to_the_published_figures")
    else {
        return;
    };
    let home = Home::new();
    let file = connector("uci-online-retail");
    let ingest = ["ingest", "--json", "--connector", &file, &export];
    let report = home.run(&ingest).exits(0).json();
    for (name, count) in [
        ("records", 28_816),
        ("lines", 525_461),
        ("events", 28_816),
        ("accepted", 28_816),
        ("duplicates", 0),
        ("conflicts", 0),
        ("skipped", 0),
        ("quarantined", 0),
    ] {
        assert_eq!(report[name], count, "{name}");
    }
    assert!(report["seconds"].is_number());

    let status = home.run(&["status", "--json"]).exits(0).json();
    for (name, count) in [
        ("events", 28_816),
        ("subjects", 28_816),
        ("parties", 4_383),
        ("customers", 4_383),
        ("documents", 28_816),
        ("unattributed_documents", 5_229),
        ("quarantined", 0),
        ("conflicts", 0),
        ("lag", 0),
    ] {
        assert_eq!(status[name], count, "{name}");
    }
    let money = [
        ("invoiced", "10305892.024"),
        ("credited", "629855.37"),
        ("adjusted", "-136552.02"),
        ("net", "9539484.634"),
        ("of_customers", "8348208.574"),
        ("unattributed", "1191276.06"),
    ];
    for (name, sum) in money {
        assert_eq!(status["money"]["GBP"][name], sum, "{name}");
    }

    let view = home.run(&["show", "party:uci:18102", "--json"]).exits(0).json();
    let (trade, gbp) = (&view["trade"], &view["trade"]["by_currency"]["GBP"]);
    assert_eq!((trade["invoices"].as_i64(), trade["credit_notes"].as_i64()), (Some(89), Some(6)));
    assert_eq!(
        (gbp["invoiced"].as_str(), gbp["credited"].as_str(), gbp["net"].as_str()),
        (Some("349164.35"), Some("7387.62"), Some("341776.73"))
    );
    assert_eq!(
        (trade["first_at"].as_str(), trade["last_at"].as_str()),
        (Some("2009-12-01T09:24:00Z"), Some("2010-12-09T13:44:00Z"))
    );
    let view = home.run(&["show", "party:uci:13085", "--json"]).exits(0).json();
    assert_eq!((view["trade"]["lines"].as_i64(), view["documents"].as_i64()), (Some(63), Some(7)));
    assert_eq!(view["trade"]["by_currency"]["GBP"]["net"], "1187.08");
    let whose = home.run(&["show", "credit_note:uci:C496350", "--json"]).exits(0).json();
    assert_eq!((whose["amount"].as_str(), whose["trade"]["customer"].is_null()), (Some("-373.57"), true));

    // Read again: nothing changes, and it says so.
    let again = home.run(&ingest).exits(0).json();
    assert_eq!((again["accepted"].as_i64(), again["duplicates"].as_i64()), (Some(0), Some(28_816)));
    assert_eq!(home.run(&["status", "--json"]).exits(0).json(), status);

    let verified = home.run(&["rebuild", "--verify", "--json"]).exits(0).json();
    assert_eq!((verified["events"].as_i64(), verified["customers"].as_i64()), (Some(28_816), Some(4_383)));
    assert_eq!(verified["live_digest"], verified["rebuilt_digest"]);
    assert_eq!(verified["live_digest"], status["digest"]);
    assert!(verified["seconds"].is_number() && verified["events_per_second"].is_number());
}
