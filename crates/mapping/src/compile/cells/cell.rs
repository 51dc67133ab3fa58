//! Reads a cell of the connector file and checks its options against its type.

use std::sync::Arc;

use onefold_event::Problem;

use crate::compile::cells::validate::{OF_READING, OF_TEXTS};
use crate::compile::compiler::{CellContext, ConnectorCompiler};
use crate::compile::expression::ExpressionType;
use crate::language::node::{TomlNode, TomlValue};
use crate::language::options::CELL;
use crate::program::cell::{CellDef, CellOrigin, CurrencyOf, PICKS, RowPick, ValueAdjustment};
use crate::program::scope::SlotType;
use crate::report::nearest::did_you_mean;
use crate::values::fold::FOLDS;
use crate::values::number::NumberStyle;
use crate::values::value::{CellValue, LocalMoment, ValueType};

pub(crate) const ORIGINS: [&str; 6] = ["from", "first_of", "join", "value", "use", "calc"];

/// The option of cells that may give several values.
pub(crate) const MATCH_ALL: &str = "match_all";

/// Whether a list of `first_of` or `join` holds more than paths.
fn has_cells(node: &TomlNode) -> bool {
    matches!(&node.value, TomlValue::List(items) if items.iter().any(TomlNode::is_table))
}

impl ConnectorCompiler<'_> {
    /// Reads a cell. `more`: options that its place has besides.
    pub(crate) fn read_cell(
        &mut self,
        node: &TomlNode,
        ty: &ValueType,
        at: &CellContext,
        more: &[&str],
    ) -> Option<CellDef> {
        let origin = match &node.value {
            TomlValue::Text(text) => CellOrigin::From(self.add_path(text, &node.span)?),
            TomlValue::Table(_) => {
                let mut known = CELL.keys();
                known.extend(more);
                if matches!(ty, ValueType::Subject(_)) {
                    known.push("source");
                }
                node.allow_keys(&mut self.diagnostics, "a cell", &known);
                self.read_origin(node, ty, at)?
            }
            _ => {
                node.report_type(&mut self.diagnostics, "a path in quotes, or a table such as { value = \"…\" }");
                return None;
            }
        };
        self.check_applicable(node, ty);
        let f = &mut self.diagnostics;
        let flag = |key: &str, f: &mut _| node.get(key).and_then(|n| n.expect_bool(f));
        let pick = node.get("pick").and_then(|n| n.one_of(f, &PICKS)).unwrap_or(RowPick::Same);
        if pick == RowPick::List && !more.contains(&MATCH_ALL) {
            f.report_message(&node.span, "M0112", "several values do not fit here: `pick` one of them");
        }
        let reduces = matches!(pick, RowPick::Min | RowPick::Max | RowPick::Sum | RowPick::Count);
        if let Some(n) = node.get(MATCH_ALL).filter(|_| reduces) {
            f.report_message(&n.span, "M0112", "`match_all` gives a list, of which `pick` makes nothing");
        }
        let trim = flag("trim", f).unwrap_or(true);
        let lenient =
            node.get("on_bad").and_then(|n| n.one_of(f, &[("reject", false), ("absent", true)])).unwrap_or(false);
        let required = flag("required", f).unwrap_or(false);
        if lenient && required {
            f.report_message(&node.span, "M0112", "a required value cannot be left out when it is bad");
        }
        let blank = node.get("blank").map_or_else(|| Arc::clone(&self.assume.blank), |n| n.text_list(f).into());
        let fold = node.get("fold").and_then(|n| n.one_of(f, &FOLDS)).unwrap_or_default();
        let cell = CellDef {
            span: node.span.clone(),
            target: at.target.to_owned(),
            ty: ty.clone(),
            pick,
            trim,
            blank,
            fold,
            cuts: self.read_text_edits(node),
            translate: self.read_translation(node, ty),
            parse: self.read_parse_settings(node, at),
            adjust: self.read_adjustment(node),
            default: node.get("default").and_then(|n| self.read_default(n, ty, at)).map(Box::new),
            required,
            lenient,
            key: false,
            checks: self.read_checks(node, ty),
            origin,
        };
        // Last: it looks at what the cell and `[assume]` say together.
        self.check_complete(&cell, node);
        self.note_assumptions(&cell, node);
        Some(cell)
    }

    fn read_origin(&mut self, node: &TomlNode, ty: &ValueType, at: &CellContext) -> Option<CellOrigin> {
        let given: Vec<&str> = ORIGINS.into_iter().filter(|key| node.get(key).is_some()).collect();
        let [key] = given.as_slice() else {
            let message = if given.is_empty() {
                "a cell says where its value comes from".to_owned()
            } else {
                format!("a cell has one origin, not {}", given.join(" and "))
            };
            self.diagnostics.add(
                &node.span,
                Problem::new("M0114", message).instead("", "one of from, first_of, join, value, use, calc"),
            );
            return None;
        };
        let inner = node.get(key)?;
        Some(match *key {
            "from" => {
                let text = inner.expect_text(&mut self.diagnostics)?.to_owned();
                CellOrigin::From(self.add_path(&text, &inner.span)?)
            }
            "first_of" | "join" if has_cells(inner) => self.read_cells(node, inner, ty, at)?,
            "first_of" | "join" => {
                let texts = inner.text_list(&mut self.diagnostics);
                let paths: Vec<_> = texts.iter().filter_map(|t| self.add_path(t, &inner.span)).collect();
                if *key == "join" {
                    CellOrigin::Join { paths, with: self.read_with(node) }
                } else {
                    CellOrigin::FirstOf(paths)
                }
            }
            "value" => CellOrigin::Value(self.read_constant(inner, ty)?),
            "use" => self.used_name(node, inner, ty, at)?,
            _ => {
                let (expr, from) = self.read_expression(inner, at.scope, at.own)?;
                self.check_fits(&from, ty, node, inner);
                let text = inner.expect_text(&mut self.diagnostics)?.trim().to_owned();
                CellOrigin::Calc { expression: expr, text }
            }
        })
    }

    /// `first_of` and `join` over cells; a text among them is a path. Those of `first_of` are read as what they fill, those of
    /// `join` as texts, and only what is joined is read.
    fn read_cells(&mut self, node: &TomlNode, list: &TomlNode, ty: &ValueType, at: &CellContext) -> Option<CellOrigin> {
        let join = node.get("join").is_some();
        let (key, ty) = if join { ("join", &ValueType::Text) } else { ("first_of", ty) };
        for entry in node.entries() {
            let own = match entry.key.as_str() {
                "pick" | "trim" | "blank" | "fold" => true,
                "currency" | "source" | "at" | "default" | "on_bad" => false,
                other => !join && (OF_TEXTS.contains(&other) || OF_READING.contains(&other)),
            };
            if own {
                let message =
                    format!("`{}` stands in the cells of `{key}`, each of which is read in its own way", entry.key);
                self.diagnostics.report_message(&entry.at, "M0112", message);
            }
        }
        let TomlValue::List(items) = &list.value else { return None };
        let cells: Vec<_> = items.iter().filter_map(|item| self.read_cell(item, ty, at, &[])).collect();
        Some(if join {
            CellOrigin::JoinCells { cells, with: self.read_with(node) }
        } else {
            CellOrigin::FirstCell(cells)
        })
    }

    /// What stands between joined texts.
    fn read_with(&mut self, node: &TomlNode) -> String {
        node.get("with").and_then(|n| n.expect_text(&mut self.diagnostics)).unwrap_or(" ").to_owned()
    }

    fn used_name(&mut self, node: &TomlNode, inner: &TomlNode, ty: &ValueType, at: &CellContext) -> Option<CellOrigin> {
        let name = inner.expect_text(&mut self.diagnostics)?.to_owned();
        let Some((slot, scope)) = self.scopes.find_slot(at.scope, at.own, &name) else {
            let known = self.scopes.visible_names(at.scope);
            let mut problem = Problem::new("M0302", format!("there is no name `{name}` here"));
            problem.help.extend(did_you_mean(&name, known.iter().map(String::as_str)));
            problem.help.push("a name is declared in [let]; a heading is read with `from`".into());
            self.diagnostics.add(&inner.span, problem);
            return None;
        };
        // The order of working out follows from this: a cell needs what it names.
        self.used.push((scope, slot.index));
        let found = self.scopes.list[scope].slots[slot.index].ty.clone();
        match found {
            SlotType::One(from) if !matches!(from, ValueType::Text | ValueType::Word(_) | ValueType::Subject(_)) => {
                self.refuse_text_options(node, from.type_word());
                self.check_fits(&ExpressionType::from_value_type(&from, None), ty, node, inner);
            }
            SlotType::One(from) => self.check_fits(&ExpressionType::from_value_type(&from, None), ty, node, inner),
            SlotType::List(_) => {
                self.diagnostics.report_message(&inner.span, "M0303", format!("`{name}` is a list, not a value"))
            }
        }
        Some(CellOrigin::Use(slot))
    }

    /// Whether a value of one type can become the cell's.
    fn check_fits(&mut self, from: &ExpressionType, to: &ValueType, node: &TomlNode, at: &TomlNode) {
        let ok = match (from, to) {
            (ExpressionType::Text(_), _) => true,
            (
                ExpressionType::Integer,
                ValueType::Integer | ValueType::Decimal | ValueType::Money | ValueType::Text | ValueType::Subject(_),
            ) => true,
            (ExpressionType::Decimal, ValueType::Decimal | ValueType::Money | ValueType::Text) => true,
            (ExpressionType::Money, ValueType::Money | ValueType::Decimal) => true,
            (ExpressionType::Date, ValueType::Date | ValueType::Text) => true,
            (ExpressionType::Date, ValueType::Time) => node.get("at").is_some(),
            (ExpressionType::Time, ValueType::Time | ValueType::Date) => true,
            (ExpressionType::Bool, ValueType::Bool) => true,
            _ => false,
        };
        if !ok {
            let mut problem =
                Problem::new("M0303", format!("a {} does not become a {}", from.type_word(), to.type_word()));
            if matches!((from, to), (ExpressionType::Date, ValueType::Time)) {
                problem = problem.help("add at = \"00:00\": the event is then known to the day only");
            }
            self.diagnostics.add(&at.span, problem);
        }
    }

    /// A constant is written plainly: `1234.56`, `2026-03-09`, `2026-03-09T17:05:11+08:00`.
    pub(crate) fn read_constant(&mut self, node: &TomlNode, ty: &ValueType) -> Option<CellValue<'static>> {
        let text = match (&node.value, ty) {
            (TomlValue::Bool(flag), ValueType::Bool) => return Some(CellValue::Bool(*flag)),
            (TomlValue::Integer(n), ValueType::Integer) => return Some(CellValue::Integer(*n)),
            (TomlValue::Integer(n), ValueType::Decimal | ValueType::Money) => n.to_string(),
            _ => node.expect_text(&mut self.diagnostics)?.to_owned(),
        };
        let found = match ty {
            ValueType::Text => Some(CellValue::Text(text.clone().into())),
            ValueType::Subject(_) => Some(CellValue::Text(text.clone().into())),
            ValueType::Integer => text.parse().ok().map(CellValue::Integer),
            ValueType::Decimal => NumberStyle::PLAIN.read_decimal(&text).ok().map(CellValue::Decimal),
            ValueType::Money => match (NumberStyle::PLAIN.read_decimal(&text).ok(), &self.assume.parse.currency) {
                (Some(d), Some(CurrencyOf::Fixed(c))) => Some(CellValue::Money(d, *c)),
                _ => None,
            },
            ValueType::Date => text.parse().ok().map(CellValue::Date),
            ValueType::Time => onefold_event::read_time(&text).ok().map(|(micros, offset)| {
                let clock = jiff::tz::Offset::from_seconds(offset.unwrap_or(0)).unwrap_or(jiff::tz::Offset::UTC);
                let local = jiff::Timestamp::from_microsecond(micros)
                    .map_or(jiff::civil::DateTime::ZERO, |t| clock.to_datetime(t));
                CellValue::Time(LocalMoment { micros, local, offset, day: false })
            }),
            ValueType::Bool => None,
            ValueType::Word(words) => {
                if !words.iter().any(|(w, _)| *w == text) {
                    let mut problem = Problem::new("M0104", format!("`{text}` is not known here"));
                    problem.expected =
                        format!("one of {}", words.iter().map(|(w, _)| w.as_str()).collect::<Vec<_>>().join(", "));
                    problem.help.extend(did_you_mean(&text, words.iter().map(|(w, _)| w.as_str())));
                    self.diagnostics.add(&node.span, problem);
                    return None;
                }
                Some(CellValue::Text(text.clone().into()))
            }
        };
        if found.is_none() {
            self.diagnostics.report_message(&node.span, "M0103", format!("`{text}` is no {}", ty.type_word()));
        }
        found
    }

    fn read_default(&mut self, node: &TomlNode, ty: &ValueType, at: &CellContext) -> Option<CellDef> {
        if node.is_table() {
            return self.read_cell(node, ty, at, &[]);
        }
        // A default in plain text is a constant, unlike a field's.
        let value = self.read_constant(node, ty)?;
        Some(CellDef {
            span: node.span.clone(),
            target: at.target.to_owned(),
            ty: ty.clone(),
            origin: CellOrigin::Value(value),
            pick: RowPick::Same,
            trim: true,
            blank: Arc::new([]),
            fold: Default::default(),
            cuts: Vec::new(),
            translate: None,
            parse: self.assume.parse.clone(),
            adjust: ValueAdjustment::default(),
            default: None,
            required: false,
            lenient: false,
            key: false,
            checks: Vec::new(),
        })
    }
}
