//! Who is told of an alert, together with what, and when not: a tree of routes.
//!
//! The words are Alertmanager's, where they mean the same. An alert walks down from the root: the
//! first child that matches takes it, later ones only after one that *continues*, and a route none of
//! whose children match is where it ends. A route names a receiver, how what goes there is grouped,
//! when it is muted, and whom it escalates to. Receiver, grouping and escalation are inherited; mute
//! times are a route's own.
//!
//! Where a tree leads depends on the alert and its service's owner alone, never on the time: a mute
//! time holds back, and what still fires at its end is told then.

mod audience;
mod group;
mod timetable;
mod tree;

pub use audience::{Audience, Lead, Routing};
pub use group::{GroupBy, GroupKey, Pace};
pub use timetable::{
    DayOfMonthRange, MinuteRange, MonthRange, TimeInterval, Timetable, TimetableError,
    WeekdayRange, YearRange,
};
pub use tree::{Leaf, Receiver, Route, RouteTree, RouteTreeError, Step};

#[cfg(test)]
mod tests;
