//! `[common]`, `[event.NAME]` and `[test.NAME]`.

use super::OptionValue::{
    AnyOf, Cell, Cells, Expression, ExpressionMap, Fields, Names, Path, References, Table, Text, TextMap, Texts, Words,
};
use super::{OptionTable, REQUIRED, option};

pub(crate) static COMMON: OptionTable = OptionTable {
    place: "[common]",
    meaning: "What every event has, unless it says otherwise itself.",
    options: &[
        option("subject", Cell, REQUIRED, "What the event is about: its number in the source.", "subject = \"No\""),
        option(
            "id",
            Cells,
            REQUIRED,
            "What tells this record from all others of the source; source text, cut and never translated.",
            "id = [\"No\", \"Line\"]",
        ),
        option(
            "revision",
            AnyOf(&[Cell, Table(&CONTENT)]),
            "none: a changed record is a conflict",
            "The source's own version of the record, or a digest of what is read.",
            "revision = { by = \"content\", order = \"Changed\" }",
        ),
        option("occurred_at", Cell, REQUIRED, "When it happened.", "occurred_at = { from = \"Day\", at = \"00:00\" }"),
        option("part", Text, "", "Tells two events of one record with the same id apart.", "part = \"payment\""),
        option(
            "refs",
            References,
            "",
            "References in roles, and identifiers; mostly a section of its own.",
            "refs = { buyer = \"Customer\", phone = \"Phone\" }",
        ),
        option(
            "set",
            Fields,
            "",
            "Fields of the event; mostly a section of its own.",
            "set = { issued_on = \"Day\", total = \"Amount\" }",
        ),
        option(
            "expect",
            ExpressionMap,
            "",
            "What must hold of the event, by name; what fails goes to quarantine under it.",
            "expect = { \"is not free\" = \"total > 0\" }",
        ),
        option("let", Names, "", "Names of the event's own.", "let = { n = { from = \"Qty\", as = \"integer\" } }"),
    ],
};

pub(crate) static EVENT: OptionTable = OptionTable {
    place: "[event.NAME]",
    meaning: "An event that a record makes; what [common] takes, and this.",
    options: &[
        option("type", Text, REQUIRED, "Its type in the catalogue.", "type = \"finance.invoice_issued.v1\""),
        option("when", Expression, "always", "Which records make it.", "when = \"kind == 'web'\""),
        option("each", Path, "one", "One event for each: `#rows`, or the path of a list.", "each = \"#rows\""),
    ],
};

pub(crate) static CONTENT: OptionTable = OptionTable {
    place: "`revision`",
    meaning: "A digest of the values that the mapping reads.",
    options: &[
        option("by", Words(&["content"]), REQUIRED, "What the version is made of.", "revision = { by = \"content\" }"),
        option(
            "order",
            Cell,
            "the order of taking in",
            "What tells which version is later.",
            "revision = { by = \"content\", order = \"Changed\" }",
        ),
    ],
};

pub(crate) static TEST: OptionTable = OptionTable {
    place: "[test.NAME]",
    meaning: "A test of the connector file, which must pass before it runs. `onefold connector try --accept NAME` writes one of a record of a sample.",
    options: &[
        option(
            "input",
            Text,
            "required, or `file`",
            "Records in the source's own form; columns that it leaves out are blank.",
            "input = '''\nNo,At,Day,Amount\nA,2026-03-09 10:00,2026-03-09,1\n'''\nemits = [\"invoice\"]",
        ),
        option("file", Text, "", "A file with them.", "file = \"sample.csv\"\nemits = [\"invoice\"]"),
        option(
            "emits",
            Texts,
            "none",
            "Names of the events that come, in order.",
            "input = \"No,At,Day,Amount\\nA,2026-03-09 10:00,2026-03-09,1\\n\"\nemits = [\"invoice\"]",
        ),
        option(
            "rejects",
            Texts,
            "none",
            "Columns, fields or codes that are refused.",
            "input = \"No,At,Day,Amount\\nA,2026-03-09 10:00,2026-03-09,x\\n\"\nrejects = [\"Amount\"]",
        ),
        option(
            "skips",
            Texts,
            "none",
            "Reasons for which records are skipped.",
            "input = \"No,At,Day,Amount,Kind\\nA,2026-03-09 10:00,2026-03-09,1,D\\n\"\nskips = [\"draft\"]",
        ),
        option(
            "check",
            TextMap,
            "",
            "Values of the events, by their place from 0 and their field.",
            "input = \"No,At,Day,Amount\\nA,2026-03-09 10:00,2026-03-09,1\\n\"\ncheck = { \"0.total\" = \"1 EUR\", \"0.refs.buyer\" = \"\" }",
        ),
    ],
};
