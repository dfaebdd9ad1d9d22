//! Appending: each sample once, one kind a metric, late ones marked.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, SqliteConnection, query};
use sre_core::name::SloId;
use sre_core::sample::{Sample, SampleValue};
use sre_core::slice::SliceWidth;
use sre_core::store::{Appended, StoreError};
use sre_core::time::Interval;

use crate::error::classify;
use crate::evaluations::dirty;
use crate::row::{self, Row};
use crate::transaction::{begin_part, end_part};

/// A sample as it is stored.
#[derive(Debug)]
pub(super) struct SampleRow {
    service_name: String,
    metric_name: String,
    labels: String,
    instant: DateTime<Utc>,
    at: i64,
    value: Option<f64>,
    good: Option<i64>,
    total: Option<i64>,
}

impl SampleRow {
    pub(super) fn all(samples: &[Sample]) -> Result<Vec<Self>, StoreError> {
        samples.iter().map(Self::new).collect()
    }

    fn new(sample: &Sample) -> Result<Self, StoreError> {
        let count = |count| row::count("service_metrics.total", count);
        let (value, good, total) = match sample.value {
            SampleValue::Number(value) => (Some(value), None, None),
            SampleValue::Counts(counts) => (
                None,
                Some(count(counts.good())?),
                Some(count(counts.total())?),
            ),
        };
        Ok(Self {
            service_name: sample.service_name.to_string(),
            metric_name: sample.metric_name.to_string(),
            labels: row::json("service_metrics.labels", &sample.labels)?,
            instant: sample.at,
            at: row::instant(sample.at),
            value,
            good,
            total,
        })
    }

    fn metric(&self) -> (&str, &str) {
        (&self.service_name, &self.metric_name)
    }

    const fn has_counts(&self) -> bool {
        self.total.is_some()
    }
}

/// What is known of a metric while a batch is appended.
#[derive(Debug)]
struct Metric {
    /// Whether it has counts; `None` before its first sample.
    has_counts: Option<bool>,
    /// The live SLOs on it.
    slos: Vec<Fed>,
}

/// A live SLO that is fed by a metric, as it stands in this transaction.
#[derive(Debug)]
struct Fed {
    slo: SloId,
    width: SliceWidth,
    last_slice: DateTime<Utc>,
    is_claimed: bool,
    /// The slices that are to be marked.
    marks: Vec<Interval>,
}

/// Appends samples in order; each sees those before it.
pub(super) async fn append(
    tx: &mut SqliteConnection,
    samples: &[SampleRow],
    closed_before: DateTime<Utc>,
) -> Result<Vec<Appended>, StoreError> {
    let mut metrics: BTreeMap<(&str, &str), Metric> = BTreeMap::new();
    let mut accepted = Vec::with_capacity(samples.len());
    for sample in samples {
        let metric = match metrics.entry(sample.metric()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(Metric::load(tx, sample).await?),
        };
        if metric.accepts(sample) {
            accepted.push(sample);
        }
    }
    let mut fates = Vec::with_capacity(accepted.len());
    for chunk in accepted.chunks(CHUNK) {
        store(tx, chunk, &mut fates).await?;
    }
    let mut fates = fates.into_iter();
    let appended = samples
        .iter()
        .map(|sample| {
            let metric = metrics
                .get_mut(&sample.metric())
                .filter(|metric| metric.has_counts == Some(sample.has_counts()));
            metric.map_or(Appended::KindRefused, |metric| {
                metric.answer(sample, fates.next(), closed_before)
            })
        })
        .collect();
    for fed in metrics
        .into_values()
        .flat_map(|metric| metric.slos)
    {
        dirty::mark(tx, fed.slo, &merged(fed.marks)).await?;
    }
    Ok(appended)
}

/// The slices as stretches that do not touch: thousands of late samples are few marks.
fn merged(mut slices: Vec<Interval>) -> Vec<Interval> {
    slices.sort_by_key(|slice| slice.start());
    let mut stretches: Vec<Interval> = Vec::new();
    for slice in slices {
        match stretches.last_mut() {
            Some(last) if slice.start() <= last.end() => *last = last.hull(slice),
            _ => stretches.push(slice),
        }
    }
    stretches
}

/// What became of a sample in its table.
#[derive(Clone, Copy, Debug)]
enum Fate {
    New,
    Replaced,
    Same,
}

/// How many samples one statement takes: beyond, it is not quicker any more.
const CHUNK: usize = 100;

/// Stores samples of accepted kinds, in order.
async fn store(
    tx: &mut SqliteConnection,
    chunk: &[&SampleRow],
    fates: &mut Vec<Fate>,
) -> Result<(), StoreError> {
    // Samples are new, as a rule: a statement for many takes a tenth of the time. Where one of them
    // is not, it is taken back, and each is looked at by itself.
    if chunk.len() == CHUNK && insert_all(tx, chunk).await? {
        fates.extend([Fate::New; CHUNK]);
        return Ok(());
    }
    for sample in chunk {
        fates.push(if insert(tx, sample).await? {
            Fate::New
        } else if replace(tx, sample).await? {
            Fate::Replaced
        } else {
            Fate::Same
        });
    }
    Ok(())
}

