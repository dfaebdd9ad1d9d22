//! From a body to a definition: every rule of the contract, every fault at once.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde_json::Value;
use sre_core::count::Count;
use sre_core::name::{MetricName, ServiceName};
use sre_core::slice::SliceWidth;
use sre_core::slo::{Definition, Indicator, MIN_BAD_DEFAULT, Window};
use sre_core::source::OnAbsent;
use sre_core::target::Target;
use sre_core::time::Span;
use thiserror::Error;
use url::Url;

use super::burn_policy;
use super::given::Given;
use super::measured::Measured;
use crate::context::Context;
use crate::http::fault::Fault;
use crate::http::field::Field;
use crate::http::{ApiError, Fields};

/// Fields that only answers carry: what was read can be sent back.
const READ_ONLY: [&str; 7] = [
    "id",
    "resolved_source",
    "managed_by",
    "version",
    "created_at",
    "updated_at",
    "status",
];

/// The longest text of a field, in characters: enough for a paragraph, too little for a file.
const TEXT_MAX: usize = 4096;
/// The longest name of a label, in characters.
const LABEL_NAME_MAX: usize = 128;
/// How many labels, and how many links, an SLO may have.
const ENTRIES_MAX: usize = 32;

/// Reads a whole definition. `current` is the one that it replaces, if any.
///
/// # Errors
///
/// [`ApiError::Invalid`] with every fault.
pub(super) fn read(
    mut fields: Fields,
    context: &Context,
    current: Option<&Definition>,
) -> Result<Definition, ApiError> {
    fields.ignore(&READ_ONLY);
    let name = fields.text("name", 1..=200);
    let description = fields
        .optional("description")
        .prose(0..=TEXT_MAX)
        .unwrap_or_default();
    let service_name = fields.parse::<ServiceName>("service_name");
    let target = Given::read(&mut fields, "target_percentage", Field::decimal::<Target>)
        .or(context.defaults.target);
    let slice =
        Given::read(&mut fields, "slice", Field::parse::<SliceWidth>).or(SliceWidth::MINUTE);
    let window = window(&mut fields, slice, context.defaults.window.span());
    let expected_interval = expected_interval(&mut fields, window);
    let measured = Measured::read(&mut fields, context, current);
    let most = Count::SAMPLE_MAX.whole_events();
    let min_events = fields
        .optional("min_events")
        .integer(0..=most)
        .unwrap_or(0);
    let min_bad = fields
        .optional("min_bad")
        .integer(1..=most)
        .unwrap_or(MIN_BAD_DEFAULT);
    let min_coverage = fields
        .optional("min_coverage")
        .decimal::<Permille>();
    let on_absent = on_absent(&mut fields);
    let enabled = fields
        .optional("enabled")
        .boolean()
        .unwrap_or(true);
    let (labels, mut deeper) = labels(&mut fields);
    let links = links(&mut fields, &mut deeper);
    let burn_policy = fields
        .optional("burn_policy")
        .object(burn_policy::read)
        .unwrap_or_default();
    if let (Some(target), Some(window), Some(width)) = (target, window, slice) {
        let ground = burn_policy::ground(target, window, width, expected_interval);
        deeper.extend(burn_policy::stranded(&burn_policy, &ground));
    }
    let definition = fields.finish(|| {
        let Measured {
            metric_name,
            indicator,
            threshold,
            method,
        } = measured?;
        Some(Definition {
            name: name?,
            description,
            service_name: service_name?,
            metric_name,
            indicator,
            target: target?,
            window: Window::Rolling(window?),
            threshold,
            method,
            slice: slice?,
            expected_interval,
            on_absent,
            min_events,
            min_bad,
            min_coverage_permille: min_coverage.map(|Permille(permille)| permille),
            enabled,
            labels,
            links,
            burn_policy,
        })
    });
    with_faults(definition, deeper)
}

/// What was read, unless something was wrong deeper inside.
fn with_faults<T>(read: Result<T, ApiError>, deeper: Vec<Fault>) -> Result<T, ApiError> {
    match read {
        Err(ApiError::Invalid(mut faults)) => {
            faults.extend(deeper);
            Err(ApiError::Invalid(faults))
        }
        Ok(_) if !deeper.is_empty() => Err(ApiError::Invalid(deeper)),
        read => read,
    }
}

/// A rolling window of whole slices: at least two, and as long as hour sums are kept at most.
fn window(fields: &mut Fields, slice: Option<SliceWidth>, default: Span) -> Option<Span> {
    let is_given = fields.is_given("time_window");
    let window = match fields.optional("time_window").value() {
        None => default,
        Some(Value::String(text)) => match text.parse() {
            Ok(span) => span,
            Err(error) => return note(fields, "time_window", error),
        },
        Some(Value::Object(_)) => {
            let detail = "calendar windows come in a later version; expected a rolling one such \
                          as 30d";
            return note(fields, "time_window", detail);
        }
        Some(_) => return note(fields, "time_window", "must be a text such as 30d"),
    };
    match slice.and_then(|width| window_refusal(window, width)) {
        None => Some(window),
        Some(reason) if is_given => note(fields, "time_window", reason),
        // The default is right; it is the slice that does not fit it.
        Some(reason) => note(
            fields,
            "slice",
            format!("the default window {window} {reason}"),
        ),
    }
}

