//! What was bought, per product and per category.

use onefold_event::v1;

use crate::amount::Money;
use crate::purse::Purse;

/// Measures within a tally.
const AMOUNT: u32 = 1;
const QUANTITY: u32 = 2;

/// Documents, quantity and amounts of one product or category.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Tally {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(sint64, tag = "2")]
    pub(crate) n: i64,
    #[prost(message, optional, tag = "3")]
    pub(crate) sums: Option<Purse>,
}

impl Tally {
    pub(crate) fn quantity(&self) -> Money {
        self.sums.as_ref().map_or_else(|| Money::new(0, 0, 0), |s| s.sum(QUANTITY, 0))
    }

    /// Amounts by currency.
    pub(crate) fn amounts(&self) -> Vec<Money> {
        let Some(sums) = &self.sums else { return Vec::new() };
        let currencies = sums.packed_currencies();
        currencies.into_iter().filter(|c| *c != 0).map(|c| sums.sum(AMOUNT, c)).collect()
    }
}

/// Tallies of products and of categories, each sorted by name: for owners with more lines than a bundle holds, a reader
/// adds up the contributions of their documents here.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Tallies {
    #[prost(message, repeated, tag = "1")]
    pub(crate) products: Vec<Tally>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) categories: Vec<Tally>,
}

impl Tallies {
    /// Of the lines of one document, in its currency.
    pub(crate) fn of(lines: &[v1::Line], currency: u32) -> Self {
        let mut tallies = Self::default();
        for line in lines {
            let product = if line.product.is_empty() { &line.name } else { &line.product };
            let mut sums = Purse::default();
            if let Some(amount) = amount(line) {
                sums.put(AMOUNT, &Money { currency, ..amount });
            }
            if let Some(quantity) = Money::number(&line.quantity) {
                sums.put(QUANTITY, &quantity);
            }
            note(&mut tallies.products, product, &sums);
            note(&mut tallies.categories, &line.category, &sums);
        }
        tallies
    }

    /// Adds what the other holds.
    pub fn add(&mut self, other: &Tallies) {
        change(&mut self.products, &other.products, 1);
        change(&mut self.categories, &other.categories, 1);
    }

    pub(crate) fn subtract(&mut self, other: &Tallies) {
        change(&mut self.products, &other.products, -1);
        change(&mut self.categories, &other.categories, -1);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.products.is_empty() && self.categories.is_empty()
    }
}

/// Notes a line of a document: the document counts once, whatever its lines.
fn note(list: &mut Vec<Tally>, name: &str, sums: &Purse) {
    if name.is_empty() {
        return;
    }
    match list.binary_search_by(|t| t.name.as_str().cmp(name)) {
        Ok(at) => {
            if let Some(tally) = list.get_mut(at) {
                tally.sums.get_or_insert_default().add(sums);
            }
        }
        Err(at) => {
            let sums = (!sums.is_empty()).then(|| sums.clone());
            list.insert(at, Tally { name: name.to_owned(), n: 1, sums });
        }
    }
}

fn change(list: &mut Vec<Tally>, by: &[Tally], sign: i64) {
    for other in by {
        match list.binary_search_by(|t| t.name.cmp(&other.name)) {
            Ok(at) => {
                let Some(tally) = list.get_mut(at) else { continue };
                tally.n = tally.n.wrapping_add(other.n.wrapping_mul(sign));
                if let Some(theirs) = &other.sums {
                    let sums = tally.sums.get_or_insert_default();
                    if sign < 0 { sums.subtract(theirs) } else { sums.add(theirs) }
                }
                tally.sums.take_if(|s| s.is_empty());
                if tally.n == 0 && tally.sums.is_none() {
                    list.remove(at);
                }
            }
            Err(at) => {
                let mut sums = other.sums.clone();
                if sign < 0 {
                    sums = sums.map(|theirs| {
                        let mut none = Purse::default();
                        none.subtract(&theirs);
                        none
                    });
                }
                list.insert(at, Tally { name: other.name.clone(), n: other.n.wrapping_mul(sign), sums });
            }
        }
    }
}

/// A line's amount: as given, else quantity by price less discount.
fn amount(line: &v1::Line) -> Option<Money> {
    if let Some(amount) = Money::number(&line.amount) {
        return Some(amount);
    }
    let (quantity, price) = (Money::number(&line.quantity)?, Money::number(&line.unit_price)?);
    let units = quantity.units().checked_mul(price.units())?;
    let gross = Money::new(0, quantity.scale + price.scale, units);
    Some(Money::number(&line.discount).map_or(gross, |discount| gross.minus(&discount)))
}
