//! The pages for people: what a service agent sees, in which language, and that nothing of a source is more than text.

mod harness;

use std::time::Duration;

use harness::{Home, Server, event, invoice, party};
use serde_json::{Value, json};

/// A page as a browser gets it.
struct Page {
    status: u16,
    headers: ureq::http::HeaderMap,
    html: String,
}

impl Page {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The texts between the tags, each on a line.
    fn text(&self) -> String {
        let mut text = String::new();
        for part in self.html.split('<') {
            let (_, words) = part.split_once('>').unwrap_or(("", part));
            let words = words.trim();
            if !words.is_empty() {
                text.push_str(words);
                text.push('\n');
            }
        }
        text
    }
}

fn open_page(server: &Server, path: &str, headers: &[(&str, &str)]) -> Page {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into();
    let address = if path.starts_with("http") { path.to_owned() } else { format!("http://{}{path}", server.address()) };
    let mut request = agent.get(address);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = request.call().expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Page { status, headers, html: response.body_mut().read_to_string().expect("a page") }
}

/// What leads to a customer's own address.
fn follow(server: &Server, path: &str, headers: &[(&str, &str)]) -> Page {
    let mut page = open_page(server, path, headers);
    for _ in 0..3 {
        if page.status != 303 {
            break;
        }
        let to = page.header("location").to_owned();
        page = open_page(server, &to, headers);
    }
    assert_eq!(page.status, 200, "{path}: {}", page.html);
    page
}

fn money(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "CNY" })
}

/// A customer with an overdue invoice, a parcel under way and an open case.
fn told(home: &Home) -> Server {
    let server = home.serve_with(&["--today", "2026-04-10"], &[]);
    let buyer = json!([{ "role": "buyer", "subject": "party:erp:K1" }]);
    let events = [
        party("erp:K1", "王伟", &[("phone", "13800138000", "CN"), ("email", "w@example.com", "")]),
        party("erp:K2", "<script>alert(1)</script> & \"Söhne\"", &[("phone", "13900139000", "CN")]),
        event(
            "finance.invoice_issued.v1",
            "invoice:erp:I1",
            "2026-02-10T09:00:00+08:00",
            json!({ "total": money("18400.00"), "due_on": "2026-03-05", "references": buyer }),
        ),
        event(
            "sales.order_placed.v1",
            "order:erp:SO-1",
            "2026-02-09T09:00:00+08:00",
            json!({ "total": money("18400.00"), "references": buyer }),
        ),
        event(
            "shipping.dispatched.v1",
            "track:sf:SF1",
            "2026-04-08T09:00:00+08:00",
            json!({ "carrier": "sf", "promised_on": "2026-04-09", "references": [{ "role": "order", "subject": "order:erp:SO-1" }] }),
        ),
        event(
            "service.case_opened.v1",
            "case:desk:C1",
            "2026-04-07T09:00:00+08:00",
            json!({
                "title": "leaking <b>package</b>",
                "severity": "high",
                "references": [{ "role": "customer", "subject": "party:erp:K1" }],
            }),
        ),
        invoice("erp:I2", "erp:K2", "5.00"),
    ];
    let taken = server.batch(&events);
    assert_eq!(taken.status, 200, "{}", taken.body);
    server.settle();
    server
}

#[test]
fn a_customer_is_on_one_screen_with_what_to_know_first_and_what_is_open() {
    let home = Home::new();
    let server = told(&home);
    let page = follow(&server, "/c/party:erp:K1", &[]);
    let text = page.text();
    for said in [
        "王伟",
        "+8613800138000",
        "Case open 3 d: leaking &#60;b&#62;package&#60;/b&#62;.",
        "1 invoice overdue, CNY 18,400.00, the oldest by 36 d.",
        "1 shipment was promised for an earlier day.",
        "late by 36 d",
        "late by 1 d",
        "1 order",
    ] {
        assert!(text.contains(said), "{said} in {text}");
    }
    // The same figures as in the view that others read.
    let view = server.get("/v1/customers/party:erp:K1?today=2026-04-10").body;
    assert_eq!(view["receivable"]["by_currency"]["CNY"]["overdue"], "18400.00");
    assert_eq!((&view["cases"]["open"], &view["shipments"]["open"]), (&json!(1), &json!(1)));
    assert!(page.html.len() < 60_000, "{} bytes", page.html.len());
}

