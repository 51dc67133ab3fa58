//! Whether a post comes from whoever has the secret. Pure but for the instant that it is given; compared in constant time by `hmac`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit, Mac};
use onefold_mapping::{HmacEncoding, HmacHeader, HookScheme, HookSettings, HookVerification};
use sha2::Sha256;

use crate::source::hook::{HookError, HookPost, HookSecrets};

const STANDARD_ID: &str = "webhook-id";
const STANDARD_TIME: &str = "webhook-timestamp";
const STANDARD_SIGNATURE: &str = "webhook-signature";
const STRIPE_SIGNATURE: &str = "stripe-signature";
/// Headers in which senders number what they post.
const IDS: [&str; 5] =
    [STANDARD_ID, "x-shopify-webhook-id", "x-github-delivery", "x-wc-webhook-delivery-id", "x-request-id"];
/// Headers that say that somebody has passed a request on.
const PASSED_ON: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];
/// Longest of a sender's ids that is repeated.
const MOST_ID: usize = 200;
/// What makes a bearer's token and the secret comparable as signatures.
const BEARER: &[u8] = b"onefold bearer";

/// The sender's own number of a post; empty where it gives none.
pub(super) fn sender_id(settings: &HookSettings, post: &HookPost) -> String {
    let own = match &settings.verify {
        HookVerification::Secret { id: Some(id), .. } => Some(id.as_str()),
        HookVerification::Secret { id: None, .. } | HookVerification::None => None,
    };
    let names: Vec<&str> = own.map_or(IDS.to_vec(), |own| vec![own]);
    let found = names.into_iter().find_map(|name| post.header(name));
    let plain = |text: &&str| text.len() <= MOST_ID && text.bytes().all(|byte| byte.is_ascii_graphic());
    found.filter(plain).unwrap_or_default().to_owned()
}

/// Judges a post at this instant, in seconds since 1970.
pub(super) fn verify(
    settings: &HookSettings,
    secrets: &HookSecrets,
    post: &HookPost,
    now: i64,
) -> Result<(), HookError> {
    let tolerance = i64::try_from(settings.tolerance.as_secs()).unwrap_or(i64::MAX);
    match &settings.verify {
        HookVerification::None => only_here(post),
        HookVerification::Secret { scheme: HookScheme::Bearer, .. } => bearer(secrets, post),
        HookVerification::Secret { scheme: HookScheme::Hmac(own), .. } => own_header(own, secrets, post),
        HookVerification::Secret { scheme: HookScheme::StandardWebhooks, .. } => {
            let time = standard(secrets, post)?;
            within(time, now, tolerance, STANDARD_TIME)
        }
        HookVerification::Secret { scheme: HookScheme::Stripe, .. } => {
            let time = stripe(secrets, post)?;
            within(time, now, tolerance, "`t` of stripe-signature")
        }
    }
}

fn only_here(post: &HookPost) -> Result<(), HookError> {
    let passed_on = PASSED_ON.iter().find(|name| post.header(name).is_some());
    let why = match (post.is_from_here, passed_on) {
        (true, None) => return Ok(()),
        (true, Some(header)) => format!("it was passed on, as the header `{header}` says"),
        (false, _) => "it comes from another machine".to_owned(),
    };
    Err(HookError::Elsewhere(format!(
        "{why}, and this hook verifies nothing: only programs on the hub's own machine may post to it; give its connector file a \
         `verify` with a scheme and a secret"
    )))
}

fn bearer(secrets: &HookSecrets, post: &HookPost) -> Result<(), HookError> {
    let (scheme, token) = expect(post, "authorization", "Bearer and the secret")?.split_once(' ').unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refused(
            "the header `authorization` is not `Bearer` and a token: send the hook's secret so".to_owned(),
        ));
    }
    let token = sign(BEARER, &[token.trim().as_bytes()]).map(|mac| mac.finalize().into_bytes());
    // Both sides are signed with one key, so that comparing them tells nothing of where they differ.
    let fits = |key: &Vec<u8>| token.as_ref().is_ok_and(|token| signed(BEARER, &[key], token));
    any(secrets, fits).then_some(()).ok_or_else(|| {
        refused(
            "the token in `authorization` is not this hook's secret: see that sender and hub have the same".to_owned(),
        )
    })
}

