//! Text to typed values, and between types.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use onefold_event::{Currency, POSSIBLE_YEARS, Subject};
use rust_decimal::Decimal;

use crate::program::cell::{By, Cell, Translate};
use crate::program::word_tables::Else;
use crate::run::frame::{Frame, Stop};
use crate::values::currency_mark::{Marked, unmark};
use crate::values::date_pattern::{COUNTED_YEARS, Miss, Pattern, Written};
use crate::values::instant::{at, instant, of_day};
use crate::values::number::Style;
use crate::values::value::{Fault, Moment, Ty, Val};

pub(crate) fn translate_text<'r>(
    t: &'r Translate,
    text: Cow<'r, str>,
    frame: &Frame<'_, 'r>,
) -> Result<Option<Cow<'r, str>>, Stop> {
    let found = match t.by {
        By::Words(n) => frame.run.plan.words(n).ok_or(Stop::Bad)?.get(&text),
        By::Lookup(n, column) => frame.run.plan.lookup(n).ok_or(Stop::Bad)?.get(&text, column),
    };
    if let Some(word) = found {
        return Ok(Some(word.into()));
    }
    match &t.otherwise {
        Else::Keep => Ok(Some(text)),
        Else::Absent => Ok(None),
        Else::Value(value) => Ok(Some(value.as_str().into())),
        Else::Reject => {
            let (expected, help) = match t.by {
                By::Words(n) => frame.run.plan.words(n).map(|w| w.expected(&text)).unwrap_or_default(),
                By::Lookup(n, _) => {
                    let name = frame.run.plan.lookup(n).map_or("", |l| l.name.as_str());
                    (format!("a key of [lookup.{name}]"), None)
                }
            };
            let mut fault = Fault::new("R0403", "this word is not known").instead(text.into_owned(), expected);
            fault.help.extend(help);
            Err(fault.into())
        }
    }
}

/// Reads a text as the cell's type.
pub(crate) fn parse_text<'r>(
    cell: &'r Cell,
    text: Cow<'r, str>,
    json: bool,
    frame: &Frame<'_, 'r>,
) -> Result<Val<'r>, Stop> {
    Ok(match &cell.ty {
        Ty::Text => Val::Text(text),
        Ty::Integer => Val::Integer(integer(cell, &text, json)?),
        Ty::Decimal => Val::Decimal(number(cell, &text, json)?),
        Ty::Money => {
            let currency = frame.currency(cell)?;
            let amount = money(cell, &text, json, currency)?;
            Val::Money(if cell.parse.minor { in_units(cell, amount, currency)? } else { amount }, currency)
        }
        Ty::Date if cell.parse.day_of_time => match written(cell, true, &text)? {
            Written::Local(local) | Written::Offset(local, _) => Val::Date(local.date()),
        },
        Ty::Date => match written(cell, false, &text)? {
            Written::Local(local) | Written::Offset(local, _) => Val::Date(local.date()),
        },
        Ty::Time => Val::Time(time(cell, &text, frame)?),
        Ty::Bool => Val::Bool(truth(cell, &text, json)?),
        Ty::Word(words) => {
            let lower = text.to_lowercase();
            match words.iter().find(|(word, _)| *word == lower) {
                Some(_) => Val::Text(lower.into()),
                None => {
                    let all: Vec<_> = words.iter().map(|(w, _)| w.as_str()).collect();
                    return Err(Fault::new("R0403", "this word is not known")
                        .instead(text.into_owned(), format!("one of {}", all.join(", ")))
                        .help("an [enum] translates the source's words into these")
                        .into());
                }
            }
        }
        Ty::Subject(kind) => {
            let own = frame.run.plan.source();
            let source = match &cell.parse.source {
                Some(of) => frame.text_of(of)?,
                None => Some(own.into()),
            };
            let Some(source) = source else {
                return Err(Fault::new("R0408", "a reference does not say whose number it is")
                    .instead("", "a source")
                    .into());
            };
            Val::Text(Cow::Owned(subject(*kind, &source, &text)?.as_str().to_owned()))
        }
    })
}

pub(crate) fn subject(kind: onefold_event::Kind, source: &str, number: &str) -> Result<Subject, Fault> {
    Subject::new(kind, source, number).map_err(|why| {
        Fault::new("R0408", "this number makes no subject")
            .instead(number, format!("a number of a {}: {why}", kind.word()))
    })
}

/// From a value of another type; which ones fit was checked when the connector was read.
pub(crate) fn convert<'r>(value: Val<'r>, cell: &'r Cell, frame: &Frame<'_, 'r>) -> Result<Val<'r>, Stop> {
    Ok(match (value, &cell.ty) {
        (Val::Absent, _) => Val::Absent,
        (Val::Text(text), ty) if *ty != Ty::Text => parse_text(cell, text, false, frame)?,
        (Val::Integer(n), Ty::Decimal) => Val::Decimal(n.into()),
        (Val::Integer(n), Ty::Text) => Val::Text(n.to_string().into()),
        (Val::Integer(n), Ty::Money) => Val::Money(n.into(), frame.currency(cell)?),
        (Val::Integer(n), Ty::Subject(_)) => parse_text(cell, n.to_string().into(), true, frame)?,
        (Val::Decimal(d), Ty::Money) => Val::Money(d, frame.currency(cell)?),
        (Val::Decimal(d), Ty::Text) => Val::Text(d.to_string().into()),
        (Val::Money(d, _), Ty::Decimal) => Val::Decimal(d),
        (Val::Date(date), Ty::Time) => {
            let midnight = jiff::civil::Time::midnight();
            Val::Time(of_day(date, cell.parse.at.unwrap_or(midnight), &frame.zone(cell)?)?)
        }
        (Val::Date(date), Ty::Text) => Val::Text(date.to_string().into()),
        (Val::Time(moment), Ty::Date) => Val::Date(moment.local.date()),
        (value, _) => value,
    })
}

