//! Cleaning of source text, the same at every door.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// NFC, and trimmed where that is asked for (the byte order mark and zero-width space too).
pub fn clean_text(text: &str, trim: bool) -> Cow<'_, str> {
    let invisible = |c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}');
    let text = if trim { text.trim_matches(invisible) } else { text };
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// Full-width digits and marks as the plain ones: １ is 1.
pub fn plain_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decomposed_and_padded_text_is_made_one() {
        assert_eq!(clean_text(" \u{feff}Caf\u{65}\u{301}\u{a0}", true), "Café");
        assert_eq!(clean_text("\u{200b}K1\u{200b}", true), "K1");
        assert_eq!(clean_text(" a ", false), " a ");
    }

    #[test]
    fn full_width_digits_are_plain_ones() {
        assert_eq!("－１２．５".chars().map(plain_width).collect::<String>(), "-12.5");
    }
}
