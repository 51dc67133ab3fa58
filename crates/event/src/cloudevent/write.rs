//! An event as a CloudEvent.

use prost_reflect::{DynamicMessage, SerializeOptions};
use serde_json::{Value, json};

use crate::time::format_time;
use crate::{Event, KeyRing};

/// An event as CloudEvents JSON, as far as these keys open it. Where its personal part stays sealed, the extension attribute
/// `sealed` is true and `data` holds the open fields alone.
pub fn to_cloudevent(event: &Event, keys: &dyn KeyRing) -> Value {
    let ty = event.ty();
    let (event, (bytes, is_sealed)) = (&event.header, event.payload().message(&event.header.subject, keys));
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
