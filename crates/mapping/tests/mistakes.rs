//! What is wrong with a connector file is said all at once, with its place and what was probably meant.

mod support;

use support::{ORDERS, codes, orders, parse, with};

/// The code and first advice for a connector with one text in place of another.
fn slip(from: &str, to: &str) -> (String, String) {
    let problems = parse(&orders(from, to)).err().unwrap_or_default();
    let all: Vec<_> = problems.iter().map(|p| p.code.as_ref()).collect();
    let advice = problems.first().and_then(|p| p.help.first().cloned()).unwrap_or_default();
    (all.join(" "), advice)
}

fn code(from: &str, to: &str) -> String {
    slip(from, to).0
}

#[test]
fn the_base_is_right() {
    assert_eq!(codes(ORDERS), []);
}

#[test]
fn spelling_mistakes_name_what_was_meant() {
    for (from, to, wanted, advice) in [
        ("group_by", "grup_by", "M0101", "did you mean `group_by`?"),
        ("[assume]", "[asume]", "M0101", "did you mean `assume`?"),
        ("sales.order_placed.v1", "sales.order_plced.v1", "M0105", "did you mean `sales.order_placed.v1`?"),
        ("format = \"csv\"", "format = \"cvs\"", "M0104", "did you mean `csv`?"),
        ("total = \"Total\"", "total = \"Total\"\ntotl = \"X\"", "M0107", "did you mean `total`?"),
        ("total = \"Total\"", "total = { from = \"Total\", pik = \"sum\" }", "M0101", "did you mean `pick`?"),
        ("total = \"Total\"", "total = { from = \"Total\", pick = \"summ\" }", "M0104", "did you mean `sum`?"),
        ("[event.order.set]", "[event.order.refs]\nbuyr = \"X\"\n[event.order.set]", "M0106", "did you mean `buyer`?"),
        ("total = \"Total\"", "total = { use = \"totl\" }\n[let]\ntotal = \"X\"", "M0302", "did you mean `total`?"),
        (
            "total = \"Total\"",
            "total = { from = \"Total\", enum = \"knd\" }\n[enum.kind]\nelse = \"keep\"\n[enum.kind.values]",
            "M0110",
            "did you mean `kind`?",
        ),
    ] {
        let (found, said) = slip(from, to);
        assert!(found.contains(wanted) && said == advice, "{to}: {found} {said}");
    }
}

#[test]
fn all_mistakes_are_told_with_their_places() {
    let text = ORDERS
        .replace("kind = \"file\"", "kind = \"fil\"")
        .replace("id = [\"No\"]", "ids = [\"No\"]")
        .replace("currency = \"EUR\"", "currency = \"EURO\"");
    let mut found = codes(&text);
    found.sort();
    let wanted = [("M0101", 21), ("M0102", 18), ("M0104", 6), ("M0406", 16)];
    assert_eq!(found, wanted.map(|(c, l)| (c.to_owned(), l)));
    let problem = &parse(&text).err().unwrap()[0];
    let place = problem.mapping.as_ref().unwrap();
    assert_eq!(
        (place.file.as_str(), place.column, place.length, place.excerpt.as_str()),
        ("t.toml", 8, 5, "kind = \"fil\"")
    );
    assert!(problem.to_string().contains("6 | kind = \"fil\"\n  |        ^^^^^"), "{problem}");
}

#[test]
fn what_is_no_toml_is_told_with_its_place() {
    let problems = parse("[connector]\nname = \n").err().unwrap();
    assert_eq!((problems[0].code.as_ref(), problems[0].mapping.as_ref().unwrap().line), ("M0001", 2));
}

