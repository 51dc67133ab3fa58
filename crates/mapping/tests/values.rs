//! What cells make of texts.

mod support;

use onefold_event::format_micros;
use support::{ORDERS, error_free, errors, event, faults, good, order, orders, with};

const HEAD: &str = "No,At,Total,X,Y\n";

/// Maps `X` and `Y` through a cell into the order's channel.
fn channel(cell: &str, x: &str, y: &str) -> String {
    let connector = good(&with(&format!("channel = {cell}\n")));
    order(&event(&connector, &format!("{HEAD}A1,09.03.2026 10:00,\"1,00\",\"{x}\",\"{y}\"\n"))).channel.clone()
}

fn channel_faults(cell: &str, x: &str) -> Vec<String> {
    let connector = good(&with(&format!("channel = {cell}\n")));
    faults(&connector, &format!("{HEAD}A1,09.03.2026 10:00,\"1,00\",\"{x}\",\n"))
}

#[test]
fn a_plain_row_makes_an_event_with_its_place() {
    let connector = good(ORDERS);
    let event = event(&connector, "No,At,Total\nSO-1, 09.03.2026 17:05 ,\"1.250,00\"\n");
    assert_eq!(event.header.subject.to_string(), "order:erp:SO-1");
    assert_eq!(format_micros(event.header.occurred_at), "2026-03-09T16:05:00Z");
    assert!(!event.header.day);
    let total = order(&event).total.clone().unwrap();
    assert_eq!((total.amount.as_str(), total.currency.as_str()), ("1250.00", "EUR"));
    assert_eq!(event.header.mapping, connector.digest());
    let locator = event.header.locator.unwrap();
    assert_eq!((locator.connector.as_str(), locator.resource.as_str()), ("t", "f.csv"));
    assert_eq!((locator.first_line, locator.last_line, locator.offset, locator.length), (2, 2, 7, 9));
}

/// Events in logs bear it: to the door another one means another mapping, which explains why the same record says something else.
/// Only a change of the catalogue may change it; then it is written down here anew.
#[test]
fn the_digest_of_a_mapping_is_as_it_was_written_into_logs() {
    let digest: String = good(ORDERS).digest().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, "0bb812a034047e5c");
}

#[test]
fn origins_give_what_they_say() {
    assert_eq!(channel("\"X\"", " web ", ""), "web");
    assert_eq!(channel("{ value = \"web\" }", "", ""), "web");
    assert_eq!(channel("{ first_of = [\"X\", \"Y\"] }", "-", "shop"), "shop");
    assert_eq!(channel("{ join = [\"X\", \"Y\"], with = \"/\" }", "a", "b"), "a/b");
    assert_eq!(channel("{ join = [\"X\", \"Y\"], with = \"/\" }", "a", " "), "a");
    assert_eq!(channel("\"#5\"", "", "fifth"), "fifth");
    assert_eq!(channel("\"#file\"", "", ""), "f.csv");
    assert_eq!(channel("{ calc = \"concat(lower('A'), 'b')\" }", "", ""), "ab");
}

