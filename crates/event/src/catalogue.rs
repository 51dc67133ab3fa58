//! The event catalogue: per type its subject, roles and fields, read from the options in the protos.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind as Wire, MessageDescriptor, Value};

use crate::{Body, EventError, ReferenceRole, SubjectKind};

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum FieldKind {
    Text,
    Bool,
    Integer,
    Decimal,
    Date,
    Money,
    /// A subject of this kind, written whole.
    Subject(SubjectKind),
    /// One of these words, with its number.
    Enum(Vec<(String, i32)>),
    Message(Vec<MessageField>),
}

/// A field of an event's message.
#[derive(Clone, PartialEq)]
pub struct MessageField {
    /// Name in the proto.
    pub name: String,
    /// Number in the proto.
    pub number: u32,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether it is a list.
    pub repeated: bool,
    /// Whether an event without it is refused.
    pub required: bool,
    /// Whether it goes into the personal part.
    pub personal: bool,
}

impl MessageField {
    /// Whether it is a list of texts, each under a name that the source chooses, such as attributes.
    pub fn is_named_texts(&self) -> bool {
        let FieldKind::Message(inner) = &self.kind else { return false };
        self.repeated && inner.iter().map(|field| field.name.as_str()).eq(["name", "text"])
    }
}

/// The digest of a mapping, which stands in the log for ever, counts this text: it MUST stay as it was when the type was called
/// `Field`, or the events of one mapping would seem to be of two.
impl fmt::Debug for MessageField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field")
            .field("name", &self.name)
            .field("number", &self.number)
            .field("kind", &self.kind)
            .field("repeated", &self.repeated)
            .field("required", &self.required)
            .field("personal", &self.personal)
            .finish()
    }
}

/// An event type.
#[derive(Debug)]
pub struct EventType {
    /// Such as `finance.invoice_issued.v1`.
    pub name: &'static str,
    /// Kinds of subject that it may be about; the first is the default.
    pub kinds: Vec<SubjectKind>,
    /// Whether `occurred_at` speaks of the document's own time (else: of when it changed).
    pub correction: bool,
    /// Roles that its references may have.
    pub roles: Vec<ReferenceRole>,
    /// Fields of its message, by number.
    pub fields: Vec<MessageField>,
    /// The sentence that says what happened.
    pub doc: String,
    pub(crate) message: MessageDescriptor,
    personal: Vec<u32>,
}

/// A name says which it is.
impl PartialEq for EventType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl EventType {
    /// The role that a word names, if this type may have it.
    ///
    /// # Errors
    /// Any other word, with the roles that are expected.
    pub fn role(&self, word: &str) -> Result<ReferenceRole, EventError> {
        let role = ReferenceRole::from_word(word).filter(|role| self.roles.contains(role));
        role.ok_or_else(|| EventError::Role {
            name: self.name,
            role: word.to_owned(),
            expected: self.roles.iter().map(|r| r.word()).collect::<Vec<_>>().join(", "),
        })
    }

    /// Whether it can carry identifiers.
    pub fn has_identifiers(&self) -> bool {
        self.fields.iter().any(|f| f.name == "identifiers")
    }

    pub(crate) fn is_personal(&self, number: u32) -> bool {
        self.personal.contains(&number)
    }
}

/// All event types, by name.
#[derive(Debug)]
pub struct EventCatalogue {
    types: BTreeMap<&'static str, EventType>,
}

impl EventCatalogue {
    /// The type of that name.
    ///
    /// # Errors
    /// An unknown name, with the nearest known one.
    pub fn get(&self, name: &str) -> Result<&EventType, EventError> {
        self.types.get(name).ok_or_else(|| self.unknown_type(name))
    }

    /// All types, by name.
    pub fn types(&self) -> impl Iterator<Item = &EventType> {
        self.types.values()
    }

    pub(crate) fn type_of(&self, body: &Body) -> &EventType {
        // The catalogue is made from the same list as `Body`; a test holds it.
        &self.types[body.name()]
    }

    pub(crate) fn unknown_type(&self, name: &str) -> EventError {
        let shared = |known: &str| known.split(['.', '_']).filter(|w| name.contains(w)).count();
        let nearest = self.types.keys().max_by_key(|known| shared(known)).filter(|known| shared(known) > 1);
        EventError::Type { name: name.to_owned(), nearest: nearest.map(|n| (*n).to_owned()) }
    }
}

/// The catalogue of this build.
pub fn catalogue() -> &'static EventCatalogue {
    static CATALOGUE: LazyLock<EventCatalogue> = LazyLock::new(|| {
        let pool = descriptor_pool();
        let types = Body::TYPES.iter().map(|(name, message)| (*name, read_type(&pool, name, message)));
        EventCatalogue { types: types.collect() }
    });
    &CATALOGUE
}

/// Our own descriptors, compiled in: that they are well formed is a matter of a test, not of data.
fn descriptor_pool() -> DescriptorPool {
    DescriptorPool::decode(include_bytes!("../../../proto/generated/onefold.event.v1.fds").as_ref())
        .expect("the descriptors that are committed are descriptors")
}

