//! Old bytes are read for ever: every event type has frozen bytes beside the JSON that they must give.
//!
//! `<type>.hex` is a record's value as the log keeps it, `<type>.json` the CloudEvents JSON of it. A field that is added
//! later comes with a further pair, `<type>.2.hex`. `ONEFOLD_BLESS=1` writes the pairs that are missing; it changes none.

mod fill;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

use onefold_event::{
    EmptyKeyRing, Event, FieldKind, MessageField, catalogue, decode, encode, from_cloudevent, to_cloudevent, v1,
};
use prost::Message;
use serde_json::Value;

/// The type whose further pair holds what an envelope has besides since the first ones.
const OFFSET: &str = "shipping.scanned.v1";

struct Fixture {
    name: String,
    bytes: Vec<u8>,
    json: Value,
}

impl Fixture {
    fn event(&self) -> Event {
        decode(&self.bytes).unwrap_or_else(|error| panic!("{} is no longer read: {error}", self.name))
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/compat")
}

/// All pairs; what is missing is written first, if that is asked for.
fn fixtures() -> Vec<Fixture> {
    // Tests run side by side, and a pair is written once.
    static BLESSED: Once = Once::new();
    BLESSED.call_once(|| {
        if std::env::var("ONEFOLD_BLESS").is_ok_and(|bless| bless == "1") {
            bless();
        }
    });
    read()
}

fn read() -> Vec<Fixture> {
    let entries = fs::read_dir(folder()).expect("tests/compat is there").flatten().map(|entry| entry.path());
    let mut paths: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "hex")).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = unhex(&fs::read_to_string(&path).expect("a readable fixture"));
        let json = fs::read_to_string(folder().join(format!("{name}.json")));
        let json = json.unwrap_or_else(|error| panic!("{name}.json stands beside {name}.hex: {error}"));
        Fixture { json: serde_json::from_str(&json).expect("JSON"), bytes, name }
    };
    paths.into_iter().map(read).collect()
}

fn bless() {
    let frozen = read();
    for ty in catalogue().types() {
        let offset = ty.name == OFFSET && !frozen.iter().any(|fixture| fixture.event().header.offset.is_some());
        if missing(&frozen, ty.name).is_empty() && !offset {
            continue;
        }
        let names = std::iter::once(ty.name.to_owned()).chain((2..).map(|n| format!("{}.{n}", ty.name)));
        let is_free = |name: &String| !folder().join(format!("{name}.hex")).exists();
        let name = names.into_iter().find(is_free).expect("some name is free");
        let event = fill::event(ty);
        let json = serde_json::to_string_pretty(&to_cloudevent(&event, &EmptyKeyRing)).expect("JSON is writable");
        fs::write(folder().join(format!("{name}.hex")), hex(&encode(&event))).expect("a writable folder");
        fs::write(folder().join(format!("{name}.json")), json + "\n").expect("a writable folder");
    }
}

/// Paths of a type's fields that no fixture of it fills; all of them, and itself, if there is none.
fn missing(frozen: &[Fixture], name: &str) -> Vec<String> {
    let own: Vec<_> = frozen.iter().filter(|fixture| fixture.json["type"] == name).collect();
    let mut filled = BTreeSet::new();
    own.iter().for_each(|fixture| paths_of_json("", &fixture.json["data"], &mut filled));
    let mut wanted = BTreeSet::from([String::new()]);
    paths_of_fields("", &catalogue().get(name).expect("a type of the catalogue").fields, &mut wanted);
    if !own.is_empty() {
        wanted.remove("");
    }
    wanted.difference(&filled).map(|path| format!("{name}{path}")).collect()
}

fn paths_of_json(at: &str, value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                let path = format!("{at}.{name}");
                paths_of_json(&path, inner, out);
                out.insert(path);
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| paths_of_json(at, inner, out)),
        _ => {}
    }
}

fn paths_of_fields(at: &str, fields: &[MessageField], out: &mut BTreeSet<String>) {
    for field in fields {
        let path = format!("{at}.{}", field.name);
        if let FieldKind::Message(inner) = &field.kind {
            paths_of_fields(&path, inner, out);
        }
        out.insert(path);
    }
}

fn hex(bytes: &[u8]) -> String {
    let lines = bytes.chunks(32).map(|chunk| chunk.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n");
    lines.collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let pair = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).expect("pairs of hex digits");
    digits.chunks(2).map(pair).collect()
}

/// What an event says, whoever gave it its id and wherever it was read.
fn content(event: &Event) -> impl PartialEq + std::fmt::Debug + use<> {
    let order = (event.header.revision.clone(), event.header.revision_order.clone());
    let about = (
        event.header.source.clone(),
        event.header.subject.clone(),
        event.header.occurred_at,
        event.header.day,
        event.header.occurred(),
    );
    (about, order, event.header.references.clone(), event.payload().clone())
}

