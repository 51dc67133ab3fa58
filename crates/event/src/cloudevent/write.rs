//! An event as a CloudEvent.

use prost_reflect::{DynamicMessage, SerializeOptions};
use serde_json::{Value, json};

use crate::Event;
use crate::time::format_time;

/// An event as CloudEvents JSON.
pub fn to_cloudevent(event: &Event) -> Value {
    let ty = event.ty();
    let bytes = [event.open.as_slice(), event.personal.as_slice()].concat();
    let mut data = DynamicMessage::decode(ty.message.clone(), bytes.as_slice())
        .ok()
        .and_then(|m| {
            m.serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new().use_proto_field_name(true))
                .ok()
        })
        .unwrap_or_else(|| json!({}));
    if let (Some(data), false) = (data.as_object_mut(), event.references.is_empty()) {
        let references = event.references.iter().map(|r| json!({"role": r.role.word(), "subject": r.subject.as_str()}));
        data.insert("references".to_owned(), references.collect());
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
    if event.day {
        out["precision"] = json!("day");
    }
    if !event.revision.is_empty() {
        out["revision"] = json!(event.revision);
    }
    out
}
