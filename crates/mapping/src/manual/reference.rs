//! The reference of the language in Markdown: every section and option, and every event type of the catalogue.

use std::fmt::Write;

use onefold_event::{EventType, FieldKind, MessageField, catalogue};

use crate::language::options::{
    ALTERNATIVE, ARCHIVE, ASSUME, CELL, COMMON, CONNECTOR, CONTENT, DONE, ENUM, EVENT, FILE, FORM, FROM, HTTP,
    IDENTIFIER, IDENTIFIERS, KAFKA, LIMITS, LIST, LOOKUP, MARKS, NAMED, OptionDef, OptionTable, OptionValue, PART,
    READ, SECRET, SEVERAL, STOP, SUBJECT, TEST, VERIFY,
};

/// Every table of options, in the order of a connector file.
pub(crate) static TABLES: [&OptionTable; 29] = [
    &CONNECTOR,
    &FROM,
    &FILE,
    &DONE,
    &ARCHIVE,
    &HTTP,
    &VERIFY,
    &SECRET,
    &FORM,
    &KAFKA,
    &READ,
    &LIMITS,
    &STOP,
    &ASSUME,
    &MARKS,
    &ENUM,
    &ALTERNATIVE,
    &LOOKUP,
    &NAMED,
    &COMMON,
    &EVENT,
    &CONTENT,
    &SUBJECT,
    &IDENTIFIER,
    &LIST,
    &CELL,
    &SEVERAL,
    &PART,
    &TEST,
];

const HEAD: &str = "# Reference of connector files

Printed by `onefold connector reference`, from the list by which the program reads them. `onefold connector schema` prints the same as
a JSON Schema for editors: name it in the first line of a connector file, `#:schema ./onefold-connector.schema.json`.
";

/// The reference, as it is committed beside this crate.
pub fn connector_reference() -> String {
    let mut out = HEAD.to_owned();
    out.push_str("\n## Sections and options\n");
    for table in TABLES {
        let _ = write!(out, "\n### {}\n\n{}\n\n", table.place, table.meaning);
        out.push_str("| option | takes | if it is not said | what it says | example |\n|---|---|---|---|---|\n");
        for option in table.options {
            let default = if option.default.is_empty() { "nothing" } else { option.default };
            let _ = writeln!(
                out,
                "| `{}` | {} | {} | {} | {} |",
                option.key,
                table_cell(&takes_text(&option.takes)),
                table_cell(default),
                table_cell(option.meaning),
                table_cell(&format!("`{}`", example_line(option))),
            );
        }
    }
    out.push_str(
        "\n`[skip]` holds reasons of the author's own, each with the condition under which a record is left out.\n",
    );
    out.push_str("\n## Event types\n\n");
    let kinds: Vec<String> = IDENTIFIERS.iter().map(|kind| format!("`{kind}`")).collect();
    let _ = writeln!(out, "Identifiers, where an event carries them, are {}.", kinds.join(", "));
    catalogue().types().for_each(|ty| write_type(ty, &mut out));
    out
}

fn write_type(ty: &EventType, out: &mut String) {
    let kinds: Vec<String> = ty.kinds.iter().map(|kind| format!("`{}`", kind.word())).collect();
    let roles: Vec<String> = ty.roles.iter().map(|role| format!("`{}`", role.word())).collect();
    let roles = if roles.is_empty() { "none".to_owned() } else { roles.join(", ") };
    let identifiers = if ty.has_identifiers() { "; identifiers" } else { "" };
    let doc = ty.doc.split_whitespace().collect::<Vec<_>>().join(" ");
    let _ = write!(
        out,
        "\n### {}\n\n{doc}\n\nSubject: {}. References: {roles}{identifiers}.\n\n",
        ty.name,
        kinds.join(" or ")
    );
    out.push_str("| field | holds |\n|---|---|\n");
    write_fields(&ty.fields, "", out);
}

