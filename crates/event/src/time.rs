//! Instants are microseconds since 1970-01-01T00:00Z, as `i64`.

use jiff::Timestamp;

/// Microseconds since 1970-01-01T00:00Z.
pub type Micros = i64;

/// RFC 3339 in UTC, as short as the value allows.
pub fn format_micros(micros: Micros) -> String {
    Timestamp::from_microsecond(micros).map_or_else(|_| format!("{micros}us"), |t| t.to_string())
}

/// Reads RFC 3339 with an offset.
pub fn parse_instant(text: &str) -> Option<Micros> {
    text.parse::<Timestamp>().ok().map(|t| t.as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_survives_its_text() {
        let at = parse_instant("2026-03-09T17:05:11.25+08:00").unwrap();
        assert_eq!(format_micros(at), "2026-03-09T09:05:11.25Z");
        assert_eq!(parse_instant("2026-03-09"), None);
    }
}
