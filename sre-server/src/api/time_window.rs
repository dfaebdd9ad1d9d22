//! The window of an SLO as it is answered, and described.

use serde::Serialize;
use sre_core::window::Window;
use utoipa::ToSchema;

/// How long an SLO looks back: a text such as `30d` (rolling), or a unit of the calendar.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = TimeWindow, example = "30d")]
pub(in crate::api) enum TimeWindowView {
    /// So long, ending at every instant.
    Rolling(String),
    /// From one date to another.
    Calendar(CalendarWindowView),
}

/// From one date to another, by the clocks of a time zone.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = CalendarWindow)]
pub(in crate::api) struct CalendarWindowView {
    /// `day`, `week`, `month`, `quarter` or `year`.
    #[schema(example = "month")]
    calendar: &'static str,
    /// The IANA name of the zone.
    #[schema(example = "Europe/Zurich")]
    time_zone: String,
    /// How many units each window has.
    #[schema(example = 1)]
    count: u16,
    /// The date that windows are counted from; `null` for the natural one: Mondays, the 1st, January.
    anchor: Option<String>,
}

impl From<Window> for TimeWindowView {
    fn from(window: Window) -> Self {
        match window {
            Window::Calendar(window) => Self::Calendar(CalendarWindowView {
                calendar: window.unit().as_str(),
                time_zone: window.zone().to_string(),
                count: window.count(),
                anchor: window
                    .anchor()
                    .map(|anchor| anchor.to_string()),
            }),
            window => Self::Rolling(window.to_string()),
        }
    }
}
