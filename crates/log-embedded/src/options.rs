//! How the file is laid out and looked after. The defaults were measured.

/// Settings of an [`EmbeddedLog`](crate::EmbeddedLog) that writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddedOptions {
    /// Bytes of a page, a power of two from 512 to 65,536; counts when the file is made.
    pub page_size: u32,
    /// Pages in the write-ahead file after which they are moved into the main file. More makes
    /// it rarer and longer.
    pub checkpoint_pages: u32,
    /// Bytes after which a commit takes in no further appends, so that commits stay short.
    pub group_bytes: usize,
    /// Connections that read at the same time.
    pub readers: usize,
}

impl Default for EmbeddedOptions {
    fn default() -> Self {
        Self { page_size: 8_192, checkpoint_pages: 500, group_bytes: 4 << 20, readers: 4 }
    }
}
