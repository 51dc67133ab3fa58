//! A cell: where a value comes from and what is done to it, in one fixed order.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use onefold_event::Currency;
use regex::Regex;
use rust_decimal::Decimal;

use crate::program::expression::Expr;
use crate::program::names::SlotRef;
use crate::program::paths::PathId;
use crate::program::word_tables::Else;
use crate::report::source_text::Span;
use crate::values::date_pattern::Pattern;
use crate::values::fold::Fold;
use crate::values::instant::Dst;
use crate::values::number::Style;
use crate::values::text_edit::Cut;
use crate::values::value::{Ty, Val};

#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) span: Span,
    /// What it fills, such as `invoice.total`.
    pub(crate) target: String,
    pub(crate) ty: Ty,
    pub(crate) origin: Origin,
    pub(crate) pick: Pick,
    pub(crate) trim: bool,
    pub(crate) blank: Arc<[String]>,
    pub(crate) fold: Fold,
    pub(crate) cuts: Vec<Cut>,
    pub(crate) translate: Option<Translate>,
    pub(crate) parse: Parse,
    pub(crate) adjust: Adjust,
    pub(crate) default: Option<Box<Cell>>,
    pub(crate) required: bool,
    /// A bad value is a finding, and the field absent.
    pub(crate) lenient: bool,
    /// It names a record: what a spreadsheet or a float has damaged is refused.
    pub(crate) key: bool,
    pub(crate) checks: Vec<Check>,
}

#[derive(Debug)]
pub(crate) enum Origin {
    From(PathId),
    FirstOf(Vec<PathId>),
    Join { paths: Vec<PathId>, with: String },
    Value(Val<'static>),
    Use(SlotRef),
    Calc(Expr),
}

/// What to do with the values of several rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pick {
    Same,
    First,
    Last,
    Min,
    Max,
    Sum,
    Count,
    List,
}

pub(crate) const PICKS: [(&str, Pick); 8] = [
    ("same", Pick::Same),
    ("first", Pick::First),
    ("last", Pick::Last),
    ("min", Pick::Min),
    ("max", Pick::Max),
    ("sum", Pick::Sum),
    ("count", Pick::Count),
    ("list", Pick::List),
];

#[derive(Debug)]
pub(crate) struct Translate {
    pub(crate) by: By,
    pub(crate) otherwise: Else,
}

#[derive(Debug)]
pub(crate) enum By {
    /// Index of an `[enum]`.
    Words(usize),
    /// Index of a `[lookup]`, and of its column.
    Lookup(usize, usize),
}

/// How texts are read; what a cell leaves unsaid comes from `[assume]`.
#[derive(Debug, Clone)]
pub(crate) struct Parse {
    pub(crate) style: Style,
    /// Amounts are in smallest units, such as cents.
    pub(crate) minor: bool,
    /// Digits of smallest units by currency, where they are not those of ISO 4217.
    pub(crate) units: Arc<BTreeMap<String, u32>>,
    pub(crate) currency: Option<CurrencyOf>,
    pub(crate) dates: Arc<[Pattern]>,
    pub(crate) times: Arc<[Pattern]>,
    /// Years in which a date may be; none: the usual ones.
    pub(crate) years: Option<RangeInclusive<i16>>,
    /// A date is the day of a written time.
    pub(crate) day_of_time: bool,
    pub(crate) zone: Option<ZoneOf>,
    pub(crate) dst: Option<Dst>,
    /// A time is this time of a written day.
    pub(crate) at: Option<Time>,
    pub(crate) yes: Arc<[String]>,
    pub(crate) no: Arc<[String]>,
    /// Whose number a subject bears; none: the connector's source.
    pub(crate) source: Option<TextOf>,
}

#[derive(Debug, Clone)]
pub(crate) enum CurrencyOf {
    Fixed(Currency),
    Slot(SlotRef),
    Cell(Arc<Cell>),
}

#[derive(Debug, Clone)]
pub(crate) enum ZoneOf {
    Fixed(TimeZone),
    Slot(SlotRef),
    Cell(Arc<Cell>),
}

/// A constant text, or one worked out per record.
#[derive(Debug, Clone)]
pub(crate) enum TextOf {
    Fixed(String),
    Slot(SlotRef),
    Cell(Arc<Cell>),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Adjust {
    pub(crate) negate: bool,
    pub(crate) abs: bool,
    pub(crate) times: Option<Decimal>,
    pub(crate) round: Option<u32>,
    pub(crate) add_days: i32,
}

#[derive(Debug)]
pub(crate) enum Check {
    OneOf(Vec<Val<'static>>),
    Between(Val<'static>, Val<'static>),
    Like(Regex),
    MaxLength(usize),
}

impl Cell {
    /// Whether its texts name records.
    pub(crate) fn is_key(&self) -> bool {
        self.key || matches!(self.ty, Ty::Subject(_))
    }

    /// A constant does not count as something read.
    pub(crate) fn is_constant(&self) -> bool {
        matches!(self.origin, Origin::Value(_))
    }
}
