//! What counts, for people: secrets are never printed.

use anyhow::Result;
use serde_json::Value;

use super::Config;

const HIDDEN: &str = "***";
/// Parts of names of librdkafka properties that hold secrets.
const SECRET: [&str; 6] = ["password", "secret", "token", "jaas", ".pem", "oauthbearer.config"];

/// The configuration in a few lines.
pub(crate) fn show_config(config: &Config) -> String {
    let mut lines = Vec::new();
    let roles: Vec<String> = config.hub.roles.iter().map(|role| format!("{role:?}").to_lowercase()).collect();
    if config.kafka.bootstrap.is_empty() {
        let data = config.hub.data.display().to_string();
        lines.push(format!("embedded    {}", if data.is_empty() { "directory by --data" } else { &data }));
    } else {
        lines.push(format!("kafka       {} (topics {}*)", config.kafka.bootstrap, config.kafka.prefix));
        for (name, value) in &config.kafka.properties {
            lines.push(format!("            {name} = {}", if is_secret(name) { HIDDEN } else { value }));
        }
        lines.push(format!(
            "postgres    {}, up to {} connections",
            without_password(&config.postgres.url),
            config.postgres.connections
        ));
    }
    lines.push(format!("roles       {}", roles.join(", ")));
    let region = if config.hub.region.is_empty() { "no country" } else { &config.hub.region };
    lines.push(format!("shown       in {}, phones said as in {region}", config.hub.zone));
    let http = &config.http;
    lines.push(format!(
        "http        {}, {} connections, {} reads at a time, bodies of {} bytes",
        http.listen, http.connections, http.reads, http.body_bytes
    ));
    let limits = &config.limits;
    lines.push(format!(
        "events      {} references, {} entries of a list, {} bytes each at most",
        limits.references, limits.entries, limits.event_bytes
    ));
    lines.push(format!(
        "batches     project {}, resolve {}, assemble {}",
        config.project.batch, config.resolve.batch, config.assemble.batch
    ));
    if config.publish.enabled {
        lines.push(format!("publishes   every {} ms, batches of {}", config.publish.every_ms, config.publish.batch));
    }
    if !config.seal.key.as_os_str().is_empty() {
        let places: Vec<String> = config.seal.places.iter().map(|path| path.display().to_string()).collect();
        let places = if places.is_empty() { "nowhere outside".to_owned() } else { places.join(", ") };
        lines.push(format!(
            "seals       with {}, every {} s or {} records; checkpoints to {places}",
            config.seal.key.display(),
            config.seal.every_seconds,
            config.seal.records
        ));
    }
    let list = |kinds: &std::collections::BTreeSet<String>| kinds.iter().cloned().collect::<Vec<_>>().join(", ");
    lines.push(format!("links alone {}", list(&config.identity.strong)));
    lines.push(format!("weakly      {}", list(&config.identity.weak)));
    lines.push(format!("exclusive   {}", list(&config.identity.exclusive)));
    lines.push(format!("hub values  beyond {} weak, {} strong", config.identity.hub.weak, config.identity.hub.strong));
    lines.extend(config.identity.hub.kinds.iter().map(|(kind, limit)| format!("            beyond {limit} of {kind}")));
    lines.push(format!("full        a customer of {} parties", config.identity.full_from));
    let profile = &config.identity.profile;
    let first = |sources: &[String]| match sources {
        [] => "what was said last".to_owned(),
        sources => format!("{}, then what was said last", sources.join(", ")),
    };
    let capitals = if profile.capitals_last { "; names in capitals last" } else { "" };
    lines.push(format!("values      {}{capitals}", first(&profile.sources)));
    lines.extend(profile.groups.iter().map(|(group, sources)| format!("            {group}: {}", first(sources))));
    lines.join("\n")
}

/// The configuration by its keys, for programs.
pub(crate) fn shown_values(config: &Config) -> Result<Value> {
    let mut config = config.clone();
    config.postgres.url = without_password(&config.postgres.url);
    for (_, value) in config.kafka.properties.iter_mut().filter(|(name, _)| is_secret(name)) {
        HIDDEN.clone_into(value);
    }
    Ok(serde_json::to_value(&config)?)
}

/// Whether a property of librdkafka holds a secret.
fn is_secret(property: &str) -> bool {
    SECRET.iter().any(|part| property.contains(part))
}

/// A URL whose password nobody reads, wherever it stands in it.
pub(crate) fn without_password(url: &str) -> String {
    let (start, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let (authority, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, _)) => format!("{user}:{HIDDEN}@{host}"),
            None => format!("{user}@{host}"),
        },
        None => authority.to_owned(),
    };
    let path = match path.split_once('?') {
        Some((path, parameters)) => {
            let hide = |parameter: &str| match parameter.split_once('=') {
                Some((name, _)) if name.contains("password") => format!("{name}={HIDDEN}"),
                _ => parameter.to_owned(),
            };
            format!("{path}?{}", parameters.split('&').map(hide).collect::<Vec<_>>().join("&"))
        }
        None => path.to_owned(),
    };
    if start.is_empty() { format!("{authority}{path}") } else { format!("{start}://{authority}{path}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_hidden_wherever_it_stands() {
        for (url, expected) in [
            ("postgres://a:b@h:5/d", "postgres://a:***@h:5/d"),
            ("postgres://a:b@c@h/d?sslmode=require", "postgres://a:***@h/d?sslmode=require"),
            ("postgres://a@h/d?password=b&x=1", "postgres://a@h/d?password=***&x=1"),
            ("postgres:///d?host=/run&password=b", "postgres:///d?host=/run&password=***"),
            ("postgres://h/d", "postgres://h/d"),
        ] {
            assert_eq!(without_password(url), expected);
        }
    }
}
