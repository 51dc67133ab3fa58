//! Text to fields, line by line: a row may go on over line breaks within quotes.

use csv::StringRecord;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

use onefold_mapping::join_blanks;

use crate::lines::QuoteRules;
use crate::row::TableFields;

/// Cuts rows. Only lines with a quote need the whole automaton, and most records that are read again by themselves have none: it
/// is built when it is needed first, since that takes longer than reading a line.
pub(crate) struct FieldSplitter {
    rules: QuoteRules,
    automaton: Option<Box<RowAutomaton>>,
    /// Where runs of blanks are the delimiter: the line before ended within quotes.
    quoted: bool,
}

impl FieldSplitter {
    pub(crate) fn new(rules: QuoteRules) -> Self {
        Self { rules, automaton: None, quoted: false }
    }

    /// Whether a line is a row of its own at sight.
    pub(crate) fn is_plain(&self, line: &str) -> bool {
        !line.as_bytes().contains(&self.rules.quote)
    }

    pub(crate) fn split(&self, line: &str) -> TableFields {
        let mut record = StringRecord::with_capacity(line.len(), 16);
        match self.rules.blanks {
            true => {
                line.split([' ', '\t']).filter(|field| !field.is_empty()).for_each(|field| record.push_field(field))
            }
            false => line.split(char::from(self.rules.delimiter)).for_each(|field| record.push_field(field)),
        }
        TableFields(record)
    }

    /// Takes one more line (without its end) of a row; answers the row once it is whole.
    pub(crate) fn feed(&mut self, line: &str) -> Option<TableFields> {
        let joined = self.rules.blanks.then(|| join_blanks(line, self.rules.quote, &mut self.quoted));
        let line = joined.as_deref().unwrap_or(line);
        let automaton = self.automaton.get_or_insert_with(|| Box::new(RowAutomaton::new(self.rules)));
        automaton.advance(line.as_bytes()).or_else(|| automaton.advance(b"\n"))
    }

    /// Forgets a row that was begun.
    pub(crate) fn reset(&mut self) {
        self.quoted = false;
        if let Some(automaton) = &mut self.automaton {
            automaton.core.reset();
            automaton.filled = (0, 0);
        }
    }

    /// Reads one line as if it were a row, whatever quotes say.
    pub(crate) fn alone(&mut self, line: &str) -> TableFields {
        self.reset();
        let whole = self.feed(line).unwrap_or_else(|| self.split(line));
        self.reset();
        whole
    }
}

/// What quotes mean, byte by byte, and the row as far as it was read.
struct RowAutomaton {
    core: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    filled: (usize, usize),
}

impl RowAutomaton {
    fn new(QuoteRules { delimiter, quote, escape, .. }: QuoteRules) -> Self {
        let mut builder = ReaderBuilder::new();
        builder.delimiter(delimiter).quote(quote).escape(escape).terminator(Terminator::Any(b'\n'));
        Self { core: builder.build(), text: vec![0; 1024], ends: vec![0; 64], filled: (0, 0) }
    }

    fn advance(&mut self, mut input: &[u8]) -> Option<TableFields> {
        // An empty input, as of a blank line within quotes, means the end of the file to the automaton.
        while !input.is_empty() {
            let (text, ends) = (self.text.get_mut(self.filled.0..)?, self.ends.get_mut(self.filled.1..)?);
            let (result, read, written, ended) = self.core.read_record(input, text, ends);
            input = input.get(read..).unwrap_or_default();
            self.filled = (self.filled.0 + written, self.filled.1 + ended);
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record | ReadRecordResult::End => return Some(self.take()),
            }
        }
        None
    }

    fn take(&mut self) -> TableFields {
        let mut record = StringRecord::with_capacity(self.filled.0, self.filled.1);
        let mut start = 0;
        for end in self.ends.iter().take(self.filled.1) {
            // Cut at ASCII bytes only, so each field is UTF-8 as the line was.
            record.push_field(self.text.get(start..*end).and_then(|f| std::str::from_utf8(f).ok()).unwrap_or_default());
            start = *end;
        }
        self.filled = (0, 0);
        TableFields(record)
    }
}

#[cfg(test)]
mod tests {
    use csv::{QuoteStyle, WriterBuilder};
    use proptest::prelude::*;

    use super::*;

