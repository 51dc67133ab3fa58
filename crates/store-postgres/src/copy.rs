//! Rows sent as the server's binary COPY: no text to make, none to parse.
//!
//! The form: PostgreSQL documentation, COPY, "Binary Format".

use onefold_store::StoreError;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgCopyIn, PgPoolCopyExt};
use sqlx::{PgPool, Postgres};

use crate::error::engine;

const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// Gathered before they are sent.
const PORTION: usize = 256 << 10;

/// One table being filled, on a connection of its own.
pub(crate) struct Copy {
    into: PgCopyIn<PoolConnection<Postgres>>,
    buffer: Vec<u8>,
}

impl Copy {
    /// `what`: table and columns.
    pub(crate) async fn begin(pool: &PgPool, what: &str) -> Result<Self, StoreError> {
        let statement = format!("COPY {what} FROM STDIN (FORMAT binary)");
        let into = pool.copy_in_raw(&statement).await.map_err(engine)?;
        Ok(Self { into, buffer: HEADER.to_vec() })
    }

    /// Begins a row of so many columns, which follow.
    pub(crate) fn row(&mut self, columns: i16) -> &mut Self {
        self.buffer.extend(columns.to_be_bytes());
        self
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        // A field holds less than a gigabyte, which no row of ours comes near.
        self.buffer.extend(u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.buffer.extend(value);
        self
    }

    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        self.bytes(value.as_bytes())
    }

    pub(crate) fn number(&mut self, value: i64) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    pub(crate) fn flag(&mut self, value: bool) -> &mut Self {
        self.bytes(&[u8::from(value)])
    }

    pub(crate) fn null(&mut self) -> &mut Self {
        self.buffer.extend((-1i32).to_be_bytes());
        self
    }

    /// Sends what has gathered, if it is worth it.
    pub(crate) async fn flow(&mut self) -> Result<(), StoreError> {
        if self.buffer.len() < PORTION {
            return Ok(());
        }
        self.into.send(&self.buffer[..]).await.map_err(engine)?;
        self.buffer.clear();
        Ok(())
    }

    /// Ends the table's rows; they are committed.
    pub(crate) async fn finish(mut self) -> Result<u64, StoreError> {
        self.buffer.extend((-1i16).to_be_bytes());
        self.into.send(&self.buffer[..]).await.map_err(engine)?;
        self.into.finish().await.map_err(engine)
    }
}
