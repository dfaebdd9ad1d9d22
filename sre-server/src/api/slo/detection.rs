//! `/slo/{id}/detection`: how long until an outage pages, and how long the page lasts after it.

use serde::Serialize;
use sre_core::count::Count;
use sre_core::detection::{ErrorRatio, Outage, RuleDetection, Seconds, Traffic, detect};
use sre_core::policy::BurnThresholds;
use sre_core::slo::Definition;
use sre_core::time::Span;
use utoipa::ToSchema;
use uuid::Uuid;

use super::look::{self, Found, Look};
use crate::api::figure::Figure;
use crate::context::Context;
use crate::http::doc::{Access, Doc};
use crate::http::{ApiError, Call, Response, response};

/// The longest window whose traffic is taken for that of an outage: a whole day has both its peak and
/// its night.
const TRAFFIC_WINDOW_MAX: Span = Span::hours(24);

/// `GET /slo/{id}/detection`
pub(in crate::api) async fn detection(mut call: Call<Context>) -> Result<Response, ApiError> {
    let error_ratio = call
        .query
        .parse_as::<ErrorRatio>("error_ratio");
    let baseline = call
        .query
        .parse_as::<ErrorRatio>("baseline");
    call.query.finish()?;
    let outage = Outage {
        baseline: baseline.unwrap_or(ErrorRatio::NONE),
        error_ratio: error_ratio.unwrap_or(ErrorRatio::ALL),
    };
    let slo = super::live(&call).await?;
    let found = look::look_at_one(&call.context, slo, Look::default()).await?;
    response::ok(&DetectionView::new(&found, &call.context, outage))
}

pub(in crate::api) fn detection_doc() -> Doc {
    Doc::new(Access::Read, "slo", "How long until an outage pages")
        .about(
            "In closed form, after the SRE Workbook: the error ratio steps from a baseline to another \
             under even traffic. Guards wait for their bad events at the traffic of the last day; where \
             nothing is known of it, they are left out. What is decided in slots comes at the first one \
             after that.",
        )
        .query(
            "error_ratio",
            "The share of bad events (or slices) during the outage, 0 to 1; 1 by default: a total outage.",
        )
        .query(
            "baseline",
            "The share of bad events (or slices) before it; 0 by default.",
        )
        .answers::<DetectionView>(200, "When each rule fires, and when it is quiet again.")
}

/// How long until an outage pages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Detection)]
struct DetectionView {
    slo_id: Uuid,
    #[schema(example = "30d")]
    window: String,
    target_percentage: Figure,
    error_ratio: Option<Figure>,
    baseline: Option<Figure>,
    /// What the guards were judged by; `null` where nothing is known yet.
    traffic: Option<TrafficView>,
    /// How long a full budget lasts in this outage; `null` where nothing is bad.
    budget_lasts_seconds: Option<Figure>,
    /// `null`: this outage never pages.
    page: Option<FirstView>,
    /// `null`: no rule makes a ticket of this outage. Tickets of the budget itself come beside.
    ticket: Option<FirstView>,
    /// Every rule that stands.
    rules: Vec<RuleDetectionView>,
}

/// The traffic that guards see.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DetectionTraffic)]
struct TrafficView {
    /// `events` or `slices`.
    unit: &'static str,
    per_hour: Option<Figure>,
}

/// The first rule that fires, and the last that is quiet again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FirstDetection)]
struct FirstView {
    /// From the beginning of the outage.
    after_seconds: Option<Figure>,
    /// With what a slice, its closing and its slot add at most.
    decided_within_seconds: Option<Figure>,
    /// What the outage has spent of the budget by then.
    budget_spent: Option<Figure>,
    /// From the end of an outage that all these rules saw; `null` where the baseline alone keeps one of
    /// them burning.
    clears_after_seconds: Option<Figure>,
}

/// When one rule sees the outage.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleDetection)]
struct RuleDetectionView {
    level: &'static str,
    factor: Option<Figure>,
    min_budget_share: Option<Figure>,
    long: String,
    short: String,
    /// Until its long window burns; `null` for never.
    crosses_after_seconds: Option<Figure>,
    /// Until it fires, which is later where a guard waits for evidence; `null` for never.
    fires_after_seconds: Option<Figure>,
    /// What the outage has spent of the budget by then.
    budget_spent: Option<Figure>,
    /// From the end of an outage that it saw until it is quiet.
    clears_after_seconds: Option<Figure>,
}

/// What the rules of an SLO make of an outage.
pub(crate) struct Detected {
    pub(crate) page: Option<First>,
    pub(crate) ticket: Option<First>,
    rules: Vec<RuleDetection>,
    traffic: Option<Traffic>,
}

