//! A cell: where a value comes from, and its options in the order in which they run.

use super::OptionValue::{
    Cells, Constant, ConstantOrCell, Constants, Expression, Factor, Flag, Integer, Pair, Path, Table, Text, TextMap,
    TextOrCell, Texts, Words, WordsOr,
};
use super::sections::MARKS;
use super::{OptionTable, OptionValue, REQUIRED, option};

const FOLD: OptionValue = Words(&["width", "case", "all"]);
const PICK: OptionValue = Words(&["same", "first", "last", "min", "max", "sum", "count", "list"]);
const TYPE: OptionValue = Words(&["text", "integer", "decimal", "money", "date", "time", "bool"]);

pub(crate) static CELL: OptionTable = OptionTable {
    place: "a cell",
    meaning: "Where a value comes from (one of `from`, `first_of`, `join`, `value`, `use`, `calc`), and what is done to it, in this order however it is written. A bare text is `{ from = \"…\" }`.",
    options: &[
        option(
            "from",
            Path,
            "",
            "A heading, verbatim, or `#3` by place; of JSON a path such as `a.b[0]`, `a[].b` of every item, `#item` the item itself, or `$.x` of the whole body; anywhere `#file`, `#line`, `#index`, `#rows`.",
            "{ from = \"Amount\" }",
        ),
        option("first_of", Cells, "", "The first of these that is there.", "{ first_of = [\"Mobile\", \"Phone\"] }"),
        option(
            "join",
            Cells,
            "",
            "Texts of these together; what is blank is left out.",
            "{ join = [\"Street\", \"House\"] }",
        ),
        option("with", Text, "a blank", "Between joined texts.", "{ join = [\"Zip\", \"City\"], with = \" \" }"),
        option("value", Constant, "", "A constant.", "{ value = \"web\" }"),
        option("use", Text, "", "A name of `[let]`, or a field set beside.", "{ use = \"placed\" }"),
        option(
            "calc",
            Expression,
            "",
            "Computed of names: `+ - * /`, comparisons, `if … then … else …`, and functions.",
            "{ calc = \"if n > 0 then n else 0\", as = \"integer\" }",
        ),
        option(
            "pick",
            PICK,
            "same",
            "What to do with the values of several rows.",
            "{ from = \"Amount\", pick = \"sum\", as = \"decimal\" }",
        ),
        option("trim", Flag, "true", "Whether blanks at the ends are cut off.", "{ from = \"Code\", trim = false }"),
        option(
            "blank",
            Texts,
            "as [assume] says",
            "Texts that say that nothing is there.",
            "{ from = \"Code\", blank = [\"0\"] }",
        ),
        option(
            "fold",
            FOLD,
            "",
            "Writes full-width characters as half-width ones, capitals as small letters, or both.",
            "{ from = \"Code\", fold = \"case\" }",
        ),
        option(
            "strip",
            Texts,
            "",
            "Texts that are taken out wherever they stand.",
            "{ from = \"Rate\", strip = [\"%\"], as = \"decimal\" }",
        ),
        option(
            "replace",
            TextMap,
            "",
            "Texts that stand in the place of others.",
            "{ from = \"Code\", replace = { O = \"0\" } }",
        ),
        option(
            "match",
            Text,
            "",
            "A regular expression: its first group, or all that it matches.",
            "{ from = \"Note\", match = 'SO-(\\d+)' }",
        ),
        option(
            "part",
            Table(&PART),
            "",
            "One of the pieces between marks.",
            "{ from = \"Name\", part = { by = \",\", n = 1 } }",
        ),
        option(
            "slice",
            Pair,
            "",
            "Characters: from which, counted from 1, and how many.",
            "{ from = \"Code\", slice = [1, 3] }",
        ),
        option("enum", Text, "", "An `[enum]` that says what the word means.", "{ from = \"Kind\", enum = \"kind\" }"),
        option(
            "lookup",
            Text,
            "",
            "A `[lookup]` whose row the text is a key of.",
            "{ from = \"Unit\", lookup = \"unit\", take = \"unece\" }",
        ),
        option(
            "take",
            Text,
            "required with lookup",
            "Which column of the look-up.",
            "{ from = \"Unit\", lookup = \"unit\", take = \"unece\" }",
        ),
        option(
            "else",
            WordsOr(&["reject", "absent", "keep"], &ALTERNATIVE),
            "as the enum says; reject",
            "What to do with a word that is not listed.",
            "{ from = \"Unit\", lookup = \"unit\", take = \"unece\", else = \"keep\" }",
        ),
        option(
            "number",
            Words(&["1,234.56", "1.234,56", "1 234,56", "1'234.56", "12,34,567.89", "1234.56", "1234,56"]),
            "as [assume] says",
            "How numbers are written, by example.",
            "{ from = \"Amount\", as = \"decimal\", number = \"1.234,56\" }",
        ),
        option(
            "negative",
            Words(&["-1", "1-", "(1)"]),
            "as [assume] says",
            "How negative numbers are written, by example.",
            "{ from = \"Amount\", as = \"decimal\", negative = \"1-\" }",
        ),
        option(
            "minor",
            Flag,
            "false",
            "The amount is in smallest units, such as cents: of its `currency`, or of that of [assume].",
            "{ from = \"Cents\", as = \"money\", currency = \"EUR\", minor = true }",
        ),
        option(
            "currency",
            TextOrCell,
            "as [assume] says",
            "Currency of the amount.",
            "{ from = \"Amount\", as = \"money\", currency = { from = \"Currency\" } }",
        ),
        option(
            "date",
            Texts,
            "as [assume] says",
            "How dates are written.",
            "{ from = \"Day\", as = \"date\", date = \"dd/MM/yyyy\" }",
        ),
        option(
            "time",
            Texts,
            "as [assume] says",
            "How times are written; a date takes the day of such a time.",
            "{ from = \"At\", as = \"time\", time = \"iso8601\", zone = \"UTC\" }",
        ),
        option(
            "years",
            Pair,
            "as [assume] says",
            "In which years a date may be.",
            "{ from = \"Day\", as = \"date\", date = \"yyyy-MM-dd\", years = [1800, 2100] }",
        ),
        option(
            "pivot",
            Integer,
            "as [assume] says",
            "The first of the hundred years that two digits mean.",
            "{ from = \"Day\", as = \"date\", date = \"dd.MM.yy\", pivot = 1950 }",
        ),
        option(
            "zone",
            TextOrCell,
            "as [assume] says",
            "Zone of local times.",
            "{ from = \"At\", as = \"time\", time = \"yyyy-MM-dd HH:mm\", zone = \"Asia/Shanghai\" }",
        ),
        option(
            "dst",
            Words(&["earlier", "later", "reject"]),
            "as [assume] says",
            "Which hour is meant when clocks are put back.",
            "{ from = \"At\", as = \"time\", time = \"yyyy-MM-dd HH:mm\", zone = \"Europe/Berlin\", dst = \"later\" }",
        ),
        option(
            "at",
            Text,
            "",
            "A written day at this time of day; the event is known to the day only.",
            "{ from = \"Day\", as = \"time\", date = \"yyyy-MM-dd\", zone = \"UTC\", at = \"00:00\" }",
        ),
        option(
            "bool",
            Table(&MARKS),
            "as [assume] says",
            "How yes and no are written.",
            "{ from = \"Paid\", as = \"bool\", bool = { yes = [\"Y\"], no = [\"N\"] } }",
        ),
        option(
            "negate",
            Flag,
            "false",
            "Plus and minus change places.",
            "{ from = \"Amount\", as = \"decimal\", negate = true }",
        ),
        option("abs", Flag, "false", "Without its sign.", "{ from = \"Amount\", as = \"decimal\", abs = true }"),
        option(
            "times",
            Factor,
            "",
            "Multiplied; a decimal stands in quotes.",
            "{ from = \"Rate\", as = \"decimal\", times = \"0.01\" }",
        ),
        option(
            "round",
            Integer,
            "",
            "To so many decimals, half away from zero.",
            "{ from = \"Amount\", as = \"decimal\", round = 2 }",
        ),
        option(
            "add_days",
            Integer,
            "",
            "So many days later, or earlier.",
            "{ from = \"Day\", as = \"date\", date = \"yyyy-MM-dd\", add_days = 30 }",
        ),
        option(
            "default",
            ConstantOrCell,
            "absent",
            "What counts where nothing is there.",
            "{ from = \"Channel\", default = \"web\" }",
        ),
        option(
            "required",
            Flag,
            "as the catalogue says",
            "Whether a record without it is refused.",
            "{ from = \"Code\", required = true }",
        ),
        option(
            "on_bad",
            Words(&["reject", "absent"]),
            "reject",
            "Whether a bad value spoils the record, or is a finding and left out.",
            "{ from = \"Day\", as = \"date\", date = \"yyyy-MM-dd\", on_bad = \"absent\" }",
        ),
        option("one_of", Constants, "", "What it may be.", "{ from = \"Code\", one_of = [\"A\", \"B\"] }"),
        option(
            "between",
            Constants,
            "",
            "The least and the greatest that it may be.",
            "{ from = \"Qty\", as = \"integer\", between = [1, 1000] }",
        ),
        option("like", Text, "", "A regular expression that it must match.", "{ from = \"Code\", like = '^[A-Z]+$' }"),
        option("max_length", Integer, "", "Most characters.", "{ from = \"Code\", max_length = 20 }"),
    ],
};