#[test]
fn a_caller_is_found_by_name_by_phone_and_by_the_number_on_any_paper() {
    let home = Home::new();
    let server = told(&home);
    for asked in [
        "/search?q=138%200013%208000",
        "/search?q=%E7%8E%8B%E4%BC%9F",
        "/call?from=%2B8613800138000",
        "/call?from=+8613800138000",
    ] {
        assert!(follow(&server, asked, &[]).text().contains("w@example.com"), "{asked}");
    }
    let invoice = follow(&server, "/search?q=I1", &[]);
    assert!(invoice.text().contains("invoice:erp:I1") && invoice.text().contains("王伟"), "{}", invoice.text());
    let typed = open_page(&server, "/search/hits?q=%E7%8E%8B", &[]);
    assert!(typed.status == 200 && typed.html.contains("role=\"option\"") && !typed.html.contains("<html"));
    // Words with a colon between them are no identifier that anybody holds.
    let words = open_page(&server, "/search?q=tel%3A%20nobody", &[]);
    assert!(words.status == 200 && words.text().contains("No customer"), "{}", words.text());
    let unknown = open_page(&server, "/call?from=%2B8610000000", &[]);
    assert!(unknown.text().contains("Unknown caller"), "{}", unknown.text());
    let nobody = open_page(&server, "/search?q=nobody-of-this-name", &[]);
    assert!(nobody.text().contains("No customer and no document"), "{}", nobody.text());
}

#[test]
fn what_a_source_wrote_is_shown_as_text_and_no_page_runs_anything_of_it() {
    let home = Home::new();
    let server = told(&home);
    for path in
        ["/c/party:erp:K2", "/c/party:erp:K1", "/s/case:desk:C1", "/search?q=S%C3%B6hne", "/search?q=%3Cscript%3E1"]
    {
        let page = match open_page(&server, path, &[]) {
            page if page.status == 303 => follow(&server, path, &[]),
            page => page,
        };
        assert!(!page.html.contains("<script>") && !page.html.contains("<b>package"), "{path}: {}", page.html);
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!((page.header("x-content-type-options"), page.header("referrer-policy")), ("nosniff", "same-origin"));
        assert!(!page.html.contains(" style=") && !page.html.contains(" onclick="), "{path}");
    }
    let other = open_page(&server, "/", &[("host", "evil.example")]);
    assert_eq!(other.status, 421);
}

#[test]
fn a_page_is_in_the_language_that_was_chosen_or_asked_for() {
    let home = Home::new();
    let server = told(&home);
    let chinese = follow(&server, "/c/party:erp:K1", &[("accept-language", "zh-CN,zh;q=0.9")]);
    assert!(
        chinese.html.contains("<html lang=\"zh-CN\"")
            && chinese.text().contains("1 张发票逾期，CNY 18,400.00，最久 36 天。")
    );
    for english in ["Know first", "Open now", "Orders", "Worth", "overdue", "Timeline", "Phone", "settled"] {
        assert!(!chinese.text().contains(english), "{english} in {}", chinese.text());
    }
    let chosen = open_page(&server, "/settings?language=zh-CN&theme=dark&back=%2Fsearch", &[]);
    let cookies: Vec<&str> =
        chosen.headers.get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok()).collect();
    assert_eq!((chosen.status, chosen.header("location"), cookies.len()), (303, "/search", 2));
    let kept = cookies.iter().filter_map(|cookie| cookie.split(';').next()).collect::<Vec<_>>().join("; ");
    let page = open_page(&server, "/", &[("cookie", &kept), ("accept-language", "en")]);
    assert!(page.html.contains("<html lang=\"zh-CN\" data-theme=\"dark\" data-keys=\"on\">"), "{}", page.html);
    let away = open_page(&server, "/settings?language=en&back=https%3A%2F%2Fexample.com%2F", &[]);
    assert_eq!(away.header("location"), "/");
}

