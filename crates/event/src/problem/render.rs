//! Prints problems: code, both places, found, expected, advice.

use std::fmt::Write;

use super::Problem;

/// Most characters of a line of data that are shown.
const WIDTH: usize = 100;

/// One problem in full. `resource` names the data (empty: no data), `line_of` gives the text of its lines where it is at hand.
pub fn render_problem(problem: &Problem, resource: &str, line_of: &dyn Fn(u64) -> Option<String>) -> String {
    let mut out = String::with_capacity(256);
    // Writing into a String cannot fail.
    let _ = write_problem(problem, resource, line_of, &mut out);
    out
}

/// All problems of one record under one head: `record: FILE, lines 6-7 (NUMBER)`.
pub fn render_record_problems(
    problems: &[Problem],
    resource: &str,
    lines: (u64, u64),
    key: &str,
    line_of: &dyn Fn(u64) -> Option<String>,
) -> String {
    let span = if lines.0 == lines.1 { format!("line {}", lines.0) } else { format!("lines {}-{}", lines.0, lines.1) };
    let key = if key.is_empty() { String::new() } else { format!(" ({key})") };
    let count = if problems.len() == 1 { "1 error".to_owned() } else { format!("{} errors", problems.len()) };
    let mut out = format!("record: {resource}, {span}{key}: {count}\n");
    for problem in problems {
        out.push_str(&render_problem(problem, resource, line_of));
    }
    out
}

fn write_problem(
    p: &Problem,
    resource: &str,
    line_of: &dyn Fn(u64) -> Option<String>,
    out: &mut String,
) -> std::fmt::Result {
    writeln!(out, "error[{}]: {}", p.code, p.message)?;
    if p.lines.is_empty() {
        if let Some(place) = &p.mapping {
            writeln!(out, "  --> {}:{}:{}", place.file, place.line, place.column)?;
            let number = place.line.to_string();
            let margin = " ".repeat(number.len());
            writeln!(out, "{margin} |\n{number} | {}", place.excerpt)?;
            let before: String = place.excerpt.chars().take(place.column.saturating_sub(1) as usize).collect();
            writeln!(
                out,
                "{margin} | {}{}",
                " ".repeat(display_width(&before)),
                "^".repeat(place.length.max(1) as usize)
            )?;
        }
    } else {
        let lines: Vec<_> = p.lines.iter().map(u64::to_string).collect();
        let plural = if lines.len() == 1 { "" } else { "s" };
        let resource = if resource.is_empty() { "data" } else { resource };
        writeln!(out, "  --> {resource}, line{plural} {}", lines.join(", "))?;
        let margin = lines.iter().map(String::len).max().unwrap_or(1);
        for (line, number) in p.lines.iter().zip(&lines) {
            let Some(text) = line_of(*line) else { continue };
            let (shown, at) = excerpt_around(&text, &p.found);
            writeln!(out, "{number:>margin$} | {shown}")?;
            if let Some((column, length)) = at {
                writeln!(out, "{:margin$} | {}{} {}", "", " ".repeat(column), "^".repeat(length), p.path)?;
            }
        }
    }
    if !p.target.is_empty() || !p.path.is_empty() {
        let of = if p.path.is_empty() { String::new() } else { format!(" from {}", p.path) };
        writeln!(out, "  = in {}{of}", if p.target.is_empty() { "the record" } else { &p.target })?;
    }
    if !p.found.is_empty() {
        writeln!(out, "  = found {}", quote_text(&p.found))?;
    }
    if !p.expected.is_empty() {
        let by = match &p.mapping {
            Some(place) if !p.lines.is_empty() => format!(" ({}:{})", place.file, place.line),
            _ => String::new(),
        };
        writeln!(out, "  = expected {}{by}", p.expected)?;
    } else if let (Some(place), false) = (&p.mapping, p.lines.is_empty()) {
        writeln!(out, "  = by {}:{}: {}", place.file, place.line, place.excerpt.trim())?;
    }
    for help in &p.help {
        writeln!(out, "  = {help}")?;
    }
    Ok(())
}

/// Text in quotes, with what cannot be seen made visible.
fn quote_text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars().take(200) {
        match c {
            '\u{a0}' | '\u{feff}' | '\u{200b}' | '\u{2009}' | '\u{202f}' | '\u{3000}' => out.extend(c.escape_unicode()),
            c if c.is_control() => out.extend(c.escape_debug()),
            c => out.push(c),
        }
    }
    if text.chars().nth(200).is_some() {
        out.push('…');
    }
    out.push('"');
    out
}

/// A long line is cut around what was found; gives the column (in cells) and length of it.
fn excerpt_around(text: &str, found: &str) -> (String, Option<(usize, usize)>) {
    let at = if found.is_empty() { None } else { text.find(found) };
    // What was found stands in the middle, so that what surrounds it on both sides can be read.
    let skip = at.map_or(0, |at| text[..at].chars().count().saturating_sub(WIDTH / 2));
    let mut shown: String = if skip > 0 { "…".into() } else { String::new() };
    shown.extend(text.chars().skip(skip).take(WIDTH).map(|c| if c.is_control() { ' ' } else { c }));
    if text.chars().nth(skip + WIDTH).is_some() {
        shown.push('…');
    }
    let place =
        shown.find(found).filter(|_| at.is_some()).map(|at| (display_width(&shown[..at]), display_width(found).max(1)));
    (shown, place)
}

/// Cells that a text takes in a terminal: wide characters take two.
fn display_width(text: &str) -> usize {
    text.chars().map(|c| if matches!(c as u32, 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x20000..=0x3fffd) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FilePosition;

    #[test]
    fn a_record_error_says_both_places_found_expected_and_advice() {
        let mut p = Problem::new("R0412", "a number is not written as the mapping says")
            .instead("1250,00", "like 1,234.56")
            .help("for one field: number = \"1.234,56\"");
        p.path = "含税单价".into();
        p.target = "invoice.lines.unit_price".into();
        p.lines = vec![7];
        p.mapping =
            Some(FilePosition {
                file: "k.toml".into(), line: 23, column: 1, length: 6, excerpt: "number = …".into()
            });
        let line = "XS-000121,中纤板,1,张,\"1250,00\",13%";
        let text = render_problem(&p, "发票.csv", &|_| Some(line.into()));
        assert_eq!(
            text,
            "error[R0412]: a number is not written as the mapping says\n  --> 发票.csv, line 7\n\
             7 | XS-000121,中纤板,1,张,\"1250,00\",13%\n  |                        ^^^^^^^ 含税单价\n  \
             = in invoice.lines.unit_price from 含税单价\n  = found \"1250,00\"\n  \
             = expected like 1,234.56 (k.toml:23)\n  = for one field: number = \"1.234,56\"\n"
        );
    }

    #[test]
    fn a_mapping_error_points_at_its_place() {
        let mut p = Problem::new("M0101", "there is no key `issue`");
        p.mapping =
            Some(FilePosition { file: "k.toml".into(), line: 3, column: 1, length: 5, excerpt: "issue = 1".into() });
        assert_eq!(
            p.to_string(),
            "error[M0101]: there is no key `issue`\n  --> k.toml:3:1\n  |\n3 | issue = 1\n  | ^^^^^\n"
        );
    }

    #[test]
    fn long_lines_are_cut_around_the_fault() {
        let line = format!("{}BAD{}", "a".repeat(500), "b".repeat(500));
        let (shown, at) = excerpt_around(&line, "BAD");
        assert!(shown.chars().count() < 110);
        assert_eq!(at.map(|(_, length)| length), Some(3));
    }
}
