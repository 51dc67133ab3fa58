//! Webhooks: what a source posts is verified, durable before it is acknowledged, mapped, and in the customer's view.

mod harness;

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use harness::{Home, Reply, Server, shared};
use hmac::{Hmac, KeyInit, Mac};
use onefold_testkit::{Kafka, Postgres};
use serde_json::{Value, json};
use sha2::Sha256;

const KEY: &[u8] = b"the key of the shop's webhooks";
const VARIABLE: &str = "ONEFOLD_SECRET_SHOP";

/// A connector of a shop that posts its orders, with these lines in `[from]` and `[read]`.
fn connector(name: &str, from: &str, read: &str) -> String {
    format!(
        "[connector]\nname = \"{name}\"\nsource = \"shop\"\n[from]\nkind = \"http\"\n{from}\n[read]\nformat = \"json\"\n{read}\n\
         [assume]\ntime = \"iso8601\"\ncurrency = \"EUR\"\nnumber = \"1234.56\"\n\
         [common]\nid = [\"id\"]\noccurred_at = \"at\"\n\
         [event.customer]\ntype = \"party.recorded.v1\"\nsubject = \"customer\"\npart = \"customer\"\nset.name.full = \"name\"\n\
         [event.order]\ntype = \"sales.order_placed.v1\"\nsubject = \"id\"\nrefs.buyer = \"customer\"\nset.total = \"total\"\n"
    )
}

const STANDARD: &str = "verify = { scheme = \"standard-webhooks\", secret = { env = \"ONEFOLD_SECRET_SHOP\" } }";

