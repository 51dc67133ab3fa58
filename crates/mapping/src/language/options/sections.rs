//! `[connector]`, `[from]`, `[read]`, `[assume]` and the tables of words.

use super::OptionValue::{
    Flag, Heading, Integer, IntegerMap, IntegerOr, Pair, Path, Table, Text, TextMap, TextOrCell, Texts, TextsMap,
    Words, WordsOr,
};
use super::{ALTERNATIVE, OptionTable, OptionValue, REQUIRED, option};

const KINDS: OptionValue = OptionValue::WordList(&["file", "stdin", "http", "kafka"]);
const FOLD: OptionValue = Words(&["width", "case", "all"]);

pub(crate) static CONNECTOR: OptionTable = OptionTable {
    place: "[connector]",
    meaning: "What the file is called, and which system it speaks for.",
    options: &[
        option(
            "name",
            Text,
            REQUIRED,
            "Cursor, quarantine and metrics bear it: letters, digits, `-`, `_`, `.`, at most 64.",
            "name = \"erp-invoices\"",
        ),
        option(
            "source",
            Text,
            REQUIRED,
            "The system that speaks: part of every subject and event id, never changed once live.",
            "source = \"erp\"",
        ),
        option(
            "mapping",
            Integer,
            "1",
            "Raised when the meaning of a field changes; `ingest --remap` then makes older events anew.",
            "mapping = 2",
        ),
        option("owner", Text, "", "Whom to ask; for people alone.", "owner = \"finance systems\""),
        option("note", Text, "", "For people alone.", "note = \"nightly export, complete by 04:00\""),
    ],
};

pub(crate) static FROM: OptionTable = OptionTable {
    place: "[from]",
    meaning: "Where the bytes come from. What else may stand here depends on the kind.",
    options: &[option(
        "kind",
        KINDS,
        REQUIRED,
        "What kind of place; a list of them where the same records come in several ways.",
        "kind = [\"file\", \"stdin\"]",
    )],
};

pub(crate) static FILE: OptionTable = OptionTable {
    place: "[from], kind = \"file\"",
    meaning: "Files.",
    options: &[
        option(
            "path",
            Texts,
            "",
            "Where they stand: paths with `*` and `?`, or directories. `onefold run` watches what begins with `/`.",
            "kind = \"file\"\npath = \"/drop/erp/invoices-*.csv\"",
        ),
        option(
            "done",
            WordsOr(&["growing"], &DONE),
            "as it is found",
            "When a file is finished; `growing`: never, it is followed line by line, and through rotations.",
            "kind = \"file\"\npath = \"/drop/erp\"\ndone = { marker = \".ok\" }",
        ),
        option(
            "after",
            WordsOr(&["keep", "delete"], &ARCHIVE),
            "keep",
            "What becomes of a file that was read to its end.",
            "kind = \"file\"\npath = \"/drop/erp\"\nafter = { move = \"/drop/erp/archive\" }",
        ),
    ],
};

pub(crate) static KAFKA: OptionTable = OptionTable {
    place: "[from], kind = \"kafka\"",
    meaning: "Messages in topics of intake.",
    options: &[
        option(
            "topics",
            Texts,
            REQUIRED,
            "Topics of intake: `intake.` and a name.",
            "kind = \"kafka\"\ntopics = [\"intake.finance\"]",
        ),
        option(
            "group",
            Text,
            "the connector's name",
            "Under which name processes share partitions out and keep how far they are.",
            "kind = \"kafka\"\ntopics = [\"intake.finance\"]\ngroup = \"erp-invoices-2\"",
        ),
    ],
};

pub(crate) static DONE: OptionTable = OptionTable {
    place: "`done`",
    meaning: "When a file is finished.",
    options: &[
        option(
            "marker",
            Text,
            "",
            "When a file of its name with this ending stands beside it.",
            "done = { marker = \".ok\" }",
        ),
        option(
            "idle",
            Text,
            "",
            "When it has not grown for so long: seconds, minutes or hours.",
            "done = { idle = \"5m\" }",
        ),
    ],
};

pub(crate) static ARCHIVE: OptionTable = OptionTable {
    place: "`after`",
    meaning: "What becomes of a file that was read.",
    options: &[option("move", Text, REQUIRED, "Into which directory it is moved.", "after = { move = \"/archive\" }")],
};