pub(crate) static SEVERAL: OptionTable = OptionTable {
    place: "a cell that may give several values",
    meaning: "Beside the options of a cell: in `[let]`, in `refs`, and in fields that are lists.",
    options: &[option(
        "match_all",
        Text,
        "",
        "A regular expression: a list of all that it matches, of each its first group.",
        "{ from = \"Note\", match_all = 'RE ([0-9]+)' }",
    )],
};

pub(crate) static NAMED: OptionTable = OptionTable {
    place: "[let]",
    meaning: "Named cells, for conditions and for cells that `use` them.",
    options: &[option(
        "as",
        TYPE,
        "text; what is computed must say it",
        "Of which type it is.",
        "{ from = \"Qty\", as = \"integer\" }",
    )],
};

pub(crate) static LIST: OptionTable = OptionTable {
    place: "a list",
    meaning: "Stands in `[let.NAME]` and `[event.NAME.set.LIST]` beside the items' own cells.",
    options: &[
        option(
            "each",
            Path,
            REQUIRED,
            "What it has an item for: `#rows`, which of JSON is the record itself, once; or the path of a list; one that ends in `[]` takes the items of all.",
            "each = \"#rows\"",
        ),
        option("when", Expression, "all", "Which items stay.", "each = \"#rows\"\nwhen = \"n > 0\""),
        option(
            "let",
            OptionValue::Names,
            "",
            "Names of the item's own, in `set`.",
            "each = \"#rows\"\nlet = { n = { from = \"Qty\", as = \"integer\" } }",
        ),
    ],
};

