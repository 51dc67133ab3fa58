//! Typed values between a source's text and an event's fields.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use onefold_event::{Currency, FieldKind, SubjectKind};
use rust_decimal::{Decimal, RoundingStrategy};

/// What a cell is to yield.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ValueType {
    Text,
    Integer,
    Decimal,
    Money,
    Date,
    Time,
    Bool,
    /// One of an enum's words, with its number.
    Word(Arc<Vec<(String, i32)>>),
    /// A subject of this kind, of which the source gives the number.
    Subject(SubjectKind),
}

impl ValueType {
    /// Words for `as` in `[let]`.
    pub(crate) const WORDS: [(&'static str, u8); 7] =
        [("text", 0), ("integer", 1), ("decimal", 2), ("money", 3), ("date", 4), ("time", 5), ("bool", 6)];

    pub(crate) fn from_word(n: u8) -> Self {
        match n {
            1 => Self::Integer,
            2 => Self::Decimal,
            3 => Self::Money,
            4 => Self::Date,
            5 => Self::Time,
            6 => Self::Bool,
            _ => Self::Text,
        }
    }

    /// None for a message.
    pub(crate) fn of_field(kind: &FieldKind) -> Option<Self> {
        Some(match kind {
            FieldKind::Text => Self::Text,
            FieldKind::Bool => Self::Bool,
            FieldKind::Integer => Self::Integer,
            FieldKind::Decimal => Self::Decimal,
            FieldKind::Date => Self::Date,
            FieldKind::Money => Self::Money,
            FieldKind::Subject(kind) => Self::Subject(*kind),
            FieldKind::Enum(words) => Self::Word(Arc::new(words.clone())),
            FieldKind::Message(_) => return None,
        })
    }

    pub(crate) fn type_word(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Money => "money",
            Self::Date => "date",
            Self::Time => "time",
            Self::Bool => "bool",
            Self::Word(_) => "word",
            Self::Subject(_) => "subject",
        }
    }
}

/// An instant, with the local time that the source wrote.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LocalMoment {
    pub(crate) micros: i64,
    pub(crate) local: DateTime,
    /// Of the source's clock then, in seconds east of UTC; none: not known.
    pub(crate) offset: Option<i32>,
    /// Known to the day only.
    pub(crate) day: bool,
}

impl LocalMoment {
    pub(crate) fn to_occurred(self) -> onefold_event::Occurred {
        onefold_event::Occurred::new(self.micros, self.day, self.offset)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CellValue<'r> {
    Absent,
    Text(Cow<'r, str>),
    Integer(i64),
    Decimal(Decimal),
    Money(Decimal, Currency),
    Date(Date),
    Time(LocalMoment),
    Bool(bool),
    List(Vec<CellValue<'r>>),
}

impl CellValue<'_> {
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    pub(crate) fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Self::Decimal(d) | Self::Money(d, _) => Some(*d),
            Self::Integer(n) => Some(Decimal::from(*n)),
            _ => None,
        }
    }

    /// As a person writes it, for messages and tests.
    pub(crate) fn to_display(&self) -> String {
        match self {
            Self::Absent => String::new(),
            Self::Text(text) => text.to_string(),
            Self::Integer(n) => n.to_string(),
            Self::Decimal(d) => d.to_string(),
            Self::Money(d, c) => format!("{d} {}", c.code()),
            Self::Date(d) => d.to_string(),
            Self::Time(m) => m.to_occurred().to_string(),
            Self::Bool(b) => b.to_string(),
            Self::List(list) => list.iter().map(CellValue::to_display).collect::<Vec<_>>().join(" | "),
        }
    }
}

/// Zero has no sign: `-0.00` would be another text for the same amount.
pub(crate) fn unsigned_zero(mut d: Decimal) -> Decimal {
    if d.is_zero() {
        d.set_sign_positive(true);
    }
    d
}

/// Order between two values of one type.
pub(crate) fn compare_values(a: &CellValue, b: &CellValue) -> Option<Ordering> {
    Some(match (a, b) {
        (CellValue::Text(x), CellValue::Text(y)) => x.cmp(y),
        (CellValue::Date(x), CellValue::Date(y)) => x.cmp(y),
        (CellValue::Time(x), CellValue::Time(y)) => x.micros.cmp(&y.micros),
        (CellValue::Bool(x), CellValue::Bool(y)) => x.cmp(y),
        _ => a.as_decimal()?.cmp(&b.as_decimal()?),
    })
}

/// Half away from zero, as invoices are rounded.
pub(crate) fn round_half_away(d: Decimal, digits: u32) -> Decimal {
    let mut d = d.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
    // 2 is shown as 2.00 where two decimals are asked for.
    if d.scale() < digits && digits <= 9 {
        d.rescale(digits);
    }
    unsigned_zero(d)
}