#[test]
fn things_that_cannot_be_meant_are_refused() {
    for (from, to, wanted) in [
        ("source = \"erp\"", "source = \"e:rp\"", "M0103"),
        ("total = \"Total\"", "total = { from = \"Total\", times = 0.01 }", "M0103"),
        ("total = \"Total\"", "total = { value = \"ten\" }", "M0103"),
        ("total = \"Total\"", "total = {\n  from = \"Total\" }", "M0002"),
        ("total = \"Total\"", "total = \"Total\"\npromised_on = { from = \"P\", add_days = 9999999 }", "M0103"),
        ("total = \"Total\"", "", "M0109"),
        ("total = \"Total\"", "total = { pick = \"sum\" }", "M0114"),
        ("total = \"Total\"", "total = { from = \"Total\", value = \"1\" }", "M0114"),
        ("total = \"Total\"", "total = { from = \"Total\", add_days = 3 }", "M0112"),
        ("total = \"Total\"", "total = { from = \"Total\", match = \"(\" }", "M0407"),
        ("total = \"Total\"", "total = \"Total\"\nlines = \"Line\"", "M0108"),
        ("currency = \"EUR\"", "", "M0409"),
        ("zone = \"Europe/Berlin\"", "", "M0408"),
        ("zone = \"Europe/Berlin\"", "zone = \"Europe/Berlinn\"", "M0404"),
        ("dst = \"earlier\"", "", "M0405"),
        ("time = \"dd.MM.yyyy HH:mm\"", "", "M0409"),
        ("time = \"dd.MM.yyyy HH:mm\"", "time = \"dd.MM.yyyy hh:mm\"", "M0401"),
        ("\"dd.MM.yyyy\", \"yyyy-MM-dd\"", "\"dd/MM/yyyy\", \"MM/dd/yyyy\"", "M0402"),
        ("\"dd.MM.yyyy\", \"yyyy-MM-dd\"", "\"yyyy-mm-dd\"", "M0401"),
        ("total = \"Total\"", "total = \"Total\"\npromised_on = { from = \"P\", date = \"dd.MM.yy\" }", "M0409"),
        ("dst = \"earlier\"", "dst = \"earlier\"\npivot = 50", "M0103"),
        ("total = \"Total\"", "total = { from = \"Total\", pivot = 1950 }", "M0112"),
        ("number = \"1.234,56\"", "number = \"1,5\"", "M0403"),
        ("id = [\"No\"]", "id = [{ calc = \"'a'\" }]", "M0115"),
        ("occurred_at = \"At\"", "", "M0102"),
        ("group_by = [\"No\"]", "charset = \"latin-99\"", "M0411"),
        ("group_by = [\"No\"]", "escape = \"\\\"\"", "M0112"),
        ("group_by = [\"No\"]", "escape = \",\"", "M0103"),
        ("format = \"csv\"\ngroup_by = [\"No\"]", "format = \"ndjson\"\nfill_down = [\"No\"]", "M0112"),
        ("name = \"t\"", "name = \"t\"\n# ? total repeats in every row: sum or first?", "M0602"),
        ("[event.order]", "[lookup.u]\nfile = \"none.csv\"\nkey = \"x\"\n[event.order]", "M0501"),
        ("[event.order]", "[lookup.u]\nfile = \"units.csv\"\nkey = \"x\"\n[event.order]", "M0502"),
        ("[event.order]", "[enum.u]\n[enum.u.values]\na = \"b\"\n[event.order]", "M0102"),
        ("[event.order.set]", "[event.order.refs]\nnumber = \"X\"\n[event.order.set]", "M0102"),
        ("[event.order]", "[let]\n\"a b\" = \"X\"\n[event.order]", "M0113"),
        ("[event.order]", "[let]\na = { use = \"b\" }\nb = { use = \"a\" }\n[event.order]", "M0111"),
        ("[event.order]", "[let]\na = { calc = \"1 + 1\" }\n[event.order]", "M0102"),
        ("[event.order]", "[test.x]\ninput = \"No\"\n[event.order]", "M0601"),
        ("[event.order]", "[test.x]\ninput = \"No\"\nemits = [\"ordr\"]\n[event.order]", "M0603"),
    ] {
        // One slip, one problem.
        assert_eq!(code(from, to), wanted, "{to}");
    }
}

#[test]
fn what_is_said_of_watched_files_and_does_nothing_is_refused() {
    let file = |more: &str| code("kind = \"file\"", &format!("kind = \"file\"\n{more}"));
    let path = "path = \"/drop\"\n";
    let watched = |more: &str| file(&format!("{path}{more}"));
    assert_eq!(watched("done = { idle = \"5m\" }\nafter = { move = \"/archive\" }"), "");
    assert_eq!(file("done = { marker = \".ok\" }"), "M0112");
    assert_eq!(file("after = \"delete\""), "M0112");
    assert_eq!(file("path = []"), "M0103");
    for done in ["{}", "{ marker = \".ok\", idle = \"5m\" }", "{ marker = \"\" }"] {
        assert_eq!(watched(&format!("done = {done}")), "M0103", "{done}");
    }
    assert_eq!(watched("after = {}"), "M0102");
    assert_eq!(watched("after = { move = \"\" }"), "M0103");
    // Rows of one order are grouped, which needs an end.
    assert_eq!(watched("done = \"growing\""), "M0112");
    let growing = format!("kind = \"file\"\n{path}done = \"growing\"");
    let alone = |more: &str| {
        let text = orders("kind = \"file\"", &format!("{growing}\n{more}")).replace("group_by = [\"No\"]", "");
        parse(&text).err().map(|problems| problems[0].code.to_string()).unwrap_or_default()
    };
    assert_eq!(alone(""), "");
    assert_eq!(alone("after = \"delete\""), "M0112");
}

