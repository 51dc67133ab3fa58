//! Names in a form in which two spellings of one name are equal.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

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

/// A name in comparable form; empty if nothing is left.
///
/// Canonical Unicode, case folded, accents, punctuation, honorifics and spaces removed. Names in Han, kana or hangul keep the order of their characters; of others the words are sorted, so that "Smith, John" and "John Smith" are one name.
pub fn normalise_name(text: &str) -> String {
    let text = fold(text);
    if text.chars().any(is_cjk) {
        let text: String = text.chars().filter(|c| c.is_alphanumeric()).nfkc().collect();
        let bare = SUFFIXES.iter().find_map(|s| text.strip_suffix(s)).filter(|t| !t.is_empty());
        return bare.unwrap_or(&text).to_owned();
    }
    let words: Vec<String> =
        text.split(|c: char| !(c.is_alphanumeric() || c == '.' || c == '&')).flat_map(words).collect();
    let mut bare: Vec<&str> = words.iter().map(String::as_str).filter(|w| !HONORIFICS.contains(w)).collect();
    if bare.is_empty() {
        bare = words.iter().map(String::as_str).collect();
    }
    let mut words: Vec<&str> =
        bare.into_iter().map(|w| FORMS.iter().find(|(long, _)| *long == w).map_or(w, |(_, short)| short)).collect();
    words.retain(|word| *word != "&");
    words.sort_unstable();
    words.join(" ")
}

/// Lower case without accents; compatibility forms (full width, ligatures) are the plain ones. Apostrophes are dropped, since O'Brien is one word.
fn fold(text: &str) -> String {
    let latin_mark = |c: &char| ('\u{300}'..='\u{36f}').contains(c) && is_combining_mark(*c);
    let text: String = text.nfkd().filter(|c| !latin_mark(c)).collect();
    let lower: String = text
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !matches!(c, '\'' | '’' | '`' | '´' | '\u{300}'..='\u{36f}'))
        .collect();
    lower.replace('ß', "ss").nfkc().collect()
}

/// The words of a text that has dots: single letters between dots are one word (`s.a.` is `sa`).
fn words(text: &str) -> Vec<String> {
    let parts: Vec<&str> = text.split('.').filter(|part| !part.is_empty()).collect();
    if parts.len() > 1 && parts.iter().all(|part| part.chars().count() == 1) {
        return vec![parts.concat()];
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
        let mut forms: Vec<_> = names.iter().map(|n| normalise_name(n)).collect();
        forms.dedup();
        assert_eq!(forms.len(), 1, "{forms:?}");
    }

    #[test]
    fn spellings_of_one_name_are_equal() {
        same(&["John Smith", "SMITH, John", "Mr. John  Smith", "ｊｏｈｎ　ｓｍｉｔｈ"]);
        same(&["José Müller-Groß", "JOSE MULLER GROSS", "Dr. Groß, José Müller"]);
        same(&["Acme Trading Co., Ltd.", "ACME TRADING COMPANY LIMITED", "Acme Trading Co Ltd"]);
        same(&["Foo G.m.b.H.", "FOO GmbH"]);
        same(&["O'Brien", "O’Brien", "OBRIEN"]);
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
    }

    #[test]
    fn nothing_but_marks_is_no_name() {
        for text in ["", "  ", "-", "...", "（）", "& '"] {
            assert_eq!(normalise_name(text), "", "{text}");
        }
        assert_eq!(normalise_name("Miss"), "miss");
        assert_eq!(normalise_name("先生"), "先生");
    }
}