/// Why a window does not stand on slices of this width; `None` when it does.
pub(super) fn window_refusal(window: Span, width: SliceWidth) -> Option<String> {
    let slice = width.span().as_seconds();
    if window > Window::MAX {
        Some(format!("may be at most {}", Window::MAX))
    } else if window.as_seconds() < slice.saturating_mul(2) {
        Some(format!("must hold at least two slices of {width}"))
    } else if !window
        .as_seconds()
        .is_multiple_of(slice)
    {
        Some(format!("must be a whole number of slices of {width}"))
    } else {
        None
    }
}

/// How often a measurement is expected, where it is declared: not more seldom than twice a window,
/// else the SLO could never be stale.
fn expected_interval(fields: &mut Fields, window: Option<Span>) -> Option<Span> {
    let interval = fields
        .optional("expected_interval")
        .parse::<Span>()?;
    let is_too_long =
        window.is_some_and(|window| interval.as_secs_i64() * 2 > window.as_secs_i64());
    if is_too_long {
        return note(
            fields,
            "expected_interval",
            "may be at most half of the window",
        );
    }
    Some(interval)
}

fn on_absent(fields: &mut Fields) -> OnAbsent {
    let text = fields
        .optional("on_absent")
        .text(0..=TEXT_MAX);
    match text.as_deref() {
        None | Some("exclude") => OnAbsent::Exclude,
        Some("bad") => OnAbsent::Bad,
        Some("good") => OnAbsent::Good,
        Some(_) => {
            fields.fault("on_absent", "must be one of exclude, bad and good");
            OnAbsent::Exclude
        }
    }
}

fn labels(fields: &mut Fields) -> (BTreeMap<String, String>, Vec<Fault>) {
    let labels = fields
        .optional("labels")
        .texts(ENTRIES_MAX, TEXT_MAX)
        .unwrap_or_default();
    let faults = labels
        .keys()
        .filter(|name| name.chars().count() > LABEL_NAME_MAX)
        .map(|name| {
            let detail = format!("a label's name has at most {LABEL_NAME_MAX} characters");
            Fault::at(pointer("labels", name), detail)
        })
        .collect();
    (labels, faults)
}

fn links(fields: &mut Fields, deeper: &mut Vec<Fault>) -> BTreeMap<String, String> {
    let links = fields
        .optional("links")
        .texts(ENTRIES_MAX, TEXT_MAX)
        .unwrap_or_default();
    for (name, address) in &links {
        let is_web = Url::parse(address)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !is_web {
            let detail = "must be an address such as https://wiki.example/runbook";
            deeper.push(Fault::at(pointer("links", name), detail));
        }
    }
    links
}

/// The pointer of an entry of an object, escaped as RFC 6901 asks.
fn pointer(field: &str, entry: &str) -> String {
    format!(
        "/{field}/{}",
        entry
            .replace('~', "~0")
            .replace('/', "~1")
    )
}

/// Notes a fault, and answers that there is no value.
pub(super) fn note<T>(
    fields: &mut Fields,
    name: &str,
    detail: impl std::fmt::Display,
) -> Option<T> {
    fields.fault(name, detail);
    None
}

/// A share between 0 and 1 in thousandths.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Permille(u16);

/// Why a text is not a share in thousandths.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("must be a share between 0 and 1 with at most 3 decimals, such as 0.8")]
struct PermilleError;

impl FromStr for Permille {
    type Err = PermilleError;

    fn from_str(text: &str) -> Result<Self, PermilleError> {
        let (whole, fraction) = text
            .split_once('.')
            .unwrap_or((text, ""));
        let fraction = fraction.trim_end_matches('0');
        if whole.len() != 1 || fraction.len() > 3 {
            return Err(PermilleError);
        }
        let digits = format!("{whole}{fraction:0<3}");
        let is_plain = digits
            .bytes()
            .all(|byte| byte.is_ascii_digit());
        let permille = digits
            .parse()
            .map_err(|_| PermilleError)?;
        if is_plain && permille <= 1_000 {
            Ok(Self(permille))
        } else {
            Err(PermilleError)
        }
    }
}

/// A name for display, where an indicator is given without one: that of the counter.
pub(super) fn display_name(indicator: &Indicator) -> Option<MetricName> {
    let text = match indicator {
        Indicator::Metric(metric) => return Some(metric.clone()),
        Indicator::Prometheus(ratio) => ratio.total.trim_start(),
        _ => "",
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let end = text
        .find(|c| !is_name(c))
        .unwrap_or(text.len());
    let name = text
        .get(..end)
        .unwrap_or_default()
        .trim_start_matches(['_', ':']);
    name.parse()
        .or_else(|_| "ratio".parse())
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_three_decimals_and_lies_between_nothing_and_everything() {
        for (text, permille) in [
            ("0", 0),
            ("0.8", 800),
            ("0.805", 805),
            ("1", 1_000),
            ("1.0", 1_000),
        ] {
            assert_eq!(text.parse(), Ok(Permille(permille)), "{text}");
        }
        for text in ["", "1.001", "2", "-1", "0.0005", "+0", "0.+5", "é"] {
            assert_eq!(text.parse::<Permille>(), Err(PermilleError), "{text}");
        }
    }

    #[test]
    fn a_window_is_a_whole_number_of_slices_and_at_least_two() {
        let refusal = |window: &str| {
            window_refusal(window.parse().unwrap(), SliceWidth::MINUTE).unwrap_or_default()
        };
        assert_eq!(refusal("2m"), "");
        assert_eq!(refusal("400d"), "");
        assert_eq!(refusal("1m"), "must hold at least two slices of 60s");
        assert_eq!(refusal("150s"), "must be a whole number of slices of 60s");
        assert_eq!(refusal("401d"), "may be at most 400d");
    }
}
