//! `[from]` with `kind = "http"`: what is posted, and how posts are verified. The mapping only hands it on.

use std::time::Duration;

use onefold_event::Problem;

use crate::language::node::{TomlNode, TomlValue};
use crate::language::options::{FORM, SECRET, VERIFY};
use crate::report::diagnostics::Diagnostics;

/// What names of topics begin with that keep what is posted; the connector's name follows.
pub(crate) const HOOKS: &str = "intake.hooks.";
/// How far a time may be off where nothing is said of it.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);
/// A post that may be sent again for longer is as good as one without a time.
const MOST_TOLERANCE: Duration = Duration::from_secs(24 * 3600);

/// What is posted to a hub, and how posts are verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookSettings {
    /// How posts are verified.
    pub verify: HookVerification,
    /// How far the time that a post was signed at may be from the hub's clock, to either side.
    pub tolerance: Duration,
    /// Where the record stands in the body.
    pub body: HookBody,
    /// Headers that the mapping reads, in small letters.
    pub headers: Vec<String>,
}

/// How posts are verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookVerification {
    /// Not at all: only this machine itself may post.
    None,
    /// By a secret that the sender has too; of several each counts.
    Secret {
        /// What the sender does with it.
        scheme: HookScheme,
        /// Where the secrets are; at least one.
        secrets: Vec<SecretPlace>,
        /// The header with the sender's number of the post, in small letters; none: by its usual names.
        id: Option<String>,
    },
}

/// What a sender does with the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookScheme {
    /// Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`.
    StandardWebhooks,
    /// HMAC-SHA256 over `timestamp.body`, both in `Stripe-Signature`.
    Stripe,
    /// HMAC-SHA256 over the body, in a header.
    Hmac(HmacHeader),
    /// It sends the secret itself.
    Bearer,
}

/// A header that holds the HMAC-SHA256 of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HmacHeader {
    /// Its name, in small letters.
    pub header: String,
    /// What stands before the signature.
    pub prefix: String,
    /// How the signature is written.
    pub encoding: HmacEncoding,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HmacEncoding {
    /// In hexadecimal digits.
    Hex,
    /// In base64, with padding.
    Base64,
}

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretPlace {
    /// An environment variable.
    Variable(String),
    /// A file; a relative path begins where the connector file stands.
    File(String),
}

/// Where the record stands in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookBody {
    /// The body is the record.
    Whole,
    /// The fields of the form are one JSON object.
    Fields,
    /// This field of the form is the record.
    Field(String),
}

/// The words of schemes.
#[derive(Clone, Copy, PartialEq)]
enum SchemeWord {
    Standard,
    Stripe,
    Shopify,
    GitHub,
    Hmac,
    Bearer,
}

const SCHEMES: [(&str, SchemeWord); 6] = [
    ("standard-webhooks", SchemeWord::Standard),
    ("stripe", SchemeWord::Stripe),
    ("shopify", SchemeWord::Shopify),
    ("github", SchemeWord::GitHub),
    ("hmac-sha256", SchemeWord::Hmac),
    ("bearer", SchemeWord::Bearer),
];

impl HookSettings {
    pub(crate) fn parse(node: &TomlNode, diagnostics: &mut Diagnostics) -> Option<Self> {
        let body = node.get("body").and_then(|n| read_body(n, diagnostics)).unwrap_or(HookBody::Whole);
        let tolerance = node.get("tolerance");
        let headers = read_headers(node, &body, diagnostics);
        let Some(n) = node.get("verify") else {
            let problem = Problem::new("M0102", "[from] does not say how posts are verified")
                .help("verify = { scheme = \"standard-webhooks\", secret = { env = \"SHOP_SECRET\" } }")
                .help("or verify = \"none\", where nobody but this machine itself posts");
            diagnostics.add(&node.span, problem);
            return None;
        };
        let verify = read_verification(n, diagnostics)?;
        let timed = matches!(
            verify,
            HookVerification::Secret { scheme: HookScheme::StandardWebhooks | HookScheme::Stripe, .. }
        );
        if let Some(n) = tolerance.filter(|_| !timed) {
            let message = "`tolerance` is for schemes that sign a time: standard-webhooks and stripe";
            diagnostics.report_message(&n.span, "M0112", message);
        }
        let tolerance = tolerance.map_or(Some(TOLERANCE), |n| {
            let told = n.expect_while(diagnostics)?;
            if told.is_zero() || told > MOST_TOLERANCE {
                diagnostics.report_message(&n.span, "M0103", "`tolerance` is from 1s to 24h");
            }
            Some(told)
        })?;
        Some(Self { verify, tolerance, body, headers })
    }
}

