//! What is written down of a record while it is mapped, for whoever wants to see how it became what it is.

/// An event of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventExplanation {
    /// Its name in the connector file.
    pub name: String,
    /// Such as `finance.invoice_issued.v1`.
    pub event_type: &'static str,
    /// Its header first, then references and fields in the order of the connector file; what is absent is left out.
    pub fields: Vec<FieldExplanation>,
    /// Names of its expectations, all of which hold.
    pub expectations: Vec<String>,
}

/// A value of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldExplanation {
    /// Such as `total`, `lines[0].amount`, `refs.order`, `subject`.
    pub field: String,
    /// As a person writes it: `50880.00 CNY`, `2026-04-08`.
    pub value: String,
    /// Such as `sum of 2 × 价税合计(元)`; empty where nobody asked for it.
    pub how: String,
}

/// A word that an `[enum]` was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordUse {
    /// Which `[enum]`, in the order of the file.
    pub table: usize,
    /// As the record has it, cut and cleaned.
    pub word: String,
    /// Whether it is listed.
    pub known: bool,
}

/// What is written down of one record.
#[derive(Debug, Default)]
pub(crate) struct RecordNotes {
    /// How each value came is to be told, and not the values alone.
    pub(crate) tells: bool,
    pub(crate) events: Vec<EventExplanation>,
    pub(crate) words: Vec<WordUse>,
}

impl RecordNotes {
    pub(crate) fn note_word(&mut self, table: usize, word: &str, known: bool) {
        let used = WordUse { table, word: word.to_owned(), known };
        // A name that several cells take is worked out once, a cell that is explained twice: a record says a word once.
        if !self.words.contains(&used) {
            self.words.push(used);
        }
    }
}