fn own_header(own: &HmacHeader, secrets: &HookSecrets, post: &HookPost) -> Result<(), HookError> {
    let HmacHeader { header, prefix, encoding } = own;
    let written = match encoding {
        HmacEncoding::Hex => "hex",
        HmacEncoding::Base64 => "base64",
    };
    let mut expected = format!("the HMAC-SHA256 of the body in {written}");
    if !prefix.is_empty() {
        expected = format!("`{prefix}` and {expected}");
    }
    let text = expect(post, header, &expected)?;
    let read = text.strip_prefix(prefix.as_str()).and_then(|text| decode(text.trim(), *encoding));
    let Some(signature) = read else {
        return Err(refused(format!("the header `{header}` is not written as this hook expects: {expected}")));
    };
    let fits = |key: &Vec<u8>| signed(key, &[&post.body], &signature);
    any(secrets, fits).then_some(()).ok_or_else(|| wrong(header, "the body as it was sent"))
}

/// The instant of a post whose signature fits.
fn standard(secrets: &HookSecrets, post: &HookPost) -> Result<i64, HookError> {
    let id = expect(post, STANDARD_ID, "the number of the post")?;
    let time = expect(post, STANDARD_TIME, "seconds since 1970")?;
    let list = expect(post, STANDARD_SIGNATURE, "`v1,` and the HMAC-SHA256 in base64")?;
    let signatures: Vec<Vec<u8>> =
        list.split(' ').filter_map(|one| decode(one.strip_prefix("v1,")?, HmacEncoding::Base64)).collect();
    if signatures.is_empty() {
        let told = "the header `webhook-signature` has no signature of version 1: expected `v1,` and the HMAC-SHA256 in base64";
        return Err(refused(told.to_owned()));
    }
    let parts = [id.as_bytes(), b".", time.as_bytes(), b".", &post.body];
    let fits = |key: &Vec<u8>| signatures.iter().fold(false, |fits, one| signed(key, &parts, one) | fits);
    match any(secrets, fits) {
        true => seconds(time, STANDARD_TIME),
        false => Err(wrong(STANDARD_SIGNATURE, "`webhook-id.webhook-timestamp.body`, the body as it was sent")),
    }
}

/// The same of Stripe's one header.
fn stripe(secrets: &HookSecrets, post: &HookPost) -> Result<i64, HookError> {
    let text = expect(post, STRIPE_SIGNATURE, "`t=` with seconds since 1970, and `v1=` with the HMAC-SHA256 in hex")?;
    let of = |name: &'static str| {
        text.split(',').filter_map(move |part| part.trim().split_once('=').filter(|(key, _)| *key == name))
    };
    let time = of("t").next().map(|(_, time)| time);
    let signatures: Vec<Vec<u8>> = of("v1").filter_map(|(_, one)| decode(one, HmacEncoding::Hex)).collect();
    let (Some(time), false) = (time, signatures.is_empty()) else {
        let told = "the header `stripe-signature` has no `t=` with a time, or no `v1=` with a signature in hex";
        return Err(refused(told.to_owned()));
    };
    let parts = [time.as_bytes(), b".", &post.body];
    let fits = |key: &Vec<u8>| signatures.iter().fold(false, |fits, one| signed(key, &parts, one) | fits);
    match any(secrets, fits) {
        true => seconds(time, "`t` of stripe-signature"),
        false => Err(wrong(STRIPE_SIGNATURE, "`t.body`, the body as it was sent")),
    }
}

/// Each secret is tried, whichever fits, so that how long it takes does not tell which.
fn any(secrets: &HookSecrets, fits: impl Fn(&Vec<u8>) -> bool) -> bool {
    secrets.keys().iter().fold(false, |found, key| fits(key) | found)
}

fn sign(key: &[u8], parts: &[&[u8]]) -> Result<Hmac<Sha256>, InvalidLength> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)?;
    parts.iter().for_each(|part| mac.update(part));
    Ok(mac)
}

fn signed(key: &[u8], parts: &[&[u8]], signature: &[u8]) -> bool {
    sign(key, parts).is_ok_and(|mac| mac.verify_slice(signature).is_ok())
}

fn decode(text: &str, encoding: HmacEncoding) -> Option<Vec<u8>> {
    match encoding {
        HmacEncoding::Hex => hex::decode(text).ok(),
        HmacEncoding::Base64 => BASE64_STANDARD.decode(text).ok(),
    }
}

fn expect<'p>(post: &'p HookPost, header: &str, expected: &str) -> Result<&'p str, HookError> {
    post.header(header).ok_or_else(|| {
        refused(format!(
            "the header `{header}` is missing or no text: expected {expected}; have the sender sign what it posts with this hook's secret"
        ))
    })
}

fn seconds(text: &str, place: &str) -> Result<i64, HookError> {
    text.parse().map_err(|_| refused(format!("{place} is no time: expected seconds since 1970")))
}