fn read_body(node: &TomlNode, diagnostics: &mut Diagnostics) -> Option<HookBody> {
    if !node.is_table() {
        return node.one_of(diagnostics, &[("form", ())]).map(|()| HookBody::Fields);
    }
    node.allow_keys(diagnostics, "`body`", &FORM.keys());
    let Some(n) = node.get("form") else {
        diagnostics.report_message(&node.span, "M0102", "`body` does not say which field: body = { form = \"param\" }");
        return None;
    };
    n.expect_text(diagnostics).map(|field| HookBody::Field(field.to_owned()))
}

fn read_headers(node: &TomlNode, body: &HookBody, diagnostics: &mut Diagnostics) -> Vec<String> {
    let Some(n) = node.get("headers") else { return Vec::new() };
    if matches!(body, HookBody::Field(_)) {
        let message = "`headers` stand among the members of the body, and of this body one field alone is read";
        diagnostics.report_message(&n.span, "M0112", message);
    }
    match &n.value {
        TomlValue::List(list) => list.iter().filter_map(|n| read_header(n, diagnostics)).collect(),
        _ => read_header(n, diagnostics).into_iter().collect(),
    }
}

fn read_verification(node: &TomlNode, diagnostics: &mut Diagnostics) -> Option<HookVerification> {
    if !node.is_table() {
        hide_texts(node, diagnostics);
        return node.one_of(diagnostics, &[("none", ())]).map(|()| HookVerification::None);
    }
    for entry in node.entries() {
        match entry.key.as_str() {
            "secret" => hide_secrets(&entry.node, diagnostics),
            key if VERIFY.keys().contains(&key) => {}
            // Whatever it is called, it may be the secret.
            _ => hide_texts(&entry.node, diagnostics),
        }
    }
    node.allow_keys(diagnostics, "`verify`", &VERIFY.keys());
    let Some(n) = node.get("scheme") else {
        diagnostics.report_message(&node.span, "M0102", "`verify` does not say its `scheme`");
        return None;
    };
    let word = n.one_of(diagnostics, &SCHEMES)?;
    let secrets = match node.get("secret") {
        Some(n) => read_secrets(n, diagnostics),
        None => {
            let problem = Problem::new("M0102", "`verify` does not say where its `secret` is");
            diagnostics.add(&node.span, problem.help("secret = { env = \"SHOP_SECRET\" }, or { file = \"..\" }"));
            Vec::new()
        }
    };
    for key in ["header", "prefix", "encoding"] {
        if let Some(entry) = node.entry(key).filter(|_| word != SchemeWord::Hmac) {
            let message = format!("`{key}` is for the scheme hmac-sha256: the others know theirs");
            diagnostics.report_message(&entry.at, "M0112", message);
        }
    }
    let id = node.get("id").and_then(|n| read_header(n, diagnostics));
    if let Some(entry) = node.entry("id").filter(|_| !matches!(word, SchemeWord::Hmac | SchemeWord::Bearer)) {
        diagnostics.report_message(&entry.at, "M0112", "`id` is for hmac-sha256 and bearer: the others know theirs");
    }
    let known = |header: &str, prefix: &str, encoding| {
        HookScheme::Hmac(HmacHeader { header: header.to_owned(), prefix: prefix.to_owned(), encoding })
    };
    let scheme = match word {
        SchemeWord::Standard => HookScheme::StandardWebhooks,
        SchemeWord::Stripe => HookScheme::Stripe,
        SchemeWord::Bearer => HookScheme::Bearer,
        SchemeWord::Shopify => known("x-shopify-hmac-sha256", "", HmacEncoding::Base64),
        SchemeWord::GitHub => known("x-hub-signature-256", "sha256=", HmacEncoding::Hex),
        SchemeWord::Hmac => HookScheme::Hmac(read_hmac(node, diagnostics)?),
    };
    (!secrets.is_empty()).then_some(HookVerification::Secret { scheme, secrets, id })
}

