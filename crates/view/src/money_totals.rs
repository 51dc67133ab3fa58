//! Sums of money: exact, subtractable, order-free.

use std::collections::BTreeSet;

use crate::amount::{self, Money, format_decimal, minor_digits, rescale};

/// What a sum measures. The numbers are part of the stored form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
#[allow(missing_docs)]
pub enum MoneyMeasure {
    /// Trade: totals of orders that stand.
    Ordered = 1,
    /// Trade: totals of invoices.
    Invoiced = 2,
    /// Trade: totals of credit notes.
    Credited = 3,
    /// Trade: adjustments, signed.
    Adjusted = 4,
    /// Receivable: totals of invoices as debts.
    Owed = 11,
    /// Receivable: totals of credit notes.
    Forgiven = 12,
    /// Receivable: adjustments, signed.
    Corrected = 13,
    Paid = 14,
    Refunded = 15,
    /// Receivable: what payments leave over.
    Unallocated = 16,
    /// Receivable: what is left to pay of invoices.
    Open = 17,
    /// Receivable: what credit notes are applied to no invoice, less refunds of it.
    Unapplied = 18,
    /// Receivable: what of the unallocated is paid in advance on orders.
    Advanced = 19,
    /// Receivable: what of the open is disputed.
    Disputed = 20,
    /// Receivable, deducted by payers: for paying early.
    CashDiscount = 21,
    /// Receivable, deducted by payers: fees of banks and payment services.
    Fee = 22,
    /// Receivable, deducted by payers: paid too little, and let go.
    ShortPayment = 23,
    /// Receivable, deducted by payers: given up.
    WrittenOff = 24,
    /// Receivable, deducted by payers: for any other reason.
    OtherDeduction = 25,
}

/// Documents and units of one currency, measure and scale.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct ScaledTotal {
    #[prost(uint32, tag = "1")]
    pub(crate) currency: u32,
    #[prost(uint32, tag = "2")]
    pub(crate) measure: u32,
    #[prost(uint32, tag = "3")]
    pub(crate) scale: u32,
    #[prost(sint64, tag = "4")]
    pub(crate) n: i64,
    #[prost(uint64, tag = "5")]
    pub(crate) low: u64,
    #[prost(uint64, tag = "6")]
    pub(crate) high: u64,
}

impl ScaledTotal {
    pub(crate) fn new(measure: u32, money: &Money) -> Self {
        Self { currency: money.currency, measure, scale: money.scale, n: 1, low: money.low, high: money.high }
    }

    fn cell_key(&self) -> (u32, u32, u32) {
        (self.currency, self.measure, self.scale)
    }

    fn units(&self) -> i128 {
        amount::join_units(self.low, self.high)
    }
}

/// Sums by currency and measure. Each keeps the scales of what was added, so that taking all of it away leaves nothing.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MoneyTotals {
    /// Sorted by currency, measure, scale; none with nothing in it.
    #[prost(message, repeated, tag = "1")]
    pub(crate) cells: Vec<ScaledTotal>,
}

impl MoneyTotals {
    /// Adds what the other holds.
    pub fn add(&mut self, other: &MoneyTotals) {
        other.cells.iter().for_each(|cell| add_cell(&mut self.cells, cell, 1));
    }

    /// Takes away what the other holds.
    pub fn subtract(&mut self, other: &MoneyTotals) {
        other.cells.iter().for_each(|cell| add_cell(&mut self.cells, cell, -1));
    }

