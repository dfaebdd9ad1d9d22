//! `sre-monitor simulate`: an SLO of the store, or slices of a file, through policies.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use chrono::{DateTime, Utc};
use sre_core::monitor::MonitorSettings;
use sre_core::service::Criticality;
use sre_core::simulate::reach;
use sre_core::slo::{Definition, MIN_BAD_DEFAULT, Slo};
use sre_core::store::{Catalog, Corrections, Evaluations, Page, Services, SloQuery};
use sre_core::time::{Clock as _, Interval, Span};
use sre_core::window::Window;
use sre_store_sqlite::{Options, SqliteStore};

use crate::api::slo::simulate::policies::{self, Tried};
use crate::api::slo::simulate::view::{Basis, Frame, SimulationView};
use crate::cli::{Exit, Output, SimulateArgs, read_slices, stretch, write_table};
use crate::clock::SystemClock;
use crate::config::{Config, StoreLocation};
use crate::simulation::Job;

/// What is replayed where nobody says since when.
const DEFAULT_SPAN: Span = Span::days(30);

/// Simulates, and writes what was found to `out`.
///
/// # Errors
///
/// Whatever keeps it from being simulated.
pub async fn simulate(
    config: Config,
    args: SimulateArgs,
    out: &mut impl Write,
) -> anyhow::Result<Exit> {
    let mut tried = tried(&args)?;
    let (mut job, frame) = match &args.slices {
        Some(path) => of_file(path, &args, config.monitor())?,
        None => of_store(&config, &args).await?,
    };
    if frame.slo_id.is_none() && tried.contains(&Tried::Current) {
        bail!("slices of a file have no current policy: name default or google-sre");
    }
    if tried.is_empty() {
        tried = match frame.slo_id {
            Some(_) => policies::usual(&job.slo.definition),
            None => policies::presets(),
        };
    }
    job.candidates = policies::candidates(&tried, &job.slo.definition).map_err(told)?;
    let found = job.run(|| false)?;
    match args.output {
        Output::Json => {
            serde_json::to_writer_pretty(&mut *out, &SimulationView::new(&frame, &found))?;
            writeln!(out)?;
        }
        Output::Table => {
            write_table(
                &job.slo.definition,
                &args.significant.to_string(),
                &found,
                out,
            )?;
        }
    }
    Ok(Exit::Done)
}

/// The policies by their names, and those of files.
fn tried(args: &SimulateArgs) -> anyhow::Result<Vec<Tried>> {
    let mut tried = Vec::new();
    for name in &args.policies {
        tried.push(
            name.parse::<Tried>()
                .with_context(|| format!("--policy {name}"))?,
        );
    }
    for path in &args.policy_files {
        let shown = path.display();
        let text = fs::read(path).with_context(|| format!("{shown} cannot be read"))?;
        let body = serde_json::from_slice(&text).with_context(|| format!("{shown} is no JSON"))?;
        let policy = Tried::written(body)
            .map_err(told)
            .with_context(|| format!("{shown} is no policy"))?;
        tried.push(policy);
    }
    Ok(tried)
}

/// An SLO of the store, which a service may have open.
async fn of_store(config: &Config, args: &SimulateArgs) -> anyhow::Result<(Job, Frame)> {
    let StoreLocation::Sqlite(path) = &config.store.location;
    if !path.exists() {
        bail!("there is no store at {}", path.display());
    }
    let store = SqliteStore::open_to_read(path, Options::default())
        .await
        .context("the store cannot be opened")?;
    let read = read(&store, config, args).await;
    store.close().await;
    read
}

async fn read(
    store: &SqliteStore,
    config: &Config,
    args: &SimulateArgs,
) -> anyhow::Result<(Job, Frame)> {
    let wanted = args.slo.as_deref().unwrap_or_default();
    let mut slo = find(store, wanted).await?;
    override_with(args, &mut slo.definition);
    if let Some(fault) = slo.definition.faults().first() {
        bail!("{}: {}", fault.field, fault.detail);
    }
    let definition = &slo.definition;
    let generation = definition.generation();
    let standings = store.standings(&[slo.id]).await?;
    let standing = standings
        .first()
        .filter(|standing| standing.generation == generation)
        .ok_or_else(|| anyhow!("{wanted} was never evaluated"))?;
    let end = args
        .to
        .unwrap_or_else(|| SystemClock.now())
        .min(standing.last_slice);
    let during = during(args, end)?;
    let hours = store
        .hours(
            slo.id,
            generation,
            definition.slice,
            reach(definition, during),
        )
        .await?;
    let services = store
        .find_services(std::slice::from_ref(&definition.service_name))
        .await?;
    let criticality = services
        .first()
        .map(|service| service.criticality)
        .unwrap_or_default();
    let corrections = store
        .corrections_of(slo.id, &definition.service_name, reach(definition, during))
        .await?;
    let frame = Frame {
        slo_id: Some(slo.id),
        definition: definition.clone(),
        basis: Basis::Stored,
        is_estimated: standing.progress.is_estimated,
        significant: args.significant,
        warnings: Vec::new(),
    };
    let job = Job {
        slo,
        criticality,
        hours,
        corrections,
        first_measured: standing.progress.first_measured,
        during,
        candidates: Vec::new(),
        significant: args.significant,
        settings: config.monitor(),
    };
    Ok((job, frame))
}

