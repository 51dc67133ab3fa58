//! One form of letters that people write differently: case, accents, and letters that other keyboards lack.

use unicode_normalization::UnicodeNormalization;

/// A text as it is compared and searched: compatibility forms are the plain ones (Unicode NFKC), case is folded fully (`ß` is
/// `ss`, final sigma is sigma, dotless and dotted i are one), diacritics are gone, and Latin letters that Unicode does not
/// decompose are their base (`ł` is `l`, `ø` is `o`, `æ` is `ae`).
///
/// Case folding is the lower case of the upper case, since that also joins what Unicode's own folding leaves apart for Turkic
/// languages. Base letters are those of CLDR's transform Latin-ASCII and of African and Azerbaijani alphabets.
pub fn fold_text(text: &str) -> String {
    fold_letters(text, false)
}

/// How a text may be spelled, folded: as it stands and, where it has letters that are also written out, so (`ü` as `ue`, `ö`
/// and `ø` as `oe`, `ä` as `ae`, `å` as `aa`).
///
/// Two texts that share one of these are one for comparing: `Müller` is one with `Muller` and with `Mueller`. Those two are
/// not one with each other: nothing says that the `ue` of `Manuel` or of the pinyin `Xue` stands for `ü`.
pub fn folded_spellings(text: &str) -> Vec<String> {
    let mut all = vec![fold_letters(text, false)];
    if !text.is_ascii() {
        all.push(fold_letters(text, true));
        all.dedup();
    }
    all
}

fn fold_letters(text: &str, written_out: bool) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut out = String::with_capacity(text.len());
    // Decomposing brings forth capitals (`№` is `No`), and folding what can be decomposed.
    for c in text.chars().flat_map(one_case).nfkd().flat_map(one_case).nfkd() {
        match c {
            '\u{308}' if written_out && out.ends_with(['a', 'o', 'u']) => out.push('e'),
            '\u{30a}' if written_out && out.ends_with('a') => out.push('a'),
            'ø' if written_out => out.push_str("oe"),
            '\u{300}'..='\u{36f}' => {}
            _ => match base_letter(c) {
                Some(letters) => out.push_str(letters),
                None => out.push(c),
            },
        }
    }
    out.nfkc().collect()
}

/// Lower case first, since the capital `ẞ` is its own upper case.
fn one_case(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

/// What stands for a lower-case letter that has no decomposition.
fn base_letter(c: char) -> Option<&'static str> {
    Some(match c {
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ø' | 'ɔ' => "o",
        'đ' | 'ð' | 'ɖ' | 'ɗ' => "d",
        'ł' | 'ƚ' => "l",
        'ħ' => "h",
        'ŧ' => "t",
        'ŋ' | 'ɲ' => "n",
        'ə' | 'ǝ' | 'ɛ' => "e",
        'ɓ' => "b",
        'ƙ' => "k",
        'ƴ' => "y",
        'ƒ' => "f",
        'ʋ' => "v",
        'ɨ' | 'ı' => "i",
        'ʉ' => "u",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_without_decomposition_are_their_base() {
        for (text, form) in [
            ("Łukasz Wałęsa", "lukasz walesa"),
            ("Søren Æbelø", "soren aebelo"),
            ("Đorđe Ðuro", "dorde duro"),
            ("Straße GROẞ", "strasse gross"),
            ("Əli Œuvre", "eli oeuvre"),
            ("ΓΕΩΡΓΙΟΣ", "γεωργιοσ"),
            ("Γεώργιος", "γεωργιοσ"),
            ("AYŞE YILDIZ", "ayse yildiz"),
            ("Ayşe Yıldız İnan", "ayse yildiz inan"),
            ("ｊｏｈｎ ﬁ", "john fi"),
            ("がか", "がか"),
        ] {
            assert_eq!(fold_text(text), form, "{text}");
        }
    }

    #[test]
    fn what_is_also_written_out_has_two_spellings() {
        assert_eq!(folded_spellings("Müller"), ["muller", "mueller"]);
        assert_eq!(folded_spellings("MU\u{308}LLER"), ["muller", "mueller"]);
        assert_eq!(folded_spellings("Mueller"), ["mueller"]);
        assert_eq!(folded_spellings("Søren Håkan"), ["soren hakan", "soeren haakan"]);
        assert_eq!(folded_spellings("José"), ["jose"]);
    }

    #[test]
    fn every_letter_is_one_with_its_other_case_and_its_form_is_its_own() {
        let mut wrong = Vec::new();
        let dense = |c: char| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{20000}'..);
        for c in ('\0'..=char::MAX).filter(|c| c.is_alphabetic() && !dense(*c)) {
            for spelled in [false, true] {
                let form = fold_letters(&c.to_string(), spelled);
                let cases = [c.to_uppercase().to_string(), c.to_lowercase().to_string(), form.clone()];
                if cases.iter().any(|text| fold_letters(text, spelled) != form) {
                    wrong.push(c);
                }
            }
        }
        assert_eq!(wrong, [char::MAX; 0]);
    }
}
