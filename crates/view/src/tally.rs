//! What was bought, per product and per category.

use std::collections::BTreeSet;

use onefold_event::v1;

use crate::amount::Money;
use crate::money_totals::{self, ScaledTotal};

/// Measures within a tally.
const AMOUNT: u32 = 1;
const QUANTITY: u32 = 2;

/// Documents, quantity and amounts of one product or category.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PurchaseTally {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(sint64, tag = "2")]
    pub(crate) n: i64,
    #[prost(message, repeated, tag = "3")]
    pub(crate) cells: Vec<ScaledTotal>,
}

impl PurchaseTally {
    pub(crate) fn quantity(&self) -> Money {
        money_totals::sum_cells(&self.cells, QUANTITY, 0)
    }

    /// Amounts by currency.
    pub(crate) fn amounts(&self) -> Vec<Money> {
        let amounts = self.cells.iter().filter(|c| c.measure == AMOUNT);
        let currencies: BTreeSet<u32> = amounts.map(|c| c.currency).collect();
        currencies.into_iter().map(|currency| money_totals::sum_cells(&self.cells, AMOUNT, currency)).collect()
    }

    fn add_signed(&mut self, other: &PurchaseTally, sign: i64) {
        self.n = self.n.wrapping_add(other.n.wrapping_mul(sign));
        other.cells.iter().for_each(|cell| money_totals::add_cell(&mut self.cells, cell, sign));
    }
}

/// Tallies of products and of categories, each sorted by name: for owners with more lines than a bundle holds, a reader
/// adds up the contributions of their documents here.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PurchaseTallies {
    #[prost(message, repeated, tag = "1")]
    pub(crate) products: Vec<PurchaseTally>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) categories: Vec<PurchaseTally>,
}

impl PurchaseTallies {
    /// Of the lines of one document, in its currency.
    pub(crate) fn from_lines(lines: &[v1::Line], currency: u32) -> Self {
        let mut tallies = Self::default();
        for line in lines {
            let product = if line.product.is_empty() { &line.name } else { &line.product };
            let amount = line_amount(line).map(|amount| ScaledTotal::new(AMOUNT, &Money { currency, ..amount }));
            let quantity = Money::parse_number(&line.quantity).map(|quantity| ScaledTotal::new(QUANTITY, &quantity));
            let cells = || amount.iter().chain(&quantity);
            note_cells(&mut tallies.products, product, cells());
            note_cells(&mut tallies.categories, &line.category, cells());
        }
        tallies
    }

    /// Adds what the other holds.
    pub fn add(&mut self, other: &PurchaseTallies) {
        change_list(&mut self.products, &other.products, 1);
        change_list(&mut self.categories, &other.categories, 1);
    }

    /// Of these the product and the category of one name alone.
    #[must_use]
    pub fn only(&self, name: &str) -> Self {
        let named = |list: &[PurchaseTally]| list.iter().filter(|tally| tally.name == name).cloned().collect();
        Self { products: named(&self.products), categories: named(&self.categories) }
    }

    pub(crate) fn subtract(&mut self, other: &PurchaseTallies) {
        change_list(&mut self.products, &other.products, -1);
        change_list(&mut self.categories, &other.categories, -1);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.products.is_empty() && self.categories.is_empty()
    }
}

/// Notes a line of a document: the document counts once, whatever its lines.
fn note_cells<'a>(list: &mut Vec<PurchaseTally>, name: &str, cells: impl Iterator<Item = &'a ScaledTotal>) {
    if name.is_empty() {
        return;
    }
    let at = list.binary_search_by(|t| t.name.as_str().cmp(name)).unwrap_or_else(|at| {
        list.insert(at, PurchaseTally { name: name.to_owned(), n: 1, cells: Vec::with_capacity(2) });
        at
    });
    if let Some(tally) = list.get_mut(at) {
        cells.for_each(|cell| money_totals::add_cell(&mut tally.cells, cell, 1));
    }
}

fn change_list(list: &mut Vec<PurchaseTally>, by: &[PurchaseTally], sign: i64) {
    for other in by {
        match list.binary_search_by(|t| t.name.cmp(&other.name)) {
            Ok(at) => {
                let Some(tally) = list.get_mut(at) else { continue };
                tally.add_signed(other, sign);
                if tally.n == 0 && tally.cells.is_empty() {
                    list.remove(at);
                }
            }
            Err(at) if sign > 0 => list.insert(at, other.clone()),
            Err(at) => {
                let mut tally = PurchaseTally { name: other.name.clone(), ..PurchaseTally::default() };
                tally.add_signed(other, sign);
                list.insert(at, tally);
            }
        }
    }
}

/// A line's amount: as given, else quantity by price less discount.
fn line_amount(line: &v1::Line) -> Option<Money> {
    if let Some(amount) = Money::parse_number(&line.amount) {
        return Some(amount);
    }
    let (quantity, price) = (Money::parse_number(&line.quantity)?, Money::parse_number(&line.unit_price)?);
    let units = quantity.units().checked_mul(price.units())?;
    let gross = Money::new(0, quantity.scale + price.scale, units);
    Some(Money::parse_number(&line.discount).map_or(gross, |discount| gross.minus(&discount)))
}
