//! `/service-metrics`: samples that are pushed, and read back as they were.

mod push;
mod read_back;
mod sample;
mod steps;
mod view;

pub(super) use self::push::{push, push_doc};
pub(super) use self::read_back::{read_back, read_back_doc};

use chrono::TimeDelta;

/// How far in the future a sample may lie: clocks differ, and by less than this.
const AHEAD_MAX: TimeDelta = TimeDelta::minutes(5);
