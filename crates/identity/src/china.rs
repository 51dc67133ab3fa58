//! The two numbers of China with check characters.

/// Letters of GB 32100-2015: without I, O, S, V, Z.
const LETTERS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Unified social credit code, GB 32100-2015: 17 characters and a check character, the sum of each character's place in the alphabet times 3^i mod 31, taken from 31.
pub(crate) fn credit_code(value: String) -> Result<String, &'static str> {
    if value.len() != 18 || !value.is_ascii() {
        return Err("a unified social credit code has 18 characters");
    }
    let Some(places) = value.chars().map(|c| LETTERS.find(c)).collect::<Option<Vec<usize>>>() else {
        return Err("a unified social credit code has no letter I, O, S, V or Z");
    };
    let district = value.get(2..8).unwrap_or_default();
    if !district.bytes().all(|b| b.is_ascii_digit()) {
        return Err("characters 3 to 8 are the digits of a district");
    }
    let mut weight = 1;
    let mut sum = 0;
    for place in places.iter().take(17) {
        sum += place * weight;
        weight = weight * 3 % 31;
    }
    if places.last() == Some(&((31 - sum % 31) % 31)) { Ok(value) } else { Err("the check character is wrong") }
}

/// Citizen identification number, GB 11643-1999: district, date of birth, sequence and a check character, ISO 7064 mod 11-2.
pub(crate) fn citizen_number(value: String) -> Result<String, &'static str> {
    let shape = value.len() == 18
        && value.bytes().take(17).all(|b| b.is_ascii_digit())
        && value.bytes().last().is_some_and(|b| b.is_ascii_digit() || b == b'X');
    if !shape {
        return Err("a citizen number has 17 digits and a digit or X");
    }
    let number = |range| value.get(range).and_then(|text: &str| text.parse::<u32>().ok()).unwrap_or(0);
    if !is_date(number(6..10), number(10..12), number(12..14)) {
        return Err("characters 7 to 14 are no date of birth");
    }
    let rest = value.chars().fold(0, |rest, c| (rest * 2 + c.to_digit(10).unwrap_or(10)) % 11);
    if rest == 1 { Ok(value) } else { Err("the check character is wrong") }
}

fn is_date(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1800..2200).contains(&year) && (1..=last).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credit_code_bears_its_check_character() {
        assert!(credit_code("91110000600037341L".into()).is_ok());
        assert!(credit_code("91110000600037341N".into()).is_err());
        assert!(credit_code("9111000060003734".into()).is_err());
        assert!(credit_code("91110000I00037341L".into()).is_err());
        assert!(credit_code("9111A000600037341L".into()).is_err());
    }

    #[test]
    fn a_citizen_number_bears_a_date_and_a_check_character() {
        assert!(citizen_number("11010519491231002X".into()).is_ok());
        assert!(citizen_number("110105194912310021".into()).is_err());
        assert!(citizen_number("11010519491331002X".into()).is_err());
        assert!(citizen_number("1101051949123100".into()).is_err());
    }

    #[test]
    fn the_day_exists() {
        assert!(is_date(2000, 2, 29) && !is_date(1900, 2, 29) && !is_date(2001, 4, 31) && !is_date(2001, 0, 1));
    }
}
