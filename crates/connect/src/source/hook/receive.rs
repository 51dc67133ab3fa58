//! Posts into the topic of their hook, durably.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use onefold_door::system_time;
use onefold_log::{Log, LogError, LogRecord, partition_of};
use onefold_mapping::{Connector, HookSettings, HookVerification};
use sha2::{Digest, Sha256};

use crate::source::hook::HookSecrets;
use crate::source::hook::headers::HEADER;
use crate::source::hook::verify::{sender_id, verify};

/// How long a post waits for the log: senders give up after five seconds or more, and are then better told to come again.
const PATIENCE: Duration = Duration::from_secs(4);
/// Header of a message in intake: the sender's own number of it.
const SENDER_ID: &str = "onefold_sender_id";

/// One post as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HookPost {
    /// Names, in small letters, and values that are text.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// Whether the connection comes from this machine.
    pub is_from_here: bool,
}

impl HookPost {
    /// The first header of this name, which is in small letters.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A post that is durable in intake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookReceipt {
    /// Where it is: topic, partition and offset, which is its place in lineage and in quarantine too.
    pub hub_id: String,
    /// The sender's own number of it; empty where it gave none.
    pub sender_id: String,
}

/// Why a post is not taken in. Nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum HookError {
    #[error("{0}")]
    Unverified(String),
    #[error("{0}")]
    Elsewhere(String),
    #[error("the body is empty: expected the record")]
    Empty,
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("intake did not acknowledge the post within {} s", PATIENCE.as_secs())]
    Late,
}

/// What is posted to one connector.
#[derive(Debug, Clone)]
pub struct Hook {
    name: String,
    topic: String,
    settings: HookSettings,
    secrets: HookSecrets,
}

impl Hook {
    /// The hook of a connector, with its secrets; none where it takes no posts.
    pub fn of(connector: &Connector, secrets: HookSecrets) -> Option<Self> {
        let settings = connector.input_settings().hook.clone()?;
        Some(Self { name: connector.name().to_owned(), topic: connector.hook_topic()?, settings, secrets })
    }

    /// The connector's name, which ends its path.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether what is posted is verified at all.
    pub fn is_verified(&self) -> bool {
        self.settings.verify != HookVerification::None
    }

    /// The sender's own number of a post; empty where it gives none.
    pub fn sender_id(&self, post: &HookPost) -> String {
        sender_id(&self.settings, post)
    }
}

/// The hooks of a process, over its log.
#[derive(Clone)]
pub struct Hooks {
    log: Arc<dyn Log>,
    hooks: Arc<BTreeMap<String, (Hook, u32)>>,
}

impl Hooks {
    /// Makes the topics that are absent, of so many partitions.
    ///
    /// # Errors
    /// The log's.
    pub async fn open(log: Arc<dyn Log>, hooks: Vec<Hook>, partitions: u32) -> Result<Self, LogError> {
        let mut all = BTreeMap::new();
        for hook in hooks {
            let partitions = log.topic(&hook.topic, partitions).await?;
            all.insert(hook.name.clone(), (hook, partitions));
        }
        Ok(Self { log, hooks: Arc::new(all) })
    }

    /// The hook of this name.
    pub fn find(&self, name: &str) -> Option<&Hook> {
        self.hooks.get(name).map(|(hook, _)| hook)
    }

    /// Verifies a post and keeps it; it is durable when this answers. None: there is no hook of this name.
    ///
    /// # Errors
    /// It is not verified, or intake is unable; the sender may send it again either way.
    pub async fn receive(&self, name: &str, post: HookPost) -> Option<Result<HookReceipt, HookError>> {
        let (hook, partitions) = self.hooks.get(name)?;
        Some(self.keep(hook, *partitions, post).await)
    }

    async fn keep(&self, hook: &Hook, partitions: u32, post: HookPost) -> Result<HookReceipt, HookError> {
        let now = system_time();
        verify(&hook.settings, &hook.secrets, &post, now.div_euclid(1_000_000))?;
        if post.body.is_empty() {
            return Err(HookError::Empty);
        }
        let sender_id = hook.sender_id(&post);
        // The same post again comes behind the first: its number says that it is the same, or its bytes do.
        let key = match sender_id.is_empty() {
            true => Sha256::digest(&post.body).get(..8).unwrap_or_default().to_vec(),
            false => sender_id.clone().into_bytes(),
        };
        let partition = partition_of(&key, partitions);
        let own = (!sender_id.is_empty()).then(|| (SENDER_ID.to_owned(), sender_id.clone().into_bytes().into()));
        let read = |name: &String| {
            let value = post.header(name)?.to_owned();
            Some((format!("{HEADER}{name}"), value.into_bytes().into()))
        };
        let headers = own.into_iter().chain(hook.settings.headers.iter().filter_map(read)).collect();
        let mut record = LogRecord::new(key, post.body, now);
        record.headers = headers;
        fail::fail_point!("hook.before_append", |_| Err(HookError::Late));
        let kept = self.log.append(&hook.topic, vec![(partition, record)]);
        let offsets = tokio::time::timeout(PATIENCE, kept).await.map_err(|_| HookError::Late)??;
        fail::fail_point!("hook.after_append");
        let offset = offsets.first().copied().ok_or(HookError::Late)?;
        Ok(HookReceipt { hub_id: format!("{}/{partition}/{offset}", hook.topic), sender_id })
    }
}
