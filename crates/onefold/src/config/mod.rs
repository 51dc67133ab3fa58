//! The configuration: the documented default compiled in, over it a file, the environment, and the command line.

mod environment;
mod layer;
mod service_links;
mod shown;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use onefold_event::EventLimits;
use onefold_identity::IdentityRules;
use serde::{Deserialize, Serialize};
use toml::Table;

pub(crate) use layer::default_table as default_values;
pub(crate) use shown::{show_config, shown_values, without_password};

/// The documented default: also the list of all keys, and the type of each.
pub(crate) const DEFAULT: &str = include_str!("../../../../deploy/onefold.toml");

/// Largest event that every log takes: 64 KiB below what a topic does, for the frame of its message.
const MOST_EVENT_BYTES: usize = (8 << 20) - (64 << 10);

/// What may be set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) hub: HubConfig,
    pub(crate) kafka: KafkaConfig,
    pub(crate) postgres: PostgresConfig,
    pub(crate) http: onefold_api::HttpOptions,
    pub(crate) limits: EventLimits,
    pub(crate) connect: ConnectConfig,
    pub(crate) project: onefold_projector::ProjectorOptions,
    pub(crate) resolve: onefold_resolver::ResolverOptions,
    pub(crate) assemble: onefold_assembler::AssemblerOptions,
    pub(crate) publish: onefold_publisher::PublisherOptions,
    pub(crate) seal: SealConfig,
    pub(crate) identity: IdentityRules,
}

/// How the log is sealed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SealConfig {
    /// File of the private key; empty: `seal.key` in the data directory, where there is one.
    pub(crate) key: PathBuf,
    /// Files outside of the hub that checkpoints are appended to.
    pub(crate) places: Vec<PathBuf>,
    /// What was taken in is sealed after so many seconds.
    pub(crate) every_seconds: u64,
    /// Or as soon as it is so many records.
    pub(crate) records: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HubConfig {
    /// Directory of the embedded hub; empty: none.
    pub(crate) data: PathBuf,
    /// Partitions of a log that is made; 0: what suits the engine.
    pub(crate) partitions: u32,
    /// What `onefold run` does.
    pub(crate) roles: Vec<HubRole>,
    /// In which instants are shown and a day given as a clock ends, such as `Asia/Shanghai`.
    pub(crate) zone: String,
    /// In whose national form phones are said, such as `CN`; empty: none is assumed.
    pub(crate) region: String,
}

