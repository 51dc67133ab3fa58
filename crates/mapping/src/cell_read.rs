//! Reads a cell of the connector file and checks its options against its type.

use std::sync::Arc;

use jiff::civil::Time;
use regex::Regex;
use rust_decimal::Decimal;

use crate::Problem;
use crate::assume::{currency, patterns, style, yes_no};
use crate::cell::{Adjust, By, Cell, Check, CurrencyOf, Origin, PICKS, Parse, Pick, TextOf, Translate};
use crate::clean::FOLDS;
use crate::compile::{At, Compiler};
use crate::cut::Cut;
use crate::expr::Type;
use crate::instant::{DST, changes};
use crate::nearest::did_you_mean;
use crate::node::{Node, Value};
use crate::number::{NEGATIVES, Style};
use crate::scope::SlotTy;
use crate::value::{Ty, Val};
use crate::words::Else;

pub(crate) const ORIGINS: [&str; 6] = ["from", "first_of", "join", "value", "use", "calc"];
const OPTIONS: [&str; 41] = [
    "from", "first_of", "join", "value", "use", "calc", "with", "pick", "trim", "blank", "fold", "strip", "replace",
    "match", "part", "slice", "enum", "lookup", "take", "else", "number", "negative", "minor", "currency", "date",
    "time", "zone", "dst", "at", "bool", "negate", "abs", "times", "round", "add_days", "default", "required",
    "on_bad", "one_of", "between", "like",
];

