//! Texts as TOML writes them, for what is written into connector files.

use std::fmt::Write;

/// A text on one line.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A text of whole lines, each on a line of its own: as it stands where that can be, else with what cannot be escaped.
pub(crate) fn quoted_lines(text: &str) -> String {
    let is_plain = |c: char| c == '\n' || c == '\t' || !c.is_control();
    if text.chars().all(is_plain) && !text.contains("'''") {
        return format!("'''\n{text}'''");
    }
    let mut out = String::from("\"\"\"\n");
    let mut quotes = 0;
    for c in text.chars() {
        quotes = if c == '"' { quotes + 1 } else { 0 };
        match c {
            '\\' => out.push_str("\\\\"),
            // Three in a row would end it.
            '"' if quotes == 3 => {
                quotes = 0;
                out.push_str("\\\"");
            }
            c if is_plain(c) => out.push(c),
            c => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
        }
    }
    out.push_str("\"\"\"");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_as_it_was() {
        for text in [
            "a,b\n1,2\n",
            "'''\n",
            "\"\"\"\"\"\"\"\n",
            "'''C:\\dir\\\n\"\"\"\"\n",
            "a\r\nb\u{0}\u{7f}\u{85}\tc\n",
            "王'''伟\n",
            "\n\n",
            "",
        ] {
            let file = format!("lines = {}\nline = {}\n", quoted_lines(text), quoted(text));
            let read: toml::Table = toml::from_str(&file).unwrap_or_else(|error| panic!("{error}: {file}"));
            assert_eq!(read["lines"].as_str(), Some(text), "{file}");
            assert_eq!(read["line"].as_str(), Some(text), "{file}");
        }
    }
}
