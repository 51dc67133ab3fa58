//! The simulator's own books beside what the hub says: two who reckon apart and agree are probably right.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use onefold_service::{CustomerReference, HubStatus, Service};
use onefold_view::CustomerView;
use serde::Deserialize;

type NamedFigures = BTreeMap<String, String>;

/// Trade and receivable, by currency.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct CurrencyBooks {
    #[serde(default)]
    trade: NamedFigures,
    #[serde(default)]
    receivable: NamedFigures,
}

#[derive(Debug, Deserialize)]
struct KeptFigures {
    books: BTreeMap<String, CurrencyBooks>,
}

#[derive(Debug, Deserialize)]
struct BookTotals {
    customers: u64,
    total: KeptFigures,
    of_customers: KeptFigures,
    unattributed: KeptFigures,
}

#[derive(Debug, Deserialize)]
struct CustomerLine {
    parties: Vec<String>,
    #[serde(flatten)]
    kept: KeptFigures,
}

/// One figure in both books.
#[derive(Debug)]
pub(crate) struct FigureComparison {
    pub(crate) what: String,
    pub(crate) hub: String,
    pub(crate) books: String,
}

impl FigureComparison {
    fn new(what: impl Into<String>, hub: impl Into<String>, books: impl Into<String>) -> Self {
        Self { what: what.into(), hub: hub.into(), books: books.into() }
    }

    /// Whether both say the same, whatever the scale.
    pub(crate) fn agrees(&self) -> bool {
        plain_decimal(&self.hub) == plain_decimal(&self.books)
    }
}

/// The totals of the hub against those of the books.
pub(crate) fn compare_totals(truth: &Path, status: &HubStatus) -> Result<Vec<FigureComparison>> {
    let totals: BookTotals = read_file(&truth.join("totals.json"))?;
    let mut all = vec![FigureComparison::new("customers", status.customers.to_string(), totals.customers.to_string())];
    for (currency, sums) in &status.money {
        let kept = |kept: &KeptFigures, figure: &str| figure_of(kept.books.get(currency).map(|b| &b.trade), figure);
        let mut put = |what: &str, hub: &str, books: String| {
            all.push(FigureComparison::new(format!("{currency} {what}"), hub, books))
        };
        put("invoiced", &sums.invoiced, kept(&totals.total, "invoiced"));
        put("credited", &sums.credited, kept(&totals.total, "credited"));
        put("adjusted", &sums.adjusted, kept(&totals.total, "adjusted"));
        put("net", &sums.net, kept(&totals.total, "net"));
        put("of customers", &sums.of_customers, kept(&totals.of_customers, "net"));
        put("unattributed", &sums.unattributed, kept(&totals.unattributed, "net"));
    }
    Ok(all)
}

/// Every customer's figures against its books; answers how many there are, and every figure that differs.
pub(crate) async fn compare_customers(truth: &Path, service: &Service) -> Result<(usize, Vec<FigureComparison>)> {
    let path = truth.join("customers.ndjson");
    let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let (mut count, mut wrong) = (0, Vec::new());
    for line in text.lines() {
        let line: CustomerLine = serde_json::from_str(line)
            .with_context(|| format!("{} holds a line that is no customer", path.display()))?;
        count += 1;
        let Some(party) = line.parties.first() else { continue };
        let reference: CustomerReference = party.parse()?;
        let Ok(view) = service.view(&reference, None).await else {
            wrong.push(FigureComparison::new(party, "unknown", "a customer"));
            continue;
        };
        let (held, meant): (BTreeSet<&String>, BTreeSet<&String>) =
            (view.parties.iter().collect(), line.parties.iter().collect());
        if held != meant {
            wrong.push(FigureComparison::new(
                format!("parties of {party}"),
                view.parties.join(" "),
                line.parties.join(" "),
            ));
        }
        wrong.extend(compare_figures(party, &view, &line.kept).into_iter().filter(|compared| !compared.agrees()));
    }
    Ok((count, wrong))
}

fn compare_figures(party: &str, view: &CustomerView, kept: &KeptFigures) -> Vec<FigureComparison> {
    let currencies: BTreeSet<&String> =
        view.trade.by_currency.keys().chain(view.receivable.by_currency.keys()).chain(kept.books.keys()).collect();
    let mut all = Vec::new();
    for currency in currencies {
        let books = kept.books.get(currency);
        let trade = serde_json::to_value(view.trade.by_currency.get(currency)).unwrap_or_default();
        let receivable = serde_json::to_value(view.receivable.by_currency.get(currency)).unwrap_or_default();
        let facets = [
            ("trade", trade, books.map(|b| &b.trade), &["ordered", "invoiced", "credited", "adjusted", "net"][..]),
            (
                "receivable",
                receivable,
                books.map(|b| &b.receivable),
                &["invoiced", "credited", "adjusted", "paid", "refunded", "unallocated", "open"][..],
            ),
        ];
        for (facet, said, books, names) in facets {
            for name in names {
                let said = said.get(*name).and_then(|sum| sum.as_str()).unwrap_or("0");
                all.push(FigureComparison::new(
                    format!("{party} {facet} {currency} {name}"),
                    said,
                    figure_of(books, name),
                ));
            }
        }
    }
    all
}

fn figure_of(figures: Option<&NamedFigures>, name: &str) -> String {
    figures.and_then(|figures| figures.get(name)).cloned().unwrap_or_else(|| "0".to_owned())
}

/// A decimal without the zeros that say nothing.
fn plain_decimal(decimal: &str) -> &str {
    let plain = if decimal.contains('.') { decimal.trim_end_matches('0').trim_end_matches('.') } else { decimal };
    if plain.trim_start_matches('-').is_empty() || plain == "-0" { "0" } else { plain }
}

fn read_file<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not as the simulator writes it", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_agree_whatever_their_scale() {
        for (hub, books, agree) in [
            ("1.50", "1.5", true),
            ("0.00", "0", true),
            ("-0.00", "0", true),
            ("100", "100.00", true),
            ("1.51", "1.5", false),
            ("100", "1", false),
        ] {
            assert_eq!(FigureComparison::new("", hub, books).agrees(), agree, "{hub} {books}");
        }
    }
}
