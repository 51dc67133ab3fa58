//! What the columns of a sample may mean, together.

use crate::draft::column::{ColumnSample, names_any};

/// What a column may be to the draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnRole {
    Key,
    Customer,
    Moment,
    Total,
    Currency,
    Name,
    Email,
    Phone,
    Other,
}

/// The draft's choice.
#[derive(Debug, Default)]
pub(crate) struct DraftGuess {
    /// Places among the columns.
    pub(crate) key: Option<usize>,
    pub(crate) key_is_unique: bool,
    pub(crate) customer: Option<usize>,
    pub(crate) moment: Option<usize>,
    pub(crate) total: Option<usize>,
    pub(crate) currency: Option<usize>,
    pub(crate) name: Option<usize>,
    pub(crate) email: Option<usize>,
    pub(crate) phone: Option<usize>,
    /// How numbers are written.
    pub(crate) number: Option<&'static str>,
}

const KEYS: [&str; 12] =
    ["number", "order", "invoice", "document", "key", "code", "uuid", "编号", "单号", "号码", "belegnr", "reference"];
const CUSTOMERS: [&str; 8] = ["customer", "client", "buyer", "kunde", "customerid", "客户", "user", "member"];
const TOTALS: [&str; 8] = ["total", "amount", "sum", "betrag", "gesamt", "价税合计", "金额", "paid"];
const NAMES: [&str; 6] = ["name", "姓名", "名称", "firma", "company", "contact"];

impl DraftGuess {
    pub(crate) fn of(columns: &[ColumnSample], records: u64) -> Self {
        let find =
            |test: &dyn Fn(&ColumnSample) -> bool| columns.iter().position(|c| !c.is_list && c.present > 0 && test(c));
        let unique = |c: &ColumnSample| c.is_unique(records);
        let is_id = |c: &ColumnSample| is_key_name(&c.path);
        let plain = |c: &ColumnSample| c.days().is_empty() && c.times().is_empty() && !c.is_email && !is_fraction(c);
        let whose = |c: &ColumnSample| names_any(&c.path, &CUSTOMERS);
        // What is called `id` and nothing else is the record's own, wherever it stands.
        let key = find(&|c| unique(c) && c.path.eq_ignore_ascii_case("id"))
            .or_else(|| find(&|c| unique(c) && is_id(c) && plain(c) && !whose(c)))
            .or_else(|| find(&|c| unique(c) && is_id(c) && plain(c)))
            .or_else(|| find(&|c| unique(c) && plain(c)))
            .or_else(|| find(&|c| is_id(c) && plain(c) && !whose(c)))
            .or_else(|| find(&plain));
        let is_chosen = |c: &ColumnSample| key.and_then(|n| columns.get(n)).is_some_and(|key| key.path == c.path);
        // A name beside a customer's number is no second number of it.
        let customer = find(&|c| whose(c) && plain(c) && !is_chosen(c) && (is_id(c) || !names_any(&c.path, &NAMES)));
        let number_columns = |style: &str| columns.iter().filter(|c| c.numbers().contains(&style)).count();
        // Whole numbers read by every style say nothing of how amounts are written.
        let of_numbers: Vec<&ColumnSample> = columns.iter().filter(|c| is_fraction(c)).collect();
        let number = crate::values::number::EXAMPLES
            .iter()
            .rev()
            .copied()
            .filter(|style| of_numbers.iter().all(|c| c.numbers().contains(style)))
            .max_by_key(|style| number_columns(style));
        let is_number = |c: &ColumnSample| number.is_some_and(|style| c.numbers().contains(&style));
        Self {
            key_is_unique: key.and_then(|n| columns.get(n)).is_some_and(unique),
            key,
            customer,
            moment: find(&|c| !c.times().is_empty()).or_else(|| find(&|c| !c.days().is_empty())),
            total: find(&|c| is_number(c) && names_any(&c.path, &["total", "价税合计", "gesamt"]) && !is_chosen(c))
                .or_else(|| find(&|c| is_number(c) && names_any(&c.path, &TOTALS) && !is_chosen(c))),
            currency: find(&|c| c.is_currency && names_any(&c.path, &["currency", "币种", "währung", "waehrung"])),
            name: find(&|c| names_any(&c.path, &NAMES) && c.numbers().is_empty() && !c.is_email && !is_chosen(c)),
            email: find(&|c| c.is_email),
            phone: find(&|c| c.is_phone && names_any(&c.path, &["phone", "tel", "mobile", "电话", "手机"])),
            number,
        }
    }

    /// What a column is to the draft.
    pub(crate) fn role(&self, place: usize) -> ColumnRole {
        let here = |chosen: Option<usize>| chosen == Some(place);
        match () {
            () if here(self.key) => ColumnRole::Key,
            () if here(self.customer) => ColumnRole::Customer,
            () if here(self.moment) => ColumnRole::Moment,
            () if here(self.total) => ColumnRole::Total,
            () if here(self.currency) => ColumnRole::Currency,
            () if here(self.email) => ColumnRole::Email,
            () if here(self.phone) => ColumnRole::Phone,
            () if here(self.name) => ColumnRole::Name,
            () => ColumnRole::Other,
        }
    }
}

fn is_fraction(column: &ColumnSample) -> bool {
    column.has_fraction && !column.numbers().is_empty()
}

/// Whether a path is called as keys are: `id`, `no`, or with such a word in it.
fn is_key_name(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path).to_lowercase();
    let words: Vec<&str> = last.split(|c: char| !c.is_alphanumeric()).collect();
    let short = words.iter().any(|word| ["id", "no", "nr", "num"].contains(word));
    short || path.ends_with("Id") || path.ends_with("ID") || path.ends_with("No") || names_any(&last, &KEYS)
}
