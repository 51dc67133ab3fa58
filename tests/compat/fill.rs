//! An event of a type with every field filled, from the catalogue alone and always the same.

use onefold_event::{Event, EventType, FieldKind, FieldValue, IdParts, Locator, MessageField, Subject, encode_message};

/// 2026-03-09 00:00 in Shanghai, known to the day.
const DAY: i64 = 1_772_985_600_000_000;

/// The event, with every reference that its type may carry.
pub(crate) fn event(ty: &EventType) -> Event {
    let kind = ty.kinds[0];
    let subject = Subject::new(kind, "erp", "N-0001").expect("a kind, a source and a number");
    let fields: Vec<_> = ty.fields.iter().map(|field| (field.number, value(field, 1))).collect();
    let parts = [subject.number().to_owned()];
    let ids = IdParts { source: "erp", part: ty.name, parts: &parts, revision: "2" };
    let message = encode_message(&fields);
    let mut event = Event::from_message(ids.event_id(), ids.fact_id(), "erp", subject, DAY, ty.name, &message)
        .expect("well formed");
    event.header.day = true;
    event.header.offset = Some(8 * 3_600);
    event.header.revision = "2".to_owned();
    event.header.revision_order = vec![2];
    event.header.mapping = vec![0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x07, 0x18];
    event.header.locator = Some(Locator {
        connector: "erp-export".to_owned(),
        resource: "exports/2026-03-09.csv".to_owned(),
        first_line: 17,
        last_line: 19,
        offset: 2_048,
        length: 311,
    });
    for role in &ty.roles {
        let target = Subject::new(role.kind(), "erp", &format!("R-{}", role.word())).expect("a subject");
        event.add_reference(role.word(), target).expect("the type names the role");
    }
    event
}

fn value(field: &MessageField, nth: i64) -> FieldValue {
    let one = |n: i64| match &field.kind {
        FieldKind::Text => FieldValue::Text(text(&field.name, n)),
        FieldKind::Bool => FieldValue::Bool(true),
        FieldKind::Integer => FieldValue::Integer(n),
        FieldKind::Decimal => FieldValue::Text(format!("{n}.50")),
        FieldKind::Date => FieldValue::Text(format!("2026-03-{:02}", n + 8)),
        FieldKind::Money => FieldValue::money(format!("{n}250.00"), "CNY".to_owned()),
        FieldKind::Subject(kind) => FieldValue::Text(format!("{}:erp:{}-{n}", kind.word(), field.name)),
        FieldKind::Enum(words) => {
            FieldValue::Enum(words.iter().map(|(_, number)| *number).find(|n| *n != 0).unwrap_or(0))
        }
        FieldKind::Message(inner) => FieldValue::Message(inner.iter().map(|f| (f.number, value(f, n))).collect()),
    };
    if field.repeated { FieldValue::List(vec![one(1), one(2)]) } else { one(nth) }
}

/// Words that mean something where a field expects such; else the field's own name, in two scripts.
fn text(name: &str, n: i64) -> String {
    match name {
        "currency" => "CNY".to_owned(),
        "country" | "issuer" => "CN".to_owned(),
        "kind" => "phone".to_owned(),
        "role" => "buyer".to_owned(),
        "language" => "zh-CN".to_owned(),
        _ => format!("{name} 第{n}"),
    }
}