fn number(cell: &Cell, text: &str, json: bool) -> Result<Decimal, Fault> {
    if json {
        let plain = Style::PLAIN.read(text).ok().or_else(|| Decimal::from_scientific(text).ok());
        return plain.ok_or_else(|| {
            Fault::new("R0412", "a number is not written as the mapping says").instead(text, "a JSON number")
        });
    }
    cell.parse.style.read(text)
}

fn integer(cell: &Cell, text: &str, json: bool) -> Result<i64, Fault> {
    let n = number(cell, text, json)?;
    let whole = if n.fract().is_zero() { i64::try_from(n).ok() } else { None };
    whole.ok_or_else(|| Fault::new("R0414", "this is not a whole number").instead(text, "a whole number"))
}

/// An amount may bear its own currency's code or sign.
fn money(cell: &Cell, text: &str, json: bool, currency: Currency) -> Result<Decimal, Fault> {
    let first = number(cell, text, json);
    let Err(fault) = first else { return first };
    match unmark(text, currency) {
        Marked::Own(bare) => number(cell, &bare, json),
        Marked::Other => {
            let other = Fault::new("R0415", "an amount bears the sign of another currency");
            Err(other.instead(text, format!("an amount in {}", currency.code())))
        }
        Marked::No => Err(fault),
    }
}

fn in_units(cell: &Cell, mut amount: Decimal, currency: Currency) -> Result<Decimal, Fault> {
    let said = cell.parse.units.get(currency.code()).copied();
    let digits = said.unwrap_or_else(|| u32::from(currency.exponent().unwrap_or(0)));
    let scale = amount.scale() + digits;
    amount
        .set_scale(scale)
        .map_err(|_| Fault::new("R0413", "a number has too many digits").instead(amount.to_string(), "fewer digits"))?;
    Ok(amount)
}

/// The first pattern that fits; if none does, the most telling failure.
fn written(cell: &Cell, time: bool, text: &str) -> Result<Written, Fault> {
    let patterns: &[Pattern] = if time { &cell.parse.times } else { &cell.parse.dates };
    let years = cell.parse.years.as_ref();
    let mut worst = Miss::Shape;
    for pattern in patterns {
        match pattern.read(text, years) {
            Ok(written) => return Ok(written),
            Err(Miss::Shape) => {}
            Err(miss) => worst = miss,
        }
    }
    let shapes: Vec<_> = patterns.iter().map(|p| p.text.as_str()).collect();
    let expected = format!("written as {}", shapes.join(" or "));
    Err(match worst {
        Miss::Shape => Fault::new("R0420", "a date or time is not written as the mapping says").instead(text, expected),
        Miss::NoSuch => Fault::new("R0421", "this date does not exist")
            .instead(text, "a day of the calendar, and a time of the day")
            .help("if the source writes it for \"none\", name it in [assume] blank"),
        Miss::Midnight => Fault::new("R0421", "this time of day does not exist")
            .instead(text, "a time from 00:00 to 23:59")
            .help("24:00 is the end of the day: the source should write 00:00 of the next day"),
        Miss::Year(year) => impossible(year, years.unwrap_or(&POSSIBLE_YEARS), text),
        Miss::Range => {
            let years = years.unwrap_or(&COUNTED_YEARS);
            Fault::new("R0424", "this time is out of range")
                .instead(text, format!("a time between {} and {}", years.start(), years.end()))
                .help("seconds and milliseconds mixed up? epoch-s, epoch-ms")
        }
    })
}

/// R0424: a year that is never meant, with what mostly makes such years.
fn impossible(year: i16, years: &RangeInclusive<i16>, text: &str) -> Fault {
    let fault = Fault::new("R0424", "this time is out of range")
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

fn time<'r>(cell: &'r Cell, text: &str, frame: &Frame<'_, 'r>) -> Result<Moment, Stop> {
    if let Some(hour) = cell.parse.at {
        let date = match written(cell, false, text)? {
            Written::Local(local) | Written::Offset(local, _) => local.date(),
        };
        return Ok(of_day(date, hour, &frame.zone(cell)?)?);
    }
    Ok(match written(cell, true, text)? {
        Written::Offset(local, offset) => at(local, offset)?,
        Written::Local(local) => {
            let (moment, chosen) = instant(local, &frame.zone(cell)?, cell.parse.dst)?;
            if chosen {
                // Counted, so that it is known how often the mapping's choice decides.
                let fault = Fault::new("R0423", "this local time came twice: the mapping's `dst` chose one");
                frame.notice(cell, fault.instead(text, moment.occurred().to_string()));
            }
            moment
        }
    })
}

fn truth(cell: &Cell, text: &str, json: bool) -> Result<bool, Fault> {
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
    Err(Fault::new("R0430", "this is neither yes nor no")
        .instead(text, expected)
        .help("[assume] bool = { yes = [\"…\"], no = [\"…\"] }"))
}