fn read_hmac(node: &TomlNode, diagnostics: &mut Diagnostics) -> Option<HmacHeader> {
    let Some(n) = node.get("header") else {
        let message = "`verify` does not say in which `header` the signature stands";
        diagnostics.report_message(&node.span, "M0102", message);
        return None;
    };
    let words = [("hex", HmacEncoding::Hex), ("base64", HmacEncoding::Base64)];
    let prefix = node.get("prefix").and_then(|n| n.expect_text(diagnostics)).unwrap_or_default().to_owned();
    let encoding = node.get("encoding").map_or(Some(HmacEncoding::Hex), |n| n.one_of(diagnostics, &words));
    Some(HmacHeader { header: read_header(n, diagnostics)?, prefix, encoding: encoding? })
}

/// A header's name, in small letters.
fn read_header(node: &TomlNode, diagnostics: &mut Diagnostics) -> Option<String> {
    let text = node.expect_text(diagnostics)?;
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if !plain {
        diagnostics.report_message(&node.span, "M0103", "a header's name is made of letters, digits, - and _");
    }
    plain.then(|| text.to_ascii_lowercase())
}

fn read_secrets(node: &TomlNode, diagnostics: &mut Diagnostics) -> Vec<SecretPlace> {
    match &node.value {
        TomlValue::List(list) => {
            if list.is_empty() {
                diagnostics.report_message(&node.span, "M0102", "no `secret` is named");
            }
            list.iter().filter_map(|n| read_secret(n, diagnostics)).collect()
        }
        _ => read_secret(node, diagnostics).into_iter().collect(),
    }
}

fn read_secret(node: &TomlNode, diagnostics: &mut Diagnostics) -> Option<SecretPlace> {
    const ADVICE: &str = "name where it is: secret = { env = \"SHOP_SECRET\" }, or { file = \"/run/secrets/shop\" }";
    if !node.is_table() {
        let problem = Problem::new("M0103", "a secret never stands in a connector file").help(ADVICE);
        diagnostics.add(&node.span, problem);
        return None;
    }
    node.allow_keys(diagnostics, "`secret`", &SECRET.keys());
    let mut places = Vec::new();
    for (key, place) in [("env", SecretPlace::Variable as fn(String) -> _), ("file", SecretPlace::File)] {
        let text = node.get(key).and_then(|n| n.expect_text(diagnostics));
        places.extend(text.map(|text| place(text.to_owned())));
    }
    if let [SecretPlace::Variable(name)] = places.as_slice()
        && (name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
    {
        // It may be the secret itself.
        diagnostics.hide(name);
        let message = "`env` is the name of an environment variable: letters, digits and _";
        diagnostics.add(&node.span, Problem::new("M0103", message).help(ADVICE));
        return None;
    }
    if places.len() != 1 {
        let problem = Problem::new("M0103", "a `secret` is in one place: `env` or `file`").help(ADVICE);
        diagnostics.add(&node.span, problem);
        return None;
    }
    places.pop()
}

/// Whatever stands in the place of a secret is never shown, but for the names of where it is.
fn hide_secrets(node: &TomlNode, diagnostics: &mut Diagnostics) {
    match &node.value {
        TomlValue::List(list) => list.iter().for_each(|n| hide_secrets(n, diagnostics)),
        TomlValue::Table(entries) => {
            let others = entries.iter().filter(|entry| !SECRET.keys().contains(&entry.key.as_str()));
            others.for_each(|entry| hide_texts(&entry.node, diagnostics));
        }
        _ => hide_texts(node, diagnostics),
    }
}

fn hide_texts(node: &TomlNode, diagnostics: &mut Diagnostics) {
    match &node.value {
        TomlValue::Text(text) => diagnostics.hide(text),
        TomlValue::List(list) => list.iter().for_each(|n| hide_texts(n, diagnostics)),
        TomlValue::Table(entries) => entries.iter().for_each(|entry| hide_texts(&entry.node, diagnostics)),
        TomlValue::Integer(_) | TomlValue::Bool(_) | TomlValue::Other => {}
    }
}
