//! Appending that a successor puts an end to.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{LogError, LogRecord};

/// A log that knows which of those who call themselves by one id came last.
#[async_trait]
pub trait Fence: Send + Sync + 'static {
    /// An appender for whoever is this id now. When it returns, nobody who was given one of the same id before SHALL
    /// append anything any more, whatever was under way: a process that was frozen finds out when it appends.
    async fn fenced(self: Arc<Self>, id: &str) -> Result<Box<dyn FencedAppender>, LogError>;
}

/// An append either takes effect before the next one of this id begins, or fails. In a topic that is written so, offsets
/// MAY have gaps.
#[async_trait]
pub trait FencedAppender: Send {
    /// Appends records to topics: (topic, partition, record), in the order given; durable when it returns, and
    /// readable soon after. A wrong request MUST append nothing. Another one of the same id having
    /// come since, it MUST append nothing and fail with [`LogError::Fenced`]. After any other error some of the records
    /// may be there, and the appender MAY fail from then on: the caller asks for another one.
    async fn append(&mut self, batch: Vec<(String, u32, LogRecord)>) -> Result<(), LogError>;
}
