//! `onefold connector new`: a first connector file from a sample.

use std::path::Path;

use anyhow::{Context, Result, bail};
use onefold_connect::{Input, draft};

/// The draft of a sample.
pub(crate) fn draft_text(from: &Path, name: Option<String>) -> Result<String> {
    let inputs = Input::expand(&[from.to_string_lossy()])?;
    let [input] = &inputs[..] else { bail!("{} names several files: draft from one of them", from.display()) };
    let name = name.unwrap_or_else(|| name_of(from));
    draft(input, &name).with_context(|| format!("no connector file could be drafted from {}", from.display()))
}

/// A connector's name out of a file's: what stands before the first dot, as far as a name may have it.
fn name_of(from: &Path) -> String {
    let file = from.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = file.split('.').next().unwrap_or_default().to_lowercase();
    let plain: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(64).collect();
    let plain = plain.trim_matches('-');
    if plain.is_empty() { "source".to_owned() } else { plain.to_owned() }
}