/// The first rule that fires, and the last that is quiet again.
#[derive(Clone, Copy)]
pub(crate) struct First {
    pub(crate) after: Seconds,
    pub(crate) clears: Option<Seconds>,
}

/// How the rules that stand for an SLO see an outage.
pub(crate) fn detected(found: &Found, thresholds: &BurnThresholds, outage: Outage) -> Detected {
    let definition = &found.slo.definition;
    let policy = definition.policy(thresholds, found.progress.resolved_interval());
    let traffic = traffic(found);
    let held = detect(definition, &policy, outage, traffic);
    let first = |rule: Option<&RuleDetection>, clears| {
        let after = rule?.fires?;
        Some(First { after, clears })
    };
    Detected {
        page: first(held.page(), held.page_clears()),
        ticket: first(held.ticket(), held.ticket_clears()),
        rules: held.rules,
        traffic,
    }
}

/// What the outage spends of the budget in so long: `e × t ÷ ((1 − T) × window)`.
pub(crate) fn spent(definition: &Definition, outage: Outage, after: Seconds) -> f64 {
    let budget = f64::from(definition.target.budget_ppb()) / 1e9;
    let window = f64::from(definition.window.span().as_seconds());
    outage.error_ratio.as_f64() * after.as_f64() / (budget * window)
}

/// The traffic of the longest reported window up to a day, in the time of it that was measured. Slices
/// come as often as they are measured.
fn traffic(found: &Found) -> Option<Traffic> {
    let definition = &found.slo.definition;
    let width = definition.slice.span();
    let pace = definition
        .expected_interval
        .or(found.progress.learned_interval())
        .unwrap_or(width)
        .max(width)
        .as_seconds();
    if definition.method.counts_slices() {
        return Some(Traffic {
            total: Count::ONE,
            seconds: pace,
        });
    }
    let windows = &found.evaluation.as_ref()?.windows;
    let seen = windows
        .iter()
        .rev()
        .find(|held| held.window <= TRAFFIC_WINDOW_MAX && held.coverage.measured > 0)?;
    Some(Traffic {
        total: seen.counts.total(),
        seconds: seen
            .coverage
            .measured
            .saturating_mul(pace),
    })
}

impl DetectionView {
    fn new(found: &Found, context: &Context, outage: Outage) -> Self {
        let definition = &found.slo.definition;
        let held = detected(found, &context.settings.evaluation.thresholds, outage);
        // The slice that holds the instant ends, closes, and has its slot within a quarter more.
        let width = f64::from(definition.slice.span().as_seconds());
        let late = width * 1.25 + f64::from(context.settings.delay.as_seconds());
        let first = |first: First| FirstView {
            after_seconds: shown(Some(first.after)),
            decided_within_seconds: Figure::new(first.after.as_f64() + late),
            budget_spent: Figure::new(spent(definition, outage, first.after)),
            clears_after_seconds: shown(first.clears),
        };
        let exhausts = outage.exhausts(definition.target, definition.window.span());
        Self {
            slo_id: found.slo.id.0,
            window: definition.window.to_string(),
            target_percentage: definition.target.into(),
            error_ratio: Figure::new(outage.error_ratio.as_f64()),
            baseline: Figure::new(outage.baseline.as_f64()),
            traffic: held.traffic.map(|traffic| TrafficView {
                unit: definition.method.unit(),
                per_hour: Figure::new(
                    traffic.total.as_f64() * 3_600.0 / f64::from(traffic.seconds),
                ),
            }),
            budget_lasts_seconds: shown(exhausts),
            page: held.page.map(first),
            ticket: held.ticket.map(first),
            rules: held
                .rules
                .iter()
                .map(|rule| RuleDetectionView::new(rule, definition, outage))
                .collect(),
        }
    }
}

impl RuleDetectionView {
    fn new(held: &RuleDetection, definition: &Definition, outage: Outage) -> Self {
        let rule = &held.rule;
        Self {
            level: rule.level.as_str(),
            factor: Figure::new(rule.factor.as_f64()),
            min_budget_share: rule
                .min_share
                .and_then(|share| Figure::new(share.as_f64())),
            long: rule.long.to_string(),
            short: rule.short.to_string(),
            crosses_after_seconds: shown(held.crosses),
            fires_after_seconds: shown(held.fires),
            budget_spent: held
                .fires
                .and_then(|fires| Figure::new(spent(definition, outage, fires))),
            clears_after_seconds: shown(held.clears),
        }
    }
}

/// So many seconds, to the microsecond.
pub(super) fn shown(seconds: Option<Seconds>) -> Option<Figure> {
    seconds.and_then(|seconds| Figure::new((seconds.as_f64() * 1e6).round() / 1e6))
}