fn within(time: i64, now: i64, tolerance: i64, place: &str) -> Result<(), HookError> {
    let off = now.saturating_sub(time);
    if off.saturating_abs() <= tolerance {
        return Ok(());
    }
    let (off, side) = (off.saturating_abs(), if off > 0 { "old" } else { "ahead of the hub's clock" });
    Err(refused(format!(
        "the post is {off} s {side}, by {place} ({time}): this hook takes at most {tolerance} s (`tolerance`); have it sent anew, and \
         see that both clocks are right"
    )))
}

fn wrong(header: &str, over: &str) -> HookError {
    refused(format!(
        "the signature in `{header}` does not fit: expected the HMAC-SHA256 with this hook's secret over {over}; see that sender and \
         hub have the same secret, and that nothing between them changes the body"
    ))
}

fn refused(told: String) -> HookError {
    HookError::Unverified(told)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use onefold_mapping::Connector;

    use super::*;

    /// The published vector of Standard Webhooks.
    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const TIME: i64 = 1_649_367_553;
    const BODY: &str = r#"{"email":"test@example.com","username":"test_user"}"#;
    const SIGNATURE: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";

    /// Settings with these lines in `[from]`, and the secrets that each variable's own name stands for.
    fn hook(lines: &str) -> (HookSettings, HookSecrets) {
        let text = format!(
            "[connector]\nname = \"shop\"\nsource = \"shop\"\n[from]\nkind = \"http\"\n{lines}\n[read]\nformat = \"json\"\n\
             [assume]\ntime = \"iso8601\"\n[event.p]\ntype = \"party.recorded.v1\"\nsubject = \"id\"\nid = [\"id\"]\n\
             occurred_at = \"at\"\nset.name.full = \"name\"\n"
        );
        let connector = Connector::parse("shop.toml", &text, &|_| Err(String::new())).unwrap();
        let known = |name: &str| match name {
            "STANDARD" => Some(SECRET.to_owned()),
            "OTHER" => Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()),
            "GITHUB" => Some("It's a Secret to Everybody".to_owned()),
            other => Some(other.to_owned()),
        };
        let secrets = HookSecrets::resolve(&connector, Path::new("."), &known).unwrap();
        (connector.input_settings().hook.clone().unwrap(), secrets)
    }

    fn post(headers: &[(&str, &str)], body: &[u8]) -> HookPost {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        HookPost { headers, body: body.to_vec(), is_from_here: true }
    }

    fn vector() -> HookPost {
        let headers = [
            ("webhook-id", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk"),
            ("webhook-timestamp", "1649367553"),
            ("webhook-signature", SIGNATURE),
        ];
        post(&headers, BODY.as_bytes())
    }

    fn told(done: Result<(), HookError>) -> String {
        match done {
            Ok(()) => "verified".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_published_vector_passes_and_any_flipped_bit_of_it_fails() {
        let (settings, secrets) = hook("verify = { scheme = \"standard-webhooks\", secret = { env = \"STANDARD\" } }");
        let good = vector();
        assert_eq!(verify(&settings, &secrets, &good, TIME), Ok(()));
        assert_eq!(sender_id(&settings, &good), "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk");
        for bit in 0..good.body.len() * 8 {
            let mut bad = good.clone();
            bad.body[bit / 8] ^= 1 << (bit % 8);
            assert!(verify(&settings, &secrets, &bad, TIME).is_err(), "bit {bit} of the body");
        }
        for place in 0..good.headers.len() {
            for bit in 0..good.headers[place].1.len() * 8 {
                let mut bytes = good.headers[place].1.clone().into_bytes();
                bytes[bit / 8] ^= 1 << (bit % 8);
                // Bytes that are no text never become a header's text.
                let Ok(text) = String::from_utf8(bytes) else { continue };
                let mut bad = good.clone();
                bad.headers[place].1 = text;
                assert!(verify(&settings, &secrets, &bad, TIME).is_err(), "bit {bit} of {}", good.headers[place].0);
            }
        }
        let (settings, other) = hook("verify = { scheme = \"standard-webhooks\", secret = { env = \"OTHER\" } }");
        assert!(told(verify(&settings, &other, &good, TIME)).contains("does not fit"));
    }

    #[test]
    fn of_several_secrets_and_of_several_signatures_each_counts() {
        let rotated = "secret = [{ env = \"OTHER\" }, { env = \"STANDARD\" }]";
        let (settings, secrets) = hook(&format!("verify = {{ scheme = \"standard-webhooks\", {rotated} }}"));
        let mut several = vector();
        several.headers[2].1 = format!("v1a,AAAA v1,{} {SIGNATURE}", BASE64_STANDARD.encode([7; 32]));
        assert_eq!(verify(&settings, &secrets, &several, TIME), Ok(()));
        several.headers[2].1 = format!("v1a,{}", SIGNATURE.trim_start_matches("v1,"));
        assert!(told(verify(&settings, &secrets, &several, TIME)).contains("no signature of version 1"));
    }

    #[test]
    fn a_post_is_refused_when_it_is_old_or_ahead_and_told_by_how_much() {
        let (settings, secrets) = hook("verify = { scheme = \"standard-webhooks\", secret = { env = \"STANDARD\" } }");
        for now in [TIME - 300, TIME + 300] {
            assert_eq!(verify(&settings, &secrets, &vector(), now), Ok(()));
        }
        let old = told(verify(&settings, &secrets, &vector(), TIME + 301));
        assert!(old.contains("301 s old") && old.contains("at most 300 s"), "{old}");
        let ahead = told(verify(&settings, &secrets, &vector(), TIME - 7_200));
        assert!(ahead.contains("7200 s ahead"), "{ahead}");
        let (settings, secrets) =
            hook("tolerance = \"10s\"\nverify = { scheme = \"standard-webhooks\", secret = { env = \"STANDARD\" } }");
        assert!(told(verify(&settings, &secrets, &vector(), TIME + 11)).contains("at most 10 s"));
    }

    #[test]
    fn the_vector_that_github_publishes_passes() {
        let (settings, secrets) = hook("verify = { scheme = \"github\", secret = { env = \"GITHUB\" } }");
        let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let headers =
            [("x-hub-signature-256", signature), ("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")];
        let good = post(&headers, b"Hello, World!");
        assert_eq!(verify(&settings, &secrets, &good, TIME), Ok(()));
        assert_eq!(sender_id(&settings, &good), "72d3162e-cc78-11e3-81ab-4c9367dc0958");
        assert!(verify(&settings, &secrets, &post(&headers, b"Hello, World?"), TIME).is_err());
        let bare = [("x-hub-signature-256", &signature[7..])];
        assert!(told(verify(&settings, &secrets, &post(&bare, b"Hello, World!"), TIME)).contains("not written"));
    }

    /// Signatures as Python's hmac makes them.
    #[test]
    fn other_schemes_sign_as_their_senders_do() {
        let cases = [
            (
                "verify = { scheme = \"stripe\", secret = { env = \"stripe_secret\" } }",
                "stripe-signature",
                "t=1649367553,v0=ab,v1=00,v1=3480802eb8ddb57dca805ca9d6570369d0f1ca2963b068b0c7930d627751d645",
            ),
            (
                "verify = { scheme = \"shopify\", secret = { env = \"shopify_secret\" } }",
                "x-shopify-hmac-sha256",
                "Ekuhwcc3E/RKA2oAegneB3zDnllNZzt5O4eSo2ZxFq4=",
            ),
            (
                "verify = { scheme = \"hmac-sha256\", header = \"X-Hmac-Signature\", prefix = \"hmac-sha256-hex=\", secret = { env = \"easypost_secret\" } }",
                "x-hmac-signature",
                "hmac-sha256-hex=d9bdd1e7cb70721e0871aabeb37d0cd4af47e4196f75a693f7d684ae517503d7",
            ),
            ("verify = { scheme = \"bearer\", secret = { env = \"a_token\" } }", "authorization", "bearer a_token"),
        ];
        for (lines, header, value) in cases {
            let (settings, secrets) = hook(lines);
            assert_eq!(
                verify(&settings, &secrets, &post(&[(header, value)], BODY.as_bytes()), TIME),
                Ok(()),
                "{lines}"
            );
            let missing = told(verify(&settings, &secrets, &post(&[], BODY.as_bytes()), TIME));
            assert!(missing.contains(header) && missing.contains("missing"), "{missing}");
            let cut = value.strip_suffix(|_: char| true).unwrap();
            let wrong = told(verify(&settings, &secrets, &post(&[(header, cut)], BODY.as_bytes()), TIME));
            assert!(wrong.contains(header) && !wrong.contains("secret\"") && !wrong.contains("a_token"), "{wrong}");
        }
    }

    #[test]
    fn what_nothing_verifies_comes_from_this_machine_alone() {
        let (settings, secrets) = hook("verify = \"none\"");
        assert_eq!(verify(&settings, &secrets, &post(&[], b"{}"), TIME), Ok(()));
        let passed_on = told(verify(&settings, &secrets, &post(&[("x-forwarded-for", "203.0.113.9")], b"{}"), TIME));
        assert!(passed_on.contains("x-forwarded-for"), "{passed_on}");
        let elsewhere = HookPost { is_from_here: false, ..post(&[], b"{}") };
        assert!(matches!(verify(&settings, &secrets, &elsewhere, TIME), Err(HookError::Elsewhere(_))));
    }
}