pub(crate) static IDENTIFIER: OptionTable = OptionTable {
    place: "[event.NAME.refs], an identifier",
    meaning: "Beside the options of a cell.",
    options: &[
        option(
            "issuer",
            TextOrCell,
            "[assume] region for what a country issues",
            "Who issued it: a country, or for `number` the source whose number it is.",
            "{ from = \"Customer\", issuer = \"erp\" }",
        ),
        option("role", Text, "", "Whose it is on a document.", "{ from = \"Phone\", role = \"buyer\" }"),
    ],
};

pub(crate) static SUBJECT: OptionTable = OptionTable {
    place: "subject",
    meaning: "Beside the options of a cell. Fields and references that hold subjects take `source` too.",
    options: &[
        option(
            "kind",
            Text,
            "the first of the event's kinds",
            "Which kind of subject.",
            "{ from = \"No\", kind = \"invoice\" }",
        ),
        option(
            "source",
            TextOrCell,
            "the connector's source",
            "Whose number it is.",
            "{ from = \"No\", source = \"erp\" }",
        ),
    ],
};

pub(crate) static PART: OptionTable = OptionTable {
    place: "`part`",
    meaning: "One of the pieces between marks.",
    options: &[
        option("by", Text, REQUIRED, "The mark.", "{ from = \"Name\", part = { by = \",\", n = 1 } }"),
        option(
            "n",
            Integer,
            REQUIRED,
            "Which piece, counted from 1; from the end if negative.",
            "{ from = \"Name\", part = { by = \",\", n = -1 } }",
        ),
    ],
};

pub(crate) static ALTERNATIVE: OptionTable = OptionTable {
    place: "`else`",
    meaning: "What stands for any other word.",
    options: &[option(
        "value",
        Text,
        REQUIRED,
        "This constant.",
        "{ from = \"Kind\", enum = \"kind\", else = { value = \"other\" } }",
    )],
};
