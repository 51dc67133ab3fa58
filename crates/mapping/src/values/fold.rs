//! Cleaning on request: width and case. What is cleaned always is cleaned the same at every door, in `event`.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// Differences between words that do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TextFold {
    pub(crate) width: bool,
    pub(crate) case: bool,
}

pub(crate) const FOLDS: [(&str, TextFold); 3] = [
    ("width", TextFold { width: true, case: false }),
    ("case", TextFold { width: false, case: true }),
    ("all", TextFold { width: true, case: true }),
];

impl TextFold {
    pub(crate) fn fold_text<'t>(self, text: Cow<'t, str>) -> Cow<'t, str> {
        let text = if self.width && !text.is_ascii() {
            Cow::Owned(text.chars().flat_map(ordinary_width).collect())
        } else {
            text
        };
        let plain = !self.case || text.chars().all(|c| !c.is_uppercase());
        if plain { text } else { Cow::Owned(text.to_lowercase()) }
    }
}

/// Full-width and half-width forms as the ordinary ones: （ becomes (, ｶ becomes カ.
fn ordinary_width(c: char) -> impl Iterator<Item = char> {
    let form = matches!(c, '\u{ff00}'..='\u{ffef}' | '\u{3000}');
    let folded: Vec<char> = if form { std::iter::once(c).nfkc().collect() } else { vec![c] };
    folded.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_makes_full_width_brackets_equal_to_plain_ones() {
        let width = TextFold { width: true, case: false };
        assert_eq!(width.fold_text("销售发票（红字）".into()), "销售发票(红字)");
        assert_eq!(width.fold_text("ＡＢ　１".into()), "AB 1");
        assert_eq!(width.fold_text("²".into()), "²");
    }

    #[test]
    fn case_folds_letters_only() {
        let all = TextFold { width: true, case: true };
        assert_eq!(all.fold_text("ＵＳＰＳ ß".into()), "usps ß");
    }
}
