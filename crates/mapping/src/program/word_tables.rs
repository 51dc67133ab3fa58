//! `[enum]` and `[lookup]`, ready to be asked.

use std::borrow::Cow;
use std::collections::HashMap;

use onefold_event::clean_text;

use crate::report::nearest::did_you_mean;
use crate::values::fold::TextFold;

/// What to do with a word that is not listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UnknownWord {
    Reject,
    Absent,
    Keep,
    Value(String),
}

#[derive(Debug)]
pub(crate) struct EnumTable {
    pub(crate) name: String,
    pub(crate) otherwise: UnknownWord,
    pub(crate) fold: TextFold,
    pub(crate) values: HashMap<String, String>,
    /// As written, for messages.
    pub(crate) listed: Vec<String>,
}

impl EnumTable {
    pub(crate) fn fold_key<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.fold.fold_text(clean_text(text, true))
    }

    pub(crate) fn get(&self, text: &str) -> Option<&str> {
        self.values.get(self.fold_key(text).as_ref()).map(String::as_str)
    }

    /// What it can give, if that is a closed list.
    pub(crate) fn closed_words(&self) -> Option<Vec<String>> {
        if self.otherwise == UnknownWord::Keep {
            return None;
        }
        let mut all: Vec<String> = self.values.values().cloned().collect();
        if let UnknownWord::Value(value) = &self.otherwise {
            all.push(value.clone());
        }
        all.sort_unstable();
        all.dedup();
        Some(all)
    }

    /// Words for a message, with the one that was probably meant.
    pub(crate) fn describe_words(&self, text: &str) -> (String, Option<String>) {
        let shown: Vec<_> = self.listed.iter().take(12).map(String::as_str).collect();
        let more = if self.listed.len() > 12 { ", …" } else { "" };
        (
            format!("one of {}{more} ([enum.{}])", shown.join(", "), self.name),
            did_you_mean(text, self.listed.iter().map(String::as_str)),
        )
    }
}

#[derive(Debug)]
pub(crate) struct LookupTable {
    pub(crate) name: String,
    /// The file's text, for the digest.
    pub(crate) text: String,
    pub(crate) columns: Vec<String>,
    pub(crate) fold: TextFold,
    pub(crate) rows: HashMap<String, csv::StringRecord>,
}

impl LookupTable {
    pub(crate) fn get(&self, text: &str, column: usize) -> Option<&str> {
        self.rows
            .get(self.fold.fold_text(clean_text(text, true)).as_ref())?
            .get(column)
            .map(str::trim)
            .filter(|t| !t.is_empty())
    }
}
