//! The connector file's text, with line and column for byte spans.

use std::ops::Range;

use onefold_event::FilePosition;

pub(crate) type TextSpan = Range<usize>;

#[derive(Debug)]
pub(crate) struct SourceText {
    pub(crate) file: String,
    pub(crate) text: String,
}

impl SourceText {
    pub(crate) fn position_of(&self, span: &TextSpan) -> FilePosition {
        // The parser counts bytes; a place within a character would cut it.
        let start = self.floor_boundary(span.start);
        let end = self.floor_boundary(span.end.max(start));
        let head = self.text.get(..start).unwrap_or_default();
        let line_start = head.rfind('\n').map_or(0, |n| n + 1);
        let line = self.text.get(line_start..).and_then(|t| t.lines().next()).unwrap_or_default();
        let pointed = self.text.get(start..end).unwrap_or_default().lines().next().unwrap_or_default();
        let count = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        FilePosition {
            file: self.file.clone(),
            line: u32::try_from(head.matches('\n').count()).unwrap_or(u32::MAX).saturating_add(1),
            column: count(self.text.get(line_start..start).unwrap_or_default()).saturating_add(1),
            length: count(pointed).max(1),
            excerpt: line.to_owned(),
        }
    }

    fn floor_boundary(&self, at: usize) -> usize {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}