#[test]
fn a_topic_of_intake_is_named_and_nothing_else_is_read() {
    let kafka = |more: &str| code("kind = \"file\"", &format!("kind = \"kafka\"\n{more}"));
    assert_eq!(kafka("topics = [\"intake.sales\"]\ngroup = \"orders\""), "");
    assert_eq!(kafka(""), "M0102");
    assert_eq!(kafka("topics = \"events\""), "M0103");
    assert_eq!(kafka("topics = \"intake.\""), "M0103");
    assert_eq!(kafka("topics = \"intake.sales\"\ngroup = \"a b\""), "M0103");
    assert_eq!(kafka("topics = \"intake.sales\"\npath = \"orders.csv\""), "M0101");
    assert_eq!(kafka("topics = \"intake.sales\"\nregistry = \"http://x\""), "M0101");
    assert_eq!(code("kind = \"file\"", "kind = \"file\"\ntopics = \"intake.sales\""), "M0101");
    let both = "kind = [\"file\", \"kafka\"]\npath = \"orders.csv\"\ntopics = \"intake.sales\"";
    let connector = parse(&orders("kind = \"file\"", both)).unwrap();
    assert_eq!(
        (connector.input_settings().topics.as_slice(), connector.group_key()),
        (&["intake.sales".to_owned()][..], "t")
    );
    let fuse = "kind = \"kafka\"\ntopics = \"intake.sales\"\n[read]\nstop_after = { share = \"5%\" }\n";
    assert_eq!(code("kind = \"file\"\n[read]\n", fuse), "M0112");
}

#[test]
fn an_option_that_does_nothing_is_refused() {
    let of = |cell: &str| code("total = \"Total\"", &format!("total = \"Total\"\n{cell}"));
    for cell in [
        "channel = { from = \"X\", with = \"-\" }",
        "channel = { from = \"X\", take = \"unece\" }",
        "channel = { from = \"X\", else = \"keep\" }",
        "channel = { from = \"X\", as = \"text\" }",
        "channel = { from = \"X\", pick = \"list\" }",
        "channel = { from = \"X\", match = \"a\", match_all = \"b\" }",
        "channel = { join = [\"X\"], pick = \"first\" }",
        "channel = { value = \"web\", fold = \"case\" }",
        "channel = { value = \"web\", default = \"shop\" }",
        "channel = { calc = \"lower('A')\", strip = [\"a\"] }",
        "channel = { first_of = [\"X\", { from = \"Y\" }], strip = [\"a\"] }",
        "discount = { from = \"X\", negate = true, abs = true }",
        "promised_on = { from = \"X\", date = \"yyyy-MM-dd\", time = \"iso8601\" }",
        "promised_on = { from = \"X\", pivot = 1950 }",
    ] {
        assert!(["M0112", "M0101", "M0101 M0112"].contains(&of(cell).as_str()), "{cell}: {}", of(cell));
    }
    for (from, to) in [
        ("occurred_at = \"At\"", "occurred_at = { from = \"At\", date = \"yyyy-MM-dd\" }"),
        ("occurred_at = \"At\"", "occurred_at = { from = \"At\", at = \"00:00\", dst = \"later\" }"),
        ("occurred_at = \"At\"", "occurred_at = { from = \"At\", at = \"00:00\", time = \"iso8601\" }"),
        ("group_by = [\"No\"]", "group_within = 5"),
        ("group_by = [\"No\"]", "limits = { open_bytes = 5 }"),
        ("group_by = [\"No\"]", "charset_sure = true"),
        ("group_by = [\"No\"]", "delimiter = \"blanks\"\nescape = \"\\\\\""),
        ("format = \"csv\"\ngroup_by = [\"No\"]", "format = \"json\"\ndelimiter = \";\""),
        ("format = \"csv\"\ngroup_by = [\"No\"]", "format = \"json\"\nlimits = { record_lines = 5 }"),
        (
            "[event.order]",
            "[let]\nn = { from = \"X\", as = \"date\" }\nm = { use = \"n\", strip = [\"x\"] }\n[event.order]",
        ),
        ("[event.order]", "[test.x]\ninput = \"No\"\nfile = \"units.csv\"\nemits = []\n[event.order]"),
    ] {
        assert_eq!(code(from, to), "M0112", "{to}");
    }
    assert_eq!(code("id = [\"No\"]", "id = [{ from = \"No\", as = \"date\" }]"), "M0101");
    assert_eq!(code("id = [\"No\"]", "id = [{ first_of = [{ calc = \"'a'\" }] }]"), "M0115");
}

