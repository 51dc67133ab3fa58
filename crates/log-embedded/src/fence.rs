//! Appending that a successor puts an end to. One process writes, so what a number in memory says is true.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use onefold_log::{Fence, FencedAppender, Log, LogError, LogRecord};

use crate::EmbeddedLog;

/// How many appenders of each id there have been. Locked while one appends, so that the next waits for its end.
#[derive(Debug, Default)]
pub(crate) struct FenceCounters(Mutex<HashMap<String, Arc<tokio::sync::Mutex<u64>>>>);

impl FenceCounters {
    fn fence_of(&self, id: &str) -> Arc<tokio::sync::Mutex<u64>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(id.to_owned()).or_default())
    }
}

#[async_trait]
impl Fence for EmbeddedLog {
    async fn fenced(self: Arc<Self>, id: &str) -> Result<Box<dyn FencedAppender>, LogError> {
        let current = self.fences.fence_of(id);
        let mine = {
            let mut current = current.lock().await;
            *current += 1;
            *current
        };
        Ok(Box::new(EmbeddedAppender { log: self, id: id.to_owned(), current, mine }))
    }
}

struct EmbeddedAppender {
    log: Arc<EmbeddedLog>,
    id: String,
    current: Arc<tokio::sync::Mutex<u64>>,
    mine: u64,
}

#[async_trait]
impl FencedAppender for EmbeddedAppender {
    async fn append(&mut self, batch: Vec<(String, u32, LogRecord)>) -> Result<(), LogError> {
        let current = self.current.lock().await;
        if *current != self.mine {
            return Err(LogError::Fenced(self.id.clone()));
        }
        let mut topics: Vec<(String, Vec<(u32, LogRecord)>)> = Vec::new();
        for (topic, partition, record) in batch {
            self.log.check_record(&topic, partition, &record).await?;
            match topics.iter_mut().find(|(known, _)| *known == topic) {
                Some((_, records)) => records.push((partition, record)),
                None => topics.push((topic, vec![(partition, record)])),
            }
        }
        for (topic, records) in topics {
            self.log.append(&topic, records).await?;
        }
        Ok(())
    }
}
