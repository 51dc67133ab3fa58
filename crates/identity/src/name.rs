//! Names in a form in which two spellings of one name are equal.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::fold::folded_spellings;

/// Said to people, not part of their names.
const HONORIFICS: [&str; 21] = [
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "prof",
    "professor",
    "sir",
    "madam",
    "herr",
    "frau",
    "mme",
    "mlle",
    "monsieur",
    "madame",
    "sr",
    "sra",
    "srta",
    "signor",
    "signora",
];

/// The same behind names that are written without spaces.
const SUFFIXES: [&str; 7] = ["先生", "女士", "小姐", "太太", "さん", "様", "님"];

/// Legal forms with more than one spelling.
const FORMS: [(&str, &str); 6] = [
    ("limited", "ltd"),
    ("company", "co"),
    ("incorporated", "inc"),
    ("corporation", "corp"),
    ("and", "&"),
    ("und", "&"),
];

/// A name in its comparable forms, one or two; none if nothing is left. Two names are one if they share a form.
///
/// Folded as [`fold_text`](crate::fold_text) does, without punctuation, honorifics and spaces; a name with letters that are also written
/// out (`Müller`, `Søren`) has a form of each of its [`folded_spellings`]. Names in Han, kana or hangul keep the order of their
/// characters; of others the words are sorted, so that "Smith, John" and "John Smith" are one name.
pub fn normalise_name(text: &str) -> BTreeSet<String> {
    // Before folding, which makes a space of the acute accent that stands for an apostrophe.
    let text: String = text.chars().filter(|c| !is_apostrophe(*c)).collect();
    folded_spellings(&text).iter().map(|text| comparable_form(text)).filter(|form| !form.is_empty()).collect()
}

fn comparable_form(text: &str) -> String {
    // Folding brings them forth again, from `ŉ`.
    let text: String = text.chars().filter(|c| !is_apostrophe(*c)).collect();
    // A mark alone, which is dropped, makes no name of kana.
    if text.chars().any(|c| c.is_alphanumeric() && is_cjk(c)) {
        let text: String = text.chars().filter(|c| c.is_alphanumeric()).nfkc().collect();
        let bare = SUFFIXES.iter().find_map(|s| text.strip_suffix(s)).filter(|t| !t.is_empty());
        return bare.unwrap_or(&text).to_owned();
    }
    // Marks that stood on both sides of one are put into canonical order. Not of kana, whose voiced sound is a mark.
    let text: String = text.nfkd().collect();
    let within = |c: char| c.is_alphanumeric() || is_combining_mark(c) || c == '.' || c == '&';
    let words: Vec<String> = text.split(|c: char| !within(c)).flat_map(split_words).collect();
    let mut bare: Vec<&str> = words.iter().map(String::as_str).filter(|w| !HONORIFICS.contains(w)).collect();
    if bare.is_empty() {
        bare = words.iter().map(String::as_str).collect();
    }
    let mut words: Vec<&str> =
        bare.into_iter().map(|w| FORMS.iter().find(|(long, _)| *long == w).map_or(w, |(_, short)| short)).collect();
    words.retain(|word| word.chars().any(char::is_alphanumeric));
    words.sort_unstable();
    words.join(" ")
}

/// What is written for an apostrophe: dropped, since O'Brien is one word.
fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '`' | '´' | '‘' | '’' | '‛' | '′' | 'ʹ' | 'ʻ' | 'ʼ' | '＇' | '｀')
}

/// The words of a text that has dots: single letters between dots are one word (`s.a.` is `sa`).
fn split_words(text: &str) -> Vec<String> {
    let parts: Vec<&str> = text.split('.').filter(|part| !part.is_empty()).collect();
    if parts.len() > 1 && parts.iter().all(|part| part.chars().count() == 1) {
        return vec![parts.concat().nfkd().collect()];
    }
    parts.into_iter().map(str::to_owned).collect()
}

fn is_cjk(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::normalise_name;

    fn same(names: &[&str]) {
        let forms: Vec<_> = names.iter().map(|n| normalise_name(n)).collect();
        for pair in forms.windows(2) {
            assert!(!pair[0].is_disjoint(&pair[1]), "{forms:?}");
        }
    }

    #[test]
    fn marks_that_a_dropped_apostrophe_leaves_side_by_side_are_in_canonical_order() {
        for text in ["\u{1e08f}\u{2033}\u{f37}", "a.\u{1e08f}.\u{f37}", "\u{1138e}\u{3099}", "\u{ff9e}\u{113c7}"] {
            for form in normalise_name(text) {
                assert_eq!(normalise_name(&form).into_iter().collect::<Vec<_>>(), [form.as_str()], "{text:?}");
            }
        }
    }

    #[test]
    fn spellings_of_one_name_are_equal() {
        same(&["John Smith", "SMITH, John", "Mr. John  Smith", "ｊｏｈｎ　ｓｍｉｔｈ"]);
        same(&["José Müller-Groß", "JOSE MULLER GROSS", "Dr. Groß, José Müller"]);
        same(&["Acme Trading Co., Ltd.", "ACME TRADING COMPANY LIMITED", "Acme Trading Co Ltd"]);
        same(&["Foo G.m.b.H.", "FOO GmbH"]);
        same(&["O'Brien", "O’Brien", "O´Brien", "OʼBrien", "OBRIEN"]);
        same(&["ΓΕΩΡΓΙΟΣ", "Γεώργιος"]);
        same(&["AYŞE YILDIZ", "Ayşe Yıldız", "ayse yildiz"]);
        same(&["LUKASZ WALESA", "Łukasz Wałęsa"]);
        same(&["Mueller", "Müller", "MÜLLER", "Muller"]);
        same(&["Soeren Aagaard", "Søren Ågaard", "Soren Agaard"]);
        same(&["Marks & Spencer", "Marks and Spencer"]);
        same(&["王伟", "王 伟", "王伟先生", "王伟 女士", "王·伟"]);
        same(&["上海宏远贸易（集团）有限公司", "上海宏远贸易(集团)有限公司"]);
    }

    #[test]
    fn different_names_differ() {
        assert_ne!(normalise_name("王伟"), normalise_name("伟王"));
        assert_ne!(normalise_name("か"), normalise_name("が"));
        assert_ne!(normalise_name("Meier"), normalise_name("Meier GmbH"));
        assert_ne!(normalise_name("John Smith"), normalise_name("John Smith Jr"));
        for (one, other) in [("Mueller", "Muller"), ("Xue Wang", "Xu Wang"), ("Manuel", "Manul")] {
            assert!(normalise_name(one).is_disjoint(&normalise_name(other)), "{one} {other}");
        }
    }

    #[test]
    fn nothing_but_marks_is_no_name() {
        for text in ["", "  ", "-", "...", "（）", "& '"] {
            assert!(normalise_name(text).is_empty(), "{text}");
        }
        assert_eq!(normalise_name("Miss").first().map(String::as_str), Some("miss"));
        assert_eq!(normalise_name("先生").first().map(String::as_str), Some("先生"));
    }
}