#[test]
fn a_pattern_that_is_none_lists_all_words_for_times() {
    for (word, advice) in
        [("unix", None), ("epoch", Some("did you mean `epoch-s`?")), ("iso", Some("did you mean `iso8601`?"))]
    {
        let problems = parse(&orders("dd.MM.yyyy HH:mm", word)).err().unwrap();
        assert_eq!(problems[0].code, "M0401");
        for known in ["iso8601", "epoch-s", "epoch-ms", "epoch-days", "excel", "yyyy-MM-dd HH:mm:ss"] {
            assert!(problems[0].expected.contains(known), "{word}: {}", problems[0]);
        }
        assert_eq!(problems[0].help.first().map(String::as_str), advice, "{word}");
    }
}

#[test]
fn expressions_are_checked_before_any_data() {
    let of = |when: &str| {
        let lets = "[let]\nkind = { from = \"X\", enum = \"k\" }\nn = { from = \"Y\", as = \"decimal\" }\nday = { from = \"Z\", as = \"date\" }\n[enum.k]\nelse = \"reject\"\n[enum.k.values]\na = \"one\"\n[event.order]\n";
        let problems = parse(&orders("[event.order]", &format!("{lets}when = \"{when}\""))).err().unwrap_or_default();
        problems.first().map(|p| (p.code.to_string(), p.mapping.as_ref().unwrap().column))
    };
    assert_eq!(of("kind == 'one' and n > 1 and day >= '2026-01-01'"), None);
    assert_eq!(of("kind == 'two'"), Some(("M0304".into(), 17)));
    assert_eq!(of("kynd == 'one'"), Some(("M0302".into(), 9)));
    assert_eq!(of("n == 'one'"), Some(("M0303".into(), 9)));
    assert_eq!(of("n + 1"), Some(("M0303".into(), 8)));
    assert_eq!(of("n > 1 and"), Some(("M0301".into(), 18)));
    assert_eq!(of("sum(n) > 1").map(|p| p.0), Some("M0303".into()));
    assert_eq!(of("summ(n) > 1").map(|p| p.0), Some("M0302".into()));
    assert_eq!(of("round(n) > 1").map(|p| p.0), Some("M0303".into()));
}

#[test]
fn a_fault_in_common_is_told_for_the_event_that_lacks_the_field() {
    let text = with(
        "[common.set]\nissue_date = \"X\"\n[event.bill]\ntype = \"finance.invoice_issued.v1\"\nsubject = \"No\"\nid = [\"No\"]\noccurred_at = \"At\"\n[event.bill.set]\ntotal = \"Total\"\n",
    );
    let problems = parse(&text).err().unwrap();
    let bill = problems.iter().find(|p| p.message.contains("`bill`")).unwrap();
    assert_eq!((bill.code.as_ref(), bill.help[0].as_str()), ("M0107", "did you mean `issued_on`?"));
    assert!(bill.help[1].contains("[common.set]"));
}

#[test]
fn a_connectors_own_tests_can_fail() {
    let failing = with(
        "[test.t]\ninput = '''\nNo,At,Total\nA,09.03.2026 10:00,5\n'''\nemits = [\"order\"]\n[test.t.check]\n\"0.total\" = \"6 EUR\"\n\"0.subject\" = \"order:erp:A\"\n\"0.nothing\" = \"x\"\n",
    );
    let outcomes = support::good(&failing).run_tests();
    let told: Vec<_> = outcomes[0].problems.iter().map(|p| (p.message.as_str(), p.found.as_str())).collect();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0], ("`0.total` is not what the test says", "5 EUR"));
    assert!(told[1].0.contains("there is no field `nothing`"));
    let rejects = with("[test.t]\ninput = '''\nNo,At,Total\nA,09.03.2026 10:00,5\n'''\nrejects = [\"Total\"]\n");
    assert_eq!(support::good(&rejects).run_tests()[0].problems.len(), 2);
}

