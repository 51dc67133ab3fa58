//! How a table is laid out, by its first rows: what parts its cells, and which row is the heading.

use onefold_mapping::DraftTable;

/// Rows that are looked at.
const MOST_ROWS: usize = 20;
/// Rows whose cells stand under each other by more than chance.
const FEWEST_ALIGNED: usize = 3;

/// Delimiter and row of the heading: the delimiter by which most rows have as many cells, and the first row that has so many.
pub(super) fn guess_table(text: &str) -> DraftTable {
    // As the reader counts rows: a line of nothing is none.
    let lines = || text.lines().filter(|line| !line.is_empty());
    let rows: Vec<&str> = lines().take(MOST_ROWS).collect();
    let fit = |delimiter: char| TableFit::of(rows.iter().map(|row| cell_count(row, delimiter)));
    // Of two that fit as well the first counts: `max_by_key` answers the last.
    let delimiters = [',', ';', '\t', '|'].map(|delimiter| (delimiter, fit(delimiter)));
    let (delimiter, best) =
        delimiters.into_iter().rev().max_by_key(|(_, fit)| fit.cells()).unwrap_or((',', TableFit::default()));
    let table = |delimiter: String, fit: TableFit| DraftTable {
        delimiter,
        header: u32::try_from(fit.first + 1).unwrap_or(1),
        cells: fit.width,
        fitting: fit.rows,
        looked_at: fit.of,
    };
    if !best.is_whole() {
        let filled: Vec<&str> = lines().filter(|line| !line.trim().is_empty()).take(MOST_ROWS).collect();
        if let Some(width) = width_by_blanks(&filled) {
            let fit = TableFit { width, rows: filled.len(), of: filled.len(), first: 0 };
            return table("blanks".to_owned(), fit);
        }
    }
    table(delimiter.to_string(), best)
}

/// How rows have as many cells as the widest.
#[derive(Debug, Clone, Copy, Default)]
struct TableFit {
    width: usize,
    rows: usize,
    of: usize,
    /// The first that has so many.
    first: usize,
}

impl TableFit {
    fn of(counts: impl Iterator<Item = usize>) -> Self {
        let counts: Vec<usize> = counts.collect();
        let width = counts.iter().copied().max().unwrap_or(1);
        let rows = counts.iter().filter(|count| **count == width).count();
        let first = counts.iter().position(|count| *count == width).unwrap_or(0);
        Self { width, rows, of: counts.len(), first }
    }

    /// Cells of the rows that have as many as the widest; none where nothing is parted.
    fn cells(&self) -> usize {
        if self.width > 1 { self.rows * self.width } else { 0 }
    }

    /// Whether every row is parted into as many.
    fn is_whole(&self) -> bool {
        self.width > 1 && self.rows == self.of
    }
}

fn cell_count(row: &str, delimiter: char) -> usize {
    let mut quoted = false;
    let count = |c: char| {
        quoted ^= c == '"';
        usize::from(c == delimiter && !quoted)
    };
    row.chars().map(count).sum::<usize>() + 1
}

/// Into how many cells runs of blanks part every one of these rows; none where they may not be delimiters. A blank alone may
/// stand within a text. It is a delimiter where other rows have several in that place, and the cells of the rows below the
/// heading stand under each other there, as those of a report do and words of texts do not.
fn width_by_blanks(rows: &[&str]) -> Option<usize> {
    let cells: Vec<Vec<CellPlace>> = rows.iter().map(|row| cells_by_blanks(row)).collect::<Option<_>>()?;
    let (heading, below) = cells.split_first().filter(|(_, below)| !below.is_empty())?;
    let width = heading.len();
    if width < 2 || below.iter().any(|row| row.len() != width) {
        return None;
    }
    (1..width).all(|n| is_border(&cells, below, n)).then_some(width)
}

