//! A JSON Schema (draft 2020-12) of connector files, made of the list of options that the parser allows and of the event catalogue.

use onefold_event::{EventType, FieldKind, MessageField, catalogue};
use serde_json::{Map, Value, json};

use crate::language::options::{
    ASSUME, CELL, COMMON, CONNECTOR, ENUM, EVENT, FILE, FROM, HTTP, IDENTIFIER, IDENTIFIERS, KAFKA, LIST, LOOKUP,
    NAMED, OptionDef, OptionTable, OptionValue, READ, REQUIRED, SEVERAL, SUBJECT, TEST,
};

/// The schema of connector files, for editors: what it refuses the parser refuses too. The parser alone knows whether names, paths
/// and types fit each other.
pub fn connector_schema() -> Value {
    let mut defs = SchemaDefs::default();
    let from = from_schema();
    let event = event_schema(&mut defs);
    let named = |item: Value| json!({ "type": "object", "additionalProperties": item });
    let mut root = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Onefold connector file", "type": "object",
        "additionalProperties": false,
        "required": ["connector", "from", "read", "event"],
        "properties": {
            "connector": table_schema(&[&CONNECTOR]),
            "from": from,
            "read": table_schema(&[&READ]),
            "assume": table_schema(&[&ASSUME]),
            "enum": named(table_schema(&[&ENUM])),
            "lookup": named(table_schema(&[&LOOKUP])),
            "let": value_schema(&OptionValue::Names),
            "skip": value_schema(&OptionValue::ExpressionMap),
            "common": common_schema(),
            "event": named(event),
            "test": named(table_schema(&[&TEST])),
        },
    });
    let mut all = defs.finish();
    all.insert("cell".into(), cell_schema(&[]));
    // What stands in for a subject may say whose number it is.
    all.insert("default".into(), cell_schema(&[("source", text_or_cell())]));
    all.insert("version".into(), cell_schema(&own_options(&NAMED)));
    let several = |mut more: Vec<(&'static str, Value)>| {
        more.extend(own_options(&SEVERAL));
        cell_schema(&more)
    };
    let source = || vec![("source", text_or_cell())];
    all.insert("named".into(), several(own_options(&NAMED)));
    all.insert("listed".into(), several(Vec::new()));
    all.insert("subject".into(), cell_schema(&source()));
    all.insert("subjects".into(), several(source()));
    all.insert("identifier".into(), several(own_options(&IDENTIFIER)));
    all.insert("about".into(), cell_schema(&own_options(&SUBJECT)));
    if let Some(root) = root.as_object_mut() {
        root.insert("$defs".into(), Value::Object(all));
    }
    root
}

/// Fields of messages, each list of them once.
#[derive(Default)]
struct SchemaDefs {
    messages: Vec<&'static [MessageField]>,
    list: Map<String, Value>,
}

impl SchemaDefs {
    fn finish(self) -> Map<String, Value> {
        self.list
    }

    /// A reference to the schema of a message with these fields.
    fn message(&mut self, fields: &'static [MessageField], listed: bool) -> Value {
        // Addresses and lines stand in many events: by reference, or the schema would be too large for editors.
        let place = self.messages.iter().position(|known| *known == fields).unwrap_or_else(|| {
            self.messages.push(fields);
            self.messages.len() - 1
        });
        let name = format!("{}-{}", if listed { "items" } else { "fields" }, place + 1);
        if !self.list.contains_key(&name) {
            let mut properties: Map<String, Value> =
                fields.iter().map(|field| (field.name.clone(), self.field(field))).collect();
            if listed {
                properties.extend(LIST.options.iter().map(|option| (option.key.to_owned(), option_schema(option))));
            }
            let schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
            self.list.insert(name.clone(), schema);
        }
        json!({ "$ref": format!("#/$defs/{name}") })
    }

