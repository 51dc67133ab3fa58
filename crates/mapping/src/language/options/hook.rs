//! `[from]` with `kind = "http"`: what is posted to the hub, and how posts are verified.

use super::OptionValue::{TableList, Text, Texts, Words, WordsOr};
use super::{OptionTable, REQUIRED, option};

pub(crate) static HTTP: OptionTable = OptionTable {
    place: "[from], kind = \"http\"",
    meaning: "Webhooks: `onefold run` takes each body that is posted to `/v1/hooks/` and the connector's name, keeps it durably in the topic `intake.hooks.` and that name, answers 202, and then maps it.",
    options: &[
        option(
            "verify",
            WordsOr(&["none"], &VERIFY),
            REQUIRED,
            "How posts are verified. `\"none\"`: not at all, which only posts from this machine itself may be.",
            "kind = \"http\"\nverify = { scheme = \"standard-webhooks\", secret = { env = \"SHOP_SECRET\" } }",
        ),
        option(
            "tolerance",
            Text,
            "5m",
            "How far the time that a post was signed at may be from the hub's clock, to either side: seconds, minutes or hours, at most 24h. With `standard-webhooks` and `stripe`; the others sign no time.",
            "kind = \"http\"\ntolerance = \"2m\"\nverify = { scheme = \"stripe\", secret = { env = \"STRIPE_SECRET\" } }",
        ),
        option(
            "headers",
            Texts,
            "none",
            "Headers that the mapping reads. Each that comes stands among the members of the body, its name in small letters: `$.x-shopify-topic`. Most senders do not sign them.",
            "kind = \"http\"\nheaders = [\"X-Shopify-Topic\"]\nverify = { scheme = \"shopify\", secret = { env = \"SHOP_SECRET\" } }",
        ),
        option(
            "body",
            WordsOr(&["form"], &FORM),
            "the record, as it is",
            "Bodies are forms (`application/x-www-form-urlencoded`). `\"form\"`: the fields are one JSON object of texts, a field that comes several times a list.",
            "kind = \"http\"\nbody = \"form\"\nverify = { scheme = \"bearer\", secret = { env = \"SHOP_TOKEN\" } }",
        ),
    ],
};

pub(crate) static VERIFY: OptionTable = OptionTable {
    place: "`verify`",
    meaning: "How posts are verified. What is signed is the body as it was sent; signatures are compared in constant time.",
    options: &[
        option(
            "scheme",
            Words(&["standard-webhooks", "stripe", "shopify", "github", "hmac-sha256", "bearer"]),
            REQUIRED,
            "`standard-webhooks`: `webhook-id`, `webhook-timestamp`, `webhook-signature`. `stripe`: `Stripe-Signature` with `t=` and `v1=`. `shopify`: `X-Shopify-Hmac-Sha256`, in base64. `github`: `X-Hub-Signature-256`, `sha256=` and hex. `hmac-sha256`: a header of your own. `bearer`: `Authorization: Bearer` and the secret.",
            "verify = { scheme = \"github\", secret = { env = \"GITHUB_SECRET\" } }",
        ),
        option(
            "secret",
            TableList(&SECRET),
            REQUIRED,
            "Where the secret is; it never stands here. A list while it is rotated: each of them counts.",
            "verify = { scheme = \"stripe\", secret = [{ env = \"STRIPE_SECRET\" }, { file = \"/run/secrets/stripe\" }] }",
        ),
        option(
            "header",
            Text,
            "",
            "`hmac-sha256`: the header that holds the signature of the body.",
            "verify = { scheme = \"hmac-sha256\", header = \"X-WC-Webhook-Signature\", encoding = \"base64\", secret = { env = \"WOO_SECRET\" } }",
        ),
        option(
            "prefix",
            Text,
            "",
            "`hmac-sha256`: what stands before the signature in its header.",
            "verify = { scheme = \"hmac-sha256\", header = \"X-Hmac-Signature\", prefix = \"hmac-sha256-hex=\", secret = { env = \"EASYPOST_SECRET\" } }",
        ),
        option(
            "encoding",
            Words(&["hex", "base64"]),
            "hex",
            "`hmac-sha256`: how the signature is written.",
            "verify = { scheme = \"hmac-sha256\", header = \"X-Signature\", encoding = \"base64\", secret = { env = \"SHOP_SECRET\" } }",
        ),
        option(
            "id",
            Text,
            "webhook-id, and what Shopify, GitHub and WooCommerce call it",
            "The header that holds the sender's own number of the post, by which answers name it.",
            "verify = { scheme = \"bearer\", id = \"X-Delivery\", secret = { env = \"SHOP_TOKEN\" } }",
        ),
    ],
};

pub(crate) static SECRET: OptionTable = OptionTable {
    place: "`secret`",
    meaning: "Where a secret is: one of these.",
    options: &[
        option(
            "env",
            Text,
            "",
            "The environment variable that holds it.",
            "verify = { scheme = \"bearer\", secret = { env = \"SHOP_TOKEN\" } }",
        ),
        option(
            "file",
            Text,
            "",
            "The file that holds it, and nothing else but a line end; a relative path begins where the connector file stands.",
            "verify = { scheme = \"bearer\", secret = { file = \"/run/secrets/shop\" } }",
        ),
    ],
};

pub(crate) static FORM: OptionTable = OptionTable {
    place: "`body`",
    meaning: "Which part of a form is read.",
    options: &[option(
        "form",
        Text,
        REQUIRED,
        "The field of the form that holds the record.",
        "body = { form = \"param\" }",
    )],
};