#[test]
fn a_webhook_says_how_it_is_verified_and_nothing_that_would_do_nothing() {
    let from = |lines: &str| code("kind = \"file\"", &format!("kind = \"http\"\n{lines}"));
    let verify = |inside: &str| from(&format!("verify = {{ {inside} }}"));
    let secret = "secret = { env = \"SHOP\" }";
    assert_eq!(from("verify = \"none\""), "");
    assert_eq!(verify(&format!("scheme = \"stripe\", {secret}")), "");
    for (found, wanted) in [
        (from(""), "M0102"),
        (from("verify = \"all\""), "M0104"),
        (verify(secret), "M0102"),
        (verify("scheme = \"stripe\""), "M0102"),
        (verify(&format!("scheme = \"strip\", {secret}")), "M0104"),
        (verify("scheme = \"stripe\", secret = []"), "M0102"),
        (verify("scheme = \"stripe\", secret = \"whsec_x\""), "M0103"),
        (verify("scheme = \"stripe\", secret = { env = \"A\", file = \"b\" }"), "M0103"),
        (verify("scheme = \"stripe\", secret = { env = \"a-b\" }"), "M0103"),
        (verify(&format!("scheme = \"stripe\", header = \"X-A\", {secret}")), "M0112"),
        (verify(&format!("scheme = \"stripe\", id = \"X-A\", {secret}")), "M0112"),
        (verify(&format!("scheme = \"hmac-sha256\", {secret}")), "M0102"),
        (verify(&format!("scheme = \"hmac-sha256\", header = \"X A\", {secret}")), "M0103"),
        (from(&format!("tolerance = \"5m\"\nverify = {{ scheme = \"github\", {secret} }}")), "M0112"),
        (from(&format!("tolerance = \"25h\"\nverify = {{ scheme = \"stripe\", {secret} }}")), "M0103"),
        (from(&format!("tolerance = \"soon\"\nverify = {{ scheme = \"stripe\", {secret} }}")), "M0103"),
        (from("verify = \"none\"\nbody = \"xml\""), "M0104"),
        (from("verify = \"none\"\nheaders = [\"X-Topic\"]"), "M0112"),
    ] {
        assert_eq!(found, wanted);
    }
    assert_eq!(code("kind = \"file\"", "kind = \"file\"\nverify = \"none\""), "M0101");
}

/// Names of what is assumed and never needed, each with its line.
fn unused(text: &str) -> Vec<(String, u32)> {
    let connector = support::good(text);
    let told = connector.unused_assumptions().iter().map(|problem| {
        assert_eq!(problem.code, "M0116");
        let name = problem.message.split('`').nth(1).unwrap_or_default().to_owned();
        (name, problem.mapping.as_ref().map_or(0, |place| place.line))
    });
    told.collect()
}

#[test]
fn what_is_assumed_and_never_needed_is_told_and_the_file_runs() {
    assert_eq!(unused(ORDERS), [("date".to_owned(), 13)]);
    assert_eq!(unused(&with("promised_on = \"X\"\n")), []);
    assert_eq!(unused(&with("promised_on = { from = \"X\", date = \"dd/MM/yyyy\" }\n")), [("date".to_owned(), 13)]);
    let more = with("promised_on = \"X\"\n")
        .replace("blank =", "bool = { yes = [\"j\"] }\nregion = \"DE\"\npivot = 1950\nblank =");
    let names: Vec<String> = unused(&more).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["bool", "region", "pivot"]);
    let phone = format!("{more}[event.order.refs]\nphone = \"Y\"\n");
    assert!(!unused(&phone).iter().any(|(name, _)| name == "region"));
    // An amount that says its own currency leaves that of [assume] to none.
    let own = orders("total = \"Total\"", "total = { from = \"Total\", currency = \"CHF\" }\npromised_on = \"X\"");
    assert_eq!(unused(&own), [("currency".to_owned(), 16)]);
}

#[test]
fn a_test_whose_event_does_not_come_says_so_once() {
    let text = with(
        "[test.none]\ninput = '''\nNo,At,Total\nA1,30.02.2026 10:00,\"1,00\"\n'''\nemits = [\"order\"]\n\
         check = { \"0.total\" = \"1 EUR\", \"0.number\" = \"A1\" }\n",
    );
    let problems = support::good(&text).run_tests().remove(0).problems;
    let codes: Vec<&str> = problems.iter().map(|problem| problem.code.as_ref()).collect();
    assert_eq!(codes, ["T0001", "R0421"]);
}
