//! An identifier value in canonical form.

use std::fmt;
use std::str::FromStr;

use onefold_event::Subject;

/// Longest key, in bytes.
const LONGEST: usize = 512;

/// An identifier value in canonical form, `kind:value` or `kind:issuer:value`; ordered by its text.
///
/// Equal values have equal keys, however a source wrote them. Made by [`crate::normalise_identifier`]; parsing a text only checks its shape.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentifierKey(Box<str>);

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no identifier: expected kind:value or kind:issuer:value, such as phone:+8613800138000")]
pub struct KeyError(pub String);

impl IdentifierKey {
    /// Puts a key together; the caller has cleaned the parts.
    pub(crate) fn new(kind: &str, issuer: &str, value: &str) -> Self {
        if issuer.is_empty() {
            return Self(format!("{kind}:{value}").into());
        }
        Self(format!("{kind}:{issuer}:{value}").into())
    }

    /// A party's own number in its own system, as another system would give it: `number:erp:K1`.
    pub fn of_party(party: &Subject) -> Self {
        Self::new("number", party.source(), party.number())
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The kind, such as `phone`.
    pub fn kind(&self) -> &str {
        self.0.split_once(':').map_or("", |(kind, _)| kind)
    }

    /// The value without its kind; an issuer stands before it.
    pub fn value(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, value)| value)
    }

    /// Kind and issuer: values of two scopes are of two kinds (`tax_number:CN` and `tax_number:DE`).
    pub fn scope(&self) -> &str {
        match self.value().find(':') {
            Some(at) => self.0.get(..self.kind().len() + 1 + at).unwrap_or_default(),
            None => self.kind(),
        }
    }
}

impl FromStr for IdentifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let error = || KeyError(text.to_owned());
        let (kind, value) = text.split_once(':').ok_or_else(error)?;
        let clean = is_kind(kind)
            && !value.is_empty()
            && value.trim() == value
            && text.len() <= LONGEST
            && !value.chars().any(char::is_control);
        if clean { Ok(Self(text.into())) } else { Err(error()) }
    }
}

/// Whether a text can be a kind of identifier: lower-case letters, digits and underscores.
pub(crate) fn is_kind(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

impl fmt::Display for IdentifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for IdentifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_of_its_issuer() {
        let key: IdentifierKey = "tax_number:CN:91110000600037341L".parse().unwrap();
        assert_eq!((key.kind(), key.scope(), key.value()), ("tax_number", "tax_number:CN", "CN:91110000600037341L"));
        let key: IdentifierKey = "phone:+8613800138000".parse().unwrap();
        assert_eq!((key.kind(), key.scope(), key.value()), ("phone", "phone", "+8613800138000"));
    }

    #[test]
    fn a_text_of_another_shape_is_refused() {
        for bad in ["", "phone", "phone:", ":1", "Phone:1", "phone: 1", "phone:1\n2"] {
            assert!(bad.parse::<IdentifierKey>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_partys_own_number_is_what_another_system_gives() {
        let party: Subject = "party:erp:K:1".parse().unwrap();
        assert_eq!(IdentifierKey::of_party(&party), crate::normalise_identifier("number", " K:1 ", "erp").unwrap());
    }
}