impl HubConfig {
    /// Its zone.
    ///
    /// # Errors
    /// There is none of this name: it can be gone since the configuration was read.
    pub(crate) fn time_zone(&self) -> anyhow::Result<jiff::tz::TimeZone> {
        jiff::tz::TimeZone::get(&self.zone).with_context(|| format!("hub.zone: there is no time zone `{}`", self.zone))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HubRole {
    /// Take in topics of intake
    Connect,
    /// Fold events into views
    Project,
    /// Find who is one customer
    Resolve,
    /// Bring up to date what customers are found by
    Assemble,
    /// Publish customers to the log
    Publish,
    /// Answer over HTTP
    Serve,
}

impl HubRole {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Connect, Self::Project, Self::Resolve, Self::Assemble, Self::Publish, Self::Serve];
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KafkaConfig {
    pub(crate) bootstrap: String,
    pub(crate) prefix: String,
    pub(crate) properties: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostgresConfig {
    pub(crate) url: String,
    pub(crate) connections: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectConfig {
    /// Connector files, and directories of them.
    pub(crate) files: Vec<PathBuf>,
    /// Messages per batch at most.
    pub(crate) batch: usize,
}

impl Default for Config {
    fn default() -> Self {
        // A test holds the default to what this expects.
        layer::default_table().try_into().expect("the default configuration, which is compiled in, is sound")
    }
}

impl Config {
    /// The default, a file, and the environment, each over the one before.
    ///
    /// # Errors
    /// All that is wrong, each with where it stands, what was found and what was expected.
    pub(crate) fn load(file: Option<&Path>, environment: &[(String, String)]) -> Result<Self> {
        let mut table = layer::default_table();
        let mut wrong = Vec::new();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("the configuration {} cannot be read", path.display()))?;
            let over: Table = toml::from_str(&text).map_err(|error| no_toml(path, &text, &error))?;
            wrong.extend(
                layer::lay_table(&mut table, over).into_iter().map(|what| format!("{}: {what}", path.display())),
            );
        }
        wrong.extend(environment::lay_variables(&mut table, environment));
        if !wrong.is_empty() {
            bail!("the configuration cannot be used\n  {}", wrong.join("\n  "));
        }
        let config: Self = table.try_into().map_err(|error: toml::de::Error| {
            anyhow::anyhow!("the configuration cannot be used: {}", error.message())
        })?;
        config.check_values()?;
        Ok(config)
    }

    /// Whether the hub stands on Kafka and PostgreSQL.
    pub(crate) fn is_distributed(&self) -> bool {
        !self.kafka.bootstrap.is_empty()
    }

    /// What no single key can say.
    pub(crate) fn check_values(&self) -> Result<()> {
        let mut wrong: Vec<Cow<'_, str>> = Vec::new();
        if self.kafka.bootstrap.is_empty() && !self.postgres.url.is_empty() {
            wrong.push("postgres.url goes together with kafka.bootstrap: name both for the distributed hub, neither for the embedded one".into());
        }
        if !self.kafka.bootstrap.is_empty() && !self.hub.data.as_os_str().is_empty() {
            wrong.push(
                "hub.data is of the embedded hub, kafka.bootstrap of the distributed one: name one of them".into(),
            );
        }
        if self.hub.partitions > 1_024 {
            wrong.push("hub.partitions: expected at most 1024".into());
        }
        if self.hub.roles.is_empty() {
            wrong.push("hub.roles is empty: expected at least one".into());
        }
        if jiff::tz::TimeZone::get(&self.hub.zone).is_err() {
            let found = &self.hub.zone;
            wrong.push(
                format!("hub.zone: `{found}` is not a time zone: expected a name such as Europe/Berlin, or UTC").into(),
            );
        }
        if !self.hub.region.is_empty() && !onefold_identity::is_phone_region(&self.hub.region) {
            let found = &self.hub.region;
            wrong.push(
                format!("hub.region: `{found}` is no country: expected a code of ISO 3166 such as DE, or nothing")
                    .into(),
            );
        }
        wrong.extend(
            self.identity
                .profile
                .unknown_groups()
                .into_iter()
                .map(|what| format!("identity.profile.groups: {what}").into()),
        );
        let batches =
            [self.connect.batch, self.project.batch, self.resolve.batch, self.assemble.batch, self.publish.batch];
        if batches.contains(&0) {
            wrong.push("a batch of 0 never gets anything done: expected at least 1".into());
        }
        if self.publish.every_ms > 5_000 {
            wrong.push(
                "publish.every_ms: expected at most 5000, since a stage that waits for longer is taken to stand still"
                    .into(),
            );
        }
        if self.seal.every_seconds == 0 || self.seal.records == 0 {
            wrong.push("seal.every_seconds and seal.records: expected at least 1".into());
        }
        if self.postgres.connections < 4 {
            wrong.push(
                "postgres.connections: expected at least 4, one for each stage that folds and one for reads".into(),
            );
        }
        if !(1..=MOST_EVENT_BYTES).contains(&self.limits.event_bytes) {
            wrong.push("limits.event_bytes: expected from 1 to 8323072, since a topic takes messages of 8 MiB".into());
        }
        if self.limits.values == 0 {
            wrong.push("limits.values: expected at least 1".into());
        }
        wrong.extend(self.http.check_bounds().into_iter().map(Cow::Owned));
        if wrong.is_empty() { Ok(()) } else { bail!("the configuration cannot be used\n  {}", wrong.join("\n  ")) }
    }
}

/// Where the text is no TOML and why; not what stands there, which may be a secret.
fn no_toml(path: &Path, text: &str, error: &toml::de::Error) -> anyhow::Error {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let (line, column) =
        (before.matches('\n').count() + 1, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1);
    anyhow::anyhow!("{}:{line}:{column} is no TOML: {}", path.display(), error.message().trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("onefold.toml");
        std::fs::write(&path, text).unwrap();
        let environment: Vec<(String, String)> =
            environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Config::load(Some(&path), &environment)
    }

    #[test]
    fn the_documented_default_is_what_the_components_take_by_themselves() {
        let config = Config::default();
        config.check_values().unwrap();
        assert_eq!(config.identity, IdentityRules::default());
        assert_eq!(config.connect.batch, onefold_connect::IntakeOptions::default().batch);
        assert_eq!(config.project, onefold_projector::ProjectorOptions::default());
        assert_eq!(config.resolve, onefold_resolver::ResolverOptions::default());
        assert_eq!(config.assemble, onefold_assembler::AssemblerOptions::default());
        assert_eq!(config.publish, onefold_publisher::PublisherOptions::default());
        assert_eq!(config.http, onefold_api::HttpOptions::default());
        assert_eq!(config.limits, EventLimits::default());
    }

    #[test]
    fn what_counts_is_shown_under_every_key_that_there_is() {
        fn keys(value: &serde_json::Value) -> BTreeMap<&str, Vec<&str>> {
            let sections = value.as_object().unwrap().iter();
            sections
                .map(|(name, of)| (name.as_str(), of.as_object().unwrap().keys().map(String::as_str).collect()))
                .collect()
        }
        let default = serde_json::to_value(default_values()).unwrap();
        assert_eq!(keys(&shown_values(&Config::default()).unwrap()), keys(&default));
    }

    #[test]
    fn a_file_says_only_what_differs_and_the_environment_stands_above_it() {
        let text = "[project]\nbatch = 5\n[identity.hub]\nkinds = { phone = 3 }\n[kafka.properties]\n\"sasl.mechanism\" = \"PLAIN\"";
        let config = load(
            text,
            &[
                ("ONEFOLD_PROJECT_BATCH", "7"),
                ("ONEFOLD_IDENTITY_WEAK", "phone, email"),
                ("ONEFOLD_KAFKA_PROPERTIES_SECURITY_PROTOCOL", "SSL"),
                ("ONEFOLD_LOG", "debug"),
                ("HOME", "/"),
            ],
        )
        .unwrap();
        assert_eq!(config.project.batch, 7);
        assert_eq!(config.identity.weak.len(), 2);
        assert_eq!(config.identity.hub.kinds.get("phone"), Some(&3));
        assert_eq!(config.kafka.properties.get("security.protocol").map(String::as_str), Some("SSL"));
        assert_eq!(config.kafka.properties.get("sasl.mechanism").map(String::as_str), Some("PLAIN"));
    }

    #[test]
    fn all_unknown_keys_are_refused_at_once_with_the_nearest_known_one() {
        let environment = [("ONEFOLD_POSTGRES_ULR", "x"), ("ONEFOLD_POSGRES_URL", "x")];
        let error = load("[kafka]\nbootsrap = 'a:1'\n[projct]\nbatch = 1", &environment).unwrap_err().to_string();
        for expected in [
            "kafka.bootsrap is no key: did you mean `kafka.bootstrap`?",
            "projct is no key: did you mean `project`?",
            "ONEFOLD_POSTGRES_ULR is no key: did you mean `ONEFOLD_POSTGRES_URL`?",
            "ONEFOLD_POSGRES_URL is no key: did you mean `ONEFOLD_POSTGRES_URL`?",
        ] {
            assert!(error.contains(expected), "{expected}\n{error}");
        }
    }

    #[test]
    fn what_kubernetes_says_of_services_is_passed_over_and_a_misspelt_key_beside_it_is_not() {
        let links = [
            ("ONEFOLD_SERVICE_HOST", "10.96.3.7"),
            ("ONEFOLD_PORT", "tcp://10.96.3.7:7878"),
            ("ONEFOLD_PORT_7878_TCP_ADDR", "10.96.3.7"),
            ("ONEFOLD_SERVICE_PORT_HTTP", "7878"),
            ("ONEFOLD_KAFKA_PORT", "tcp://10.96.3.8:9092"),
            ("ONEFOLD_HTTP_SERVICE_HOST", "10.96.3.9"),
        ];
        assert_eq!(load("", &links).unwrap(), load("", &[]).unwrap());
        let misspelt = [links.as_slice(), &[("ONEFOLD_HTTP_PORT", "7878"), ("ONEFOLD_HTTP_LISTN", "x")]].concat();
        let error = load("", &misspelt).unwrap_err().to_string();
        for expected in
            ["ONEFOLD_HTTP_PORT is no key", "ONEFOLD_HTTP_LISTN is no key: did you mean `ONEFOLD_HTTP_LISTEN`?"]
        {
            assert!(error.contains(expected), "{expected}\n{error}");
        }
        assert_eq!(error.matches("is no key").count(), 2, "{error}");
    }

    #[test]
    fn a_value_of_another_type_is_refused_with_what_was_expected() {
        let error = load("[project]\nbatch = 'many'\n[kafka]\nprefix = 5", &[("ONEFOLD_RESOLVE_BATCH", "few")])
            .unwrap_err()
            .to_string();
        for expected in [
            "project.batch: expected an integer, found a string",
            "kafka.prefix: expected a string, found an integer",
            "ONEFOLD_RESOLVE_BATCH: expected an integer, found something else",
        ] {
            assert!(error.contains(expected), "{expected}\n{error}");
        }
        assert!(load("[hub]\nroles = ['projekt']", &[]).is_err());
        assert!(load("[project]\nbatch = 0", &[]).is_err());
    }

    #[test]
    fn the_two_engines_are_not_mixed() {
        assert!(load("[postgres]\nurl = 'postgres://a/b'", &[]).unwrap_err().to_string().contains("kafka.bootstrap"));
        let both = "[hub]\ndata = 'd'\n[kafka]\nbootstrap = 'a:1'\n[postgres]\nurl = 'postgres://a/b'";
        assert!(load(both, &[]).unwrap_err().to_string().contains("name one of them"));
    }

    #[test]
    fn a_secret_comes_from_a_file_and_is_never_printed() {
        let dir = tempfile::tempdir().unwrap();
        let (url, password) = (dir.path().join("url"), dir.path().join("password"));
        std::fs::write(&url, "postgres://hub:geheim@db/onefold\n").unwrap();
        std::fs::write(&password, "tiger\n").unwrap();
        let text = format!(
            "[kafka]\nbootstrap = 'a:1'\n[kafka.properties]\n\"sasl.password\" = {{ file = '{}' }}",
            password.display()
        );
        let config = load(&text, &[("ONEFOLD_POSTGRES_URL_FILE", url.to_str().unwrap())]).unwrap();
        assert_eq!(config.postgres.url, "postgres://hub:geheim@db/onefold");
        assert_eq!(config.kafka.properties["sasl.password"], "tiger");
        let (text, values) = (show_config(&config), shown_values(&config).unwrap());
        assert!(!text.contains("geheim") && !text.contains("tiger"), "{text}");
        assert!(!values.to_string().contains("geheim") && !values.to_string().contains("tiger"), "{values}");
        assert_eq!(values["postgres"]["url"], "postgres://hub:***@db/onefold");
        assert_eq!(values["kafka"]["properties"]["sasl.password"], "***");
        assert!(text.contains("postgres://hub:***@db/onefold"), "{text}");
        let absent = load("[postgres]\nurl = { file = '/nowhere/url' }", &[]).unwrap_err().to_string();
        assert!(absent.contains("postgres.url: /nowhere/url cannot be read"), "{absent}");
    }
}
