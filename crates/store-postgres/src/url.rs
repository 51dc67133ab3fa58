//! A URL of PostgreSQL, of which errors show nothing: it may hold a password anywhere.

use std::str::FromStr;

use onefold_store::StoreError;
use sqlx::postgres::PgConnectOptions;
use url::Url;

/// Parameters that the driver reads; with others it would only warn, and print their values.
const PARAMETERS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// How to connect.
///
/// # Errors
/// The URL is none, or has a parameter that means nothing here.
pub(crate) fn connect_options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let wrong = |what: String| {
        StoreError::Engine(format!(
            "the URL of the database cannot be used: {what}; expected \
             postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full or the like (it is not shown, since it may hold a password)"
        ))
    };
    let parsed = Url::parse(url).map_err(|error| wrong(error.to_string()))?;
    if !["postgres", "postgresql"].contains(&parsed.scheme()) {
        return Err(wrong("it does not begin with postgres://".to_owned()));
    }
    let is_known = |name: &str| PARAMETERS.contains(&name) || name.starts_with("options[");
    if let Some((name, _)) = parsed.query_pairs().find(|(name, _)| !is_known(name)) {
        return Err(wrong(format!("its parameter `{name}` means nothing here")));
    }
    PgConnectOptions::from_str(url)
        .map_err(|_| wrong("a value of its parameters, or an encoding in it, is none".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_shows_what_a_url_holds() {
        for url in [
            "postgres://a:hunter2@h:port/d",
            "hunter2",
            "mysql://a:hunter2@h/d",
            "postgres://a:hunter2@h/d?passwrod=hunter2",
            "postgres://a@h/d?sslmode=hunter2",
            "postgres://a@h/d?port=hunter2",
            "postgres://a:hunter2%ff@h/d",
        ] {
            let error = connect_options(url).unwrap_err().to_string();
            assert!(error.contains("postgres://USER") && !error.contains("hunter2"), "{error}");
        }
        assert!(connect_options("postgresql:///d?host=/run&user=a&options[search_path]=x&application_name=y").is_ok());
    }
}