fn write_fields(fields: &[MessageField], prefix: &str, out: &mut String) {
    for field in fields.iter().filter(|field| field.name != "identifiers") {
        let name = format!("{prefix}{}{}", field.name, if field.repeated { "[]" } else { "" });
        if field.is_named_texts() {
            let personal = if field.personal { "; personal" } else { "" };
            let (list, one) = (&field.name, "`name` and `text`");
            let _ = writeln!(
                out,
                "| `{list}.NAME` | text under a name of your own, or `{list}` a list of {one}; a name without a text takes back what was \
                 said under it{personal} |"
            );
            continue;
        }
        if let FieldKind::Message(inner) = &field.kind {
            write_fields(inner, &format!("{name}."), out);
            continue;
        }
        let holds = match &field.kind {
            FieldKind::Text => "text".to_owned(),
            FieldKind::Bool => "yes or no".to_owned(),
            FieldKind::Integer => "whole number".to_owned(),
            FieldKind::Decimal => "decimal".to_owned(),
            FieldKind::Date => "date".to_owned(),
            FieldKind::Money => "amount with its currency".to_owned(),
            FieldKind::Subject(kind) => format!("number of a {}", kind.word()),
            FieldKind::Enum(words) => {
                let words: Vec<String> =
                    words.iter().filter(|(_, n)| *n != 0).map(|(word, _)| format!("`{word}`")).collect();
                format!("one of {}", words.join(", "))
            }
            FieldKind::Message(_) => continue,
        };
        let required = if field.required { "; required" } else { "" };
        let personal = if field.personal { "; personal" } else { "" };
        let _ = writeln!(out, "| `{name}` | {holds}{required}{personal} |");
    }
}

fn takes_text(takes: &OptionValue) -> String {
    let words = |list: &[&str]| list.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(", ");
    match takes {
        OptionValue::Text => "text".to_owned(),
        OptionValue::Texts => "text or list of texts".to_owned(),
        OptionValue::Integer => "whole number".to_owned(),
        OptionValue::Flag => "true or false".to_owned(),
        OptionValue::Words(list) => words(list),
        OptionValue::WordList(list) => format!("{}, or a list of them", words(list)),
        OptionValue::IntegerOr(word) => format!("whole number, or `\"{word}\"`"),
        OptionValue::Path => "path".to_owned(),
        OptionValue::Cell => "cell".to_owned(),
        OptionValue::TextOrCell => "text, or a cell in braces".to_owned(),
        OptionValue::Cells => "cell or list of cells".to_owned(),
        OptionValue::Expression => "expression".to_owned(),
        OptionValue::Constant => "constant".to_owned(),
        OptionValue::Constants => "list of constants".to_owned(),
        OptionValue::ConstantOrCell => "constant, or a cell in braces".to_owned(),
        OptionValue::Pair => "two whole numbers".to_owned(),
        OptionValue::Factor => "whole number, or decimal in quotes".to_owned(),
        OptionValue::Table(table) => format!("{} in braces", keys_text(table)),
        OptionValue::TableList(table) => format!("{} in braces, or a list of such", keys_text(table)),
        OptionValue::WordsOr(list, table) => format!("{}, or {} in braces", words(list), keys_text(table)),
        OptionValue::TextMap => "texts by names of your own".to_owned(),
        OptionValue::TextsMap => "texts or lists of them, by path".to_owned(),
        OptionValue::IntegerMap => "whole numbers by currency".to_owned(),
        OptionValue::ExpressionMap => "expressions by names of your own".to_owned(),
        OptionValue::Heading => "row number, or list of names".to_owned(),
        OptionValue::AnyOf(forms) => forms.iter().map(takes_text).collect::<Vec<_>>().join(", or "),
        OptionValue::References => "cells by role or identifier".to_owned(),
        OptionValue::Fields => "cells by field".to_owned(),
        OptionValue::Names => "cells by names of your own".to_owned(),
    }
}

fn keys_text(table: &OptionTable) -> String {
    table.keys().iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

/// The line of the example that has the option, where it is several.
fn example_line(option: &OptionDef) -> String {
    let is_it = |line: &&str| line.split([' ', '=']).next() == Some(option.key);
    let line = option.example.lines().find(is_it).unwrap_or(option.example);
    line.replace('\n', " ")
}

fn table_cell(text: &str) -> String {
    text.replace('|', "\\|")
}
