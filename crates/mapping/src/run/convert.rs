//! Text to typed values, and between types.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use onefold_event::{Currency, POSSIBLE_YEARS, Subject, ValueFault};
use rust_decimal::Decimal;

use crate::program::cell::{CellDef, TranslationTable, WordTranslation};
use crate::program::word_tables::UnknownWord;
use crate::run::frame::{EvaluationStop, ScopeFrame};
use crate::values::currency_mark::{CurrencyMark, remove_currency_mark};
use crate::values::date_pattern::{COUNTED_YEARS, DatePattern};
use crate::values::instant::{moment_at, moment_of_day, moment_of_local};
use crate::values::number::NumberStyle;
use crate::values::value::{CellValue, LocalMoment, ValueType};
use crate::values::written_time::{PatternMiss, WrittenTime};

pub(crate) fn translate_text<'r>(
    t: &'r WordTranslation,
    text: Cow<'r, str>,
    frame: &ScopeFrame<'_, 'r>,
) -> Result<Option<Cow<'r, str>>, EvaluationStop> {
    let found = match t.by {
        TranslationTable::Words(n) => frame.run.plan.enum_table(n).ok_or(EvaluationStop::Bad)?.get(&text),
        TranslationTable::Lookup(n, column) => {
            frame.run.plan.lookup_table(n).ok_or(EvaluationStop::Bad)?.get(&text, column)
        }
    };
    if let (Some(notes), TranslationTable::Words(table)) = (frame.run.notes, &t.by) {
        notes.borrow_mut().note_word(*table, &text, found.is_some());
    }
    if let Some(word) = found {
        return Ok(Some(word.into()));
    }
    match &t.otherwise {
        UnknownWord::Keep => Ok(Some(text)),
        UnknownWord::Absent => Ok(None),
        UnknownWord::Value(value) => Ok(Some(value.as_str().into())),
        UnknownWord::Reject => {
            let (expected, help) = match t.by {
                TranslationTable::Words(n) => {
                    frame.run.plan.enum_table(n).map(|w| w.describe_words(&text)).unwrap_or_default()
                }
                TranslationTable::Lookup(n, _) => {
                    let name = frame.run.plan.lookup_table(n).map_or("", |l| l.name.as_str());
                    (format!("a key of [lookup.{name}]"), None)
                }
            };
            let mut fault = ValueFault::new("R0403", "this word is not known").instead(text.into_owned(), expected);
            fault.help.extend(help);
            Err(fault.into())
        }
    }
}

/// Reads a text as the cell's type.
pub(crate) fn parse_text<'r>(
    cell: &'r CellDef,
    text: Cow<'r, str>,
    json: bool,
    frame: &ScopeFrame<'_, 'r>,
) -> Result<CellValue<'r>, EvaluationStop> {
    Ok(match &cell.ty {
        ValueType::Text => CellValue::Text(text),
        ValueType::Integer => CellValue::Integer(read_integer(cell, &text, json)?),
        ValueType::Decimal if cell.parse.minor => {
            let amount = read_number(cell, &text, json)?;
            CellValue::Decimal(shift_to_units(cell, amount, frame.cell_currency(cell)?)?)
        }
        ValueType::Decimal => CellValue::Decimal(read_number(cell, &text, json)?),
        ValueType::Money => {
            let currency = frame.cell_currency(cell)?;
            let amount = read_money(cell, &text, json, currency)?;
            CellValue::Money(if cell.parse.minor { shift_to_units(cell, amount, currency)? } else { amount }, currency)
        }
        ValueType::Date if cell.parse.day_of_time => match read_written(cell, true, &text)? {
            WrittenTime::Local(local) | WrittenTime::Offset(local, _) => CellValue::Date(local.date()),
        },
        ValueType::Date => match read_written(cell, false, &text)? {
            WrittenTime::Local(local) | WrittenTime::Offset(local, _) => CellValue::Date(local.date()),
        },
        ValueType::Time => CellValue::Time(read_moment(cell, &text, frame)?),
        ValueType::Bool => CellValue::Bool(read_truth(cell, &text, json)?),
        ValueType::Word(words) => {
            let lower = text.to_lowercase();
            match words.iter().find(|(word, _)| *word == lower) {
                Some(_) => CellValue::Text(lower.into()),
                None => {
                    let all: Vec<_> = words.iter().map(|(w, _)| w.as_str()).collect();
                    return Err(ValueFault::new("R0403", "this word is not known")
                        .instead(text.into_owned(), format!("one of {}", all.join(", ")))
                        .help("an [enum] translates the source's words into these")
                        .into());
                }
            }
        }
        ValueType::Subject(kind) => {
            let own = frame.run.plan.source();
            let source = match &cell.parse.source {
                Some(of) => frame.text_of(of)?,
                None => Some(own.into()),
            };
            let Some(source) = source else {
                return Err(ValueFault::new("R0408", "a reference does not say whose number it is")
                    .instead("", "a source")
                    .into());
            };
            CellValue::Text(Cow::Owned(make_subject(*kind, &source, &text)?.as_str().to_owned()))
        }
    })
}

