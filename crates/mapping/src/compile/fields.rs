//! `set`: which field of the event's message each name fills.

use onefold_event::{EventType, FieldKind, MessageField, Problem};

use crate::compile::compiler::{ConnectorCompiler, PendingCell};
use crate::language::node::{TomlEntry, TomlNode, TomlValue};
use crate::language::options::{IDENTIFIERS, LIST};
use crate::program::layout::{FieldLayout, LayoutFill};
use crate::program::names::ScopeId;
use crate::program::scope::SlotType;
use crate::report::nearest::did_you_mean;
use crate::report::source_text::TextSpan;
use crate::values::value::ValueType;

impl ConnectorCompiler<'_> {
    /// Declares the slots of a message's fields.
    pub(crate) fn read_message(
        &mut self,
        entries: &[(TomlEntry, bool)],
        fields: &'static [MessageField],
        scope: ScopeId,
        target: &str,
        path: &str,
        ty: &'static EventType,
    ) -> Vec<FieldLayout> {
        let mut layout = Vec::new();
        for (entry, common) in entries {
            let Some(field) = fields.iter().find(|f| f.name == entry.key) else {
                self.no_such_field(entry, *common, fields, entries, target, ty);
                continue;
            };
            let path = format!("{path}{}", field.name);
            if let Some(fill) = self.read_fill(entry, field, scope, &format!("{target}.{}", field.name), &path, ty) {
                layout.push(FieldLayout { field, fill });
            }
        }
        for field in fields.iter().filter(|f| f.required && !entries.iter().any(|(e, _)| e.key == f.name)) {
            let place = entries.first().map_or(self.here.clone(), |(e, _)| e.at.clone());
            let message = format!("`{target}` does not set `{}`, which {} requires", field.name, ty.name);
            let what = ValueType::of_field(&field.kind).map_or("message", |t| t.type_word());
            self.diagnostics
                .add(&place, Problem::new("M0109", message).instead("", format!("{} ({what})", field.name)));
        }
        layout
    }

    fn no_such_field(
        &mut self,
        entry: &TomlEntry,
        common: bool,
        fields: &[MessageField],
        set: &[(TomlEntry, bool)],
        target: &str,
        ty: &EventType,
    ) {
        let mut problem = Problem::new("M0107", format!("`{target}` has no field `{}`", entry.key));
        let free = fields.iter().filter(|f| !set.iter().any(|(e, _)| e.key == f.name)).map(|f| f.name.as_str());
        let all = fields.iter().map(|f| f.name.as_str());
        if IDENTIFIERS.contains(&entry.key.as_str()) && ty.has_identifiers() {
            problem.help.push(format!("`{}` is an identifier: it stands in refs", entry.key));
        } else if ty.role(&entry.key).is_ok() {
            problem.help.push(format!("`{}` is a reference: it stands in refs", entry.key));
        } else if let Some(advice) = did_you_mean(&entry.key, free).or_else(|| did_you_mean(&entry.key, all.clone())) {
            problem.help.push(advice);
        } else {
            problem.expected = format!("one of {}", all.filter(|n| *n != "identifiers").collect::<Vec<_>>().join(", "));
        }
        if common {
            problem.help.push(format!("it stands in [common.set], so in every event; it is not in {}", ty.name));
        }
        self.diagnostics.add(&entry.at, problem);
    }

    fn read_fill(
        &mut self,
        entry: &TomlEntry,
        field: &'static MessageField,
        scope: ScopeId,
        target: &str,
        path: &str,
        ty: &'static EventType,
    ) -> Option<LayoutFill> {
        let node = &entry.node;
        if let FieldKind::Message(inner) = &field.kind {
            return match (&node.value, field.repeated) {
                (TomlValue::Table(_), true) if node.get("each").is_some() => {
                    Some(self.read_list(entry, inner, scope, target, path, ty))
                }
                (TomlValue::Table(entries), false) => {
                    let entries = own_entries(entries);
                    Some(LayoutFill::Message(self.read_message(
                        &entries,
                        inner,
                        scope,
                        target,
                        &format!("{path}."),
                        ty,
                    )))
                }
                (TomlValue::Table(entries), true) if field.is_named_texts() => {
                    let items = entries.iter().map(|named| {
                        let fields = own_entries(&named_text(named));
                        self.read_message(&fields, inner, scope, target, &format!("{path}.{}.", named.key), ty)
                    });
                    Some(LayoutFill::Messages(items.collect()))
                }
                // Without `each` a table is one item.
                (TomlValue::Table(entries), true) => {
                    let fields =
                        self.read_message(&own_entries(entries), inner, scope, target, &format!("{path}[]."), ty);
                    Some(LayoutFill::Messages(vec![fields]))
                }
                (TomlValue::List(items), true) => {
                    let messages = items
                        .iter()
                        .enumerate()
                        .filter(|(_, item)| item.expect_table(&mut self.diagnostics))
                        .collect::<Vec<_>>();
                    Some(LayoutFill::Messages(
                        messages
                            .into_iter()
                            .map(|(n, item)| {
                                self.read_message(
                                    &own_entries(item.entries()),
                                    inner,
                                    scope,
                                    target,
                                    &format!("{path}[{n}]."),
                                    ty,
                                )
                            })
                            .collect(),
                    ))
                }
                _ => {
                    let names: Vec<_> = inner.iter().map(|f| f.name.as_str()).collect();
                    let problem = Problem::new(
                        "M0108",
                        format!("`{}` holds {}: it is filled field by field", field.name, names.join(", ")),
                    );
                    let help = if field.repeated {
                        format!("[…set.{}] with each = \"#rows\"", field.name)
                    } else {
                        format!("{}.{} = …", field.name, names.first().unwrap_or(&""))
                    };
                    self.diagnostics.add(&node.span, problem.help(help));
                    None
                }
            };
        }
        let of = ValueType::of_field(&field.kind)?;
        if let (TomlValue::List(items), true) = (&node.value, field.repeated) {
            let slots = items.iter().enumerate().map(|(n, item)| {
                self.declare_slot(item, &format!("{path}[{n}]"), &entry.at, scope, (&of, true), target)
            });
            return Some(LayoutFill::Slots(slots.collect()));
        }
        Some(LayoutFill::Slot(self.declare_slot(node, path, &entry.at, scope, (&of, field.repeated), target)))
    }

    fn declare_slot(
        &mut self,
        node: &TomlNode,
        name: &str,
        at: &TextSpan,
        scope: ScopeId,
        (ty, list): (&ValueType, bool),
        target: &str,
    ) -> usize {
        let index = self.scopes.declare_name(scope, name, at, SlotType::One(ty.clone()));
        self.scopes.list[scope].slots[index].words = self.words_of(node);
        let (node, target, ty) = (node.clone(), target.to_owned(), ty.clone());
        self.add_pending(PendingCell { scope, index, node, target, ty, list, named: false });
        index
    }

    fn read_list(
        &mut self,
        entry: &TomlEntry,
        fields: &'static [MessageField],
        scope: ScopeId,
        target: &str,
        path: &str,
        ty: &'static EventType,
    ) -> LayoutFill {
        let items = self.scopes.open_scope(Some(scope));
        let slot = self.scopes.declare_name(scope, path, &entry.at, SlotType::List(items));
        if let Some(lets) = entry.node.get("let") {
            self.declare_lets(lets, items, &format!("{target}.let."));
        }
        let rest: Vec<TomlEntry> =
            (entry.node.entries().iter()).filter(|e| !LIST.keys().contains(&e.key.as_str())).cloned().collect();
        let fields = self.read_message(&own_entries(&rest), fields, items, target, "", ty);
        // After the fields: `when` may name them.
        self.add_pending_list(scope, slot, items, &entry.node, target);
        LayoutFill::List { slot, fields }
    }
}

/// The cells of a text under a name that the author chose, from the one line that says both.
fn named_text(named: &TomlEntry) -> Vec<TomlEntry> {
    let entry = |key: &str, value: TomlValue| TomlEntry {
        key: key.to_owned(),
        at: named.at.clone(),
        node: TomlNode { span: named.node.span.clone(), value },
    };
    let name = TomlValue::Table(vec![entry("value", TomlValue::Text(named.key.clone()))]);
    vec![entry("name", name), entry("text", named.node.value.clone())]
}

fn own_entries(entries: &[TomlEntry]) -> Vec<(TomlEntry, bool)> {
    entries.iter().map(|e| (e.clone(), false)).collect()
}