impl Metric {
    async fn load(tx: &mut SqliteConnection, sample: &SampleRow) -> Result<Self, StoreError> {
        let any = query!(
            "select total from service_metrics
              where service_name = $1 and metric_name = $2
              limit 1",
            sample.service_name,
            sample.metric_name
        )
        .fetch_optional(&mut *tx)
        .await
        .map_err(classify)?;
        let slos = query!(
            "select s.id, s.slice_seconds, c.last_slice, c.claim_until
               from slos s join slo_cursor c on c.slo_id = s.id
              where s.service_name = $1 and s.source_metric = $2
                and s.deleted_at is null and s.is_enabled = 1",
            sample.service_name,
            sample.metric_name
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(classify)?;
        let slos: Result<Vec<_>, StoreError> = slos
            .iter()
            .map(|slo| {
                let row = Row::with_id("slos", &slo.id);
                let span = row.span("slice_seconds", slo.slice_seconds)?;
                let width =
                    SliceWidth::new(span).map_err(|error| row.corrupt("slice_seconds", error))?;
                Ok(Fed {
                    slo: SloId(row.id("id", &slo.id)?),
                    width,
                    last_slice: row.instant("last_slice", slo.last_slice)?,
                    is_claimed: slo.claim_until > 0,
                    marks: Vec::new(),
                })
            })
            .collect();
        Ok(Self {
            has_counts: any.map(|any| any.total.is_some()),
            slos: slos?,
        })
    }

    /// Whether the sample is of the metric's kind. The first one says which that is.
    fn accepts(&mut self, sample: &SampleRow) -> bool {
        *self
            .has_counts
            .get_or_insert(sample.has_counts())
            == sample.has_counts()
    }

    fn answer(
        &mut self,
        sample: &SampleRow,
        fate: Option<Fate>,
        closed_before: DateTime<Utc>,
    ) -> Appended {
        match fate {
            Some(Fate::New) => Appended::Stored {
                is_late: self.mark_late(sample, closed_before),
            },
            Some(Fate::Replaced) => Appended::Replaced {
                is_late: self.mark_late(sample, closed_before),
            },
            Some(Fate::Same) | None => Appended::Duplicate,
        }
    }

    /// Notes the slices that the sample lies in and that have closed, or that a slot has folded;
    /// answers whether there is one. While a slot is under way nobody can tell whether it has read
    /// the slice yet: then it is noted, too.
    fn mark_late(&mut self, sample: &SampleRow, closed_before: DateTime<Utc>) -> bool {
        let mut is_late = false;
        for fed in &mut self.slos {
            let slice = fed
                .width
                .interval(fed.width.index_of(sample.instant));
            let is_closed = slice.end() <= closed_before || slice.end() <= fed.last_slice;
            if (is_closed || fed.is_claimed) && fed.marks.last() != Some(&slice) {
                fed.marks.push(slice);
            }
            is_late |= is_closed;
        }
        is_late
    }
}

/// Adds all of these samples, or, where one of them is there already, none; answers which.
///
/// The text depends on the number of rows alone. It is not checked when this is compiled, since the
/// macros know no lists of rows; [`insert`] beside it is.
async fn insert_all(tx: &mut SqliteConnection, samples: &[&SampleRow]) -> Result<bool, StoreError> {
    begin_part(tx).await?;
    let mut statement = QueryBuilder::new(
        "insert into service_metrics (service_name, metric_name, at, labels, value, good, total) ",
    );
    statement.push_values(samples, |mut row, sample| {
        row.push_bind(&sample.service_name)
            .push_bind(&sample.metric_name)
            .push_bind(sample.at)
            .push_bind(&sample.labels)
            .push_bind(sample.value)
            .push_bind(sample.good)
            .push_bind(sample.total);
    });
    statement.push(" on conflict (service_name, metric_name, at, labels) do nothing");
    let inserted = statement
        .build()
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
    let are_new = usize::try_from(inserted.rows_affected()) == Ok(samples.len());
    end_part(tx, are_new).await?;
    Ok(are_new)
}

/// Adds the sample, if there is none of its identity.
async fn insert(tx: &mut SqliteConnection, sample: &SampleRow) -> Result<bool, StoreError> {
    let inserted = query!(
        "insert into service_metrics (service_name, metric_name, at, labels, value, good, total)
         values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (service_name, metric_name, at, labels) do nothing",
        sample.service_name,
        sample.metric_name,
        sample.at,
        sample.labels,
        sample.value,
        sample.good,
        sample.total
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(inserted.rows_affected() == 1)
}

/// Replaces what is stored under the sample's identity, if it says something else.
async fn replace(tx: &mut SqliteConnection, sample: &SampleRow) -> Result<bool, StoreError> {
    let replaced = query!(
        "update service_metrics set value = $5, good = $6, total = $7
          where service_name = $1 and metric_name = $2 and at = $3 and labels = $4
            and (value is distinct from $5 or good is distinct from $6
                 or total is distinct from $7)",
        sample.service_name,
        sample.metric_name,
        sample.at,
        sample.labels,
        sample.value,
        sample.good,
        sample.total
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(replaced.rows_affected() == 1)
}