pub(crate) static READ: OptionTable = OptionTable {
    place: "[read]",
    meaning: "How records are got out of bytes.",
    options: &[
        option(
            "format",
            Words(&["csv", "ndjson", "json"]),
            REQUIRED,
            "`csv`: a table; `ndjson`: one JSON value per line; `json`: JSON documents.",
            "format = \"ndjson\"",
        ),
        option(
            "charset",
            Texts,
            "utf-8",
            "How the bytes are text; of several the byte order mark chooses, nothing is guessed.",
            "format = \"csv\"\ncharset = \"gb18030\"",
        ),
        option(
            "charset_sure",
            Flag,
            "false",
            "Read so even where every byte beyond ASCII would be UTF-8.",
            "format = \"csv\"\ncharset = \"windows-1252\"\ncharset_sure = true",
        ),
        option(
            "delimiter",
            Text,
            "\",\"",
            "Between the fields of a table: one ASCII character, or `\"blanks\"` for runs of spaces and tabs.",
            "format = \"csv\"\ndelimiter = \";\"",
        ),
        option(
            "quote",
            Text,
            "\"\\\"\"",
            "Around fields of a table: one ASCII character.",
            "format = \"csv\"\nquote = \"'\"",
        ),
        option(
            "escape",
            Text,
            "a quote is doubled",
            "Before a quote that is meant within quotes.",
            "format = \"csv\"\nescape = \"\\\\\"",
        ),
        option(
            "header",
            Heading,
            "1",
            "In which row the heading stands, counted from 1; or the columns' names, where the file has none.",
            "format = \"csv\"\nheader = 3",
        ),
        option(
            "columns",
            Words(&["exact", "at_least"]),
            "at_least",
            "Whether columns are refused that the mapping does not read.",
            "format = \"csv\"\ncolumns = \"exact\"",
        ),
        option(
            "ragged",
            Words(&["pad", "reject"]),
            "reject",
            "What becomes of rows that are too short.",
            "format = \"csv\"\nragged = \"pad\"",
        ),
        option(
            "group_by",
            Texts,
            "each row is a record",
            "Rows with one value in these columns are one record.",
            "format = \"csv\"\ngroup_by = [\"No\"]",
        ),
        option(
            "group_within",
            IntegerOr("file"),
            "10000",
            "How many rows apart rows of one record may be; `\"file\"`: anywhere in it.",
            "format = \"csv\"\ngroup_by = [\"No\"]\ngroup_within = \"file\"",
        ),
        option(
            "fill_down",
            Texts,
            "",
            "Columns whose blank cells take the value of the row above (merged cells), the outer before the inner.",
            "format = \"csv\"\ngroup_by = [\"No\"]\nfill_down = [\"No\"]",
        ),
        option(
            "limits",
            Table(&LIMITS),
            "",
            "What a record may be at most.",
            "format = \"csv\"\nlimits = { record_bytes = 1048576 }",
        ),
        option(
            "stop_after",
            Table(&STOP),
            "never",
            "The fuse: reading stops when more than this share fails.",
            "format = \"csv\"\nstop_after = { share = \"5%\", of = 1000 }",
        ),
        option(
            "records",
            Path,
            "the whole body",
            "JSON: path of the list whose items are the records, or of an object that is one.",
            "format = \"json\"\nrecords = \"data.orders\"",
        ),
        option(
            "only",
            TextsMap,
            "all",
            "JSON: bodies where these paths hold other words are not for us, and skipped.",
            "format = \"json\"\nonly = { \"$.type\" = [\"order.paid\"] }",
        ),
        option("note", Text, "", "For people alone.", "format = \"csv\"\nnote = \"saved by Excel\""),
    ],
};

pub(crate) static LIMITS: OptionTable = OptionTable {
    place: "`limits`",
    meaning: "What a record may be at most.",
    options: &[
        option("record_bytes", Integer, "16777216", "Bytes of one record.", "limits = { record_bytes = 1048576 }"),
        option(
            "record_lines",
            Integer,
            "1000",
            "Lines of one record of a table, with what stands within its quotes.",
            "limits = { record_lines = 50 }",
        ),
        option(
            "open_bytes",
            Integer,
            "1073741824",
            "Bytes of memory for records that are held back until they are whole.",
            "limits = { open_bytes = 268435456 }",
        ),
    ],
};

pub(crate) static STOP: OptionTable = OptionTable {
    place: "`stop_after`",
    meaning: "The fuse.",
    options: &[
        option("share", Text, REQUIRED, "More than this share fails.", "stop_after = { share = \"5%\" }"),
        option("of", Integer, "1000", "Of so many records.", "stop_after = { share = \"5%\", of = 200 }"),
    ],
};