impl Compiler<'_> {
    /// Reads a cell. `more` names options that the caller knows besides.
    pub(crate) fn cell(&mut self, node: &Node, ty: &Ty, at: &At, more: &[&str]) -> Option<Cell> {
        let origin = match &node.value {
            Value::Text(text) => Origin::From(self.path(text, &node.span)?),
            Value::Table(_) => {
                let mut known = OPTIONS.to_vec();
                known.extend(["max_length"].iter().chain(more));
                if matches!(ty, Ty::Subject(_)) {
                    known.push("source");
                }
                node.only(&mut self.faults, "a cell", &known);
                self.origin(node, ty, at)?
            }
            _ => {
                node.wrong(&mut self.faults, "a path in quotes, or a table such as { value = \"…\" }");
                return None;
            }
        };
        self.applicable(node, ty);
        let f = &mut self.faults;
        let flag = |key: &str, f: &mut _| node.get(key).and_then(|n| n.bool(f));
        let pick = node.get("pick").and_then(|n| n.one_of(f, &PICKS)).unwrap_or(Pick::Same);
        let trim = flag("trim", f).unwrap_or(true);
        let lenient =
            node.get("on_bad").and_then(|n| n.one_of(f, &[("reject", false), ("absent", true)])).unwrap_or(false);
        let required = flag("required", f).unwrap_or(false);
        if lenient && required {
            f.say(&node.span, "M0112", "a required value cannot be left out when it is bad");
        }
        let blank = node.get("blank").map_or_else(|| Arc::clone(&self.assume.blank), |n| n.texts(f).into());
        let fold = node.get("fold").and_then(|n| n.one_of(f, &FOLDS)).unwrap_or_default();
        let cell = Cell {
            span: node.span.clone(),
            target: at.target.to_owned(),
            ty: ty.clone(),
            pick,
            trim,
            blank,
            fold,
            cuts: self.cuts(node),
            translate: self.translate(node, ty),
            parse: self.parse(node, at),
            adjust: self.adjust(node),
            default: node.get("default").and_then(|n| self.default(n, ty, at)).map(Box::new),
            required,
            lenient,
            checks: self.checks(node, ty),
            origin,
        };
        self.enough(&cell, node);
        Some(cell)
    }

    fn origin(&mut self, node: &Node, ty: &Ty, at: &At) -> Option<Origin> {
        let given: Vec<&str> = ORIGINS.into_iter().filter(|key| node.get(key).is_some()).collect();
        let [key] = given.as_slice() else {
            let message = if given.is_empty() {
                "a cell says where its value comes from".to_owned()
            } else {
                format!("a cell has one origin, not {}", given.join(" and "))
            };
            self.faults.add(
                &node.span,
                Problem::new("M0114", message).instead("", "one of from, first_of, join, value, use, calc"),
            );
            return None;
        };
        let inner = node.get(key)?;
        Some(match *key {
            "from" => {
                let text = inner.text(&mut self.faults)?.to_owned();
                Origin::From(self.path(&text, &inner.span)?)
            }
            "first_of" | "join" => {
                let texts = inner.texts(&mut self.faults);
                let paths: Vec<_> = texts.iter().filter_map(|t| self.path(t, &inner.span)).collect();
                if *key == "join" {
                    let with = node.get("with").and_then(|n| n.text(&mut self.faults)).unwrap_or(" ").to_owned();
                    Origin::Join { paths, with }
                } else {
                    Origin::FirstOf(paths)
                }
            }
            "value" => Origin::Value(self.constant(inner, ty)?),
            "use" => self.used_name(node, inner, ty, at)?,
            _ => {
                let (expr, from) = self.expression(inner, at.scope, at.own)?;
                self.fits(&from, ty, node, inner);
                Origin::Calc(expr)
            }
        })
    }

    fn used_name(&mut self, node: &Node, inner: &Node, ty: &Ty, at: &At) -> Option<Origin> {
        let name = inner.text(&mut self.faults)?.to_owned();
        let Some((slot, scope)) = self.scopes.find(at.scope, at.own, &name) else {
            let known = self.scopes.names(at.scope);
            let mut problem = Problem::new("M0302", format!("there is no name `{name}` here"));
            problem.help.extend(did_you_mean(&name, known.iter().map(String::as_str)));
            problem.help.push("a name is declared in [let]; a heading is read with `from`".into());
            self.faults.add(&inner.span, problem);
            return None;
        };
        self.used.push((scope, slot.index));
        let found = self.scopes.list[scope].slots[slot.index].ty.clone();
        match found {
            SlotTy::One(from) => self.fits(&Type::of(&from, None), ty, node, inner),
            SlotTy::List(_) => self.faults.say(&inner.span, "M0303", format!("`{name}` is a list, not a value")),
        }
        Some(Origin::Use(slot))
    }

    /// Whether a value of one type can become the cell's.
    fn fits(&mut self, from: &Type, to: &Ty, node: &Node, at: &Node) {
        let ok = match (from, to) {
            (Type::Text(_), _) => true,
            (Type::Integer, Ty::Integer | Ty::Decimal | Ty::Money | Ty::Text | Ty::Subject(_)) => true,
            (Type::Decimal, Ty::Decimal | Ty::Money | Ty::Text) => true,
            (Type::Money, Ty::Money | Ty::Decimal) => true,
            (Type::Date, Ty::Date | Ty::Text) => true,
            (Type::Date, Ty::Time) => node.get("at").is_some(),
            (Type::Time, Ty::Time | Ty::Date) => true,
            (Type::Bool, Ty::Bool) => true,
            _ => false,
        };
        if !ok {
            let mut problem = Problem::new("M0303", format!("a {} does not become a {}", from.word(), to.word()));
            if matches!((from, to), (Type::Date, Ty::Time)) {
                problem = problem.help("add at = \"00:00\": the event is then known to the day only");
            }
            self.faults.add(&at.span, problem);
        }
    }

    /// A constant is written plainly: `1234.56`, `2026-03-09`, `2026-03-09T17:05:11+08:00`.
    pub(crate) fn constant(&mut self, node: &Node, ty: &Ty) -> Option<Val<'static>> {
        let text = match (&node.value, ty) {
            (Value::Bool(flag), Ty::Bool) => return Some(Val::Bool(*flag)),
            (Value::Integer(n), Ty::Integer) => return Some(Val::Integer(*n)),
            (Value::Integer(n), Ty::Decimal | Ty::Money) => n.to_string(),
            _ => node.text(&mut self.faults)?.to_owned(),
        };
        let found = match ty {
            Ty::Text => Some(Val::Text(text.clone().into())),
            Ty::Subject(_) => Some(Val::Text(text.clone().into())),
            Ty::Integer => text.parse().ok().map(Val::Integer),
            Ty::Decimal => Style::PLAIN.read(&text).ok().map(Val::Decimal),
            Ty::Money => match (Style::PLAIN.read(&text).ok(), &self.assume.parse.currency) {
                (Some(d), Some(CurrencyOf::Fixed(c))) => Some(Val::Money(d, *c)),
                _ => None,
            },
            Ty::Date => text.parse().ok().map(Val::Date),
            Ty::Time => onefold_event::parse_instant(&text).map(|micros| {
                let local = jiff::Timestamp::from_microsecond(micros)
                    .map_or(jiff::civil::DateTime::ZERO, |t| jiff::tz::Offset::UTC.to_datetime(t));
                Val::Time(crate::value::Moment { micros, local, day: false })
            }),
            Ty::Bool => None,
            Ty::Word(words) => {
                if !words.iter().any(|(w, _)| *w == text) {
                    let mut problem = Problem::new("M0104", format!("`{text}` is not known here"));
                    problem.expected =
                        format!("one of {}", words.iter().map(|(w, _)| w.as_str()).collect::<Vec<_>>().join(", "));
                    problem.help.extend(did_you_mean(&text, words.iter().map(|(w, _)| w.as_str())));
                    self.faults.add(&node.span, problem);
                    return None;
                }
                Some(Val::Text(text.clone().into()))
            }
        };
        if found.is_none() {
            self.faults.say(&node.span, "M0103", format!("`{text}` is no {}", ty.word()));
        }
        found
    }

    fn default(&mut self, node: &Node, ty: &Ty, at: &At) -> Option<Cell> {
        if node.is_table() {
            return self.cell(node, ty, at, &[]);
        }
        // A default in plain text is a constant, unlike a field's.
        let value = self.constant(node, ty)?;
        Some(Cell {
            span: node.span.clone(),
            target: at.target.to_owned(),
            ty: ty.clone(),
            origin: Origin::Value(value),
            pick: Pick::Same,
            trim: true,
            blank: Arc::new([]),
            fold: Default::default(),
            cuts: Vec::new(),
            translate: None,
            parse: self.assume.parse.clone(),
            adjust: Adjust::default(),
            default: None,
            required: false,
            lenient: false,
            checks: Vec::new(),
        })
    }

    fn cuts(&mut self, node: &Node) -> Vec<Cut> {
        let mut cuts = Vec::new();
        let f = &mut self.faults;
        if let Some(n) = node.get("strip") {
            cuts.push(Cut::Strip(n.texts(f)));
        }
        if let Some(n) = node.get("replace").filter(|n| n.table(f)) {
            let pairs = n.entries().iter().filter_map(|e| Some((e.key.clone(), e.node.text(f)?.to_owned())));
            cuts.push(Cut::Replace(pairs.collect()));
        }
        if let Some(n) = node.get("match") {
            cuts.extend(self.regex(n).map(Cut::Match));
        }
        let f = &mut self.faults;
        if let Some(n) = node.get("part").filter(|n| n.table(f)) {
            n.only(f, "`part`", &["by", "n"]);
            let by = n.get("by").and_then(|n| n.text(f)).unwrap_or_default().to_owned();
            let which = n.get("n").and_then(|n| n.integer(f)).unwrap_or(0);
            if by.is_empty() || which == 0 {
                f.say(&n.span, "M0102", "`part` needs `by`, and `n` counted from 1 (from the end: -1)");
            }
            cuts.push(Cut::Part { by, n: which });
        }
        if let Some(n) = node.get("slice") {
            let numbers: Vec<usize> = match &n.value {
                Value::List(list) => {
                    list.iter().filter_map(|n| n.integer(f)).filter_map(|n| usize::try_from(n).ok()).collect()
                }
                _ => Vec::new(),
            };
            match numbers.as_slice() {
                [start, length] if *start > 0 => cuts.push(Cut::Slice { start: *start, length: *length }),
                _ => n.wrong(f, "[start, length], counted from 1"),
            }
        }
        cuts
    }

    fn regex(&mut self, node: &Node) -> Option<Regex> {
        let text = node.text(&mut self.faults)?;
        match Regex::new(text) {
            Ok(regex) => Some(regex),
            Err(why) => {
                let why = why.to_string();
                let last = why.lines().last().unwrap_or_default().trim().to_owned();
                self.faults.say(&node.span, "M0407", format!("this is no regular expression: {last}"));
                None
            }
        }
    }

    fn translate(&mut self, node: &Node, ty: &Ty) -> Option<Translate> {
        let otherwise = node.get("else").and_then(|n| Else::read(n, &mut self.faults));
        if let Some(n) = node.get("enum") {
            let name = n.text(&mut self.faults)?;
            let Some(index) = self.word_names.get(name).copied() else {
                let advice = did_you_mean(name, self.word_names.keys().map(String::as_str));
                let mut problem = Problem::new("M0110", format!("there is no [enum.{name}]"));
                problem.help.extend(advice);
                self.faults.add(&n.span, problem);
                return None;
            };
            let words = self.words.get(index)?;
            if let (Ty::Word(known), Some(given)) = (ty, words.closed())
                && let Some(odd) = given.iter().find(|w| !known.iter().any(|(k, _)| k == *w))
            {
                let mut problem =
                    Problem::new("M0104", format!("[enum.{name}] gives `{odd}`, which the field does not know"));
                problem.expected =
                    format!("one of {}", known.iter().map(|(w, _)| w.as_str()).collect::<Vec<_>>().join(", "));
                self.faults.add(&n.span, problem);
            }
            let otherwise = otherwise.unwrap_or_else(|| words.otherwise.clone());
            return Some(Translate { by: By::Words(index), otherwise });
        }
        let n = node.get("lookup")?;
        let name = n.text(&mut self.faults)?;
        let Some(index) = self.lookup_names.get(name).copied() else {
            let advice = did_you_mean(name, self.lookup_names.keys().map(String::as_str));
            let mut problem = Problem::new("M0110", format!("there is no [lookup.{name}]"));
            problem.help.extend(advice);
            self.faults.add(&n.span, problem);
            return None;
        };
        let Some(take) = node.get("take") else {
            self.faults.say(&n.span, "M0102", "a look-up says which column to `take`");
            return None;
        };
        let column = take.text(&mut self.faults)?;
        let lookup = self.lookups.get(index)?;
        let found = lookup.columns.iter().position(|c| c == column);
        if found.is_none() && !lookup.columns.is_empty() {
            let mut problem = Problem::new("M0502", format!("[lookup.{name}] has no column `{column}`"));
            problem.expected = format!("one of {}", lookup.columns.join(", "));
            self.faults.add(&take.span, problem);
        }
        Some(Translate { by: By::Lookup(index, found?), otherwise: otherwise.unwrap_or(Else::Reject) })
    }

    fn parse(&mut self, node: &Node, at: &At) -> Parse {
        let mut parse = self.assume.parse.clone();
        // Slots of [assume] belong to the outermost scope.
        parse.currency = parse.currency.map(|c| self.rebase_currency(c, at));
        parse.zone = parse.zone.map(|z| self.rebase_zone(z, at));
        let f = &mut self.faults;
        if let Some(found) = node.get("number").and_then(|n| style(n, f)) {
            parse.style = found;
        }
        if let Some(negative) = node.get("negative").and_then(|n| n.one_of(f, &NEGATIVES)) {
            parse.style = parse.style.negative(negative);
        }
        parse.minor = node.get("minor").and_then(|n| n.bool(f)).unwrap_or(false);
        if let Some(n) = node.get("date") {
            parse.dates = patterns(n, false, f);
        }
        if let Some(n) = node.get("time") {
            parse.times = patterns(n, true, f);
            parse.day_of_time = true;
        }
        if let Some(dst) = node.get("dst").and_then(|n| n.one_of(f, &DST)) {
            parse.dst = Some(dst);
        }
        if let Some(n) = node.get("at") {
            let text = n.text(f).unwrap_or_default();
            parse.at = text.split_once(':').and_then(|(h, m)| Time::new(h.parse().ok()?, m.parse().ok()?, 0, 0).ok());
            if parse.at.is_none() {
                n.wrong(f, "a time of day such as \"00:00\"");
            }
        }
        if let Some(n) = node.get("bool") {
            (parse.yes, parse.no) = yes_no(n, f);
        }
        if let Some(n) = node.get("currency") {
            parse.currency = match n.is_table() {
                true => self.cell(n, &Ty::Text, at, &[]).map(|c| CurrencyOf::Cell(Arc::new(c))),
                false => currency(n, &mut self.faults).map(CurrencyOf::Fixed),
            };
        }
        if let Some(n) = node.get("zone") {
            parse.zone = match n.is_table() {
                true => self.cell(n, &Ty::Text, at, &[]).map(|c| crate::cell::ZoneOf::Cell(Arc::new(c))),
                false => self.zone_of(n),
            };
        }
        parse.source = node.get("source").and_then(|n| self.text_of(n, at));
        parse
    }

    /// A plain text is a constant; a table is a cell.
    pub(crate) fn text_of(&mut self, node: &Node, at: &At) -> Option<TextOf> {
        match node.is_table() {
            true => self.cell(node, &Ty::Text, at, &[]).map(|c| TextOf::Cell(Arc::new(c))),
            false => node.text(&mut self.faults).map(|t| TextOf::Fixed(t.to_owned())),
        }
    }

    fn rebase_currency(&mut self, of: CurrencyOf, at: &At) -> CurrencyOf {
        match of {
            CurrencyOf::Slot(_) => self.rebase(crate::assume::CURRENCY, at).map_or(of, CurrencyOf::Slot),
            other => other,
        }
    }

    fn rebase_zone(&mut self, of: crate::cell::ZoneOf, at: &At) -> crate::cell::ZoneOf {
        match of {
            crate::cell::ZoneOf::Slot(_) => self.rebase(crate::assume::ZONE, at).map_or(of, crate::cell::ZoneOf::Slot),
            other => other,
        }
    }

    /// A slot of [assume] as seen from here.
    pub(crate) fn rebase(&mut self, name: &str, at: &At) -> Option<crate::scope::SlotRef> {
        self.scopes.find(at.scope, at.own, name).map(|(slot, _)| slot)
    }

    fn adjust(&mut self, node: &Node) -> Adjust {
        let f = &mut self.faults;
        let mut adjust = Adjust::default();
        adjust.negate = node.get("negate").and_then(|n| n.bool(f)).unwrap_or(false);
        adjust.abs = node.get("abs").and_then(|n| n.bool(f)).unwrap_or(false);
        if let Some(n) = node.get("times") {
            adjust.times = match &n.value {
                Value::Integer(by) => Some(Decimal::from(*by)),
                Value::Text(text) => Style::PLAIN.read(text).ok(),
                _ => None,
            };
            if adjust.times.is_none() {
                n.wrong(f, "a factor in quotes, such as \"0.01\"");
            }
        }
        adjust.round =
            node.get("round").and_then(|n| n.integer(f)).and_then(|n| u32::try_from(n).ok()).map(|n| n.min(9));
        adjust.add_days =
            node.get("add_days").and_then(|n| n.integer(f)).and_then(|n| i32::try_from(n).ok()).unwrap_or(0);
        adjust
    }

    fn checks(&mut self, node: &Node, ty: &Ty) -> Vec<Check> {
        let mut checks = Vec::new();
        let ty = if *ty == Ty::Money { &Ty::Decimal } else { ty };
        if let Some(n) = node.get("one_of") {
            if let Value::List(list) = &n.value {
                checks.push(Check::OneOf(list.iter().filter_map(|n| self.constant(n, ty)).collect()));
            } else {
                n.wrong(&mut self.faults, "a list");
            }
        }
        if let Some(n) = node.get("between") {
            let list = if let Value::List(list) = &n.value { list.as_slice() } else { &[] };
            match list {
                [low, high] => {
                    if let (Some(low), Some(high)) = (self.constant(low, ty), self.constant(high, ty)) {
                        checks.push(Check::Between(low, high));
                    }
                }
                _ => n.wrong(&mut self.faults, "[least, most]"),
            }
        }
        if let Some(n) = node.get("like") {
            checks.extend(self.regex(n).map(Check::Like));
        }
        if let Some(n) = node.get("max_length").and_then(|n| n.integer(&mut self.faults)) {
            checks.push(Check::MaxLength(usize::try_from(n).unwrap_or(0)));
        }
        checks
    }

    /// Options that say nothing about a value of this type are slips.
    fn applicable(&mut self, node: &Node, ty: &Ty) {
        for entry in node.entries() {
            let number = matches!(ty, Ty::Integer | Ty::Decimal | Ty::Money);
            let ok = match entry.key.as_str() {
                "number" | "negative" | "negate" | "abs" | "times" | "round" => number,
                "minor" | "currency" => *ty == Ty::Money,
                "date" => matches!(ty, Ty::Date | Ty::Time),
                "time" => matches!(ty, Ty::Date | Ty::Time),
                "zone" | "dst" | "at" => *ty == Ty::Time,
                "bool" => *ty == Ty::Bool,
                "add_days" => *ty == Ty::Date,
                _ => true,
            };
            if !ok {
                self.faults.say(&entry.at, "M0112", format!("`{}` says nothing about a {}", entry.key, ty.word()));
            }
            if entry.key == "with" && node.get("join").is_none() || entry.key == "take" && node.get("lookup").is_none()
            {
                self.faults.say(&entry.at, "M0112", format!("`{}` says nothing here", entry.key));
            }
        }
    }

    /// Whether everything that reading needs is said somewhere.
    fn enough(&mut self, cell: &Cell, node: &Node) {
        if cell.is_constant() {
            return;
        }
        let reads = !matches!(cell.origin, Origin::Use(_) | Origin::Calc(_));
        let p = &cell.parse;
        let missing = match cell.ty {
            Ty::Money if p.currency.is_none() => {
                Some(("M0409", "an amount needs a currency", "[assume] currency = \"EUR\", or { from = \"heading\" }"))
            }
            Ty::Date if reads && !p.day_of_time && p.dates.is_empty() => {
                Some(("M0409", "how dates are written is not said", "[assume] date = \"yyyy-MM-dd\""))
            }
            Ty::Time if reads && p.at.is_some() && p.dates.is_empty() => {
                Some(("M0409", "how dates are written is not said", "[assume] date = \"yyyy-MM-dd\""))
            }
            Ty::Time if reads && p.at.is_none() && p.times.is_empty() => {
                Some(("M0409", "how times are written is not said", "[assume] time = \"yyyy-MM-dd HH:mm:ss\""))
            }
            Ty::Time if p.zone.is_none() && (p.at.is_some() || reads && p.times.iter().any(|t| t.needs_zone())) => {
                Some(("M0408", "a local time needs a zone", "[assume] zone = \"Europe/Berlin\""))
            }
            _ => None,
        };
        if let Some((code, message, help)) = missing {
            self.faults.add(&node.span, Problem::new(code, message).help(help));
        }
        let local = cell.ty == Ty::Time && reads && p.at.is_none() && p.times.iter().any(|t| t.needs_zone());
        if let (true, Some(crate::cell::ZoneOf::Fixed(zone)), None) = (local, &p.zone, p.dst)
            && changes(zone)
        {
            let place = self.assume.zone_at.clone().unwrap_or(node.span.clone());
            let problem =
                Problem::new("M0405", "clocks in this zone are put back once a year: which of the two hours is meant?");
            self.faults.add(&place, problem.help("add dst = \"earlier\", \"later\" or \"reject\""));
        }
    }
}
