//! What an event is about: `kind:source:number`.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use crate::{LONGEST_KEY, SubjectKind};

/// The subject of an event, by the source's own key. Ordered by its text, and cheap to clone: it is said in many places.
#[derive(Clone)]
pub struct Subject {
    text: Arc<str>,
    kind: SubjectKind,
}

/// Why a text is no subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// Not three parts.
    #[error("`{0}` is no subject: expected kind:source:number, such as order:erp:SO-1001")]
    Shape(String),
    /// The kind is not in the catalogue.
    #[error("`{0}` begins with a kind that is not in the catalogue")]
    Kind(String),
    /// Too long to be a key.
    #[error("a subject of {0} bytes is too long: at most {LONGEST_KEY}")]
    Long(usize),
}

impl Subject {
    /// Puts a subject together. The source must hold no colon; the number is cleaned of white space around it and of control characters.
    ///
    /// # Errors
    /// An empty part, a colon in the source, or more than 512 bytes.
    pub fn new(kind: SubjectKind, source: &str, number: &str) -> Result<Self, SubjectError> {
        // White space may stand behind a control character.
        let number: String = number.chars().filter(|c| !c.is_control()).collect();
        format!("{}:{source}:{}", kind.word(), number.trim()).parse()
    }

    /// Its kind.
    pub fn kind(&self) -> SubjectKind {
        self.kind
    }

    /// The system whose number it is.
    pub fn source(&self) -> &str {
        self.nth_part(1)
    }

    /// The source's own number.
    pub fn number(&self) -> &str {
        self.nth_part(2)
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn nth_part(&self, n: usize) -> &str {
        split_parts(&self.text).and_then(|parts| parts.get(n).copied()).unwrap_or_default()
    }
}

/// Kind, source and number: the first two hold no colon.
fn split_parts(text: &str) -> Option<[&str; 3]> {
    let (kind, rest) = text.split_once(':')?;
    let (source, number) = rest.split_once(':')?;
    Some([kind, source, number])
}

impl FromStr for Subject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, SubjectError> {
        if text.len() > LONGEST_KEY {
            return Err(SubjectError::Long(text.len()));
        }
        let Some([kind, source, number]) = split_parts(text) else {
            return Err(SubjectError::Shape(text.to_owned()));
        };
        let controlled = match text.is_ascii() {
            true => text.bytes().any(|b| b.is_ascii_control()),
            false => text.chars().any(char::is_control),
        };
        if source.is_empty() || number.is_empty() || number.trim() != number || controlled {
            return Err(SubjectError::Shape(text.to_owned()));
        }
        let Some(kind) = SubjectKind::from_word(kind) else { return Err(SubjectError::Kind(text.to_owned())) };
        Ok(Self { text: text.into(), kind })
    }
}

// The kind is a word of the text: the text alone decides.
impl PartialEq for Subject {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Subject {}

impl PartialOrd for Subject {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Subject {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for Subject {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl Borrow<str> for Subject {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_keeps_its_colons() {
        let subject: Subject = "order:erp:A:1".parse().unwrap();
        assert_eq!((subject.kind(), subject.source(), subject.number()), (SubjectKind::Order, "erp", "A:1"));
    }

    #[test]
    fn the_number_is_cleaned_of_white_space_beside_control_characters() {
        for number in ["17", " \u{7} 17", "17 \0 ", "\t1\u{1b}7\n"] {
            assert_eq!(Subject::new(SubjectKind::Order, "erp", number).unwrap().as_str(), "order:erp:17", "{number:?}");
        }
        assert!(Subject::new(SubjectKind::Order, "erp", "\0 \u{7}").is_err());
    }

    #[test]
    fn a_text_of_another_shape_is_refused() {
        for bad in ["", "order", "order:erp", "order:erp:", "order::1", "order:erp: 1", "thing:erp:1"] {
            assert!(bad.parse::<Subject>().is_err(), "{bad}");
        }
    }
}