pub(crate) fn make_subject(
    kind: onefold_event::SubjectKind,
    source: &str,
    number: &str,
) -> Result<Subject, ValueFault> {
    Subject::new(kind, source, number).map_err(|why| {
        ValueFault::new("R0408", "this number makes no subject")
            .instead(number, format!("a number of a {}: {why}", kind.word()))
    })
}

/// From a value of another type; which ones fit was checked when the connector was read.
pub(crate) fn convert_value<'r>(
    value: CellValue<'r>,
    cell: &'r CellDef,
    frame: &ScopeFrame<'_, 'r>,
) -> Result<CellValue<'r>, EvaluationStop> {
    Ok(match (value, &cell.ty) {
        (CellValue::Absent, _) => CellValue::Absent,
        (CellValue::Text(text), ty) if *ty != ValueType::Text => parse_text(cell, text, false, frame)?,
        (CellValue::Integer(n), ValueType::Decimal) => CellValue::Decimal(n.into()),
        (CellValue::Integer(n), ValueType::Text) => CellValue::Text(n.to_string().into()),
        (CellValue::Integer(n), ValueType::Money) => CellValue::Money(n.into(), frame.cell_currency(cell)?),
        (CellValue::Integer(n), ValueType::Subject(_)) => parse_text(cell, n.to_string().into(), true, frame)?,
        (CellValue::Decimal(d), ValueType::Money) => CellValue::Money(d, frame.cell_currency(cell)?),
        (CellValue::Decimal(d), ValueType::Text) => CellValue::Text(d.to_string().into()),
        (CellValue::Money(d, _), ValueType::Decimal) => CellValue::Decimal(d),
        (CellValue::Date(date), ValueType::Time) => {
            let midnight = jiff::civil::Time::midnight();
            CellValue::Time(moment_of_day(date, cell.parse.at.unwrap_or(midnight), &frame.cell_zone(cell)?)?)
        }
        (CellValue::Date(date), ValueType::Text) => CellValue::Text(date.to_string().into()),
        (CellValue::Time(moment), ValueType::Date) => CellValue::Date(moment.local.date()),
        (value, _) => value,
    })
}

fn read_number(cell: &CellDef, text: &str, json: bool) -> Result<Decimal, ValueFault> {
    if json {
        let plain = NumberStyle::PLAIN.read_decimal(text).ok().or_else(|| Decimal::from_scientific(text).ok());
        return plain.ok_or_else(|| {
            ValueFault::new("R0412", "a number is not written as the mapping says").instead(text, "a JSON number")
        });
    }
    cell.parse.style.read_decimal(text)
}

fn read_integer(cell: &CellDef, text: &str, json: bool) -> Result<i64, ValueFault> {
    let n = read_number(cell, text, json)?;
    let whole = if n.fract().is_zero() { i64::try_from(n).ok() } else { None };
    whole.ok_or_else(|| ValueFault::new("R0414", "this is not a whole number").instead(text, "a whole number"))
}

/// An amount may bear its own currency's code or sign.
fn read_money(cell: &CellDef, text: &str, json: bool, currency: Currency) -> Result<Decimal, ValueFault> {
    let first = read_number(cell, text, json);
    let Err(fault) = first else { return first };
    match remove_currency_mark(text, currency) {
        CurrencyMark::Own(bare) => read_number(cell, &bare, json),
        CurrencyMark::Other => {
            let other = ValueFault::new("R0415", "an amount bears the sign of another currency");
            Err(other.instead(text, format!("an amount in {}", currency.code())))
        }
        CurrencyMark::No => Err(fault),
    }
}

fn shift_to_units(cell: &CellDef, mut amount: Decimal, currency: Currency) -> Result<Decimal, ValueFault> {
    let said = cell.parse.units.get(currency.code()).copied();
    let digits = said.unwrap_or_else(|| u32::from(currency.exponent().unwrap_or(0)));
    let scale = amount.scale() + digits;
    amount.set_scale(scale).map_err(|_| {
        ValueFault::new("R0413", "a number has too many digits").instead(amount.to_string(), "fewer digits")
    })?;
    Ok(amount)
}