    pub(crate) fn add_money(&mut self, measure: u32, money: &Money) {
        add_cell(&mut self.cells, &ScaledTotal::new(measure, money), 1);
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Codes of the currencies in it.
    pub fn currencies(&self) -> BTreeSet<String> {
        self.cells.iter().map(|c| amount::unpack_code(c.currency)).collect()
    }

    /// The sum of a measure in a currency, as a decimal at the largest scale present; "0" where there is none.
    pub fn amount(&self, measure: MoneyMeasure, currency: &str) -> String {
        self.signed_total(&[(measure, 1)], currency)
    }

    /// Invoiced less credited and adjusted, as a decimal.
    pub fn net_amount(&self, currency: &str) -> String {
        self.signed_total(
            &[(MoneyMeasure::Invoiced, 1), (MoneyMeasure::Credited, -1), (MoneyMeasure::Adjusted, 1)],
            currency,
        )
    }

    fn signed_total(&self, terms: &[(MoneyMeasure, i128)], currency: &str) -> String {
        let currency = amount::pack_code(currency);
        let sum = terms.iter().fold(Money::new(currency, 0, 0), |sum, (measure, sign)| {
            let term = self.total_of(*measure as u32, currency);
            sum.plus(&Money::new(currency, term.scale, term.units().wrapping_mul(*sign)))
        });
        sum.text()
    }

    pub(crate) fn total_of(&self, measure: u32, currency: u32) -> Money {
        sum_cells(&self.cells, measure, currency)
    }

    /// Sums of the measures of one facet in one scale (rule E7): the greatest among what was added, at least the currency's
    /// own. None where there is nothing of any.
    pub(crate) fn totals_of<const N: usize>(
        &self,
        measures: [MoneyMeasure; N],
        currency: &str,
    ) -> Option<([Money; N], u32)> {
        let currency = amount::pack_code(currency);
        let has =
            |measure: &MoneyMeasure| self.cells.iter().any(|c| (c.currency, c.measure) == (currency, *measure as u32));
        let sums = measures.map(|measure| self.total_of(measure as u32, currency));
        let scale = sums.iter().map(|sum| sum.scale).fold(minor_digits(currency), u32::max);
        measures.iter().any(has).then_some((sums, scale))
    }
}

/// The sum over the scales of a measure.
pub(crate) fn sum_cells(cells: &[ScaledTotal], measure: u32, currency: u32) -> Money {
    let cells = cells.iter().filter(|c| (c.currency, c.measure) == (currency, measure));
    cells.fold(Money::new(currency, 0, 0), |sum, c| sum.plus(&Money::new(currency, c.scale, c.units())))
}

/// Adds a cell, or takes it away; one with nothing left goes, so that equal sums are equal bytes.
pub(crate) fn add_cell(cells: &mut Vec<ScaledTotal>, more: &ScaledTotal, sign: i64) {
    let (n, units) = (more.n.wrapping_mul(sign), more.units().wrapping_mul(i128::from(sign)));
    match cells.binary_search_by_key(&more.cell_key(), ScaledTotal::cell_key) {
        Ok(at) => {
            let Some(cell) = cells.get_mut(at) else { return };
            // Wrapping, since what is added can be taken away again: overflowing on the way there and back must give
            // the same cell.
            let sum = cell.units().wrapping_add(units);
            cell.n = cell.n.wrapping_add(n);
            (cell.low, cell.high) = amount::split_units(sum);
            if cell.n == 0 && sum == 0 {
                cells.remove(at);
            }
        }
        Err(_) if n == 0 && units == 0 => {}
        Err(at) => {
            let (low, high) = amount::split_units(units);
            cells.insert(at, ScaledTotal { n, low, high, ..*more });
        }
    }
}

/// A sum as text at no less than a scale, so that a missing part reads `0.00` beside `12.50`.
pub(crate) fn text_at(money: &Money, scale: u32) -> String {
    let scale = scale.max(money.scale);
    format_decimal(rescale(money.units(), money.scale, scale), scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gbp(text: &str) -> Money {
        Money { currency: amount::pack_code("GBP"), ..Money::parse_number(text).unwrap() }
    }

    #[test]
    fn a_sum_keeps_the_largest_scale_only_while_it_is_there() {
        let mut totals = MoneyTotals::default();
        totals.add_money(2, &gbp("10.00"));
        let mut thin = MoneyTotals::default();
        thin.add_money(2, &gbp("0.024"));
        totals.add(&thin);
        assert_eq!(totals.amount(MoneyMeasure::Invoiced, "GBP"), "10.024");
        totals.subtract(&thin);
        assert_eq!(totals.amount(MoneyMeasure::Invoiced, "GBP"), "10.00");
    }

    #[test]
    fn a_sum_of_nothing_but_zeros_is_not_forgotten() {
        let mut totals = MoneyTotals::default();
        totals.add_money(2, &gbp("0.00"));
        assert_eq!(totals.cells.len(), 1);
        let same = totals.clone();
        totals.subtract(&same);
        assert!(totals.is_empty());
    }
}
