//! The one place where transactions run.
//!
//! The future of a request may be dropped at any await point: its caller hung up, its time is over.
//! A transaction that is dropped half-way would keep the only writing connection inside of it. So
//! every transaction runs in a task of its own, which nobody drops; the caller waits for its answer,
//! or does not.
//!
//! `begin`, `commit` and `rollback` are statements here, and not the driver's `Transaction`: that one
//! counts its depth by itself, and SQLite ends a transaction without being asked when the disk is
//! full. The driver's count would be wrong from then on, and the connection of no use.

use std::future::Future;
use std::pin::Pin;

use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqliteConnection, SqlitePool};
use sre_core::store::StoreError;
use tokio::time::timeout;

use crate::error::classify;
use crate::open::SqliteStore;

/// What is done within a transaction.
pub(crate) type Work<'c, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'c>>;

impl SqliteStore {
    /// Does `work` in one transaction that may write: all of it is stored, or, on an error, nothing.
    ///
    /// Past the deadline the work is given up and rolled back.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T> + Send + 'static,
    {
        // The lock on writing is taken at once: a transaction that read first and then wrote could
        // find that another had written in between.
        self.in_task(self.writer.clone(), "begin immediate", work)
            .await
    }

    /// Does `work`, which only reads, on one snapshot.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T> + Send + 'static,
    {
        self.in_task(self.readers.clone(), "begin deferred", work)
            .await
    }

    async fn in_task<T, F>(
        &self,
        pool: SqlitePool,
        begin: &'static str,
        work: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T> + Send + 'static,
    {
        let deadline = self.deadline;
        let task = tokio::spawn(async move {
            let mut connection = pool.acquire().await.map_err(classify)?;
            start(&mut connection, begin).await?;
            let done = match timeout(deadline, work(&mut connection)).await {
                Ok(Ok(value)) => run(&mut connection, "commit")
                    .await
                    .map(|()| value),
                Ok(Err(error)) => Err(error),
                Err(elapsed) => Err(StoreError::Unavailable {
                    source: elapsed.into(),
                }),
            };
            if done.is_err() {
                // Fails where SQLite has rolled back by itself; `start` looks at what is left.
                let _ = run(&mut connection, "rollback").await;
            }
            done
        });
        task.await.unwrap_or_else(|error| {
            Err(StoreError::Unavailable {
                source: error.into(),
            })
        })
    }
}

/// Begins. A connection that is still inside of a transaction, because its rollback failed, gets
/// another chance, and is closed if it does not take that either.
async fn start(
    connection: &mut PoolConnection<Sqlite>,
    begin: &'static str,
) -> Result<(), StoreError> {
    if run(connection, begin).await.is_ok() {
        return Ok(());
    }
    let _ = run(connection, "rollback").await;
    let retried = run(connection, begin).await;
    if retried.is_err() {
        connection.close_on_drop();
    }
    retried
}

async fn run(connection: &mut SqliteConnection, statement: &'static str) -> Result<(), StoreError> {
    sqlx::query(statement)
        .execute(connection)
        .await
        .map_err(classify)?;
    Ok(())
}

/// Begins a part of a transaction that may be taken back without the rest.
pub(crate) async fn begin_part(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    run(connection, "savepoint part").await
}

/// Ends the part that was begun last: keeps it, or leaves no trace of it.
pub(crate) async fn end_part(
    connection: &mut SqliteConnection,
    is_kept: bool,
) -> Result<(), StoreError> {
    if !is_kept {
        run(connection, "rollback to part").await?;
    }
    run(connection, "release part").await
}
