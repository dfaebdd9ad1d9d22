//! Whether anybody is let in, and for how long.

use chrono::{DateTime, TimeDelta, Utc};

use super::Finding;
use crate::admission::TokenSet;
use crate::config::ServerConfig;

/// A token that ends sooner is worth a word.
const SOON: TimeDelta = TimeDelta::days(14);

/// Looks at the tokens, or at why there need be none.
pub fn tokens(server: &ServerConfig, now: DateTime<Utc>) -> Finding {
    let check = "tokens";
    match &server.tokens {
        Some(config) => judged(&config.tokens, now),
        None if server.insecure => Finding::warning(
            check,
            format!("everybody who reaches {} may do everything", server.address),
            "make tokens: `sre-monitor token new`, and SRE_MONITOR_API_TOKENS_FILE",
        ),
        None => Finding::ok(check, "none: only this machine reaches the address"),
    }
}

fn judged(tokens: &TokenSet, now: DateTime<Utc>) -> Finding {
    let check = "tokens";
    let (all, expired) = (tokens.len(), tokens.expired(now).count());
    let soon = tokens.expired(now + SOON).count() - expired;
    let advice = "make new ones: `sre-monitor token new`; their lines are taken within seconds";
    if expired == all {
        Finding::fault(
            check,
            format!("all {all} have expired: nobody is let in"),
            advice,
        )
    } else if soon > 0 {
        Finding::warning(
            check,
            format!(
                "{} are valid, and {soon} of them end within 14 days",
                all - expired
            ),
            advice,
        )
    } else {
        Finding::ok(check, format!("{} are valid", all - expired))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::admission::{Role, Token};
    use crate::doctor::Verdict;

    #[test]
    fn tokens_are_judged_by_how_long_they_last() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let verdict = |days: &[i64]| {
            let tokens = days.iter().map(|days| Token {
                name: Arc::from("ci"),
                role: Role::Read,
                hash: [7; 32],
                expires_at: Some(now + TimeDelta::days(*days)),
            });
            judged(&tokens.collect(), now).verdict
        };
        assert_eq!(verdict(&[90, 30]), Verdict::Ok);
        assert_eq!(verdict(&[90, -1]), Verdict::Ok);
        assert_eq!(verdict(&[90, 13]), Verdict::Warning);
        assert_eq!(verdict(&[-1, -2]), Verdict::Fault);
    }
}
