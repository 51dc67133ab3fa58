//! Every section and option of the language, declared once: the parser allows these keys and no others, and the reference and the
//! schema for editors are made of the same list.

mod cells;
mod events;
mod hook;
mod sections;

pub(crate) use cells::{ALTERNATIVE, CELL, IDENTIFIER, LIST, NAMED, PART, SEVERAL, SUBJECT};
pub(crate) use events::{COMMON, CONTENT, EVENT, TEST};
pub(crate) use hook::{FORM, HTTP, SECRET, VERIFY};
pub(crate) use sections::{
    ARCHIVE, ASSUME, CONNECTOR, DONE, ENUM, FILE, FROM, KAFKA, LIMITS, LOOKUP, MARKS, READ, STOP,
};

/// Kinds of identifiers: keys of `refs` beside the roles.
pub(crate) const IDENTIFIERS: [&str; 10] =
    ["phone", "email", "account", "tax_number", "registration", "lei", "vat", "national_id", "loyalty", "number"];

/// What an option takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OptionValue {
    Text,
    /// A text, or a list of them.
    Texts,
    Integer,
    Flag,
    /// One of these words.
    Words(&'static [&'static str]),
    /// One of these words, or a list of them.
    WordList(&'static [&'static str]),
    /// A whole number, or this word.
    IntegerOr(&'static str),
    /// A heading or path.
    Path,
    Cell,
    /// A constant text, or a cell.
    TextOrCell,
    /// Cells in a list, or one.
    Cells,
    Expression,
    /// A constant: text, whole number, true or false.
    Constant,
    Constants,
    /// A constant, or a cell.
    ConstantOrCell,
    /// Two whole numbers.
    Pair,
    /// A factor: a whole number, or a decimal in quotes.
    Factor,
    /// Options of their own.
    Table(&'static OptionTable),
    /// Options of their own, or a list of such.
    TableList(&'static OptionTable),
    /// One of these words, or options of their own.
    WordsOr(&'static [&'static str], &'static OptionTable),
    /// Names that the author chooses, each with a text.
    TextMap,
    /// Names that the author chooses, each with a text or a list of them.
    TextsMap,
    /// Names that the author chooses, each with a whole number.
    IntegerMap,
    /// Names that the author chooses, each with an expression.
    ExpressionMap,
    /// A list of names for the columns, or the number of the row that has them.
    Heading,
    /// Any of these forms.
    AnyOf(&'static [OptionValue]),
    /// The references of an event.
    References,
    /// The fields of an event.
    Fields,
    /// Named cells.
    Names,
}

/// An option.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OptionDef {
    pub(crate) key: &'static str,
    pub(crate) takes: OptionValue,
    /// What counts where it is not said; `required` where it must be.
    pub(crate) default: &'static str,
    pub(crate) meaning: &'static str,
    /// TOML that a test reads: lines of the section, or a cell.
    pub(crate) example: &'static str,
}

/// Options that stand together.
#[derive(Debug)]
pub(crate) struct OptionTable {
    /// As messages call it; `NAME` stands for what the author chooses.
    pub(crate) place: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) options: &'static [OptionDef],
}

impl OptionTable {
    pub(crate) fn keys(&self) -> Vec<&'static str> {
        self.options.iter().map(|option| option.key).collect()
    }

    /// With what one place allows besides.
    pub(crate) fn keys_with(&self, more: &Self) -> Vec<&'static str> {
        self.options.iter().chain(more.options).map(|option| option.key).collect()
    }
}

/// What must be said.
pub(crate) const REQUIRED: &str = "required";

/// An option in one line of a list.
const fn option(
    key: &'static str,
    takes: OptionValue,
    default: &'static str,
    meaning: &'static str,
    example: &'static str,
) -> OptionDef {
    OptionDef { key, takes, default, meaning, example }
}
