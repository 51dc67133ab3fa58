//! An event as a CloudEvent.

use prost_reflect::{DynamicMessage, SerializeOptions};
use serde_json::{Value, json};

use crate::time::format_time;
use crate::{Event, FieldKind, KeyRing};

/// An event as CloudEvents JSON, as far as these keys open it. Where its personal part stays sealed, the extension attribute
/// `sealed` is true and `data` holds the open fields alone.
pub fn to_cloudevent(event: &Event, keys: &dyn KeyRing) -> Value {
    let ty = event.ty();
    let (event, (bytes, is_sealed)) = (&event.header, event.payload().clear_message(&event.header.subject, keys));
    let mut data = DynamicMessage::decode(ty.message.clone(), bytes.as_slice())
        .ok()
        .and_then(|m| {
            m.serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new().use_proto_field_name(true))
                .ok()
        })
        .unwrap_or_else(|| json!({}));
    if let Some(data) = data.as_object_mut() {
        // Protobuf's JSON leaves zeros out; of a number that must be there zero is one, such as a score.
        for field in ty.fields.iter().filter(|field| field.required && field.kind == FieldKind::Integer) {
            data.entry(field.name.as_str()).or_insert(json!(0));
        }
        if !event.references.is_empty() {
            let references =
                event.references.iter().map(|r| json!({"role": r.role.word(), "subject": r.subject.as_str()}));
            data.insert("references".to_owned(), references.collect());
        }
    }
    let mut out = json!({
        "specversion": "1.0",
        "id": event.id.to_string(),
        "source": event.source,
        "type": ty.name,
        "subject": event.subject.as_str(),
        "time": format_time(event.occurred_at, event.offset.filter(|seconds| event.day || *seconds != 0)),
        "datacontenttype": "application/json",
        "fact": event.fact.to_string(),
        "data": data,
    });
    if is_sealed {
        out["sealed"] = json!(true);
    }
    if event.day {
        out["precision"] = json!("day");
    }
    if !event.revision.is_empty() {
        out["revision"] = json!(event.revision);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::from_cloudevent;

    #[test]
    fn a_rating_of_zero_is_shown_and_read_again() {
        let rated = from_cloudevent(&json!({
            "specversion": "1.0", "id": "R-1", "source": "desk", "type": "service.satisfaction_rated.v1",
            "subject": "case:desk:1", "time": "2026-03-09T17:05:11+08:00", "data": {"score": 0, "of": 5},
        }))
        .unwrap();
        let shown = to_cloudevent(&rated, &crate::EmptyKeyRing);
        assert_eq!(shown["data"], json!({"score": 0, "of": 5}));
        assert_eq!(from_cloudevent(&shown).unwrap().payload(), rated.payload());
    }
}