    fn field(&mut self, field: &'static MessageField) -> Value {
        let one = match &field.kind {
            FieldKind::Message(inner) if field.repeated => {
                let item = self.message(inner, false);
                let list = json!({ "type": "array", "items": item });
                if field.is_named_texts() {
                    let named = json!({ "type": "object", "additionalProperties": reference("cell") });
                    return json!({ "anyOf": [self.message(inner, true), named, list] });
                }
                return json!({ "anyOf": [self.message(inner, true), list] });
            }
            FieldKind::Message(inner) => return self.message(inner, false),
            FieldKind::Subject(_) if field.repeated => reference("subjects"),
            FieldKind::Subject(_) => reference("subject"),
            _ if field.repeated => reference("listed"),
            _ => reference("cell"),
        };
        if field.repeated { one_or_list(one) } else { one }
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn one_or_list(one: Value) -> Value {
    json!({ "anyOf": [one, { "type": "array", "items": one }] })
}

fn text_or_cell() -> Value {
    json!({ "anyOf": [{ "type": "string" }, reference("cell")] })
}

fn own_options(table: &'static OptionTable) -> Vec<(&'static str, Value)> {
    table.options.iter().map(|option| (option.key, option_schema(option))).collect()
}

/// A bare path, or options; some that this place alone has.
fn cell_schema(more: &[(&'static str, Value)]) -> Value {
    let mut properties: Map<String, Value> =
        CELL.options.iter().map(|option| (option.key.to_owned(), option_schema(option))).collect();
    properties.extend(more.iter().map(|(key, schema)| ((*key).to_owned(), schema.clone())));
    let table = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    json!({ "anyOf": [{ "type": "string" }, table] })
}

fn table_schema(tables: &[&'static OptionTable]) -> Value {
    let options = || tables.iter().flat_map(|table| table.options);
    let properties: Map<String, Value> =
        options().map(|option| (option.key.to_owned(), option_schema(option))).collect();
    let required: Vec<&str> = options().filter(|option| option.default == REQUIRED).map(|option| option.key).collect();
    json!({
        "description": tables.first().map_or("", |table| table.meaning), "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn option_schema(option: &OptionDef) -> Value {
    let mut schema = value_schema(&option.takes);
    let default = match option.default {
        "" => String::new(),
        REQUIRED => " Required.".to_owned(),
        other => format!(" If it is not said: {other}."),
    };
    if let Some(fields) = schema.as_object_mut() {
        fields.insert("description".into(), format!("{}{default}\n\n{}", option.meaning, option.example).into());
    }
    schema
}

fn value_schema(takes: &OptionValue) -> Value {
    let text = || json!({ "type": "string" });
    let map = |of: Value| json!({ "type": "object", "additionalProperties": of });
    let constant = || json!({ "type": ["string", "integer", "boolean"] });
    match takes {
        OptionValue::Text | OptionValue::Path | OptionValue::Expression => text(),
        OptionValue::Texts => one_or_list(text()),
        OptionValue::Integer => json!({ "type": "integer" }),
        OptionValue::Flag => json!({ "type": "boolean" }),
        OptionValue::Words(words) => json!({ "enum": words }),
        OptionValue::WordList(words) => one_or_list(json!({ "enum": words })),
        OptionValue::IntegerOr(word) => json!({ "anyOf": [{ "type": "integer" }, { "const": word }] }),
        OptionValue::Cell => reference("version"),
        OptionValue::Cells => one_or_list(reference("cell")),
        OptionValue::TextOrCell => text_or_cell(),
        OptionValue::Constant => constant(),
        OptionValue::Constants => json!({ "type": "array", "items": constant() }),
        OptionValue::ConstantOrCell => json!({ "anyOf": [constant(), reference("default")] }),
        OptionValue::Pair => json!({ "type": "array", "items": { "type": "integer" }, "minItems": 2, "maxItems": 2 }),
        OptionValue::Factor => json!({ "type": ["string", "integer"] }),
        OptionValue::Table(table) => table_schema(&[table]),
        OptionValue::TableList(table) => one_or_list(table_schema(&[table])),
        OptionValue::WordsOr(words, table) => json!({ "anyOf": [{ "enum": words }, table_schema(&[table])] }),
        OptionValue::TextMap => map(text()),
        OptionValue::TextsMap => map(one_or_list(text())),
        OptionValue::IntegerMap => map(json!({ "type": "integer" })),
        OptionValue::ExpressionMap => map(text()),
        OptionValue::Heading => json!({ "anyOf": [{ "type": "integer" }, { "type": "array", "items": text() }] }),
        OptionValue::AnyOf(forms) => json!({ "anyOf": forms.iter().map(value_schema).collect::<Vec<_>>() }),
        OptionValue::References | OptionValue::Fields => json!({ "type": "object" }),
        OptionValue::Names => json!({ "type": "object", "additionalProperties": {
            "anyOf": [reference("named"), { "type": "object", "required": ["each"] }],
        } }),
    }
}

/// What may stand in `[from]` depends on its kind.
fn from_schema() -> Value {
    let mut schema = table_schema(&[&FROM, &FILE, &HTTP, &KAFKA]);
    let of_kind = |kind: &str, table: &'static OptionTable| {
        let refused: Map<String, Value> =
            table.keys().into_iter().map(|key| (key.to_owned(), Value::Bool(false))).collect();
        let required: Vec<&str> =
            table.options.iter().filter(|option| option.default == REQUIRED).map(|option| option.key).collect();
        json!({
            "if": { "properties": { "kind": {
                "anyOf": [{ "const": kind }, { "type": "array", "contains": { "const": kind } }],
            } } },
            "then": { "required": required },
            "else": { "properties": refused },
        })
    };
    if let Some(fields) = schema.as_object_mut() {
        fields.insert("required".into(), json!(["kind"]));
        fields
            .insert("allOf".into(), json!([of_kind("file", &FILE), of_kind("http", &HTTP), of_kind("kafka", &KAFKA)]));
    }
    schema
}

/// What may be said of every event need not be said of each.
fn common_schema() -> Value {
    let mut schema = table_schema(&[&COMMON]);
    if let Some(fields) = schema.as_object_mut() {
        fields.insert("required".into(), json!([]));
    }
    about_schema(schema)
}

/// The subject has options of its own.
fn about_schema(mut schema: Value) -> Value {
    for (place, name) in [("/properties/subject", "about"), ("/properties/occurred_at", "cell")] {
        if let Some(own) = schema.pointer_mut(place) {
            *own = reference(name);
        }
    }
    schema
}

fn event_schema(defs: &mut SchemaDefs) -> Value {
    let mut schema = table_schema(&[&COMMON, &EVENT]);
    let names: Vec<&str> = catalogue().types().map(|ty| ty.name).collect();
    let of_type = |ty: &'static EventType, defs: &mut SchemaDefs| {
        json!({
            "if": { "properties": { "type": { "const": ty.name } } },
            "then": { "properties": { "set": defs.message(&ty.fields, false), "refs": references_schema(ty) } },
        })
    };
    let by_type: Vec<Value> = catalogue().types().map(|ty| of_type(ty, defs)).collect();
    if let Some(fields) = schema.as_object_mut() {
        fields.insert("required".into(), json!(["type"]));
        fields.insert("allOf".into(), Value::Array(by_type));
    }
    if let Some(ty) = schema.pointer_mut("/properties/type").and_then(Value::as_object_mut) {
        ty.insert("enum".into(), json!(names));
    }
    about_schema(schema)
}

fn references_schema(ty: &EventType) -> Value {
    let mut properties: Map<String, Value> =
        ty.roles.iter().map(|role| (role.word().to_owned(), one_or_list(reference("subjects")))).collect();
    if ty.has_identifiers() {
        properties.extend(IDENTIFIERS.map(|kind| (kind.to_owned(), one_or_list(reference("identifier")))));
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}