#[test]
fn every_field_of_every_type_is_frozen() {
    let frozen = fixtures();
    let missing: Vec<_> = catalogue().types().flat_map(|ty| missing(&frozen, ty.name)).collect();
    assert!(missing.is_empty(), "ONEFOLD_BLESS=1 writes the fixtures of {missing:#?}");
    let mut types: BTreeMap<&str, usize> = BTreeMap::new();
    for fixture in &frozen {
        let ty = fixture.json["type"].as_str().unwrap_or_default();
        assert!(fixture.name == ty || fixture.name.starts_with(&format!("{ty}.")), "{} holds a {ty}", fixture.name);
        *types.entry(ty).or_default() += 1;
    }
    assert_eq!(types.len(), catalogue().types().count());
}

#[test]
fn a_day_is_the_same_day_with_its_offset_and_without() {
    let frozen = fixtures();
    let (with, without): (Vec<_>, Vec<_>) = frozen.iter().partition(|fixture| fixture.event().header.offset.is_some());
    assert!(!with.is_empty() && !without.is_empty(), "ONEFOLD_BLESS=1 writes what is missing");
    for fixture in &frozen {
        assert_eq!(fixture.event().header.occurred().to_string(), "2026-03-09", "{}", fixture.name);
    }
}

#[test]
fn frozen_bytes_give_the_frozen_json() {
    for fixture in fixtures() {
        assert_eq!(to_cloudevent(&fixture.event(), &EmptyKeyRing), fixture.json, "{}", fixture.name);
    }
}

#[test]
fn frozen_bytes_are_written_again_as_they_are() {
    for fixture in fixtures() {
        assert_eq!(encode(&fixture.event()), fixture.bytes, "{}", fixture.name);
    }
}

#[test]
fn the_json_posted_says_what_the_bytes_say() {
    for fixture in fixtures() {
        let posted = from_cloudevent(&fixture.json).unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
        assert_eq!(content(&posted), content(&fixture.event()), "{}", fixture.name);
    }
}

#[test]
fn what_a_later_version_adds_survives() {
    for fixture in fixtures() {
        let known = fixture.event();
        // Field 1999, a text: nobody knows it yet.
        let added = [&[0xfa, 0x7c, 5][..], b"later"].concat();
        let mut later = v1::Record::decode(fixture.bytes.as_slice()).expect("a record");
        later.open.extend_from_slice(&added);
        let bytes = later.encode_to_vec();
        let read = decode(&bytes).expect("an unknown field is no error");
        assert!(read.payload().open().ends_with(&added), "{}", fixture.name);
        let said = |event: &Event| event.read(&EmptyKeyRing).expect("it is in clear");
        assert_eq!(said(&read), said(&known), "{}: what is known stays as it is", fixture.name);
        assert_eq!(encode(&read), bytes, "{}", fixture.name);

        let whole = [said(&known).body.encode_to_vec(), added.clone()].concat();
        let (id, fact, subject) = (known.header.id, known.header.fact, known.header.subject.clone());
        let made = Event::from_message(
            id,
            fact,
            &known.header.source,
            subject,
            known.header.occurred_at,
            known.ty().name,
            &whole,
        );
        assert!(made.expect("an unknown field is no error").payload().open().ends_with(&added), "{}", fixture.name);
    }
}

#[test]
fn a_party_keeps_what_is_personal_apart() {
    let frozen = fixtures();
    let party = frozen.iter().find(|fixture| fixture.name == "party.recorded.v1").expect("parties are recorded");
    let event = party.event();
    let open = String::from_utf8_lossy(event.payload().open()).into_owned();
    let personal = String::from_utf8_lossy(event.payload().personal()).into_owned();
    assert!(!open.contains("family") && personal.contains("family"), "a name is personal");
    assert!(open.contains("industry") && !personal.contains("industry"), "an industry is not");
}

#[test]
fn the_example_of_the_readme_is_an_event() {
    let readme = fs::read_to_string(folder().join("../../proto/README.md")).expect("proto/README.md");
    let example = readme.split("```json").nth(1).and_then(|rest| rest.split("```").next()).expect("one example");
    let posted: Value = serde_json::from_str(example).expect("the example is JSON");
    let event = from_cloudevent(&posted).expect("the hub takes the example");
    let shown = to_cloudevent(&decode(&encode(&event)).expect("what is encoded decodes"), &EmptyKeyRing);
    let attributes =
        posted.as_object().expect("an object").keys().filter(|name| !["id", "fact"].contains(&name.as_str()));
    for name in attributes {
        assert_eq!(shown[name], posted[name], "{name}");
    }
    assert_eq!(shown["id"], event.header.id.to_string());
    for name in
        ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "fact", "revision", "precision"]
    {
        assert!(posted.get(name).is_some(), "the example shows every attribute: `{name}` is missing");
    }
}
