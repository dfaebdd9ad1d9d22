//! Opening: the file, its lock, its connections, its migrations.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sre_core::store::StoreError;
use thiserror::Error;
use tokio::time::timeout;

use crate::error::classify;
use crate::silences::Compiled;

/// A store in one SQLite file, or in memory.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    /// SQLite has one writer; a pool of one is a fair queue for it.
    pub(crate) writer: SqlitePool,
    /// They read beside the writer. In memory there is one connection, and this is `writer`.
    pub(crate) readers: SqlitePool,
    /// How long a transaction may take.
    pub(crate) deadline: Duration,
    /// What silences were read last.
    pub(crate) compiled: Arc<Compiled>,
    path: Option<PathBuf>,
    is_new: bool,
    /// Held, not read: the lock ends with the last clone of the store.
    _lock: Option<Arc<File>>,
}

/// How a store works; the defaults serve.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Options {
    /// How many connections read beside the one that writes.
    pub readers: u32,
    /// How many of them are kept open when nobody reads.
    pub idle_readers: u32,
    /// How long connecting may take when the store is opened.
    pub connect_timeout: Duration,
    /// Whether tables that are not up to date are brought so; else such a store is refused.
    pub migrates: bool,
    /// How long a call waits for a connection: the writer's queue is as long as that.
    pub acquire_timeout: Duration,
    /// How long a transaction may take before it is given up.
    pub deadline: Duration,
    /// Whether what was answered is on the disk, also when the power fails. Only a store that can be
    /// made again may do without, and is made quicker.
    pub is_durable: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 4,
            idle_readers: 0,
            connect_timeout: Duration::from_secs(30),
            migrates: true,
            acquire_timeout: Duration::from_secs(3),
            deadline: Duration::from_secs(10),
            is_durable: true,
        }
    }
}

/// Why a store cannot be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it open.
    #[error("{path} is in use by another process (which holds the lock on {lock})")]
    InUse {
        /// The store.
        path: PathBuf,
        /// The file that is locked.
        lock: PathBuf,
    },
    /// The file, its folder or its lock cannot be made or read.
    #[error("{path} cannot be opened")]
    File {
        /// What cannot be opened.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The SQLite in this program may corrupt databases.
    #[error(
        "SQLite {version} is too old: before 3.51.3 a reset of the write-ahead log can corrupt a database"
    )]
    TooOld {
        /// The version that was found.
        version: String,
    },
    /// It did not answer within the time that connecting may take.
    #[error("{path} did not answer within {} s", limit.as_secs())]
    Slow {
        /// The store.
        path: PathBuf,
        /// The time.
        limit: Duration,
    },
    /// Its tables are not up to date, and are not to be brought so.
    #[error("its tables are not up to date: {due} migrations are due")]
    MigrationsDue {
        /// How many.
        due: usize,
    },
    /// Its tables cannot be brought up to date.
    #[error("the tables cannot be brought up to date")]
    Migrate(#[source] MigrateError),
    /// It cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SqliteStore {
    /// Opens the store at `path`; makes it, and the folder it lies in, when there is none.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub async fn open(path: impl AsRef<Path>, options: Options) -> Result<Self, OpenError> {
        let path = absolute(path.as_ref())?;
        let lock = lock(&path)?;
        let is_new = !path.exists();
        let synchronous = if options.is_durable {
            SqliteSynchronous::Full
        } else {
            SqliteSynchronous::Off
        };
        let connect = connection()
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous);
        let connected = async |pool: SqlitePoolOptions, connect| {
            let limit = options.connect_timeout;
            timeout(limit, pool.connect_with(connect))
                .await
                .map_err(|_| OpenError::Slow {
                    path: path.clone(),
                    limit,
                })?
                .map_err(|error| OpenError::Store(classify(error)))
        };
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(options.acquire_timeout)
                .test_before_acquire(false)
        };
        let writer = connected(pool(1), connect.clone()).await?;
        prepare(&writer, options.migrates).await?;
        // Made after the migrations, so that no reader knows the tables of before.
        let readers = options.readers.max(1);
        let pool = pool(readers).min_connections(options.idle_readers.min(readers));
        let readers = connected(pool, connect.pragma("query_only", "on")).await?;
        let deadline = options.deadline;
        Ok(Self {
            writer,
            readers,
            deadline,
            path: Some(path),
            is_new,
            compiled: Arc::default(),
            _lock: Some(lock),
        })
    }

    /// Opens the store at `path` to read it, beside the process that owns it where one does: nothing is
    /// made, migrated, locked or written, and every write fails.
    ///
    /// # Errors
    ///
    /// [`OpenError::MigrationsDue`]; [`OpenError::Store`] where there is no store or it cannot be read.
    pub async fn open_to_read(path: impl AsRef<Path>, options: Options) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let connect = connection()
            .create_if_missing(false)
            .filename(path)
            .read_only(true)
            .pragma("query_only", "on");
        let pool = SqlitePoolOptions::new()
            .max_connections(options.readers.max(1))
            .acquire_timeout(options.acquire_timeout)
            .test_before_acquire(false)
            .connect_with(connect)
            .await
            .map_err(classify)?;
        let due = migrations_due(&pool).await?;
        if due > 0 {
            return Err(OpenError::MigrationsDue { due });
        }
        Ok(Self {
            writer: pool.clone(),
            readers: pool,
            deadline: options.deadline,
            path: Some(path.to_owned()),
            is_new: false,
            compiled: Arc::default(),
            _lock: None,
        })
    }

    /// A new store in memory, gone with its last clone: for tests and trials.
    ///
    /// # Errors
    ///
    /// [`OpenError::TooOld`], [`OpenError::Migrate`], [`OpenError::Store`].
    pub async fn in_memory() -> Result<Self, OpenError> {
        let options = Options::default();
        // Each connection would have a memory of its own, and one that idles would lose it.
        let pool = SqlitePoolOptions::new()
            .min_connections(1)
            .max_connections(1)
            .acquire_timeout(options.acquire_timeout)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(
                connection()
                    .in_memory(true)
                    .shared_cache(false),
            )
            .await
            .map_err(classify)?;
        prepare(&pool, true).await?;
        let deadline = options.deadline;
        Ok(Self {
            writer: pool.clone(),
            readers: pool,
            deadline,
            path: None,
            is_new: true,
            compiled: Arc::default(),
            _lock: None,
        })
    }

    /// The absolute path of the file; `None` for a store in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Whether opening made the store.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        self.is_new
    }

    /// Reads all of it and answers what is wrong with it: nothing, in a sound store.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when it cannot be read at all.
    pub async fn check(&self) -> Result<Vec<String>, StoreError> {
        let mut findings: Vec<String> = sqlx::query_scalar("pragma integrity_check")
            .fetch_all(&self.readers)
            .await
            .map_err(classify)?;
        findings.retain(|finding| finding != "ok");
        let orphans: Vec<(String, Option<i64>)> =
            sqlx::query_as(r#"select "table", rowid from pragma_foreign_key_check"#)
                .fetch_all(&self.readers)
                .await
                .map_err(classify)?;
        findings.extend(
            orphans
                .into_iter()
                .map(|(table, rowid)| {
                    format!(
                        "row {} of {table} refers to nothing",
                        rowid.unwrap_or_default()
                    )
                }),
        );
        Ok(findings)
    }

    /// How many connections are in use now.
    #[must_use]
    pub fn active_connections(&self) -> u32 {
        let active = |pool: &SqlitePool| {
            let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
            pool.size().saturating_sub(idle)
        };
        if self.path.is_some() {
            active(&self.writer) + active(&self.readers)
        } else {
            active(&self.writer)
        }
    }

    /// Waits for what is under way and closes all connections; the last one folds the write-ahead
    /// log into the file. Every later call is [`StoreError::Unavailable`].
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// What every connection says of itself.
pub(crate) fn connection() -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .create_if_missing(true)
        // What was answered is on the disk, also when the power fails.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(2))
        .foreign_keys(true)
        // A file that somebody else wrote cannot call functions from its schema.
        .pragma("trusted_schema", "off")
        .statement_cache_capacity(256)
}

