//! Months by name, as English and Chinese sources write them.

/// Names of each month, the longer before the shorter that it begins with. `3月` is read by its digits.
const NAMES: [&[&str]; 12] = [
    &["january", "jan", "一月"],
    &["february", "feb", "二月"],
    &["march", "mar", "三月"],
    &["april", "apr", "四月"],
    &["may", "五月"],
    &["june", "jun", "六月"],
    &["july", "jul", "七月"],
    &["august", "aug", "八月"],
    &["september", "sept", "sep", "九月"],
    &["october", "oct", "十月"],
    &["november", "nov", "十一月"],
    &["december", "dec", "十二月"],
];

/// The month (from 1) by whose name a text begins, in capitals or not, and what follows; None where it begins otherwise.
pub(crate) fn read_month_name(text: &str) -> Option<(i32, &str)> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        let (digits, rest) = text.split_once('月')?;
        let n = digits.parse().ok().filter(|n| digits.len() <= 2 && (1..=12).contains(n))?;
        return Some((n, rest));
    }
    (1..).zip(NAMES).find_map(|(n, names)| {
        let name = names.iter().find(|name| text.get(..name.len()).is_some_and(|t| t.eq_ignore_ascii_case(name)))?;
        Some((n, text.get(name.len()..)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_its_month_and_leaves_what_follows() {
        for (n, names) in (1..).zip(NAMES) {
            for name in names.iter().chain([&format!("{n}月").as_str(), &format!("{n:02}月").as_str()]) {
                for rest in ["", " 2026", "月"] {
                    assert_eq!(read_month_name(&format!("{name}{rest}")), Some((n, rest)), "{name}");
                    assert_eq!(read_month_name(&format!("{}{rest}", name.to_uppercase())), Some((n, rest)), "{name}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_name_is_none() {
        for text in ["", "ma", "mär", "3", "03/", "13月", "0月", "003月", "十三月", "月"] {
            assert_eq!(read_month_name(text), None, "{text}");
        }
    }
}