fn secret() -> String {
    format!("whsec_{}", BASE64_STANDARD.encode(KEY))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn sign(parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

/// Posts as Standard Webhooks says.
fn post(server: &Server, name: &str, id: &str, time: u64, body: &str) -> Reply {
    let time = time.to_string();
    let signature = BASE64_STANDARD.encode(sign(&[id.as_bytes(), b".", time.as_bytes(), b".", body.as_bytes()]));
    let headers = [("webhook-id", id), ("webhook-timestamp", &time), ("webhook-signature", &format!("v1,{signature}"))];
    server.post(&format!("/v1/hooks/{name}"), &headers, body.as_bytes())
}

fn order(n: u64, total: &str) -> String {
    json!({ "id": format!("A{n}"), "at": "2026-03-09T17:05:00Z", "customer": "K1", "name": "Anna Weber", "total": total })
        .to_string()
}

/// A hub that serves these connectors.
fn serve(home: &Home, more: &[(&str, &str)]) -> Server {
    let files = home.path("connectors").display().to_string();
    let secret = secret();
    let env = [("ONEFOLD_CONNECT_FILES", files.as_str()), (VARIABLE, secret.as_str())];
    home.serve_with(&[], &[&env, more].concat())
}

fn with(files: &[(&str, String)]) -> Home {
    let home = Home::new();
    std::fs::create_dir(home.path("connectors")).unwrap();
    for (name, text) in files {
        home.file(&format!("connectors/{name}.toml"), text);
    }
    home
}

fn documents(server: &Server, wanted: u64) -> Reply {
    server.until("/v1/customers/party:shop:K1", |reply| reply.body["documents"] == wanted)
}

#[test]
fn what_is_posted_is_in_the_customers_view_and_a_post_that_comes_again_changes_nothing() {
    let home = with(&[("shop", connector("shop", STANDARD, ""))]);
    let server = serve(&home, &[]);
    let first = post(&server, "shop", "msg_1", now(), &order(1, "10.00"));
    assert_eq!(first.status, 202, "{}", first.body);
    assert_eq!(first.body["sender_id"], "msg_1");
    let place = first.body["hub_id"].as_str().unwrap().to_owned();
    assert!(place.starts_with("intake.hooks.shop/"), "{place}");
    assert_eq!(post(&server, "shop", "msg_1", now(), &order(1, "10.00")).status, 202);
    assert_eq!(post(&server, "shop", "msg_2", now(), &order(2, "5.50")).status, 202);
    let view = documents(&server, 2);
    assert_eq!(view.body["trade"]["by_currency"]["EUR"]["ordered"], "15.50", "{}", view.body);
    // What cannot be mapped waits in quarantine under the place that the sender was told.
    let bad = post(&server, "shop", "msg_3", now(), &order(3, "ten"));
    let broken = post(&server, "shop", "msg_4", now(), "{\"id\": ");
    assert_eq!((bad.status, broken.status), (202, 202));
    server.until("/metrics", |reply| reply.body.as_str().unwrap_or_default().contains("onefold_quarantine_open 2"));
    assert_eq!(server.stop(), 0);
    let entries = home.run(&["quarantine", "list", "--json"]).exits(0).lines();
    let mut held: Vec<&str> = entries.iter().map(|entry| entry["resource"].as_str().unwrap()).collect();
    let mut told = [bad.body["hub_id"].as_str().unwrap(), broken.body["hub_id"].as_str().unwrap()];
    held.sort_unstable();
    told.sort_unstable();
    assert_eq!(held, told, "{entries:?}");
}

#[test]
fn a_post_that_is_not_let_in_is_told_why_and_leaves_nothing() {
    let shopify = "verify = { scheme = \"shopify\", secret = [{ file = \"old.secret\" }, { file = \"shop.secret\" }] }";
    let home = with(&[
        ("shop", connector("shop", STANDARD, "")),
        ("shopify", connector("shopify", shopify, "")),
        ("open", connector("open", "verify = \"none\"", "")),
    ]);
    home.file("connectors/old.secret", "the key that went before\n");
    home.file("connectors/shop.secret", [KEY, b"\n"].concat());
    let server = serve(&home, &[("ONEFOLD_HTTP_HOOK_BYTES", "2000"), ("ONEFOLD_LOG", "debug")]);
    let body = order(1, "10.00");
    let refused = |reply: &Reply, status: u16, words: &[&str]| {
        reply.is_problem(status);
        let detail = reply.body["detail"].as_str().unwrap();
        assert!(words.iter().all(|word| detail.contains(word)), "{words:?}: {detail}");
        assert!(reply.body["hub_id"].as_str().is_some_and(|id| id.len() == 36), "{}", reply.body);
    };
    let wrong = [("webhook-id", "msg_1"), ("webhook-timestamp", &now().to_string()), ("webhook-signature", "v1,AAAA")];
    let reply = server.post("/v1/hooks/shop", &wrong, body.as_bytes());
    refused(&reply, 401, &["webhook-signature", "does not fit", "secret"]);
    assert_eq!(reply.body["sender_id"], "msg_1");
    refused(&server.post("/v1/hooks/shop", &[], body.as_bytes()), 401, &["webhook-id", "missing"]);
    refused(&post(&server, "shop", "msg_1", now() - 3_600, &body), 401, &["s old", "at most 300 s", "tolerance"]);
    refused(&post(&server, "shop", "msg_1", now() + 3_600, &body), 401, &["s ahead of the hub's clock"]);
    refused(&post(&server, "shop", "msg_1", now(), ""), 400, &["empty"]);
    refused(&post(&server, "shop", "msg_1", now(), &" ".repeat(2_001)), 413, &["2000 bytes", "http.hook_bytes"]);
    refused(&post(&server, "nobody", "msg_1", now(), &body), 404, &["no hook `nobody`", "connect.files"]);
    let passed_on = [("x-forwarded-for", "203.0.113.9")];
    refused(&server.post("/v1/hooks/open", &passed_on, body.as_bytes()), 403, &["passed on", "verify"]);
    let reply = server.get("/v1/hooks/shop");
    reply.is_problem(405);
    server.settle();
    server.get("/v1/customers/party:shop:K1").is_problem(404);
    // The newer of two secrets, and what needs none.
    let signature = BASE64_STANDARD.encode(sign(&[body.as_bytes()]));
    let headers = [("x-shopify-hmac-sha256", signature.as_str()), ("x-shopify-webhook-id", "b54557e4")];
    let reply = server.post("/v1/hooks/shopify", &headers, body.as_bytes());
    assert_eq!((reply.status, reply.body["sender_id"].as_str()), (202, Some("b54557e4")), "{}", reply.body);
    assert_eq!(server.post("/v1/hooks/open", &[], order(2, "1.00").as_bytes()).status, 202);
    documents(&server, 2);
    let said = server.said();
    assert!(said.contains("a post was refused") && said.contains("msg_1"), "{said}");
    for told in [secret(), String::from_utf8_lossy(KEY).into_owned(), signature] {
        assert!(!said.contains(&told), "{said}");
    }
}

#[test]
fn a_form_is_read_by_its_field_or_by_all_of_them() {
    let bearer =
        |body: &str| format!("verify = {{ scheme = \"bearer\", secret = {{ env = \"{VARIABLE}\" }} }}\nbody = {body}");
    let home = with(&[
        ("track", connector("track", &bearer("{ form = \"param\" }"), "records = \"orders\"")),
        ("fields", connector("fields", &bearer("\"form\""), "")),
    ]);
    let server = serve(&home, &[]);
    let headers = [
        ("authorization", format!("Bearer {}", secret())),
        ("content-type", "application/x-www-form-urlencoded".to_owned()),
    ];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let list = format!("{{\"orders\": [{}, {}]}}", order(1, "10.00"), order(2, "1.00"));
    let form = format!("sign=ab&param={}", encoded(&list));
    assert_eq!(server.post("/v1/hooks/track", &headers, form.as_bytes()).status, 202);
    let fields = format!("id=A3&at={}&customer=K1&name=Anna+Weber&total=2.00", encoded("2026-03-09T17:05:00Z"));
    assert_eq!(server.post("/v1/hooks/fields", &headers, fields.as_bytes()).status, 202);
    let view = documents(&server, 3);
    assert_eq!(view.body["trade"]["by_currency"]["EUR"]["ordered"], "13.00", "{}", view.body);
    let other = server.post("/v1/hooks/track", &headers, b"data=1");
    assert_eq!(other.status, 202);
    server.until("/metrics", |reply| reply.body.as_str().unwrap_or_default().contains("onefold_quarantine_open 1"));
    assert_eq!(server.stop(), 0);
    let shown = home.run(&["quarantine", "show", "1"]).exits(0).tells(&["R0323", "the fields data", "a field `param`"]);
    assert!(shown.out.contains("data=1"), "{}", shown.out);
}

#[test]
fn headers_that_the_mapping_reads_stand_among_the_members_of_the_body() {
    let from = "verify = { scheme = \"shopify\", secret = { env = \"ONEFOLD_SECRET_SHOP\" } }\nheaders = [\"X-Shopify-Topic\"]";
    let home = with(&[("shop", connector("shop", from, "only = { \"$.x-shopify-topic\" = [\"orders/create\"] }"))]);
    let server = serve(&home, &[]);
    for (n, topic) in [(1, "orders/create"), (2, "orders/delete"), (3, "orders/create")] {
        let body = order(n, if n == 3 { "ten" } else { "10.00" });
        let mut mac = Hmac::<Sha256>::new_from_slice(secret().as_bytes()).unwrap();
        mac.update(body.as_bytes());
        let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
        let headers = [("x-shopify-hmac-sha256", signature.as_str()), ("x-shopify-topic", topic)];
        assert_eq!(server.post("/v1/hooks/shop", &headers, body.as_bytes()).status, 202);
    }
    documents(&server, 1);
    server.until("/metrics", |reply| {
        let text = reply.body.as_str().unwrap_or_default();
        text.contains("onefold_quarantine_open 1") && text.contains("outcome=\"skipped\"} 1")
    });
    assert_eq!(server.stop(), 0);
    home.run(&["quarantine", "show", "1"]).exits(0).tells(&["ten", "R0412"]);
    // With the header it was kept: what is for us is so when it is tried again.
    let mended = home.file(
        "mended.toml",
        connector("shop", from, "only = { \"$.x-shopify-topic\" = [\"orders/create\"] }")
            .replace("set.total = \"total\"", "set.total = { from = \"total\", replace = { ten = \"10.00\" } }"),
    );
    home.run(&["quarantine", "retry", "--connector", &mended]).exits(0);
    assert_eq!(home.run(&["show", "party:shop:K1", "--json"]).exits(0).json()["documents"], 2);
    // And when what the hub keeps is mapped anew.
    let twice = std::fs::read_to_string(&mended)
        .unwrap()
        .replace("source = \"shop\"\n", "source = \"shop\"\nmapping = 2\n")
        .replace("{ ten = \"10.00\" }", "{ ten = \"10.00\" }, times = \"2\"");
    let twice = home.file("twice.toml", twice);
    let done = home.run(&["connector", "remap", &twice, "--json"]).exits(0).json();
    assert_eq!((&done["remap"]["left"], &done["remap"]["originals"]["messages"]), (&json!(0), &json!(3)), "{done}");
    let view = home.run(&["show", "party:shop:K1", "--json"]).exits(0).json();
    assert_eq!(view["trade"]["by_currency"]["EUR"]["ordered"], "40.00", "{view}");
}

#[test]
fn a_kill_between_intake_and_the_view_loses_nothing_and_doubles_nothing() {
    for point in [
        "hook.after_append",
        "door.before_append",
        "door.after_append",
        "connect.before_commit",
        "connect.after_commit",
        "project.before_commit",
    ] {
        let home = with(&[("shop", connector("shop", STANDARD, ""))]);
        let mut server = serve(&home, &[("ONEFOLD_FAILPOINTS", &format!("{point}=kill"))]);
        let (time, body) = (now().to_string(), order(1, "10.00"));
        let signature = BASE64_STANDARD.encode(sign(&[b"msg_1.", time.as_bytes(), b".", body.as_bytes()]));
        let answered = ureq::post(format!("{}/v1/hooks/shop", server.url))
            .header("webhook-id", "msg_1")
            .header("webhook-timestamp", &time)
            .header("webhook-signature", format!("v1,{signature}"))
            .send(body.as_bytes());
        // Further on the answer may be quicker than the kill, or not: the post is durable either way.
        assert!(point != "hook.after_append" || answered.is_err(), "{point}");
        let began = std::time::Instant::now();
        while !server.is_over() {
            assert!(began.elapsed().as_secs() < 30, "{point}: it was not killed");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        drop(server);
        let server = serve(&home, &[]);
        assert_eq!(documents(&server, 1).body["trade"]["by_currency"]["EUR"]["ordered"], "10.00", "{point}");
        assert_eq!(post(&server, "shop", "msg_1", now(), &order(1, "10.00")).status, 202);
        assert_eq!(post(&server, "shop", "msg_2", now(), &order(2, "1.00")).status, 202);
        documents(&server, 2);
        assert_eq!(server.stop(), 0);
        let verified = home.run(&["rebuild", "--verify", "--json"]).exits(0).json();
        assert_eq!(verified["live_digest"], verified["rebuilt_digest"], "{point}");
        assert_eq!(home.run(&["status", "--json"]).exits(0).json()["quarantined"], 0, "{point}");
    }
}

#[test]
fn while_intake_is_unable_a_post_is_answered_503_and_may_come_again() {
    let home = with(&[("shop", connector("shop", STANDARD, ""))]);
    let server = serve(&home, &[("ONEFOLD_FAILPOINTS", "hook.before_append=1*return->off")]);
    let reply = post(&server, "shop", "msg_1", now(), &order(1, "10.00"));
    reply.is_problem(503);
    assert_eq!((reply.retry_after.as_deref(), reply.body["sender_id"].as_str()), (Some("1"), Some("msg_1")));
    assert_eq!(post(&server, "shop", "msg_1", now(), &order(1, "10.00")).status, 202);
    documents(&server, 1);
}

#[test]
fn what_a_hook_lacks_is_said_before_anything_runs_and_a_secret_is_never_shown() {
    let home = with(&[("shop", connector("shop", STANDARD, ""))]);
    let file = home.path("connectors/shop.toml").display().to_string();
    home.run(&["connector", "check", &file]).exits(0).tells(&["sound", "not ready to run here", VARIABLE, "not set"]);
    let run = |secret: Option<&str>| {
        let mut command = home.command(&["run", "--listen", "127.0.0.1:0"]);
        command.env("ONEFOLD_CONNECT_FILES", &file).env_remove(VARIABLE);
        secret.map(|secret| command.env(VARIABLE, secret));
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, told) = run(None);
    assert!(code == Some(1) && told.contains(VARIABLE) && told.contains("not set"), "{told}");
    let (code, told) = run(Some("pass#word"));
    assert!(code == Some(1) && told.contains("Standard Webhooks") && !told.contains("pass#word"), "{told}");
    for wrong in [
        "verify = { scheme = \"bearer\", secret = \"geheim-4711\" }",
        "verify = { scheme = \"bearer\", secret = { env = \"geheim-4711\" } }",
        "verify = { scheme = \"bearer\", secret = { value = \"geheim-4711\" } }",
        "verify = { scheme = \"bearer\", token = \"geheim-4711\", secret = { env = \"X\" } }",
        "verify = \"geheim-4711\"",
    ] {
        let file = home.file("wrong.toml", connector("wrong", wrong, ""));
        let told = home.run(&["connector", "check", &file]).exits(1);
        let json = home.run(&["connector", "check", &file, "--json"]).exits(1);
        let all = format!("{}{}{}{}", told.out, told.err, json.out, json.err);
        assert!(all.contains("wrong.toml") && !all.contains("geheim"), "{wrong}\n{all}");
    }
}

#[test]
fn in_a_hub_of_several_processes_one_takes_the_post_and_another_maps_it() {
    const TEST: &str = "in_a_hub_of_several_processes_one_takes_the_post_and_another_maps_it";
    let (Some(kafka), Some(postgres)) = (Kafka::shared(TEST), Postgres::shared(TEST)) else { return };
    let (database, prefix) = (postgres.database(), kafka.prefix());
    let home = Home::distributed(kafka.bootstrap(), &prefix, database.url());
    let file = home.file("shop.toml", connector("shop", STANDARD, ""));
    let secret = secret();
    let partitions = ("ONEFOLD_HUB_PARTITIONS", "2");
    let env = [partitions, ("ONEFOLD_CONNECT_FILES", file.as_str())];
    // Who maps needs no secret.
    let _folds = home.serve_with(&["--role", "connect,project,resolve,assemble"], &env);
    let serves = home.serve_with(&["--role", "serve"], &[&env[..], &[(VARIABLE, secret.as_str())]].concat());
    assert_eq!(post(&serves, "shop", "msg_1", now(), &order(1, "10.00")).status, 202);
    documents(&serves, 1);
}

#[test]
fn a_charge_as_stripe_posts_it_is_in_the_customers_view() {
    const TEST: &str = "a_charge_as_stripe_posts_it_is_in_the_customers_view";
    let Some(fixtures) = shared("stripe/fixtures3.json", TEST) else { return };
    let fixtures: Value = serde_json::from_slice(&std::fs::read(fixtures).unwrap()).unwrap();
    let mut charge = fixtures["resources"]["charge"].clone();
    charge["customer"] = "cus_K1".into();
    let body = json!({ "id": "evt_1", "type": "charge.succeeded", "data": { "object": charge } }).to_string();
    let text = "[connector]\nname = \"stripe\"\nsource = \"stripe\"\n[from]\nkind = \"http\"\n\
        verify = { scheme = \"stripe\", secret = { env = \"ONEFOLD_SECRET_SHOP\" } }\n\
        [read]\nformat = \"json\"\nrecords = \"data.object\"\nonly = { \"$.type\" = \"charge.succeeded\" }\n\
        [assume]\ntime = \"epoch-s\"\ncurrency = { from = \"currency\", fold = \"case\" }\n\
        [event.payment]\ntype = \"finance.payment_received.v1\"\nsubject = \"id\"\nid = [\"id\"]\noccurred_at = \"created\"\n\
        refs.payer = \"customer\"\nset.amount = { from = \"amount\", minor = true }\n";
    let home = with(&[("stripe", text.to_owned())]);
    let files = home.path("connectors").display().to_string();
    let key = String::from_utf8_lossy(KEY).into_owned();
    let server = home.serve_with(&[], &[("ONEFOLD_CONNECT_FILES", files.as_str()), (VARIABLE, key.as_str())]);
    let time = now().to_string();
    let signature = hex::encode(sign(&[time.as_bytes(), b".", body.as_bytes()]));
    let header = format!("t={time},v1={signature}");
    let reply = server.post("/v1/hooks/stripe", &[("stripe-signature", &header)], body.as_bytes());
    assert_eq!(reply.status, 202, "{}", reply.body);
    server.until("/v1/customers/party:stripe:cus_K1", |reply| reply.body["documents"] == 1);
}

/// Blocks of a page in Markdown that are of a language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
}

#[test]
fn the_page_of_webhooks_is_true_as_it_stands() {
    let page = include_str!("../../deploy/WEBHOOKS.md");
    let home = Home::new();
    let (toml, json) = (&blocks(page, "toml")[0], &blocks(page, "json")[0]);
    home.file("order.json", json);
    home.file("orders.toml", toml);
    let lines: Vec<String> = blocks(page, "sh").iter().map(|block| block.trim().to_owned()).collect();
    let [check, export, serve, shopify, customer, github, stripe] = lines.as_slice() else { panic!("{lines:?}") };
    let words: Vec<&str> = check.split_whitespace().skip(1).collect();
    let checked = Command::new(env!("CARGO_BIN_EXE_onefold")).args(words).current_dir(home.path("")).output().unwrap();
    let checked = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(checked.contains("sound") && checked.contains("ONEFOLD_SECRET_SHOP, which is not set"), "{checked}");
    assert_eq!(serve, "ONEFOLD_CONNECT_FILES=orders.toml onefold run --data ./data --listen 127.0.0.1:7878");
    let (variable, secret) = export.strip_prefix("export ").unwrap().split_once('=').unwrap();
    let tools = [("curl", "--version"), ("openssl", "version")];
    if tools.iter().any(|(tool, word)| Command::new(tool).arg(word).output().is_err()) {
        assert!(std::env::var("CI").is_err(), "curl and openssl are absent, and CI is set");
        return eprintln!("SKIPPED what the page of webhooks posts: install curl and openssl");
    }
    let ask = |server: &Server, command: &str| {
        let command = command.replace("127.0.0.1:7878", server.address());
        let output =
            Command::new("sh").args(["-c", &command]).current_dir(home.path("")).env(variable, secret).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    for (scheme, command, sender_id) in [("shopify", shopify, "1"), ("github", github, "2"), ("stripe", stripe, "")] {
        let file = home.file("orders.toml", toml.replace("\"shopify\"", &format!("{scheme:?}")));
        let server = home.serve_with(&[], &[("ONEFOLD_CONNECT_FILES", file.as_str()), (variable, secret)]);
        let answer = ask(&server, command);
        assert_eq!((&answer["status"], &answer["sender_id"]), (&json!("accepted"), &json!(sender_id)), "{answer}");
        server.until("/v1/customers/email:ana.sousa@example.org", |reply| reply.body["documents"] == 1);
        let view = ask(&server, customer);
        assert_eq!(view["trade"]["by_currency"]["BRL"]["ordered"], "84.50", "{view}");
        let changed = ask(&server, &command.replace("@order.json", "@orders.toml"));
        assert_eq!(changed["status"], 401, "{changed}");
        assert_eq!(server.stop(), 0);
    }
}
