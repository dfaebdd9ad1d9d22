//! The same timed script to a real Alertmanager and to us, with the same routes: what does a receiver
//! hear of it, and when?
//!
//! The scripts are those of Alertmanager's own acceptance suite, and some of what that suite leaves out.
//! Both sides hear the same alerts by `POST /api/v2/alerts` at the same instants, and tell the same form of
//! webhook. What came is compared as sets of alerts in each interval. Where the two are meant to differ,
//! [`differences`] says why, and the script says what each of them tells: a difference that is not
//! there any more fails as much as one that nobody meant.

mod collector;
mod differences;
mod scenario;
mod sides;
mod told;
mod with_alertmanager;
