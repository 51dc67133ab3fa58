//! Identifiers that pass every check digit, each a function of a number so that no two
//! customers ever get the same one by accident.

const CREDIT_CODE: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// `index` moved about in the space of eight digits, without two ever meeting
/// (below a hundred million): a product with a number prime to ten.
fn scatter_number(index: u64, salt: u64) -> u64 {
    (index + 4_181).wrapping_mul(61_803_399).wrapping_add(salt) % 100_000_000
}

/// A Chinese mobile number, E.164.
pub(crate) fn chinese_mobile(index: u64, seed: u64) -> String {
    const PREFIXES: [&str; 8] = ["136", "137", "138", "139", "150", "158", "186", "188"];
    let prefix = PREFIXES[(index % 8) as usize];
    format!("+86{prefix}{:08}", scatter_number(index, seed % 10_007))
}

/// A second series, met by no number of the first: phones that customers change to.
pub(crate) fn chinese_mobile_later(index: u64, seed: u64) -> String {
    format!("+86177{:08}", scatter_number(index, seed % 10_007))
}

/// A German mobile number, E.164.
pub(crate) fn german_mobile(index: u64, seed: u64) -> String {
    format!("+49151{:08}", scatter_number(index, seed % 10_007))
}

/// The switchboard of an industrial park in Shenyang.
pub(crate) const SWITCHBOARD: &str = "+862423456700";

/// Unified social credit code (GB 32100), the organisation code within it valid by GB 11714.
pub(crate) fn credit_code(index: u64, district: &str) -> String {
    let body = format!("{:08}", scatter_number(index, 71_717));
    let weights = [3u32, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let check = match 11 - sum % 11 {
        11 => '0',
        10 => 'X',
        digit => char::from(b'0' + digit as u8),
    };
    let mut code = format!("91{district}{body}{check}");
    let mut weight = 1u32;
    let mut sum = 0u32;
    for byte in code.bytes() {
        let value = CREDIT_CODE.iter().position(|b| *b == byte).unwrap_or(0);
        sum += value as u32 * weight;
        weight = weight * 3 % 31;
    }
    code.push(char::from(CREDIT_CODE[((31 - sum % 31) % 31) as usize]));
    code
}

/// The virtual account that the house bank keeps for a payer: a German IBAN.
pub(crate) fn virtual_iban(index: u64) -> String {
    let account = format!("50010517{:010}", 1_000_000_000 + scatter_number(index, 4_711));
    // DE = 1314; the check digits stand as 00 while they are worked out.
    let remainder =
        format!("{account}131400").bytes().fold(0u32, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
    format!("DE{:02}{account}", 98 - remainder)
}

/// Number on the customer's loyalty card.
pub(crate) fn loyalty_number(index: u64) -> String {
    format!("VIP{:08}", scatter_number(index, 33))
}

/// As people write a phone number in this or that system; all are one number.
pub(crate) fn phone_written(e164: &str, style: usize) -> String {
    match e164.strip_prefix("+86") {
        Some(national) if national.starts_with('1') && national.len() == 11 => {
            let (a, b, c) = (&national[..3], &national[3..7], &national[7..]);
            match style % 3 {
                0 => national.to_owned(),
                1 => format!("{a}-{b}-{c}"),
                _ => format!("+86 {a} {b} {c}"),
            }
        }
        Some(national) => match style % 2 {
            0 => format!("0{}-{}", &national[..2], &national[2..]),
            _ => e164.to_owned(),
        },
        None => match style % 2 {
            0 => e164.to_owned(),
            _ => format!("{} {} {}", &e164[..3], &e164[3..6], &e164[6..]),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_customers_get_one_number_by_accident() {
        let mut seen = std::collections::BTreeSet::new();
        for index in 0..20_000 {
            assert!(seen.insert(chinese_mobile(index, 7)));
            assert!(seen.insert(chinese_mobile_later(index, 7)));
            assert!(seen.insert(german_mobile(index, 7)));
            assert!(seen.insert(virtual_iban(index)));
            assert!(seen.insert(loyalty_number(index)));
            assert!(seen.insert(credit_code(index, "210100")));
        }
    }

    #[test]
    fn phones_and_accounts_pass_the_fields_own_libraries() {
        for index in 0..2_000 {
            for e164 in [
                chinese_mobile(index, 3),
                chinese_mobile_later(index, 3),
                german_mobile(index, 3),
                SWITCHBOARD.to_owned(),
            ] {
                for style in 0..3 {
                    let written = phone_written(&e164, style);
                    let phone = phonenumber::parse(Some(phonenumber::country::CN), &written)
                        .unwrap_or_else(|e| panic!("{written}: {e}"));
                    assert!(phone.is_valid(), "{written}");
                    assert_eq!(phone.format().mode(phonenumber::Mode::E164).to_string(), e164);
                }
            }
            let account = virtual_iban(index);
            assert!(account.parse::<iban::Iban>().is_ok(), "{account}");
        }
    }

    #[test]
    fn credit_codes_carry_the_check_digit_of_the_standard() {
        // 91110000600037341L is a real company's, from the standard's own examples.
        let weights = (0..17).scan(1u32, |w, _| {
            let now = *w;
            *w = *w * 3 % 31;
            Some(now)
        });
        let check = |code: &str| {
            let sum: u32 = code
                .bytes()
                .zip(weights.clone())
                .map(|(b, w)| CREDIT_CODE.iter().position(|c| *c == b).expect("alphabet") as u32 * w)
                .sum();
            CREDIT_CODE[((31 - sum % 31) % 31) as usize]
        };
        assert_eq!(check("91110000600037341"), b'L');
        for index in 0..2_000 {
            let code = credit_code(index, "210100");
            assert_eq!(code.len(), 18);
            assert_eq!(check(&code[..17]), code.as_bytes()[17]);
        }
    }
}
