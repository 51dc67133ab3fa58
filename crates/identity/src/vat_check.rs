//! Shapes and check digits of VAT numbers, per country, as python-stdnum and the countries' tax offices publish them.

const SHAPE: &str = "not the shape of its country's VAT numbers";
const CHECK: &str = "the check digit is wrong";

/// Prefixes of the numbers that can be judged: the members, EU and IM for the Union's one-stop shops, and three neighbours.
pub(crate) const COUNTRIES: [&str; 32] = [
    "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "EU", "FI", "FR", "GB", "HR", "HU", "IE", "IM",
    "IT", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// The number without its country, in full length and without what is written behind it, if it can be one.
pub(crate) fn check_digits(country: &str, number: &str) -> Result<String, &'static str> {
    let number = match (country, number.len()) {
        ("BE", 9) => format!("0{number}"),
        ("EL", 8) => format!("0{number}"),
        ("NL", ..12) => format!("{number:0>12}"),
        ("CH", _) => bare_swiss_number(number),
        ("NO", _) => strip_words(number, &["MVA"]).to_owned(),
        _ => number.to_owned(),
    };
    let body = match country {
        "AT" => number.strip_prefix('U').ok_or(SHAPE)?,
        "CH" => number.strip_prefix('E').ok_or(SHAPE)?,
        _ => &number,
    };
    let ok = match country {
        "CY" => check_cyprus(body),
        "ES" => check_spain(body),
        "FR" => check_france(body),
        "GB" if body.len() == 5 => check_department(body),
        "IE" => check_ireland(body),
        "NL" => check_netherlands(body),
        _ => check_plain(country, &parse_digits(body).ok_or(SHAPE)?, body),
    };
    match ok {
        Some(true) => Ok(number),
        Some(false) => Err(CHECK),
        None => Err(SHAPE),
    }
}

