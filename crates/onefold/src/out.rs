//! What a command prints: to standard output, whole, or quietly nothing more once nobody reads it.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use anyhow::Result;
use serde::Serialize;

use crate::render;

/// Standard output.
pub(crate) struct OutputWriter {
    to: BufWriter<StdoutLock<'static>>,
    /// Whether a person reads it: a program wants a value to end where its line does.
    is_terminal: bool,
}

impl OutputWriter {
    pub(crate) fn open() -> Self {
        let out = io::stdout();
        Self { is_terminal: out.is_terminal(), to: BufWriter::new(out.lock()) }
    }

    /// Whether a person reads it.
    pub(crate) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// A line of text.
    pub(crate) fn write_line(&mut self, text: impl AsRef<str>) -> Result<()> {
        self.to.write_all(text.as_ref().as_bytes())?;
        self.to.write_all(b"\n")?;
        Ok(())
    }

    /// Bytes as they are.
    pub(crate) fn write_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.to.write_all(bytes)?)
    }

    /// The one value that a command answers, as JSON: on one line, or laid out on a terminal.
    pub(crate) fn write_json(&mut self, value: &impl Serialize) -> Result<()> {
        if !self.is_terminal {
            return self.json_line(value);
        }
        serde_json::to_writer_pretty(&mut self.to, value).map_err(io::Error::from)?;
        self.to.write_all(b"\n")?;
        Ok(())
    }

    /// One of many values, as JSON on a line of its own wherever it goes.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) -> Result<()> {
        serde_json::to_writer(&mut self.to, value).map_err(io::Error::from)?;
        self.to.write_all(b"\n")?;
        Ok(())
    }

    /// Everything printed is out, and the zone of what was shown is named.
    pub(crate) fn finish(mut self) -> Result<()> {
        if let Some(zone) = render::zone_line() {
            self.write_line(zone)?;
        }
        self.to.flush()?;
        Ok(())
    }
}

/// Whether an error is only that nobody reads any more.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe))
}

/// The user of this machine, who asks or decides unless another name is given.
pub(crate) fn user_name() -> String {
    let name =
        ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok()).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}
