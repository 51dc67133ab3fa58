//! Secrets that hooks verify by, got from where their connector files say they are.

use std::fmt;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use onefold_mapping::{Connector, HookScheme, HookVerification, SecretPlace};

/// What Standard Webhooks begins a secret with.
const STANDARD: &str = "whsec_";

/// The secrets of one hook, as the bytes that sign. They are never shown.
#[derive(Clone, Default)]
pub struct HookSecrets(Vec<Vec<u8>>);

impl fmt::Debug for HookSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HookSecrets({})", self.0.len())
    }
}

/// Why a hook has no secret. It says where, never what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum SecretError {
    #[error(
        "the connector {connector} verifies its posts by the secret in the environment variable {variable}, which is not set: set \
         it for this process"
    )]
    NoVariable { connector: String, variable: String },
    #[error("the connector {connector} verifies its posts by the secret in {file}, which cannot be read: {why}")]
    NoFile { connector: String, file: String, why: String },
    #[error("the connector {connector}: the secret in {place} is empty: put there what the sender shows as its secret")]
    Empty { connector: String, place: String },
    #[error(
        "the connector {connector}: the secret in {place} is none of Standard Webhooks: expected base64, mostly with whsec_ before \
         it; or name the scheme that the sender signs by"
    )]
    NotStandard { connector: String, place: String },
}

impl HookSecrets {
    /// Gets the secrets of a connector's hook: of the environment by `variable`, and of files that stand in, or are named from,
    /// this directory.
    ///
    /// # Errors
    /// One is missing, empty, or of another scheme.
    pub fn resolve(
        connector: &Connector,
        directory: &Path,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, SecretError> {
        let hook = connector.input_settings().hook.as_ref();
        let Some(HookVerification::Secret { scheme, secrets, .. }) = hook.map(|hook| &hook.verify) else {
            return Ok(Self::default());
        };
        let name = || connector.name().to_owned();
        let mut found = Vec::with_capacity(secrets.len());
        for place in secrets {
            let (text, place) = match place {
                SecretPlace::Variable(variable_name) => match variable(variable_name) {
                    Some(text) => (text, format!("the environment variable {variable_name}")),
                    None => {
                        return Err(SecretError::NoVariable { connector: name(), variable: variable_name.clone() });
                    }
                },
                SecretPlace::File(file) => {
                    let file = directory.join(file).display().to_string();
                    match std::fs::read_to_string(&file) {
                        Ok(text) => (text, file),
                        Err(error) => {
                            return Err(SecretError::NoFile { connector: name(), file, why: error.to_string() });
                        }
                    }
                }
            };
            let text = text.trim();
            if text.is_empty() {
                return Err(SecretError::Empty { connector: name(), place });
            }
            found.push(match scheme {
                HookScheme::StandardWebhooks => BASE64_STANDARD
                    .decode(text.strip_prefix(STANDARD).unwrap_or(text))
                    .ok()
                    .filter(|key| !key.is_empty())
                    .ok_or_else(|| SecretError::NotStandard { connector: name(), place })?,
                HookScheme::Stripe | HookScheme::Hmac(_) | HookScheme::Bearer => text.as_bytes().to_vec(),
            });
        }
        Ok(Self(found))
    }

    /// Their bytes.
    pub(super) fn keys(&self) -> &[Vec<u8>] {
        &self.0
    }
}