#[test]
fn first_of_and_join_take_cells_that_are_each_read_in_their_own_way() {
    let first = "{ first_of = [{ from = \"X\", match = \"SO-([0-9]+)\", on_bad = \"absent\" }, \"Y\"] }";
    assert_eq!((channel(first, "ref SO-7", "y"), channel(first, "none", "y")), ("7".into(), "y".into()));
    let join = "{ join = [{ from = \"X\", slice = [1, 2] }, \"Y\", { value = \"z\" }], with = \"-\", replace = { \"-z\" = \"!\" } }";
    assert_eq!((channel(join, "abc", "d"), channel(join, "abc", "")), ("ab-d!".into(), "ab!".into()));
    assert_eq!(channel_faults("{ join = [{ from = \"X\", match = \"a\" }] }", "b"), ["R0409"]);
    // Each of its own pattern, which a list of patterns could not tell apart.
    let days = "{ first_of = [{ from = \"X\", date = \"dd/MM/yyyy\" }, { from = \"Y\", date = \"MM/dd/yyyy\" }] }";
    let connector = good(&with(&format!("promised_on = {days}\n")));
    let of = |x: &str, y: &str| order(&event(&connector, &format!("{HEAD}A,09.03.2026 10:00,1,{x},{y}\n"))).promised_on;
    assert_eq!((of("01/02/2026", ""), of("", "01/02/2026")), ("2026-02-01".into(), "2026-01-02".into()));
    // Ids are made of what cells cut, and are those of the plain text.
    let plain = event(&good(ORDERS), "No,At,Total\nA1,09.03.2026 10:00,1\n").header.id;
    let cut = orders(
        "id = [\"No\"]",
        "id = [{ join = [{ from = \"No\", slice = [1, 1] }, { from = \"No\", slice = [2, 1] }], with = \"\" }]",
    );
    assert_eq!(event(&good(&cut), "No,At,Total\nA1,09.03.2026 10:00,1\n").header.id, plain);
}