/// Refuses a SQLite that may corrupt, and brings the tables up to date, or refuses them too.
async fn prepare(pool: &SqlitePool, migrates: bool) -> Result<(), OpenError> {
    let version: String = sqlx::query_scalar("select sqlite_version()")
        .fetch_one(pool)
        .await
        .map_err(classify)?;
    if !is_sound(&version) {
        return Err(OpenError::TooOld { version });
    }
    if !migrates {
        let due = migrations_due(pool).await?;
        if due > 0 {
            return Err(OpenError::MigrationsDue { due });
        }
    }
    // Also where none is due: it sees whether those that were applied are those of this program.
    MIGRATOR
        .run(pool)
        .await
        .map_err(OpenError::Migrate)
}

/// How many migrations were not applied; asked without changing anything.
async fn migrations_due(pool: &SqlitePool) -> Result<usize, StoreError> {
    let table = "select name from sqlite_schema where name = '_sqlx_migrations'";
    let has_any: Option<String> = sqlx::query_scalar(table)
        .fetch_optional(pool)
        .await
        .map_err(classify)?;
    let mut applied: Vec<i64> = Vec::new();
    if has_any.is_some() {
        applied = sqlx::query_scalar("select version from _sqlx_migrations where success")
            .fetch_all(pool)
            .await
            .map_err(classify)?;
    }
    let is_due = |version: &i64| !applied.contains(version);
    let versions = MIGRATOR
        .iter()
        .map(|migration| migration.version);
    Ok(versions.filter(is_due).count())
}

/// Whether a version of SQLite, `3.51.3`, is one that does not corrupt.
fn is_sound(version: &str) -> bool {
    let parts: Result<Vec<u32>, _> = version
        .split('.')
        .map(str::parse)
        .collect();
    parts.is_ok_and(|parts| parts >= vec![3, 51, 3])
}

/// The path from the root on, so that people find it; its folder exists.
fn absolute(path: &Path) -> Result<PathBuf, OpenError> {
    let failed = |source| OpenError::File {
        path: path.to_owned(),
        source,
    };
    let path = std::path::absolute(path).map_err(failed)?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    Ok(path)
}

/// Locks the file beside `path`; the system unlocks it when the process ends, however it ends.
fn lock(path: &Path) -> Result<Arc<File>, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock = PathBuf::from(name);
    let failed = |source| OpenError::File {
        path: lock.clone(),
        source,
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Arc::new(file)),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
            path: path.to_owned(),
            lock,
        }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// The tables, as `migrations/sqlite` of the repository says.
pub(crate) static MIGRATOR: Migrator = sqlx::migrate!();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_with_the_bug_of_the_write_ahead_log_are_refused() {
        for version in ["3.51.3", "3.52.0", "4.0.0"] {
            assert!(is_sound(version), "{version}");
        }
        for version in ["3.51.2", "3.46.0", "3.40.1", "2.8", "", "none"] {
            assert!(!is_sound(version), "{version}");
        }
    }
}
