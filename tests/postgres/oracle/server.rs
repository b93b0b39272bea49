//! The database of a run, as long as it lasts.

use tokio_postgres::SimpleQueryMessage;

use super::engine::Server;
use crate::harness::Db;

/// A fresh database with one session.
pub struct Throwaway {
    db: Db,
}

impl Throwaway {
    pub fn start() -> Self {
        Self { db: Db::new() }
    }

    pub fn db(&self) -> &Db {
        &self.db
    }

    fn messages(&self, sql: &str) -> Result<Vec<SimpleQueryMessage>, String> {
        self.db.block_on(self.db.connection().client.simple_query(sql)).map_err(|error| {
            error.as_db_error().map_or_else(|| error.to_string(), |it| format!("{} {}", it.code().code(), it.message()))
        })
    }
}

impl Server for Throwaway {
    fn sql(&mut self, sql: &str) -> Result<(), String> {
        self.messages(sql).map(drop)
    }

    fn rows(&mut self, query: &str) -> Result<Vec<Vec<Option<String>>>, String> {
        let rows = self.messages(query)?.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|at| row.try_get(at).ok().flatten().map(str::to_owned)).collect())
            }
            _ => None,
        });
        Ok(rows.collect())
    }
}
