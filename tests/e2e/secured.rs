//! A hub whose servers let nobody in without TLS and a password.

mod harness;

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use harness::{Home, invoice, party};
use onefold_testkit::{Kafka, Postgres, Secrets};

/// A configuration whose passwords stand in files beside it.
fn configuration(kafka: &str, broker: &Secrets, url: &Path) -> String {
    format!(
        "[kafka]
         bootstrap = '{kafka}'
         [kafka.properties]
         'security.protocol' = 'SASL_SSL'
         'ssl.ca.location' = '{}'
         'sasl.mechanism' = 'SCRAM-SHA-512'
         'sasl.username' = 'onefold'
         'sasl.password' = {{ file = '{}' }}
         [postgres]
         url = {{ file = '{}' }}
         [publish]
         enabled = true",
        broker.authority.display(),
        broker.password.display(),
        url.display()
    )
}

#[test]
fn a_hub_works_behind_tls_and_passwords_and_who_has_the_wrong_ones_is_told() {
    let test = "a_hub_works_behind_tls_and_passwords_and_who_has_the_wrong_ones_is_told";
    let (Some((kafka, broker)), Some((postgres, database))) = (Kafka::secured(test), Postgres::secured(test)) else {
        return;
    };
    let (files, made) = (Home::new(), AtomicU32::new(0));
    let read = |secrets: &Secrets| std::fs::read_to_string(&secrets.password).expect("a password").trim().to_owned();
    let passwords = [read(&broker), read(&database)];
    let whole = |authority: &Path| format!("sslmode=verify-full&sslrootcert={}", authority.display());
    // A hub with this password for the broker, and this one and these options for the database.
    let hub_with = |broker: &Secrets, password: &str, options: &str| {
        let user = format!("postgres:{password}@");
        let url = format!("{}?{options}", postgres.url().replacen("postgres@", &user, 1));
        let name = format!("url{}", made.fetch_add(1, Ordering::Relaxed));
        Home::configured(&configuration(kafka.bootstrap(), broker, files.file(&name, url).as_ref()))
    };

    let home = hub_with(&broker, &passwords[1], &whole(&database.authority));
    let checked = home.run(&["config", "check"]).exits(0);
    let hub = home.serve();
    let told = hub.batch(&[party("erp:K1", "Ann Lee", &[]), invoice("erp:R1", "erp:K1", "12.50")]);
    assert_eq!((told.status, &told.body["accepted"]), (200, &2.into()), "{}", told.body);
    hub.publish();
    let shown = home.run(&["show", "party:erp:K1", "--json"]).exits(0);
    assert_eq!(shown.json()["profile"]["name"]["value"], "Ann Lee", "{}", shown.out);
    let verified = home.run(&["rebuild", "--verify"]).exits(0);
    assert_eq!(hub.stop(), 0);

    // Each is told what is wrong, and nobody the password.
    let theirs = Secrets { password: database.password.clone(), ..broker.clone() };
    let strange = Secrets { authority: database.authority.clone(), ..broker.clone() };
    let plain = Home::distributed(kafka.bootstrap(), "onefold.", "postgres://unused/unused");
    let log = |home: Home| home.run(&["topics", "check"]);
    let views = |password: &str, options: &str| hub_with(&broker, password, options).run(&["status"]);
    let unused = "sslmode=require";
    let refused = [
        (log(hub_with(&theirs, &passwords[1], unused)), "uthentication failed"),
        (log(hub_with(&strange, &passwords[1], unused)), "certificate"),
        (log(plain), "if it asks for TLS, set security.protocol"),
        (views(&passwords[0], &whole(&database.authority)), "password authentication failed"),
        (views(&passwords[1], &whole(&broker.authority)), "certificate"),
        (views(&passwords[1], "sslmode=disable"), "no encryption"),
    ];
    let refused = refused.into_iter().map(|(answer, word)| answer.exits(1).tells(&[word]));
    for answer in refused.chain([checked, shown, verified]) {
        for password in &passwords {
            assert!(!answer.out.contains(password) && !answer.err.contains(password), "{}{}", answer.out, answer.err);
        }
    }
}