pub(crate) static ASSUME: OptionTable = OptionTable {
    place: "[assume]",
    meaning: "What the source leaves unsaid, said once; a cell may say otherwise for itself.",
    options: &[
        option("zone", TextOrCell, "", "Zone of local times, by its IANA name.", "zone = \"Asia/Shanghai\""),
        option(
            "dst",
            Words(&["earlier", "later", "reject"]),
            "must be said where clocks change",
            "Which of the two hours is meant when clocks are put back.",
            "zone = \"Europe/Berlin\"\ndst = \"earlier\"",
        ),
        option(
            "date",
            Texts,
            "",
            "How dates are written: letters as in Excel and Java (`yyyy yy MM M MMM dd d`), or `iso8601`, `epoch-days`, `excel`; a list is tried in order.",
            "date = [\"dd.MM.yyyy\", \"yyyy-MM-dd\"]",
        ),
        option(
            "time",
            Texts,
            "",
            "How times are written: as dates, with `H HH h mm ss SSS a XXX`, or `iso8601`, `epoch-s`, `epoch-ms`.",
            "zone = \"UTC\"\ntime = \"yyyy-MM-dd HH:mm:ss\"",
        ),
        option("years", Pair, "[1900, 2100]", "In which years a date may be.", "years = [1800, 2100]"),
        option(
            "pivot",
            Integer,
            "must be said for years of two digits",
            "The first of the hundred years that two digits mean: of 1950, 50 is 1950 and 49 is 2049.",
            "date = \"d MMM yy\"\npivot = 1950",
        ),
        option(
            "number",
            Words(&["1,234.56", "1.234,56", "1 234,56", "1'234.56", "12,34,567.89", "1234.56", "1234,56"]),
            "1234.56",
            "How numbers are written, by example.",
            "number = \"1.234,56\"",
        ),
        option(
            "negative",
            Words(&["-1", "1-", "(1)"]),
            "-1",
            "How negative numbers are written, by example.",
            "negative = \"(1)\"",
        ),
        option(
            "currency",
            TextOrCell,
            "must be said for amounts",
            "Currency of amounts: a code of ISO 4217, or a cell.",
            "currency = { from = \"Currency\", default = \"EUR\" }",
        ),
        option(
            "minor",
            IntegerMap,
            "as ISO 4217 says",
            "Digits of smallest units by currency, where a payment service has its own.",
            "minor = { ISK = 2, MGA = 0 }",
        ),
        option("region", TextOrCell, "", "Country of phone and tax numbers.", "region = \"CN\""),
        option("blank", Texts, "", "Texts that say that nothing is there.", "blank = [\"-\", \"NULL\"]"),
        option(
            "bool",
            Table(&MARKS),
            "true and false",
            "How yes and no are written.",
            "bool = { yes = [\"Y\"], no = [\"N\", \"0\"] }",
        ),
    ],
};

pub(crate) static MARKS: OptionTable = OptionTable {
    place: "`bool`",
    meaning: "How yes and no are written.",
    options: &[
        option("yes", Texts, "", "Texts that mean yes.", "bool = { yes = [\"Y\"], no = [\"N\"] }"),
        option("no", Texts, "", "Texts that mean no.", "bool = { yes = [\"Y\"], no = [\"N\"] }"),
    ],
};

pub(crate) static ENUM: OptionTable = OptionTable {
    place: "[enum.NAME]",
    meaning: "Words of the source, and what they mean.",
    options: &[
        option(
            "else",
            WordsOr(&["reject", "absent", "keep"], &ALTERNATIVE),
            REQUIRED,
            "What to do with a word that is not listed.",
            "else = { value = \"other\" }\nvalues = { W = \"web\" }",
        ),
        option(
            "fold",
            FOLD,
            "",
            "What does not tell words apart: full and half width, case, or both.",
            "else = \"reject\"\nfold = \"case\"\nvalues = { W = \"web\" }",
        ),
        option(
            "values",
            TextMap,
            REQUIRED,
            "The words, mostly as a section `[enum.NAME.values]` of its own.",
            "else = \"reject\"\nvalues = { W = \"web\", \"\" = \"none\" }",
        ),
    ],
};

pub(crate) static LOOKUP: OptionTable = OptionTable {
    place: "[lookup.NAME]",
    meaning: "A table beside the connector file; its text is part of the mapping.",
    options: &[
        option("file", Text, REQUIRED, "A CSV with a heading.", "file = \"units.csv\"\nkey = \"erp\""),
        option("key", Text, REQUIRED, "The column that is looked up.", "file = \"units.csv\"\nkey = \"erp\""),
        option("fold", FOLD, "", "As in an enum.", "file = \"units.csv\"\nkey = \"erp\"\nfold = \"width\""),
    ],
};
