//! A comparison as text.

use std::fmt::Write;

use super::Comparison;
use super::figures::{BetterWhen, ComparedBench, ComparedFigure, RoundFinding};
use crate::render::amount_text;

const HEADING: [&str; 7] = ["", "this", "other", "ratio", "spread", "better", "this is"];

pub(super) fn render_comparison(comparison: &Comparison) -> String {
    let Comparison { this, other, rounds, benches } = comparison;
    let mut text = format!("this    {}\nother   {}\n", this.display(), other.display());
    let counted = if *rounds == 1 { "1 round".to_owned() } else { format!("{rounds} rounds in turns") };
    let _ = writeln!(
        text,
        "{counted}; ratio: median of this / median of other; spread: least and greatest ratio of a round"
    );
    if *rounds > 1 {
        // Two equal programs win a round each as a coin falls.
        let chance = 2f64.powf(*rounds as f64 - 1.0);
        let _ = writeln!(
            text,
            "better, worse: every round says so and the ratio is 5 % off or more; every round says so by chance for one figure in \
             {chance:.0}"
        );
    }
    benches.iter().for_each(|bench| render_bench(bench, &mut text));
    text.truncate(text.trim_end().len());
    text
}

fn render_bench(bench: &ComparedBench, text: &mut String) {
    let conditions: Vec<String> = bench.conditions.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let _ = writeln!(text, "\n{}: {}", bench.bench, conditions.join("; "));
    for (name, (this, other)) in &bench.different {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        let _ = writeln!(text, "  DIFFERENT {name}: this {}; other {}", shown(this), shown(other));
    }
    let mut rows = vec![HEADING.map(str::to_owned)];
    rows.extend(bench.figures.iter().map(figure_row));
    let width = |column: usize| rows.iter().map(|row| row.get(column).map_or(0, |cell| cell.chars().count())).max();
    let widths: Vec<usize> = (0..HEADING.len()).filter_map(width).collect();
    for row in rows.iter().filter(|_| !bench.figures.is_empty()) {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            // Numbers end below one another, words begin so.
            let _ = match (1..=4).contains(&column) {
                true => write!(line, "  {cell:>width$}"),
                false => write!(line, "  {cell:<width$}"),
            };
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    for (whose, names) in [("this", &bench.only_this), ("other", &bench.only_other)] {
        if !names.is_empty() {
            let _ = writeln!(text, "  printed by {whose} alone: {}", names.join(", "));
        }
    }
}

fn figure_row(figure: &ComparedFigure) -> [String; 7] {
    let ratio = |ratio: Option<f64>| ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
    let spread = match (figure.ratio_min, figure.ratio_max) {
        (Some(least), Some(most)) => format!("{least:.2}..{most:.2}"),
        _ => "-".to_owned(),
    };
    let better = match figure.better_when {
        BetterWhen::More => "more",
        BetterWhen::Less => "less",
        BetterWhen::Neither => "",
    };
    let finding = match figure.finding {
        RoundFinding::Better => "better",
        RoundFinding::Worse => "worse",
        RoundFinding::Undecided => "",
    };
    let texts = [number_text(figure.this), number_text(figure.other), ratio(figure.ratio), spread];
    let [this, other, ratio, spread] = texts;
    [figure.figure.clone(), this, other, ratio, spread, better.to_owned(), finding.to_owned()]
}

/// Without digits that nobody reads.
fn number_text(number: f64) -> String {
    if number.abs() >= 1000.0 || number.fract() == 0.0 {
        return amount_text(&format!("{number:.0}"));
    }
    format!("{number:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_they_are_worth() {
        let shown = [48_612.4, 1000.0, 12.345, 0.5, 7.0, 0.0].map(number_text);
        assert_eq!(shown, ["48,612", "1,000", "12.35", "0.50", "7", "0"]);
    }
}
