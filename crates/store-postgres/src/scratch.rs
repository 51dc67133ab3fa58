//! A database that is made to try something, and dropped.

use onefold_store::StoreError;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use crate::error::engine;
use crate::url::connect_options;

/// An empty database of its own beside another one, on the same server.
#[derive(Debug)]
pub struct Scratch {
    beside: PgConnectOptions,
    name: String,
}

impl Scratch {
    /// Makes it. The name may hold letters, digits and underscores.
    ///
    /// # Errors
    /// The server does not answer, has one of that name, or does not let this user make databases.
    pub async fn make(url: &str, name: &str) -> Result<Self, StoreError> {
        let scratch = Self { beside: connect_options(url)?, name: name.to_owned() };
        scratch.order("CREATE DATABASE").await?;
        Ok(scratch)
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.beside.clone().database(&self.name).to_url_lossy().into()
    }

    /// Where its server listens.
    pub fn port(&self) -> u16 {
        self.beside.get_port()
    }

    /// Drops it, whoever is still connected.
    ///
    /// # Errors
    /// The server does not answer or refuses.
    pub async fn remove(self) -> Result<(), StoreError> {
        self.order("DROP DATABASE IF EXISTS").await
    }

    async fn order(&self, what: &str) -> Result<(), StoreError> {
        let sound = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if self.name.is_empty() || !self.name.chars().all(sound) {
            return Err(StoreError::Engine(format!("`{}` is no name for a database", self.name)));
        }
        let force = if what.starts_with("DROP") { " WITH (FORCE)" } else { "" };
        let mut connection: PgConnection = self.beside.connect().await.map_err(engine)?;
        let order = format!("{what} {}{force}", self.name);
        sqlx::raw_sql(AssertSqlSafe(order)).execute(&mut connection).await.map_err(engine)?;
        connection.close().await.map_err(engine)
    }
}