#[test]
fn a_page_of_the_past_shows_what_stood_then_and_says_so() {
    let home = Home::new();
    let server = told(&home);
    let id = server.get("/v1/customers/party:erp:K1").body["id"].as_str().map(str::to_owned).expect("an id");
    let past = open_page(&server, &format!("/c/{id}/?as_of=2026-03-01&known_at=&identity_at="), &[]);
    assert_eq!(past.status, 200, "{}", past.html);
    assert!(past.html.contains("class=\"ribbon\"") && past.text().contains("Back to now"), "{}", past.html);
    assert!(past.text().contains("in 4 d"), "{}", past.text());
    // Whatever it leads to is of the same time, but for the way back and what is always of now.
    let links: Vec<&str> = past.html.split("href=\"").skip(1).filter_map(|link| link.split('"').next()).collect();
    let dated: Vec<&&str> =
        links.iter().filter(|link| ["/s/", "why/", "timeline"].iter().any(|at| link.starts_with(at))).collect();
    assert!(dated.len() > 10 && dated.iter().all(|link| link.contains("as_of=2026-03-01")), "{dated:?}");
    assert!(past.html.contains("max=\"2026-04-10\"") && past.html.contains("<title>As of 2026-03-01"), "{}", past.html);
    let twice = open_page(&server, &format!("/c/{id}/?as_of=2026-03-01&as_of=2026-03-02"), &[]);
    assert_eq!(twice.status, 400, "{}", twice.html);
    let list = open_page(&server, &format!("/c/{id}/timeline?section=money&as_of=2026-03-01"), &[]);
    assert!(list.text().contains("I1") && !list.text().contains("SO-1"), "{}", list.text());
    assert!(!past.text().contains("leaking"), "{}", past.text());
    let future = open_page(&server, &format!("/c/{id}/?as_of=2999-01-01"), &[]);
    assert!(future.status == 400 && future.text().contains("has not come yet"), "{}", future.html);
    let document = open_page(&server, "/s/invoice:erp:I1?as_of=2026-03-01", &[]);
    assert!(document.status == 200 && document.html.contains("class=\"ribbon\""), "{}", document.html);
}

#[test]
fn every_figure_of_a_customer_leads_to_its_reason() {
    let home = Home::new();
    let server = told(&home);
    let id = server.get("/v1/customers/party:erp:K1").body["id"].as_str().map(str::to_owned).expect("an id");
    let page = open_page(&server, &format!("/c/{id}/"), &[]);
    let figures: Vec<&str> = page.html.split('"').filter(|part| part.starts_with("why/")).collect();
    assert!(figures.len() > 12, "{figures:?}");
    for figure in figures {
        let why = open_page(&server, &format!("/c/{id}/{figure}"), &[]);
        assert_eq!(why.status, 200, "{figure}: {}", why.html);
    }
    let overdue = open_page(&server, &format!("/c/{id}/why/receivable.by_currency.CNY.overdue"), &[]);
    assert!(overdue.text().contains("invoice:erp:I1") && overdue.text().contains("18,400.00"), "{}", overdue.text());
    let other = open_page(&server, &format!("/c/{id}/why/nothing"), &[]);
    assert_eq!(other.status, 404, "{}", other.html);
}

#[test]
fn a_page_that_has_not_changed_is_not_sent_again_and_one_that_is_none_says_why() {
    let home = Home::new();
    let server = told(&home);
    let first = follow(&server, "/c/party:erp:K1", &[]);
    let id = server.get("/v1/customers/party:erp:K1").body["id"].as_str().map(str::to_owned).expect("an id");
    let address = format!("/c/{id}/");
    let tag = first.header("etag").to_owned();
    assert_eq!(open_page(&server, &address, &[("if-none-match", &tag)]).status, 304);
    assert_eq!(open_page(&server, &address, &[("if-none-match", &tag), ("accept-language", "zh")]).status, 200);
    for asset in ["console.", "icon."] {
        let path =
            first.html.split('"').find(|part| part.starts_with("/a/") && part.contains(asset)).expect("an asset");
        let file = open_page(&server, path, &[]);
        assert!(file.status == 200 && file.header("cache-control").contains("immutable"), "{path}");
    }
    for (path, status) in [
        ("/c/00000000-0000-5000-8000-000000000000/", 404),
        ("/c/party:erp:none/", 404),
        ("/c/phone:none/", 400),
        ("/s/order:erp:none", 404),
        ("/a/console.css", 404),
        ("/nowhere", 404),
    ] {
        let page = open_page(&server, path, &[]);
        assert_eq!(page.status, status, "{path}: {}", page.html);
    }
    let list = open_page(&server, &format!("{address}timeline?section=money"), &[]);
    assert!(list.text().contains("I1") && !list.text().contains("SF1"), "{}", list.text());
    assert_eq!(open_page(&server, &format!("{address}timeline?section=mony"), &[]).status, 400);
    // A template that passes text on unescaped would undo what the pages promise.
    let templates = harness::root().join("crates/console/templates");
    for file in std::fs::read_dir(templates).expect("templates") {
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("text");
        assert!(!text.contains("|safe") && !text.contains("| safe"), "{text}");
    }
}