/// The SLO with this id, or the live one of this name.
async fn find(store: &SqliteStore, wanted: &str) -> anyhow::Result<Slo> {
    if let Ok(id) = wanted.parse() {
        let found = store.find(id).await?;
        return found.ok_or_else(|| anyhow!("there is no SLO with the id {wanted}"));
    }
    let mut page = Page::first(Page::<sre_core::name::SloId>::LIMIT_MAX);
    let mut named = Vec::new();
    loop {
        let slos = store
            .list(&SloQuery::default(), page)
            .await?;
        let Some(last) = slos.last().map(|slo| slo.id) else {
            break;
        };
        page.after = Some(last);
        named.extend(
            slos.into_iter()
                .filter(|slo| slo.definition.name == wanted),
        );
    }
    match named.len() {
        1 => named
            .pop()
            .ok_or_else(|| anyhow!("the SLO was lost")),
        0 => bail!("there is no SLO with the name or id {wanted}"),
        _ => {
            let ids: Vec<String> = named
                .iter()
                .map(|slo| format!("{} of {}", slo.id, slo.definition.service_name))
                .collect();
            bail!(
                "several SLOs have that name, take an id: {}",
                ids.join(", ")
            )
        }
    }
}

/// Slices of a file.
fn of_file(
    path: &Path,
    args: &SimulateArgs,
    settings: MonitorSettings,
) -> anyhow::Result<(Job, Frame)> {
    let shown = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("{shown} cannot be read"))?;
    let hours = read_slices(&text, args.slice).with_context(|| shown.to_string())?;
    let (first, end) = stretch(&hours).ok_or_else(|| anyhow!("{shown} holds no slice"))?;
    let name = path.file_name().map_or_else(
        || shown.to_string(),
        |name| name.to_string_lossy().into_owned(),
    );
    let slo = unstored(name, args)?;
    let end = args.to.map_or(end, |to| to.min(end));
    let from = args
        .from
        .unwrap_or(first.max(end - DEFAULT_SPAN.as_delta()));
    let during = stretch_from(from, end)?;
    let frame = Frame {
        slo_id: None,
        definition: slo.definition.clone(),
        basis: Basis::Samples,
        is_estimated: false,
        significant: args.significant,
        warnings: Vec::new(),
    };
    let job = Job {
        slo,
        criticality: Criticality::Normal,
        hours,
        corrections: Vec::new(),
        first_measured: None,
        during,
        candidates: Vec::new(),
        significant: args.significant,
        settings,
    };
    Ok((job, frame))
}

/// An SLO for slices that are of none.
fn unstored(name: String, args: &SimulateArgs) -> anyhow::Result<Slo> {
    let target = args
        .target
        .ok_or_else(|| anyhow!("--target is needed with --slices"))?;
    let slo = Slo::builder("file", "availability")
        .name(name)
        .target(target)
        .rolling(args.window.unwrap_or(DEFAULT_SPAN))
        .slice(args.slice)
        .min_bad(args.min_bad.unwrap_or(MIN_BAD_DEFAULT))
        .build()?;
    Ok(slo)
}

/// What is to be different. None of it shapes a slice.
fn override_with(args: &SimulateArgs, definition: &mut Definition) {
    definition.target = args.target.unwrap_or(definition.target);
    if let Some(window) = args.window {
        definition.window = Window::Rolling(window);
    }
    definition.min_bad = args
        .min_bad
        .unwrap_or(definition.min_bad);
}

fn during(args: &SimulateArgs, end: DateTime<Utc>) -> anyhow::Result<Interval> {
    let from = args
        .from
        .unwrap_or(end - DEFAULT_SPAN.as_delta());
    stretch_from(from, end)
}

fn stretch_from(from: DateTime<Utc>, end: DateTime<Utc>) -> anyhow::Result<Interval> {
    if from >= end {
        bail!("--from must lie before --to, and before the end of what is known, {end}");
    }
    Ok(Interval::new(from, end))
}

/// The faults of a policy, in words.
fn told(error: crate::http::ApiError) -> anyhow::Error {
    match error {
        crate::http::ApiError::Invalid(faults) => {
            let faults: Vec<String> = faults
                .iter()
                .map(ToString::to_string)
                .collect();
            anyhow!(faults.join("; "))
        }
        other => other.into(),
    }
}
