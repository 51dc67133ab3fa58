//! What a hub keeps its read model in.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use onefold_store::Store;
use onefold_store_postgres::PostgresStore;
use onefold_store_sqlite::SqliteStore;

use crate::{Database, Postgres, Shape};

/// What a hub keeps its read model in.
#[derive(Debug, Clone)]
pub enum Engine {
    /// A file beside its log.
    Sqlite,
    /// A schema of its own in this database.
    Postgres(Rc<Database>),
}

impl Engine {
    /// PostgreSQL, one database per test; where there is none to be had that is said under the test's name, and the file
    /// takes its place.
    pub fn postgres() -> Self {
        thread_local! {
            // Dropped with the test's thread.
            static DATABASE: RefCell<Option<Rc<Database>>> = const { RefCell::new(None) };
        }
        let thread = std::thread::current();
        let test = format!("{} on PostgreSQL", thread.name().unwrap_or("a test"));
        DATABASE.with_borrow_mut(|database| match database {
            Some(database) => Self::Postgres(Rc::clone(database)),
            None => match Postgres::shared(&test) {
                Some(server) => Self::Postgres(Rc::clone(database.insert(Rc::new(server.database())))),
                None => Self::Sqlite,
            },
        })
    }

    /// A fresh read model.
    pub(crate) async fn store(&self, directory: &Path, shape: &Shape) -> Arc<dyn Store> {
        let (partitions, rules) = (shape.partitions, shape.rules());
        match self {
            Self::Sqlite => {
                // So few that the customers of a test have less and more.
                let options = onefold_store_sqlite::SqliteOptions { partitions, rules, few: 100, ..Default::default() };
                Arc::new(SqliteStore::open(&directory.join("views.db"), options).expect("a fresh store"))
            }
            Self::Postgres(database) => {
                let options = onefold_store_postgres::PostgresOptions {
                    partitions,
                    rules,
                    stage_connections: 3,
                    read_connections: 3,
                    ..Default::default()
                };
                Arc::new(PostgresStore::connect(&database.schema(), options).await.expect("a fresh store"))
            }
        }
    }
}
