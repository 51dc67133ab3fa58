//! The demo: a company taken in, and equal to its own books to the cent.

mod harness;

use harness::Home;

#[test]
fn a_simulated_company_agrees_with_its_own_books() {
    let home = Home::new();
    let done = home.run(&["demo", "--no-serve", "--customers", "150", "--seed", "7", "--json"]).exits(0).json();
    assert_eq!(done["agrees"], true, "{done}");
    assert_eq!(done["customers_checked"], 152);
    assert_eq!(done["status"]["customers"], 152);
    let corrupted =
        std::fs::read_to_string(home.data().join("simulated/truth/corrupted.ndjson")).unwrap().lines().count();
    assert_eq!(done["ingest"]["quarantined"], corrupted);
    assert_eq!(done["status"]["quarantined"], corrupted);
    let verified = home.run(&["rebuild", "--verify", "--json"]).exits(0).json();
    assert_eq!(verified["live_digest"], done["status"]["digest"]);

    // 王伟 is found, and the complaint is told whole.
    let hits = home.run(&["find", "王伟", "--json"]).exits(0).json();
    assert!(hits.as_array().is_some_and(|hits| !hits.is_empty()));
    let text = home.run(&["demo", "--no-serve", "--customers", "150", "--seed", "7"]).exits(0).out;
    for words in ["agree to the cent", "try next", "27 invoices settled", "rated 5.00 of 5"] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    for words in ["beside this process", "curl"] {
        assert!(!text.contains(words), "nothing serves: {words}\n{text}");
    }
}

#[test]
fn the_demo_empties_only_what_a_demo_made() {
    let home = Home::new();
    std::fs::create_dir(home.data()).unwrap();
    std::fs::write(home.data().join("letter.txt"), "dear").unwrap();
    home.run(&["demo", "--no-serve", "--customers", "10"]).exits(1).tells(&["no demo", "left alone"]);
    assert_eq!(std::fs::read_to_string(home.data().join("letter.txt")).unwrap(), "dear");
}
