//! E-mail addresses: one form, without a claim that somebody reads them.

use crate::normalise::clean;

/// Lower case throughout: no provider in use tells local parts apart by case.
pub(crate) fn normalise(text: &str) -> Result<String, &'static str> {
    let text = clean(text).to_lowercase();
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
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let labels: Vec<&str> = domain.split('.').collect();
    let label = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top = labels.last().is_some_and(|top| !top.chars().all(|c| c.is_ascii_digit()));
    if labels.len() < 2 || !labels.iter().all(label) || !top {
        return Err("after the @ stands no domain");
    }
    Ok(format!("{local}@{domain}"))
}

#[cfg(test)]
mod tests {
    use super::normalise;

    #[test]
    fn an_address_has_one_form() {
        for text in ["a.b@Example.COM", " mailto:A.B@example.com ", "<a.b@example.com.>", "ａ.b@example.com"] {
            assert_eq!(normalise(text).as_deref(), Ok("a.b@example.com"), "{text}");
        }
        assert_eq!(normalise("王@例子.中国").as_deref(), Ok("王@例子.中国"));
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
        ] {
            assert!(normalise(text).is_err(), "{text}");
        }
    }
}