/// Countries whose numbers are digits only. None where the shape is wrong.
fn check_plain(country: &str, d: &[u32], text: &str) -> Option<bool> {
    let whole: u64 = text.parse().ok()?;
    let first = *d.first()?;
    let last = *d.last()?;
    let sum = |weights: &[u32]| d.iter().zip(weights).map(|(d, w)| d * w).sum::<u32>();
    Some(match (country, d.len()) {
        ("AT", 8) => (16 - luhn_digit(d.get(..7)?)) % 10 == last,
        ("BE", 10) if first < 2 => 97 - whole / 100 % 97 == whole % 100,
        ("BG", 9) => {
            let check = sum(&[1, 2, 3, 4, 5, 6, 7, 8]) % 11;
            (if check == 10 { sum(&[3, 4, 5, 6, 7, 8, 9, 10]) % 11 % 10 } else { check }) == last
        }
        ("BG", 10) => {
            let citizen = sum(&[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == last && is_birth_date(d, &[0, 20, 40]);
            let foreigner = sum(&[21, 19, 17, 13, 11, 9, 7, 3, 1]) % 10 == last;
            let other = (11 - sum(&[4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11 == last;
            citizen || foreigner || other
        }
        ("CZ", 8) if first != 9 => {
            let check = (11 - sum(&[8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
            (if check == 0 { 1 } else { check % 10 }) == last
        }
        ("CZ", 9) if first == 6 => {
            let check = sum(&[0, 8, 7, 6, 5, 4, 3, 2]) % 11;
            (18 - (21 - check) % 11) % 10 == last
        }
        ("CZ", 9) => is_birth_date(d, &[0, 50]),
        ("CZ", 10) => birth_number(d, whole),
        ("DE", 9) if first != 0 => mod_11_10(d),
        ("HR", 11) => mod_11_10(d),
        ("DK", 8) if first != 0 => sum(&[2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0,
        ("EE", 9) => sum(&[3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 == 0,
        ("EL", 9) => sum(&[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == last,
        ("FI", 8) => sum(&[7, 9, 10, 5, 8, 4, 2, 1]) % 11 == 0,
        ("HU", 8) => sum(&[9, 7, 3, 1, 9, 7, 3, 1]) % 10 == 0,
        ("IT", 11) => {
            let office = whole / 10 % 1000;
            let given = matches!(office, 1..=100 | 120 | 121 | 888 | 999);
            (given && whole >= 10_000).then(|| luhn_digit(d) == 0)?
        }
        ("LT", 9) if d.get(7) == Some(&1) => check_lithuania(d),
        ("LT", 12) if d.get(10) == Some(&1) => check_lithuania(d),
        ("LU", 8) => whole / 100 % 89 == whole % 100,
        ("LV", 11) if first > 3 => sum(&[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11 == 3,
        ("LV", 11) => (1 + sum(&[10, 5, 8, 4, 2, 1, 6, 3, 7, 9])) % 11 % 10 == last,
        ("MT", 8) if first != 0 => sum(&[3, 4, 6, 7, 8, 9, 10, 1]) % 37 == 0,
        ("PL", 10) => sum(&[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == last,
        ("PT", 9) if first != 0 => (11 - sum(&[9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11 % 10 == last,
        ("RO", 2..=10) if first != 0 => {
            let weights = [7, 5, 3, 2, 1, 7, 5, 3, 2];
            sum(weights.get(10 - d.len()..)?) * 10 % 11 % 10 == last
        }
        ("RO", 13) => sum(&[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11 % 10 == last,
        ("SE", 12) if whole % 100 == 1 => luhn_digit(d.get(..10)?) == 0,
        ("SI", 8) if first != 0 => {
            (11 - sum(&[8, 7, 6, 5, 4, 3, 2]) % 11) % 10 == last && sum(&[8, 7, 6, 5, 4, 3, 2]) % 11 != 0
        }
        ("SK", 10) if first != 0 => {
            let given = matches!(d.get(2), Some(2 | 3 | 4 | 7 | 8 | 9));
            (given && whole.is_multiple_of(11)) || birth_number(d, whole)
        }
        ("GB", 9 | 12) => {
            let rest = (sum(&[8, 7, 6, 5, 4, 3, 2]) + d.get(7)? * 10 + d.get(8)?) % 97;
            rest == 0 || rest == 42
        }
        // The Union's one-stop shops, by the member that registered: no check digit is published.
        ("EU", 9) | ("IM", 10) => text.get(..3).filter(|member| MEMBERS.contains(member)).map(|_| true)?,
        // The enterprise number: eCH-0097, mod 11.
        ("CH", 9) => (11 - sum(&[5, 4, 3, 2, 7, 6, 5, 4]) % 11) % 11 == last,
        // The organisation number: Brønnøysund registers, mod 11.
        ("NO", 9) => (11 - sum(&[3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11 == last,
        _ => return None,
    })
}

/// ISO 3166 numbers of the members that register one-stop shops, Northern Ireland (900) and, until 2020, the United Kingdom.
const MEMBERS: [&str; 29] = [
    "040", "056", "100", "191", "196", "203", "208", "233", "246", "250", "276", "300", "348", "372", "380", "428",
    "440", "442", "470", "528", "616", "620", "642", "703", "705", "724", "752", "826", "900",
];

/// The number without the words that are written behind it to say that it is one for VAT: spelling, not number.
fn strip_words<'a>(number: &'a str, words: &[&str]) -> &'a str {
    words.iter().find_map(|word| number.strip_suffix(word)).unwrap_or(number)
}

/// `E` and nine digits; the word for VAT is that of the writer's language.
fn bare_swiss_number(number: &str) -> String {
    let number = strip_words(number, &["MWST", "TVA", "IVA", "TPV", "VAT"]);
    format!("E{}", number.strip_prefix('E').unwrap_or(number))
}

/// Government departments of the United Kingdom have GD and a number below 500, health authorities HA and one from there on.
fn check_department(text: &str) -> Option<bool> {
    let (word, number) = text.split_at_checked(2)?;
    let number: u32 = parse_digits(number)?.into_iter().fold(0, |number, digit| number * 10 + digit);
    matches!((word, number), ("GD", ..500) | ("HA", 500..)).then_some(true)
}

fn parse_digits(text: &str) -> Option<Vec<u32>> {
    text.chars().map(|c| c.to_digit(10)).collect()
}

/// Luhn's sum mod 10 (ISO/IEC 7812-1): 0 for a number with its check digit.
fn luhn_digit(d: &[u32]) -> u32 {
    let doubled = |d: u32| if d > 4 { d * 2 - 9 } else { d * 2 };
    d.iter().rev().enumerate().map(|(i, d)| if i % 2 == 0 { *d } else { doubled(*d) }).sum::<u32>() % 10
}

/// ISO 7064 mod 11,10.
fn mod_11_10(d: &[u32]) -> bool {
    let mut check = 5;
    for d in d {
        check = ((if check == 0 { 10 } else { check }) * 2 % 11 + d) % 10;
    }
    check == 1
}

/// A date in the first six digits, where the month may bear one of these marks.
fn is_birth_date(d: &[u32], marks: &[u32]) -> bool {
    let two = |i: usize| d.get(i).zip(d.get(i + 1)).map_or(0, |(a, b)| a * 10 + b);
    let (month, day) = (two(2), two(4));
    marks.iter().any(|mark| month > *mark && month <= mark + 12) && (1..=31).contains(&day)
}

/// Birth number of Czechs and Slovaks since 1954.
fn birth_number(d: &[u32], whole: u64) -> bool {
    is_birth_date(d, &[0, 20, 50, 70]) && (whole / 10 % 11 % 10 == whole % 10)
}

fn check_lithuania(d: &[u32]) -> bool {
    let body = d.len() - 1;
    let sum = |from: usize| {
        d.iter().take(body).zip(from..).map(|(d, i)| d * (1 + u32::try_from(i % 9).unwrap_or(0))).sum::<u32>() % 11
    };
    let check = sum(0);
    let check = if check == 10 { sum(2) } else { check };
    d.last() == Some(&(check % 10))
}

fn check_cyprus(text: &str) -> Option<bool> {
    let (body, letter) = text.split_at_checked(8)?;
    let d = parse_digits(body)?;
    if text.len() != 9 || body.starts_with("12") {
        return None;
    }
    let odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let sum: u32 = d
        .iter()
        .enumerate()
        .map(|(i, d)| if i % 2 == 0 { odd.get(*d as usize).copied().unwrap_or(0) } else { *d })
        .sum();
    Some(letter.bytes().next() == u8::try_from(65 + sum % 26).ok())
}

fn check_spain(text: &str) -> Option<bool> {
    if text.len() != 9 {
        return None;
    }
    let (first, last) = (text.chars().next()?, text.chars().last()?);
    let body = text.get(1..8)?;
    let person = |leading: &str| {
        let number: usize = format!("{leading}{body}").parse().ok()?;
        Some("TRWAGMYFPDXBNJZSQVHLCKE".chars().nth(number % 23) == Some(last))
    };
    match first {
        '0'..='9' => person(&first.to_string()),
        'K' | 'L' | 'M' | 'X' => person(""),
        'Y' => person("1"),
        'Z' => person("2"),
        'A'..='H' | 'J' | 'N' | 'P'..='S' | 'U' | 'V' | 'W' => {
            let mut d = parse_digits(body)?;
            d.push(0);
            let check = (10 - luhn_digit(&d)) % 10;
            let (digit, letter) = (char::from_digit(check, 10), "JABCDEFGHI".chars().nth(check as usize));
            Some(match first {
                'A' | 'B' | 'E' | 'H' => digit == Some(last),
                'P' | 'Q' | 'S' | 'N' | 'W' => letter == Some(last),
                _ => digit == Some(last) || letter == Some(last),
            })
        }
        _ => None,
    }
}

fn check_france(text: &str) -> Option<bool> {
    let (key, siren) = text.split_at_checked(2)?;
    let d = parse_digits(siren)?;
    let number: u64 = siren.parse().ok()?;
    if d.len() != 9 {
        return None;
    }
    // Monaco's numbers begin with 000 and bear no check digit of their own.
    if !siren.starts_with("000") && luhn_digit(&d) != 0 {
        return Some(false);
    }
    if let Ok(key) = key.parse::<u64>() {
        return Some((number * 100 + 12) % 97 == key);
    }
    let place = |c: char| "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ".find(c).and_then(|at| u64::try_from(at).ok());
    let mut key = key.chars();
    let (a, b) = (place(key.next()?)?, place(key.next()?)?);
    let check = if a < 10 { (a * 24 + b).checked_sub(10)? } else { (a * 34 + b).checked_sub(100)? };
    Some((number + 1 + check / 11) % 11 == check % 11)
}

fn check_ireland(text: &str) -> Option<bool> {
    let letters = "WABCDEFGHIJKLMNOPQRSTUV";
    let check = |body: &str, extra: Option<char>| {
        let d = parse_digits(body)?;
        let extra = match extra {
            Some(c) => u32::try_from(letters.find(c)?).ok()? * 9,
            None => 0,
        };
        let sum = d.iter().rev().zip(2..).map(|(d, w)| d * w).sum::<u32>() + extra;
        letters.chars().nth((sum % 23) as usize)
    };
    let (body, rest) = text.split_at_checked(7)?;
    let mut rest = rest.chars();
    let (given, extra) = (rest.next()?, rest.next());
    if rest.next().is_some() {
        return None;
    }
    if parse_digits(body).is_some() {
        return Some(check(body, extra)? == given);
    }
    // Before 2013 the second place was a letter.
    let (first, middle) = (body.get(..1)?, body.get(2..7)?);
    (extra.is_none() && body.chars().nth(1)?.is_ascii_uppercase()).then_some(())?;
    Some(check(&format!("{middle}{first}"), None)? == given)
}

fn check_netherlands(text: &str) -> Option<bool> {
    let (body, branch) = text.split_at_checked(9)?;
    let d = parse_digits(body)?;
    let branch = branch.strip_prefix('B')?;
    if text.len() != 12 || parse_digits(branch)?.iter().all(|d| *d == 0) || d.iter().all(|d| *d == 0) {
        return None;
    }
    let sum: u32 = d.iter().zip([9, 8, 7, 6, 5, 4, 3, 2]).map(|(d, w)| d * w).sum();
    let company = d.last() == Some(&(sum % 11));
    let rest = format!("NL{text}").chars().try_fold(0_u32, |rest, c| {
        let digit = c.to_digit(36)?;
        Some(if digit < 10 { rest * 10 + digit } else { rest * 100 + digit } % 97)
    });
    Some(company || rest == Some(1))
}
