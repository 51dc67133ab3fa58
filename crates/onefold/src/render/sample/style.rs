//! How a page looks where it goes: colours on a terminal alone, and as wide as that is.

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

/// As wide as a page is that goes to a file.
const PAGE_WIDTH: usize = 150;
const NARROWEST: usize = 80;

/// What is to stand out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageInk {
    Plain,
    Faint,
    Strong,
    Good,
    Odd,
    Bad,
}

/// Width and colours of a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageStyle {
    pub(crate) width: usize,
    colours: bool,
}

impl PageStyle {
    /// Of standard output; `NO_COLOR` is obeyed.
    pub(crate) fn of_output(is_terminal: bool) -> Self {
        let wide = terminal_size::terminal_size().filter(|_| is_terminal);
        let width = wide.map_or(PAGE_WIDTH, |(width, _)| usize::from(width.0).max(NARROWEST));
        // As https://no-color.org has it.
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { width, colours: is_terminal && !refused }
    }

    /// A text in this ink.
    pub(crate) fn paint(&self, ink: PageInk, text: &str) -> String {
        let style = match ink {
            PageInk::Plain => return text.to_owned(),
            PageInk::Faint => Style::new().dimmed(),
            PageInk::Strong => Style::new().bold(),
            PageInk::Good => AnsiColor::Green.on_default(),
            PageInk::Odd => AnsiColor::Yellow.on_default(),
            PageInk::Bad => AnsiColor::Red.on_default(),
        };
        if !self.colours || text.is_empty() { text.to_owned() } else { format!("{style}{text}{style:#}") }
    }
}

/// A value of a source exactly as it was read, with what cannot be seen made visible: blanks at its ends as ·, and a value of
/// blanks alone.
pub(crate) fn visible_text(text: &str) -> String {
    // Blanks within a text are plain to see; those at its ends are what makes two keys of one.
    let inner = text.trim_matches(' ');
    if inner.is_empty() {
        return "·".repeat(text.len().max(1));
    }
    let (before, after) =
        (text.len() - text.trim_start_matches(' ').len(), text.len() - text.trim_end_matches(' ').len());
    let mut out = "·".repeat(before);
    for c in inner.chars() {
        match c {
            '\n' => out.push('⏎'),
            '\t' => out.push('⇥'),
            '\u{a0}'
            | '\u{ad}'
            | '\u{feff}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2000}'..='\u{200a}'
            | '\u{2028}'..='\u{202f}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3000}'
            | '\u{fffd}' => out.extend(c.escape_unicode()),
            c if c.is_control() => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out.push_str(&"·".repeat(after));
    out
}

/// So much of a text as fits into so many columns of a terminal.
pub(crate) fn fit_text(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        let width = out.width() + UnicodeWidthStr::width(c.encode_utf8(&mut [0; 4]) as &str);
        if width + 1 > columns {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

/// The same of a path, whose last steps tell most.
pub(crate) fn fit_path(path: &str, columns: usize) -> String {
    if !path.contains('.') || path.width() <= columns {
        return fit_text(path, columns);
    }
    let mut from = path.len();
    for (at, _) in path.char_indices().rev() {
        if path.get(at..).unwrap_or_default().width() + 1 > columns {
            break;
        }
        from = at;
    }
    format!("…{}", path.get(from..).unwrap_or_default())
}

/// A text in lines of so many columns at most, broken between words where there are any.
pub(crate) fn wrap_text(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut rest = word.to_owned();
        while let Some(line) = lines.last_mut() {
            let gap = usize::from(!line.is_empty());
            if line.width() + gap + rest.width() <= columns {
                line.push_str(if gap == 1 { " " } else { "" });
                line.push_str(&rest);
                break;
            }
            if !line.is_empty() {
                lines.push(String::new());
                continue;
            }
            // Longer than a line by itself.
            let mut head = String::new();
            for c in rest.chars() {
                if head.width() + UnicodeWidthStr::width(c.encode_utf8(&mut [0; 4]) as &str) > columns.max(2) {
                    break;
                }
                head.push(c);
            }
            rest = rest.get(head.len()..).unwrap_or_default().to_owned();
            line.push_str(&head);
            if rest.is_empty() {
                break;
            }
            lines.push(String::new());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_shown() {
        assert_eq!(visible_text(""), "·");
        assert_eq!(visible_text("  "), "··");
        assert_eq!(visible_text(" A B  "), "·A B··");
        assert_eq!(visible_text("\u{feff}No\u{a0}1\n"), "\\u{feff}No\\u{a0}1⏎");
        assert_eq!(visible_text("\u{1b}[2J"), "\\u{1b}[2J");
    }

    #[test]
    fn texts_fit_their_columns_whatever_the_script() {
        assert_eq!(fit_text("价税合计(元)", 6), "价税…");
        assert_eq!(fit_text("total", 5), "total");
        assert_eq!(fit_path("customer.address.city", 10), "…ress.city");
        assert_eq!(wrap_text("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap_text("价税合计价税合计", 6), ["价税合", "计价税", "合计"]);
        assert_eq!(wrap_text("", 5), [""]);
    }

    #[test]
    fn colours_are_for_terminals() {
        let (plain, coloured) = (PageStyle { width: 80, colours: false }, PageStyle { width: 80, colours: true });
        assert_eq!(plain.paint(PageInk::Bad, "x"), "x");
        assert_eq!(coloured.paint(PageInk::Bad, "x"), "\u{1b}[31mx\u{1b}[0m");
    }
}
