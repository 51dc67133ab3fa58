//! `refs`: pointers to other subjects, and identifiers of whoever the record is about.

use onefold_event::{EventType, Problem, SubjectKind};

use crate::compile::compiler::{CellContext, ConnectorCompiler};
use crate::language::node::{TomlEntry, TomlValue};
use crate::language::options::{IDENTIFIER, IDENTIFIERS, SEVERAL};
use crate::program::event::{ReferenceDef, ReferenceTarget};
use crate::program::names::ScopeId;
use crate::report::nearest::did_you_mean;
use crate::values::value::ValueType;

/// Kinds whose issuer is a country.
const OF_REGION: [&str; 5] = ["phone", "tax_number", "vat", "registration", "national_id"];

impl ConnectorCompiler<'_> {
    pub(crate) fn read_references(
        &mut self,
        entry: &TomlEntry,
        common: bool,
        ty: &'static EventType,
        scope: ScopeId,
        event: &str,
    ) -> Vec<ReferenceDef> {
        let nodes = if let TomlValue::List(list) = &entry.node.value {
            list.as_slice()
        } else {
            std::slice::from_ref(&entry.node)
        };
        let key = entry.key.as_str();
        let target = format!("{event}.refs.{key}");
        let at = CellContext { scope, own: None, target: &target };
        if IDENTIFIERS.contains(&key) {
            if !ty.has_identifiers() {
                self.diagnostics.report_message(&entry.at, "M0106", format!("{} carries no identifiers", ty.name));
                return Vec::new();
            }
            return nodes
                .iter()
                .filter_map(|node| {
                    let mut cell = self.read_cell(node, &ValueType::Text, &at, &IDENTIFIER.keys_with(&SEVERAL))?;
                    cell.key = key != "email";
                    let issuer = match node.get("issuer") {
                        Some(n) => self.text_of(n, &at),
                        None if OF_REGION.contains(&key) => self.region_seen_from(&at),
                        None => None,
                    };
                    if key == "number" && issuer.is_none() {
                        let problem =
                            Problem::new("M0102", "a party's number needs its `issuer`: the source whose number it is");
                        self.diagnostics.add(&node.span, problem.help("number = { from = \"…\", issuer = \"erp\" }"));
                    }
                    let role = node
                        .get("role")
                        .and_then(|n| n.expect_text(&mut self.diagnostics))
                        .unwrap_or_default()
                        .to_owned();
                    Some(ReferenceDef { cell, to: ReferenceTarget::Identifier { kind: key.to_owned(), issuer, role } })
                })
                .collect();
        }
        let Ok(role) = ty.role(key) else {
            self.no_such_ref(entry, common, ty);
            return Vec::new();
        };
        let kind: SubjectKind = role.kind();
        nodes
            .iter()
            .filter_map(|node| {
                let cell = self.read_cell(node, &ValueType::Subject(kind), &at, &SEVERAL.keys())?;
                Some(ReferenceDef { cell, to: ReferenceTarget::Subject(role) })
            })
            .collect()
    }

    fn no_such_ref(&mut self, entry: &TomlEntry, common: bool, ty: &'static EventType) {
        let roles: Vec<&str> = ty.roles.iter().map(|r| r.word()).collect();
        let identifiers: &[&str] = if ty.has_identifiers() { &IDENTIFIERS } else { &[] };
        let known: Vec<&str> = roles.iter().chain(identifiers).copied().collect();
        let mut problem = Problem::new("M0106", format!("{} has no reference `{}`", ty.name, entry.key));
        problem.expected =
            if known.is_empty() { "no references at all".into() } else { format!("one of {}", known.join(", ")) };
        problem.help.extend(did_you_mean(&entry.key, known.into_iter()));
        if common {
            problem.help.push("it stands in [common.refs], so in every event".into());
        }
        self.diagnostics.add(&entry.at, problem);
    }
}