#[test]
fn all_matches_are_a_list_each_read_on_by_itself() {
    let text = ORDERS.replace("sales.order_placed.v1", "finance.payment_received.v1").replace("total = \"Total\"", "amount = \"Total\"")
        .replace("[event.order.set]", "[event.order.refs]\ninvoice = { from = \"X\", match_all = 'RE ?-?([0-9]+)', replace = { O = \"0\" } }\n[event.order.set]");
    let connector = good(&text);
    let of = |x: &str| {
        let event = event(&connector, &format!("{HEAD}A,09.03.2026 10:00,1,{x},\n"));
        event.header.references.iter().map(|r| r.subject.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(of("for RE 12; RE-1O3 and re 9"), ["invoice:erp:12", "invoice:erp:103"]);
    assert!(of("rent").is_empty());
}

#[test]
fn options_run_in_their_fixed_order() {
    // cut before translate before default, however they are written
    let text = format!(
        "{}channel = {{ default = \"none\", enum = \"c\", strip = [\"#\"], from = \"X\" }}\n[enum.c]\nelse = \"absent\"\nfold = \"case\"\n[enum.c.values]\nW = \"web\"\n",
        ORDERS
    );
    let connector = good(&text);
    let of = |x: &str| order(&event(&connector, &format!("{HEAD}A,09.03.2026 10:00,1,{x},\n"))).channel.clone();
    assert_eq!((of("#w").as_str(), of("?").as_str(), of("").as_str()), ("web", "none", "none"));
}

#[test]
fn unknown_words_go_where_the_enum_says() {
    for (otherwise, x, wanted) in
        [("\"keep\"", "Z", "Z"), ("{ value = \"other\" }", "Z", "other"), ("\"absent\"", "Z", "")]
    {
        let text = format!(
            "{ORDERS}channel = {{ from = \"X\", enum = \"c\" }}\n[enum.c]\nelse = {otherwise}\n[enum.c.values]\nW = \"web\"\n"
        );
        let got = order(&event(&good(&text), &format!("{HEAD}A,09.03.2026 10:00,1,{x},\n"))).channel.clone();
        assert_eq!(got, wanted, "{otherwise}");
    }
    let text = format!(
        "{ORDERS}channel = {{ from = \"X\", enum = \"c\" }}\n[enum.c]\nelse = \"reject\"\n[enum.c.values]\nWebsite = \"web\"\n"
    );
    let problems = errors(&good(&text), &format!("{HEAD}A,09.03.2026 10:00,1,Webseite,\n"));
    assert_eq!(
        (problems[0].code.as_ref(), problems[0].path.as_str(), problems[0].found.as_str()),
        ("R0403", "X", "Webseite")
    );
    assert_eq!(problems[0].help, ["did you mean `Website`?"]);
    assert_eq!(problems[0].lines, [2]);
}

#[test]
fn look_ups_translate_by_table() {
    let text = format!(
        "{ORDERS}channel = {{ from = \"X\", lookup = \"unit\", take = \"unece\", else = \"reject\" }}\n[lookup.unit]\nfile = \"units.csv\"\nkey = \"erp\"\n"
    );
    let connector = good(&text);
    assert_eq!(order(&event(&connector, &format!("{HEAD}A,09.03.2026 10:00,1,kg,\n"))).channel, "KGM");
    assert_eq!(faults(&connector, &format!("{HEAD}A,09.03.2026 10:00,1,lb,\n")), ["R0403"]);
    // another table is another mapping
    let other = onefold_mapping::Connector::parse("t.toml", &text, &|_| Ok("erp,unece\nkg,KG\n".into())).unwrap();
    assert_ne!(other.digest(), connector.digest());
}

#[test]
fn missing_and_bad_are_two_things() {
    let optional = with("discount = { from = \"X\", default = \"0.00\" }\n");
    let connector = good(&optional);
    let discount = |x: &str| order(&event(&connector, &format!("{HEAD}A,09.03.2026 10:00,1,{x},\n"))).discount.clone();
    assert_eq!(discount("-").unwrap().amount, "0.00");
    assert_eq!(faults(&connector, &format!("{HEAD}A,09.03.2026 10:00,1,zero,\n")), ["R0412"]);

    let lenient = good(&with("discount = { from = \"X\", on_bad = \"absent\" }\n"));
    match support::outcome(&lenient, &format!("{HEAD}A,09.03.2026 10:00,1,zero,\n")) {
        onefold_mapping::MappingOutcome::Mapped { events, findings } => {
            assert_eq!(order(&events[0]).discount, None);
            assert_eq!((findings[0].code.as_ref(), findings[0].found.as_str()), ("R0412", "zero"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_the_catalogue_requires_is_required() {
    let problems = errors(&good(ORDERS), "No,At,Total\nA,09.03.2026 10:00,-\n");
    assert_eq!(
        (problems[0].code.as_ref(), problems[0].target.as_str(), problems[0].path.as_str()),
        ("R0402", "order.total", "Total")
    );
    assert_eq!(problems[0].mapping.as_ref().unwrap().line, 24);
}

#[test]
fn all_errors_of_a_record_are_told() {
    let text = with("discount = \"X\"\npromised_on = \"Y\"\n");
    let problems = errors(&good(&text), &format!("{HEAD}A,30.02.2026 10:00,1.2,abc,31.04.2026\n"));
    let mut codes: Vec<_> = problems.iter().map(|p| format!("{} {}", p.code, p.path)).collect();
    codes.sort();
    assert_eq!(codes, ["R0412 Total", "R0412 X", "R0421 At", "R0421 Y"]);
    let at = problems.iter().find(|p| p.path == "At").unwrap();
    assert_eq!((at.found.as_str(), at.target.as_str()), ("30.02.2026 10:00", "order.occurred_at"));
    let total = problems.iter().find(|p| p.path == "Total").unwrap();
    assert!(total.expected.contains("1.234,56") && total.help[0].contains("1.2"), "{total}");
}

#[test]
fn amounts_of_another_locale_are_errors_and_never_another_amount() {
    let connector = good(ORDERS);
    for text in ["12.50", "1,250.00", "1.25.0,0", "1250.00"] {
        assert_eq!(faults(&connector, &format!("No,At,Total\nA,09.03.2026 10:00,\"{text}\"\n")), ["R0412"], "{text}");
    }
}

#[test]
fn currency_marks_must_agree() {
    let connector = good(ORDERS);
    let of = |t: &str| {
        order(&event(&connector, &format!("No,At,Total\nA,09.03.2026 10:00,\"{t}\"\n"))).total.clone().unwrap().amount
    };
    assert_eq!(
        (of("EUR 12,50").as_str(), of("12,50 €").as_str(), of("-€12,50").as_str()),
        ("12.50", "12.50", "-12.50")
    );
    assert_eq!(faults(&connector, "No,At,Total\nA,09.03.2026 10:00,\"$12,50\"\n"), ["R0415"]);
    assert_eq!(faults(&connector, "No,At,Total\nA,09.03.2026 10:00,\"USD 12,50\"\n"), ["R0415"]);
}

#[test]
fn the_currency_may_come_from_the_record_and_is_never_silent() {
    let connector = good(&orders("currency = \"EUR\"", "currency = { from = \"X\" }"));
    let total = order(&event(&connector, &format!("{HEAD}A,09.03.2026 10:00,\"1,5\",CHF,\n"))).total.clone().unwrap();
    assert_eq!((total.amount.as_str(), total.currency.as_str()), ("1.5", "CHF"));
    assert_eq!(faults(&connector, &format!("{HEAD}A,09.03.2026 10:00,1,,\n")), ["R0410"]);
    assert_eq!(faults(&connector, &format!("{HEAD}A,09.03.2026 10:00,1,XYZ,\n")), ["R0411"]);
    assert_eq!(faults(&connector, &format!("{HEAD}A,09.03.2026 10:00,1,RMB,\n")), ["R0411"]);
    for (written, code) in [("eur", "EUR"), ("ANG", "ANG"), ("LTL", "LTL"), ("BYR", "BYR"), ("DEM", "DEM")] {
        let event = event(&connector, &format!("{HEAD}A,09.03.2001 10:00,1,{written},\n"));
        assert_eq!(order(&event).total.clone().unwrap().currency, code);
    }
}

#[test]
fn cents_become_units_by_the_currency() {
    let of = |currency: &str, text: &str| {
        let connector = good(&orders(
            "total = \"Total\"",
            &format!("total = {{ from = \"Total\", minor = true, currency = \"{currency}\" }}"),
        ));
        order(&event(&connector, &format!("No,At,Total\nA,09.03.2026 10:00,{text}\n"))).total.clone().unwrap().amount
    };
    assert_eq!(
        (of("EUR", "1250").as_str(), of("JPY", "1250").as_str(), of("BHD", "1250").as_str()),
        ("12.50", "1250", "1.250")
    );
}

#[test]
fn adjustments_are_exact() {
    let of = |cell: &str, text: &str| {
        let connector = good(&orders("total = \"Total\"", &format!("total = {cell}")));
        order(&event(&connector, &format!("No,At,Total\nA,09.03.2026 10:00,\"{text}\"\n")))
            .total
            .clone()
            .unwrap()
            .amount
    };
    assert_eq!(of("{ from = \"Total\", abs = true }", "-1,50"), "1.50");
    assert_eq!(of("{ from = \"Total\", negate = true }", "0,00"), "0.00");
    assert_eq!(of("{ from = \"Total\", times = \"0.01\" }", "1250"), "12.50");
    assert_eq!(of("{ from = \"Total\", times = \"0.333\", round = 2 }", "10"), "3.33");
    assert_eq!(of("{ from = \"Total\", round = 0 }", "2,5"), "3");
}

#[test]
fn days_stay_days_and_make_an_instant_only_with_a_time() {
    let text = orders("occurred_at = \"At\"", "occurred_at = { from = \"At\", at = \"00:00\" }");
    let event = event(&good(&(text + "promised_on = \"X\"\n")), &format!("{HEAD}A,09.03.2026,1,2026-04-01,\n"));
    assert_eq!((format_micros(event.header.occurred_at).as_str(), event.header.day), ("2026-03-08T23:00:00Z", true));
    assert_eq!(order(&event).promised_on, "2026-04-01");
}

#[test]
fn the_doubled_hour_is_settled_and_the_missing_one_rejected() {
    let connector = good(ORDERS);
    let at = |text: &str| format!("No,At,Total\nA,{text},1\n");
    assert_eq!(format_micros(event(&connector, &at("25.10.2026 02:30")).header.occurred_at), "2026-10-25T00:30:00Z");
    let support::Mapped { findings, .. } = support::mapped(&connector, &at("25.10.2026 02:30"));
    assert_eq!((findings[0].code.as_ref(), findings[0].expected.as_str()), ("R0423", "2026-10-25T02:30:00+02:00"));
    let later = good(&orders("\"earlier\"", "\"later\""));
    assert_eq!(format_micros(event(&later, &at("25.10.2026 02:30")).header.occurred_at), "2026-10-25T01:30:00Z");
    assert_eq!(faults(&good(&orders("\"earlier\"", "\"reject\"")), &at("25.10.2026 02:30")), ["R0423"]);
    assert_eq!(faults(&connector, &at("29.03.2026 02:30")), ["R0422"]);
}

#[test]
fn checks_hold_or_name_themselves() {
    assert_eq!(channel("{ from = \"X\", one_of = [\"web\", \"shop\"] }", "web", ""), "web");
    for cell in [
        "{ from = \"X\", one_of = [\"web\", \"shop\"] }",
        "{ from = \"X\", like = \"^[a-z]+$\" }",
        "{ from = \"X\", max_length = 3 }",
    ] {
        assert_eq!(channel_faults(cell, "W1234"), ["R0406"], "{cell}");
    }
    let between = good(&orders("total = \"Total\"", "total = { from = \"Total\", between = [\"0\", \"100.00\"] }"));
    assert_eq!(faults(&between, "No,At,Total\nA,09.03.2026 10:00,\"100,01\"\n"), ["R0406"]);
    assert_eq!(error_free(&between, "No,At,Total\nA,09.03.2026 10:00,\"100,00\"\n"), 1);
}

#[test]
fn conditions_choose_and_expressions_compute() {
    let text = orders(
        "[event.order]",
        "[let]\nkind = \"X\"\nn = { from = \"Y\", as = \"decimal\" }\n[skip]\ntest = \"kind == 'test'\"\nempty = \"n is present and n == 0\"\n[event.order]\nwhen = \"kind in ['o', 'p'] or n > 5\"",
    );
    let connector = good(&text);
    let row = |x: &str, y: &str| format!("{HEAD}A,09.03.2026 10:00,1,{x},{y}\n");
    assert_eq!(error_free(&connector, &row("o", "")), 1);
    assert_eq!(error_free(&connector, &row("z", "\"5,01\"")), 1);
    assert_eq!(faults(&connector, &row("z", "5")), ["R0401"]);
    let skipped = |x: &str, y: &str| match support::outcome(&connector, &row(x, y)) {
        onefold_mapping::MappingOutcome::Skipped { reason } => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!((skipped("test", "bad number").as_str(), skipped("o", "0").as_str()), ("test", "empty"));
}

#[test]
fn computed_amounts_keep_their_scale_and_division_asks_for_rounding() {
    let of = |calc: &str| {
        let text = orders(
            "[event.order]",
            "[let]\na = { from = \"X\", as = \"decimal\" }\nb = { from = \"Y\", as = \"decimal\" }\n[event.order]",
        );
        let text = text.replace("total = \"Total\"", &format!("total = {{ calc = \"{calc}\" }}"));
        let connector = good(&text);
        match support::outcome(&connector, &format!("{HEAD}A,09.03.2026 10:00,1,\"12,50\",3\n")) {
            onefold_mapping::MappingOutcome::Mapped { events, .. } => order(&events[0]).total.clone().unwrap().amount,
            onefold_mapping::MappingOutcome::Quarantined(p) => p[0].code.to_string(),
            onefold_mapping::MappingOutcome::Skipped { reason } => reason,
        }
    };
    assert_eq!(of("a * b"), "37.50");
    assert_eq!(of("a - b"), "9.50");
    assert_eq!(of("0 * a"), "0.00");
    assert_eq!(of("a / b"), "R0413");
    assert_eq!(of("round(a / b, 2)"), "4.17");
    assert_eq!(of("a / (b - 3)"), "R0414");
    assert_eq!(of("if a > b then max(a, 20) else min(a, b)"), "20");
    assert_eq!(of("coalesce(b, a)"), "3");
    assert_eq!(of("abs(-a)"), "12.50");
    assert_eq!(of("money(b, 'USD')"), "3");
}
