//! Legal entity identifiers (ISO 17442): 18 characters and two check digits, ISO 7064 mod 97-10.

use crate::normalise::compact_text;

pub(crate) fn normalise_lei(text: &str) -> Result<String, &'static str> {
    let value = compact_text(text)?;
    if value.len() != 20 || !value.is_ascii() {
        return Err("an LEI has 20 letters and digits");
    }
    let rest = value.chars().try_fold(0_u32, |rest, c| {
        let digit = c.to_digit(36)?;
        Some(if digit < 10 { rest * 10 + digit } else { rest * 100 + digit } % 97)
    });
    if rest == Some(1) { Ok(value) } else { Err("the check digits are wrong") }
}
