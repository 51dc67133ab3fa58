//! What a person or program may call a customer or a document.

use std::fmt;
use std::str::FromStr;

use onefold_event::{Subject, SubjectKind};
use onefold_identity::{IdentifierKey, normalise_identifier};
use uuid::Uuid;

use crate::ServiceError;

/// A customer id, an identifier or a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerReference {
    /// Any customer id ever issued.
    Id(Uuid),
    /// An identifier value, such as `phone:+8613800138000`.
    Identifier(IdentifierKey),
    /// A party or a document, such as `party:uci:18102`.
    Subject(Subject),
}

impl CustomerReference {
    /// The document, or other subject that is no party, that it names.
    pub fn document(&self) -> Option<&Subject> {
        match self {
            Self::Subject(subject) if subject.kind() != SubjectKind::Party => Some(subject),
            _ => None,
        }
    }
}

impl FromStr for CustomerReference {
    type Err = ServiceError;

    fn from_str(text: &str) -> Result<Self, ServiceError> {
        let text = text.trim();
        if let Ok(id) = Uuid::try_parse(text) {
            return Ok(Self::Id(id));
        }
        let Some((word, _)) = text.split_once(':') else { return Err(no_reference(text)) };
        if SubjectKind::from_word(word).is_some() {
            return text.parse().map(Self::Subject).map_err(|e| ServiceError::invalid(e.to_string()));
        }
        identifier(text).map(Self::Identifier)
    }
}

impl fmt::Display for CustomerReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Identifier(key) => key.fmt(f),
            Self::Subject(subject) => subject.fmt(f),
        }
    }
}

/// Reads `kind:value` or `kind:issuer:value`, in canonical form or as people write it.
pub(crate) fn identifier(text: &str) -> Result<IdentifierKey, ServiceError> {
    let Some((kind, value)) = text.split_once(':') else { return Err(no_reference(text)) };
    let whole = normalise_identifier(kind, value, "");
    let parted = || value.split_once(':').and_then(|(issuer, value)| normalise_identifier(kind, value, issuer).ok());
    match whole {
        Ok(key) => Ok(key),
        Err(invalid) => parted().ok_or_else(|| ServiceError::invalid(format!("`{text}`: {}", invalid.problem))),
    }
}

fn no_reference(text: &str) -> ServiceError {
    ServiceError::invalid(format!(
        "`{text}` is no reference: expected a customer id, an identifier such as phone:+8613800138000, or a subject such as party:uci:18102"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_told_by_how_it_is_written() {
        let of = |text: &str| text.parse::<CustomerReference>().unwrap();
        assert!(matches!(of("5ab483d8-b06e-595f-ac8c-46d3293332e7"), CustomerReference::Id(_)));
        assert!(matches!(of("party:uci:18102"), CustomerReference::Subject(_)));
        assert_eq!(of("phone:0086 138 0013 8000").to_string(), "phone:+8613800138000");
        assert_eq!(of("tax_number:CN:91110000600037341L").to_string(), "tax_number:CN:91110000600037341L");
        assert_eq!(of("number:erp:K00417").to_string(), "number:erp:K00417");
    }

    #[test]
    fn what_is_none_says_what_was_expected() {
        for bad in ["", "18102", "party:uci", "tax_number:CN:91110000600037341N"] {
            let error = bad.parse::<CustomerReference>().unwrap_err();
            assert_eq!(error.code, crate::ErrorCode::Invalid, "{bad}");
            assert!(error.message.contains(bad), "{error}");
        }
    }
}
