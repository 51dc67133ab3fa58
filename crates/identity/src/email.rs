//! E-mail addresses: one form, without a claim that somebody reads them.

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

use crate::normalise::clean_text;

/// Lower case throughout, since no provider in use tells local parts apart by case; the domain in its ASCII form.
pub(crate) fn normalise_email(text: &str) -> Result<String, &'static str> {
    let text = clean_text(text).to_lowercase();
    let text = text.strip_prefix("mailto:").unwrap_or(&text);
    let text = text.strip_prefix('<').and_then(|t| t.strip_suffix('>')).unwrap_or(text);
    let Some((local, domain)) = text.rsplit_once('@') else { return Err("without an @") };
    if local.is_empty() || local.len() > 64 || text.len() > 254 {
        return Err("before the @ stand 1 to 64 characters");
    }
    let odd = |c: char| c.is_whitespace() || c.is_control() || "@:;,<>()[]\\\"|".contains(c);
    if local.chars().any(odd) || local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err("a character stands before the @ that cannot stand there");
    }
    let domain =
        ascii_domain(domain.strip_suffix(['.', '。']).unwrap_or(domain)).ok_or("after the @ stands no domain")?;
    Ok(format!("{local}@{domain}"))
}

/// A domain of at least two labels as DNS knows it: labels of other letters in punycode, by UTS 46 without its transitional
/// forms, so by IDNA 2008 (RFC 5890 to 5893): `ß` and final sigma are letters of their own.
fn ascii_domain(domain: &str) -> Option<String> {
    let plain = domain.is_ascii() && !domain.contains("xn--");
    let domain = if plain {
        domain.to_owned()
    } else {
        let uts46 = Uts46::new();
        let ascii = uts46.to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify);
        ascii.ok()?.into_owned()
    };
    let labels: Vec<&str> = domain.split('.').collect();
    let label = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top = labels.last().is_some_and(|top| !top.chars().all(|c| c.is_ascii_digit()));
    (labels.len() > 1 && labels.iter().all(label) && top).then_some(domain)
}

/// The address as people read it, where its domain is of other letters than ASCII: of `info@xn--strae-oqa.de`
/// `info@straße.de`.
pub fn unicode_address(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@').filter(|(_, domain)| domain.contains("xn--"))?;
    let (domain, valid) = idna::domain_to_unicode(domain);
    valid.ok().map(|()| format!("{local}@{domain}"))
}

#[cfg(test)]
mod tests {
    use super::normalise_email;

    #[test]
    fn an_address_has_one_form() {
        for text in ["a.b@Example.COM", " mailto:A.B@example.com ", "<a.b@example.com.>", "ａ.b@example.com"] {
            assert_eq!(normalise_email(text).as_deref(), Ok("a.b@example.com"), "{text}");
        }
        for text in ["王@例子.中国", "王@例子。中国", "王@xn--fsqu00a.xn--fiqs8s", "王@XN--FSQU00A.中国"]
        {
            assert_eq!(normalise_email(text).as_deref(), Ok("王@xn--fsqu00a.xn--fiqs8s"), "{text}");
        }
        assert_eq!(normalise_email("info@straße.de"), normalise_email("Info@XN--STRAE-OQA.de"));
        assert_ne!(normalise_email("info@straße.de"), normalise_email("info@strasse.de"));
        assert_eq!(normalise_email("info@r3---sn.example").as_deref(), Ok("info@r3---sn.example"));
    }

    #[test]
    fn an_address_is_shown_in_its_own_letters() {
        assert_eq!(super::unicode_address("info@xn--strae-oqa.de").as_deref(), Some("info@straße.de"));
        assert_eq!(super::unicode_address("info@strasse.de"), None);
    }

    #[test]
    fn what_is_no_address_has_none() {
        for text in [
            "",
            "a",
            "@b.c",
            "a@",
            "a@b",
            "a b@c.de",
            "a@b..de",
            "a@-b.de",
            "a@@b.de",
            ".a@b.de",
            "a@1.2.3.4",
            "a@b_c.de",
            "a;b@c.de",
            "a@xn--zz--.de",
            "a@\u{301}b.de",
        ] {
            assert!(normalise_email(text).is_err(), "{text}");
        }
    }
}