/// The first pattern that fits; if none does, the most telling failure.
fn read_written(cell: &CellDef, time: bool, text: &str) -> Result<WrittenTime, ValueFault> {
    let patterns: &[DatePattern] = if time { &cell.parse.times } else { &cell.parse.dates };
    let years = cell.parse.years.as_ref();
    // A pattern that fits in shape tells more than one that does not fit at all.
    let mut worst = PatternMiss::Shape;
    for pattern in patterns {
        match pattern.read_time(text, years, cell.parse.pivot) {
            Ok(written) => return Ok(written),
            Err(PatternMiss::Shape) => {}
            Err(miss) => worst = miss,
        }
    }
    let shapes: Vec<_> = patterns.iter().map(|p| p.text.as_str()).collect();
    let expected = format!("written as {}", shapes.join(" or "));
    Err(match worst {
        PatternMiss::Shape => {
            ValueFault::new("R0420", "a date or time is not written as the mapping says").instead(text, expected)
        }
        PatternMiss::NoSuch => ValueFault::new("R0421", "this date does not exist")
            .instead(text, "a day of the calendar, and a time of the day")
            .help("if the source writes it for \"none\", name it in [assume] blank"),
        PatternMiss::Midnight => ValueFault::new("R0421", "this time of day does not exist")
            .instead(text, "a time from 00:00 to 23:59")
            .help("24:00 is the end of the day: the source should write 00:00 of the next day"),
        PatternMiss::Year(year) => impossible_year(year, years.unwrap_or(&POSSIBLE_YEARS), text),
        PatternMiss::Range => {
            let years = years.unwrap_or(&COUNTED_YEARS);
            ValueFault::new("R0424", "this time is out of range")
                .instead(text, format!("a time between {} and {}", years.start(), years.end()))
                .help("seconds and milliseconds mixed up? epoch-s, epoch-ms")
        }
    })
}

/// R0424: a year that is never meant, with what mostly makes such years.
fn impossible_year(year: i16, years: &RangeInclusive<i16>, text: &str) -> ValueFault {
    let fault = ValueFault::new("R0424", "this time is out of range")
        .instead(text, format!("a year from {} to {}", years.start(), years.end()));
    let fault = match year {
        0..=99 => fault.help("a year of two digits was filled up with zeros: have the source write four digits"),
        2443..=2643 => {
            fault.help(format!("{year} of the Buddhist calendar is {}: have the source write that", year - 543))
        }
        9990.. => fault.help("if the source writes it for \"none\" or \"for ever\", name it in [assume] blank"),
        _ => fault,
    };
    fault.help(format!("if it is meant: [assume] years = [{}, {}]", year.min(*years.start()), year.max(*years.end())))
}

fn read_moment<'r>(cell: &'r CellDef, text: &str, frame: &ScopeFrame<'_, 'r>) -> Result<LocalMoment, EvaluationStop> {
    if let Some(hour) = cell.parse.at {
        let date = match read_written(cell, false, text)? {
            WrittenTime::Local(local) | WrittenTime::Offset(local, _) => local.date(),
        };
        return Ok(moment_of_day(date, hour, &frame.cell_zone(cell)?)?);
    }
    Ok(match read_written(cell, true, text)? {
        WrittenTime::Offset(local, offset) => moment_at(local, offset)?,
        WrittenTime::Local(local) => {
            let (moment, chosen) = moment_of_local(local, &frame.cell_zone(cell)?, cell.parse.dst)?;
            if chosen {
                // Counted, so that it is known how often the mapping's choice decides.
                let fault = ValueFault::new("R0423", "this local time came twice: the mapping's `dst` chose one");
                frame.add_finding(cell, fault.instead(text, moment.to_occurred().to_string()));
            }
            moment
        }
    })
}

fn read_truth(cell: &CellDef, text: &str, json: bool) -> Result<bool, ValueFault> {
    if json && (text == "true" || text == "false") {
        return Ok(text == "true");
    }
    if cell.parse.yes.iter().any(|w| w == text) {
        return Ok(true);
    }
    if cell.parse.no.iter().any(|w| w == text) {
        return Ok(false);
    }
    let expected = format!("{} or {}", cell.parse.yes.join(", "), cell.parse.no.join(", "));
    Err(ValueFault::new("R0430", "this is neither yes nor no")
        .instead(text, expected)
        .help("[assume] bool = { yes = [\"…\"], no = [\"…\"] }"))
}