    fn of(delimiter: u8, escape: Option<u8>) -> FieldSplitter {
        FieldSplitter::new(QuoteRules { delimiter, quote: b'"', escape, blanks: false })
    }

    fn rows(lines: &[&str]) -> Vec<Vec<String>> {
        cut(of(b',', None), lines)
    }

    fn cut(mut fields: FieldSplitter, lines: &[&str]) -> Vec<Vec<String>> {
        let found = lines.iter().filter_map(|line| fields.feed(line));
        found.map(|r| r.0.iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn quotes_hold_delimiters_line_breaks_and_doubled_quotes() {
        assert_eq!(rows(&[r#"a,"b,c",d"#]), [["a", "b,c", "d"]]);
        assert_eq!(rows(&[r#"a,"b"#, r#"c ""x""",d"#]), [["a", "b\nc \"x\"", "d"]]);
        assert_eq!(rows(&[r#"a,5" nail,d"#, "1,2,3"]), [["a", "5\" nail", "d"], ["1", "2", "3"]]);
        assert_eq!(rows(&[r#"a,"b" c,"#]), [["a", "b c", ""]]);
        assert!(rows(&[r#"a,"b"#, "c"]).is_empty());
        assert_eq!(rows(&[r#"a,"b"#, "", r#"c",d"#]), [["a", "b\n\nc", "d"]]);
    }

    proptest! {
        #[test]
        fn fields_in_quotes_come_back_whatever_they_hold(fields in prop::collection::vec("[ab,;\"\ré\n]{0,12}", 1..5)) {
            let mut writer = WriterBuilder::new().quote_style(QuoteStyle::Always).from_writer(Vec::new());
            writer.write_record(&fields).unwrap();
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let lines: Vec<&str> = text.strip_suffix('\n').unwrap().split('\n').collect();
            prop_assert_eq!(rows(&lines), [fields]);
        }
    }

    #[test]
    fn runs_of_blanks_are_one_delimiter_but_within_quotes() {
        let blanks = QuoteRules { delimiter: b' ', quote: b'"', escape: None, blanks: true };
        for (lines, wanted) in [
            (&["  00004\t 0001   2 \t 29.33  "][..], vec!["00004", "0001", "2", "29.33"]),
            (&["\"a  b\"   c"], vec!["a  b", "c"]),
            (&["5\" nail   d"], vec!["5\"", "nail", "d"]),
            (&["\"a \"\" b\"  c"], vec!["a \" b", "c"]),
            (&["\"a  ", "  b\"   c"], vec!["a  \n  b", "c"]),
        ] {
            assert_eq!(cut(FieldSplitter::new(blanks), lines), [wanted], "{lines:?}");
        }
        let splitter = FieldSplitter::new(blanks);
        assert_eq!(splitter.split(" a \t b "), ["a", "b"].into_iter().collect());
    }

    #[test]
    fn an_escape_makes_the_next_character_a_part_of_the_field() {
        let escaped = |lines: &[&str]| cut(of(b',', Some(b'\\')), lines);
        assert_eq!(escaped(&[r#"a,"5\" nail, long",d"#]), [["a", "5\" nail, long", "d"]]);
        assert_eq!(escaped(&[r#"a,"C:\\dir\\",d"#]), [["a", "C:\\dir\\", "d"]]);
        assert_eq!(escaped(&[r#"a,"b ""x""",d"#]), [["a", "b \"x\"", "d"]]);
        assert_eq!(escaped(&[r"a,\N,d"]), [["a", r"\N", "d"]]);
        assert_eq!(escaped(&[r#"a,"b\"#, r#"c",d"#]), [["a", "b\nc", "d"]]);
    }

    #[test]
    fn a_plain_line_is_cut_the_same_by_both_ways() {
        let mut fields = of(b';', None);
        for line in ["a;b;c", ";;", "a", "名;2;\u{a0}", "a;b\rc;d"] {
            assert!(fields.is_plain(line));
            assert_eq!(Some(fields.split(line)), fields.feed(line), "{line:?}");
        }
    }

    #[test]
    fn a_row_of_many_and_long_fields_is_whole() {
        let line = format!("\"{}\"{}", "x".repeat(5_000), ",".repeat(500));
        let TableFields(row) = of(b',', None).feed(&line).unwrap();
        assert_eq!((row.len(), row[0].len()), (501, 5_000));
    }
}