/// Whether what stands before the n-th cell parts it from the one before in every row.
fn is_border(all: &[Vec<CellPlace>], below: &[Vec<CellPlace>], n: usize) -> bool {
    let single =
        |rows: &[Vec<CellPlace>]| rows.iter().filter_map(|row| row.get(n)).filter(|cell| cell.blanks == 1).count();
    let one_place = |place: &dyn Fn(&[CellPlace]) -> Option<usize>| {
        let mut places = below.iter().map(|row| place(row));
        let first = places.next();
        places.all(|other| Some(other) == first)
    };
    let several = all.len() - single(all);
    let starts = || one_place(&|row| Some(row.get(n)?.start));
    let ends = || one_place(&|row| Some(row.get(n - 1)?.end));
    several > 0 && (single(below) == 0 || below.len() >= FEWEST_ALIGNED && (starts() || ends()))
}

/// Where a cell stands in its row, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct CellPlace {
    /// Characters of the run of blanks before it; a tab is several.
    blanks: usize,
    start: usize,
    /// Behind its last.
    end: usize,
}

/// The cells of a row; none where a quote is left open.
fn cells_by_blanks(row: &str) -> Option<Vec<CellPlace>> {
    let mut cells: Vec<CellPlace> = Vec::new();
    let (mut blanks, mut quoted, mut within) = (0, false, false);
    for (n, c) in row.chars().enumerate() {
        if !quoted && matches!(c, ' ' | '\t') {
            blanks += if c == '\t' { 2 } else { 1 };
            within = false;
            continue;
        }
        match cells.last_mut().filter(|_| within) {
            Some(cell) => {
                cell.end = n + 1;
                quoted ^= c == '"' && quoted;
            }
            None => {
                cells.push(CellPlace { blanks, start: n, end: n + 1 });
                (blanks, within, quoted) = (0, true, c == '"');
            }
        }
    }
    (!quoted).then_some(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(text: &str) -> (String, u32, usize) {
        let table = guess_table(text);
        (table.delimiter, table.header, table.cells)
    }

    #[test]
    fn columns_of_a_report_are_parted_by_blanks() {
        for text in [
            " customer_id  date number_of_cds  dollar_value\n 00001 19970101  1   11.77\n 00002 19970112 12  112.00\n 00002 19970113  1   12.00\n",
            "id   name     total\n1    Anna     1,50\n22   Robert   12,00\n\n",
            "no\t \tname\n1\tAnna\n2\t\tBob\n",
            "no   name          city\n1    \"Anna Weber\"  Köln\n2    \"Bob Kiss\"    Ulm\n",
            // Left-aligned, so that the longest has one blank behind it.
            "key   value\nab    1\nabcde 2\nabc   3\n",
        ] {
            assert_eq!(guessed(text).0, "blanks", "{text}");
        }
        assert_eq!(guessed(" a  b\n 1  2\n"), ("blanks".to_owned(), 1, 2));
    }

    #[test]
    fn a_blank_that_may_stand_within_a_text_is_no_delimiter() {
        for text in [
            "full name\nAnna Weber\nBela Kiss\n",
            "name\nAnna Weber\n",
            // One slip of the hand is no column.
            "full name\nAnna Weber\nBela  Kiss\nJo Li\n",
            "first  name\nAnna Weber\nBela Kiss\nJo Li\n",
            "first  name\nAnna Weber\nBela Kiss\n",
            "full name   total\nAnna Weber  1.00\nBela Kiss   2.00\n",
            "name   total\nAnna Weber  1.00\nBela Kiss   2.00\n",
            // Digits too: thousands, and phones.
            "sum in EUR   no\n1 234 567    1\n2 345 678    2\n",
            "id   note\n1    said \"so\n2    left\n",
            "one\ntwo\n",
        ] {
            assert_ne!(guessed(text).0, "blanks", "{text}");
        }
        // Other delimiters come first, and a column may be empty.
        assert_eq!(guessed("no\t\tname\n1\t\tAnna\n2\t\tBob\n").0, "\t");
        assert_eq!(guessed("name,  total\nAnna,  1\n").0, ",");
        assert_eq!(guessed("full name\ttotal\nAnna Weber\t1\nBob\t2\n").0, "\t");
        assert_eq!(guessed("name;  total\nAnna;  1,50\nBob;   2,50\n").0, ";");
    }

    #[test]
    fn lines_of_nothing_before_the_heading_are_no_rows() {
        assert_eq!(guessed("\n\na;b\n1;2\n"), (";".to_owned(), 1, 2));
        assert_eq!(guessed("title\n\na;b\n1;2\n"), (";".to_owned(), 2, 2));
    }
}
