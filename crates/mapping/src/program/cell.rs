//! A cell: where a value comes from and what is done to it, in one fixed order.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use onefold_event::Currency;
use regex::Regex;
use rust_decimal::Decimal;

use crate::program::expression::CheckedExpression;
use crate::program::names::SlotRef;
use crate::program::paths::PathId;
use crate::program::word_tables::UnknownWord;
use crate::report::source_text::TextSpan;
use crate::values::date_pattern::DatePattern;
use crate::values::fold::TextFold;
use crate::values::instant::DoubledHour;
use crate::values::number::NumberStyle;
use crate::values::text_edit::TextEdit;
use crate::values::value::{CellValue, ValueType};

#[derive(Debug)]
pub(crate) struct CellDef {
    pub(crate) span: TextSpan,
    /// What it fills, such as `invoice.total`.
    pub(crate) target: String,
    pub(crate) ty: ValueType,
    pub(crate) origin: CellOrigin,
    pub(crate) pick: RowPick,
    pub(crate) trim: bool,
    pub(crate) blank: Arc<[String]>,
    pub(crate) fold: TextFold,
    pub(crate) cuts: Vec<TextEdit>,
    pub(crate) translate: Option<WordTranslation>,
    pub(crate) parse: ParseSettings,
    pub(crate) adjust: ValueAdjustment,
    pub(crate) default: Option<Box<CellDef>>,
    pub(crate) required: bool,
    /// A bad value is a finding, and the field absent.
    pub(crate) lenient: bool,
    /// It names a record: what a spreadsheet or a float has damaged is refused.
    pub(crate) key: bool,
    pub(crate) checks: Vec<ValueCheck>,
}

#[derive(Debug)]
pub(crate) enum CellOrigin {
    From(PathId),
    FirstOf(Vec<PathId>),
    Join {
        paths: Vec<PathId>,
        with: String,
    },
    /// The first of these that is present, each read in its own way.
    FirstCell(Vec<CellDef>),
    JoinCells {
        cells: Vec<CellDef>,
        with: String,
    },
    Value(CellValue<'static>),
    Use(SlotRef),
    /// An expression, and its text.
    Calc {
        expression: CheckedExpression,
        text: String,
    },
}

/// What to do with the values of several rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowPick {
    Same,
    First,
    Last,
    Min,
    Max,
    Sum,
    Count,
    List,
}

pub(crate) const PICKS: [(&str, RowPick); 8] = [
    ("same", RowPick::Same),
    ("first", RowPick::First),
    ("last", RowPick::Last),
    ("min", RowPick::Min),
    ("max", RowPick::Max),
    ("sum", RowPick::Sum),
    ("count", RowPick::Count),
    ("list", RowPick::List),
];

#[derive(Debug)]
pub(crate) struct WordTranslation {
    pub(crate) by: TranslationTable,
    pub(crate) otherwise: UnknownWord,
}

#[derive(Debug)]
pub(crate) enum TranslationTable {
    /// Index of an `[enum]`.
    Words(usize),
    /// Index of a `[lookup]`, and of its column.
    Lookup(usize, usize),
}

/// How texts are read; what a cell leaves unsaid comes from `[assume]`.
#[derive(Debug, Clone)]
pub(crate) struct ParseSettings {
    pub(crate) style: NumberStyle,
    /// Amounts are in smallest units, such as cents.
    pub(crate) minor: bool,
    /// Digits of smallest units by currency, where they are not those of ISO 4217.
    pub(crate) units: Arc<BTreeMap<String, u32>>,
    pub(crate) currency: Option<CurrencyOf>,
    pub(crate) dates: Arc<[DatePattern]>,
    pub(crate) times: Arc<[DatePattern]>,
    /// Years in which a date may be; none: the usual ones.
    pub(crate) years: Option<RangeInclusive<i16>>,
    /// The first of the hundred years that two digits may mean.
    pub(crate) pivot: Option<i16>,
    /// A date is the day of a written time.
    pub(crate) day_of_time: bool,
    pub(crate) zone: Option<ZoneOf>,
    pub(crate) dst: Option<DoubledHour>,
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
    Cell(Arc<CellDef>),
}

#[derive(Debug, Clone)]
pub(crate) enum ZoneOf {
    Fixed(TimeZone),
    Slot(SlotRef),
    Cell(Arc<CellDef>),
}

/// A constant text, or one worked out per record.
#[derive(Debug, Clone)]
pub(crate) enum TextOf {
    Fixed(String),
    Slot(SlotRef),
    Cell(Arc<CellDef>),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct ValueAdjustment {
    pub(crate) negate: bool,
    pub(crate) abs: bool,
    pub(crate) times: Option<Decimal>,
    pub(crate) round: Option<u32>,
    pub(crate) add_days: i32,
}

#[derive(Debug)]
pub(crate) enum ValueCheck {
    OneOf(Vec<CellValue<'static>>),
    Between(CellValue<'static>, CellValue<'static>),
    Like(Regex),
    MaxLength(usize),
}

impl CellDef {
    /// The patterns that its texts are read by, if it is a date or a time.
    pub(crate) fn used_patterns(&self) -> &[DatePattern] {
        let p = &self.parse;
        match self.ty {
            ValueType::Date if p.day_of_time => &p.times,
            ValueType::Time if p.at.is_none() => &p.times,
            ValueType::Date | ValueType::Time => &p.dates,
            _ => &[],
        }
    }

    /// Whether its texts name records.
    pub(crate) fn is_key(&self) -> bool {
        self.key || matches!(self.ty, ValueType::Subject(_))
    }

    /// Whether it gives the source's own text, cut at most: what is computed or translated changes when the mapping does.
    pub(crate) fn is_source_text(&self) -> bool {
        let own = !matches!(self.origin, CellOrigin::Calc { .. }) && self.translate.is_none();
        own && match &self.origin {
            CellOrigin::FirstCell(cells) | CellOrigin::JoinCells { cells, .. } => {
                cells.iter().all(Self::is_source_text)
            }
            _ => true,
        }
    }

    /// A constant does not count as something read.
    pub(crate) fn is_constant(&self) -> bool {
        matches!(self.origin, CellOrigin::Value(_))
    }
}
