//! All paths of a mapping, each once, by number.

use crate::language::path::{RecordShape, ValuePath};

/// All paths of a mapping, each once.
#[derive(Debug, Default)]
pub(crate) struct PathTable {
    pub(crate) list: Vec<(String, ValuePath)>,
    content: Vec<bool>,
    /// What is being read says only in which order versions come.
    pub(crate) only_order: bool,
}

pub(crate) type PathId = usize;

impl PathTable {
    pub(crate) fn add_path(&mut self, text: &str, shape: RecordShape) -> Result<PathId, String> {
        let content = !self.only_order;
        if let Some(known) = self.list.iter().position(|(t, _)| t == text) {
            self.content[known] |= content;
            return Ok(known);
        }
        self.list.push((text.to_owned(), ValuePath::parse(text, shape)?));
        self.content.push(content);
        Ok(self.list.len() - 1)
    }

    /// Whether a change there is a change of what the record says.
    pub(crate) fn is_content(&self, id: PathId) -> bool {
        self.content.get(id).copied().unwrap_or(false)
    }

    pub(crate) fn path_text(&self, id: PathId) -> &str {
        self.list.get(id).map_or("", |(text, _)| text)
    }
}
