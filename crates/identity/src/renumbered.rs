//! National numbers of plans that were changed, in their present form.

/// What a national number, digits alone, is today if it is of a plan that was changed; several where its parts cannot be told
/// apart without asking which of them is given out. Empty for numbers of today's plan.
pub(crate) fn present_numbers(code: u16, national: &str) -> Vec<String> {
    match code {
        52 => mexican_number(national).into_iter().map(str::to_owned).collect(),
        54 => argentine_numbers(national),
        55 => brazilian_number(national).into_iter().collect(),
        84 => vietnamese_number(national).into_iter().collect(),
        225 => ivory_coast(national).into_iter().collect(),
        229 if national.len() == 8 => vec![format!("01{national}")],
        _ => Vec::new(),
    }
}

/// Until 3 August 2019 mobiles were called with 1 from abroad, 044 or 045 within, and the rest with 01 (IFT, Plan Técnico
/// Fundamental de Numeración); ten digits now.
fn mexican_number(national: &str) -> Option<&str> {
    let rest = ["044", "045", "01", "1"].iter().find_map(|prefix| national.strip_prefix(prefix))?;
    (rest.len() == 10).then_some(rest)
}

/// Mobiles have 9 before the area code from abroad, and had 15 behind it within (ENACOM): whoever writes both says one thing
/// twice. An area code has two to four digits.
fn argentine_numbers(national: &str) -> Vec<String> {
    let Some(rest) = national.strip_prefix('9').filter(|rest| rest.len() == 12) else { return Vec::new() };
    let without = |at: usize| {
        let (area, number) = rest.split_at_checked(at)?;
        Some(format!("9{area}{}", number.strip_prefix("15")?))
    };
    (2..=4).filter_map(without).collect()
}

/// Mobiles got a ninth digit, 9, area by area from 2012 to 2016 (Anatel, resolution 553/2010). Numbers that begin with 7
/// are of trunked radio and have eight digits still.
fn brazilian_number(national: &str) -> Option<String> {
    let (area, number) = national.split_at_checked(2)?;
    (number.len() == 8 && number.starts_with(['6', '8', '9'])).then(|| format!("{area}9{number}"))
}

/// Mobiles of eleven digits got ten on 15 September 2018 (Ministry of Information and Communications).
fn vietnamese_number(national: &str) -> Option<String> {
    let (_, prefix) = VIETNAM.iter().find(|(old, _)| national.starts_with(old)).filter(|_| national.len() == 10)?;
    Some(format!("{prefix}{}", national.get(3..)?))
}

const VIETNAM: [(&str, &str); 21] = [
    ("120", "70"),
    ("121", "79"),
    ("122", "77"),
    ("126", "76"),
    ("128", "78"),
    ("123", "83"),
    ("124", "84"),
    ("125", "85"),
    ("127", "81"),
    ("129", "82"),
    ("162", "32"),
    ("163", "33"),
    ("164", "34"),
    ("165", "35"),
    ("166", "36"),
    ("167", "37"),
    ("168", "38"),
    ("169", "39"),
    ("186", "56"),
    ("188", "58"),
    ("199", "59"),
];

/// Eight digits got two more in front on 31 January 2021, by operator: of mobiles told by the second digit, of lines by the
/// third (ARTCI, plan national de numérotation).
fn ivory_coast(national: &str) -> Option<String> {
    let digit = |at: usize| national.as_bytes().get(at).map(|b| char::from(*b));
    if national.len() != 8 {
        return None;
    }
    let prefix = match (digit(0)?, digit(1)?, digit(2)?) {
        ('2', _, '8') => "21",
        ('2' | '3', _, '0') => "25",
        ('2' | '3', ..) => "27",
        (_, '0'..='3', _) => "01",
        (_, '4'..='6', _) => "05",
        _ => "07",
    };
    Some(format!("{prefix}{national}"))
}