fn read_type(pool: &DescriptorPool, name: &'static str, message: &str) -> EventType {
    let message = pool.get_message_by_name(message).expect("every body is a message of the protos");
    let options = message.options();
    let option =
        read_extension(pool, &options, "onefold.event.v1.event").expect("every event message has the option `event`");
    let words = |field: &str| -> Vec<String> {
        let Some(value) = option.get_field_by_name(field) else { return Vec::new() };
        value.as_list().unwrap_or_default().iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    let fields = read_fields(pool, &message);
    EventType {
        name,
        kinds: words("kinds").iter().filter_map(|w| SubjectKind::from_word(w)).collect(),
        correction: option.get_field_by_name("time").and_then(|v| v.as_enum_number()) == Some(1),
        roles: words("roles").iter().filter_map(|w| ReferenceRole::from_word(w)).collect(),
        personal: fields.iter().filter(|f| f.personal).map(|f| f.number).collect(),
        fields,
        doc: leading_comment(&message),
        message,
    }
}

fn read_fields(pool: &DescriptorPool, message: &MessageDescriptor) -> Vec<MessageField> {
    let mut fields: Vec<MessageField> = message.fields().map(|field| read_field(pool, &field)).collect();
    fields.sort_by_key(|f| f.number);
    fields
}

fn read_field(pool: &DescriptorPool, field: &FieldDescriptor) -> MessageField {
    let options = field.options();
    let rule = read_extension(pool, &options, "onefold.event.v1.rule");
    let flag = |name: &str| rule.as_ref().and_then(|r| r.get_field_by_name(name)?.as_bool()).unwrap_or(false);
    let format = rule.as_ref().and_then(|r| r.get_field_by_name("format")?.as_enum_number()).unwrap_or(0);
    let target = rule.as_ref().and_then(|r| r.get_field_by_name("kind")?.as_str().and_then(SubjectKind::from_word));
    let kind = match (field.kind(), format) {
        (Wire::String, 1) => FieldKind::Decimal,
        (Wire::String, 2) => FieldKind::Date,
        (Wire::String, 3) => FieldKind::Subject(target.unwrap_or(SubjectKind::Party)),
        (Wire::Bool, _) => FieldKind::Bool,
        (Wire::Uint32 | Wire::Int32 | Wire::Uint64 | Wire::Int64, _) => FieldKind::Integer,
        (Wire::Enum(words), _) => {
            FieldKind::Enum(words.values().map(|v| (v.name().to_lowercase(), v.number())).collect())
        }
        (Wire::Message(inner), _) if inner.name() == "Money" => FieldKind::Money,
        (Wire::Message(inner), _) => FieldKind::Message(read_fields(pool, &inner)),
        _ => FieldKind::Text,
    };
    MessageField {
        name: field.name().to_owned(),
        number: field.number(),
        kind,
        repeated: field.is_list(),
        required: flag("required"),
        personal: flag("personal"),
    }
}

fn read_extension(pool: &DescriptorPool, options: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    let extension = pool.get_extension_by_name(name)?;
    if !options.has_extension(&extension) {
        return None;
    }
    match options.get_extension(&extension).into_owned() {
        Value::Message(message) => Some(message),
        _ => None,
    }
}

fn leading_comment(message: &MessageDescriptor) -> String {
    let file = message.parent_file();
    let proto = file.file_descriptor_proto();
    let locations = proto.source_code_info.as_ref().map_or(&[][..], |info| &info.location);
    let found = locations.iter().find(|l| l.path == message.path());
    found.and_then(|l| l.leading_comments.as_deref()).unwrap_or_default().trim().replace("\n ", " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_says_its_kinds_and_what_happened() {
        for ty in catalogue().types() {
            assert!(!ty.kinds.is_empty(), "{}", ty.name);
            assert!(ty.doc.ends_with('.') && ty.doc.contains(' '), "{}: {}", ty.name, ty.doc);
            let version = ty.name.rsplit_once(".v").map(|(_, version)| version.parse::<u32>());
            assert!(matches!(version, Some(Ok(1..))), "{}", ty.name);
        }
    }

    #[test]
    fn every_message_with_the_option_is_a_body() {
        let pool = descriptor_pool();
        let known: Vec<_> = Body::TYPES.iter().map(|(_, message)| *message).collect();
        for message in pool.all_messages() {
            let is_event = read_extension(&pool, &message.options(), "onefold.event.v1.event").is_some();
            assert_eq!(is_event, known.contains(&message.full_name()), "{}", message.full_name());
        }
    }

    #[test]
    fn no_field_is_called_like_a_word_of_the_mapping() {
        fn walk(fields: &[MessageField]) {
            for field in fields {
                assert!(!["each", "use", "value", "calc", "first_of", "join", "from"].contains(&field.name.as_str()));
                if let FieldKind::Message(inner) = &field.kind {
                    walk(inner);
                }
            }
        }
        catalogue().types().for_each(|ty| walk(&ty.fields));
    }

    #[test]
    fn identifiers_are_personal_everywhere() {
        for ty in catalogue().types() {
            for field in
                ty.fields.iter().filter(|f| ["identifiers", "wrong", "name", "addresses"].contains(&f.name.as_str()))
            {
                assert!(field.personal || ty.name == "product.described.v1", "{} {}", ty.name, field.name);
            }
        }
    }

    #[test]
    fn an_unknown_type_names_the_nearest() {
        let error = catalogue().get("finance.invoice_isued.v1").unwrap_err();
        assert!(error.to_string().contains("did you mean `finance.invoice_issued.v1`"), "{error}");
    }
}
