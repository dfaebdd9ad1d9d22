//! Whether a Prometheus answers a question, and what time it thinks it is.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sre_core::time::Clock;
use url::Url;

use super::{Finding, Place, TIME_LIMIT};

/// Asks for the number of its targets; also answers how far its clock is ahead of ours.
pub async fn prometheus(
    url: &Url,
    client: &reqwest::Client,
    clock: &dyn Clock,
) -> (Finding, Option<TimeDelta>) {
    let check = "source prometheus";
    let shown = Place::of(url).map_or_else(|| "it".to_owned(), |place| place.shown());
    let Some(question) = question(url) else {
        let advice = "set PROMETHEUS_URL to an http or https address";
        return (Finding::fault(check, "its address is none", advice), None);
    };
    let began = clock.now();
    let answer = client
        .get(question)
        .timeout(TIME_LIMIT)
        .send()
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return (unreachable(check, &shown, &error), None),
    };
    let middle = began + (clock.now() - began) / 2;
    let ahead = answer
        .headers()
        .get("date")
        .and_then(|date| date.to_str().ok())
        .and_then(|date| DateTime::parse_from_rfc2822(date).ok())
        .map(|date| date.with_timezone(&Utc) - middle);
    let status = answer.status();
    let said: Option<Value> = answer.json().await.ok();
    (judged(check, &shown, status.as_u16(), said.as_ref()), ahead)
}

/// `count(up)`, as the query API is asked: cheap, and it says whether anything is scraped.
fn question(url: &Url) -> Option<Url> {
    let mut url = url.clone();
    url.path_segments_mut()
        .ok()?
        .pop_if_empty()
        .extend(["api", "v1", "query"]);
    url.query_pairs_mut()
        .append_pair("query", "count(up)");
    Some(url)
}

fn unreachable(check: &str, shown: &str, error: &reqwest::Error) -> Finding {
    if error.is_timeout() {
        let advice = "look whether it is overloaded, and at firewalls and network policies";
        Finding::fault(check, format!("{shown} does not answer in time"), advice)
    } else {
        let advice = "look at PROMETHEUS_URL, at DNS, and whether it runs";
        Finding::fault(check, format!("{shown} cannot be reached"), advice)
    }
}

fn judged(check: &str, shown: &str, status: u16, said: Option<&Value>) -> Finding {
    let succeeded = said.is_some_and(|said| said["status"] == "success");
    match status {
        200 if succeeded => {
            let targets = said
                .and_then(|said| said.pointer("/data/result/0/value/1"))
                .and_then(Value::as_str);
            match targets {
                Some(targets) => Finding::ok(
                    check,
                    format!("{shown} answers, and scrapes {targets} targets"),
                ),
                None => Finding::warning(
                    check,
                    format!("{shown} answers, and has no series of `up`"),
                    "look whether it scrapes anything; an SLO on it would have no data",
                ),
            }
        }
        401 | 403 => Finding::fault(
            check,
            format!("{shown} answers {status}: it wants credentials"),
            "put them into PROMETHEUS_URL, or into the file of PROMETHEUS_URL_FILE",
        ),
        _ => Finding::fault(
            check,
            format!("{shown} answers {status}, and not as the query API does"),
            "look at PROMETHEUS_URL: it is the address before `/api/v1/`",
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn the_question_goes_below_the_path_of_the_address() {
        let asked = |url: &str| {
            question(&url.parse().unwrap())
                .unwrap()
                .to_string()
        };
        assert_eq!(
            asked("http://p:9090"),
            "http://p:9090/api/v1/query?query=count%28up%29"
        );
        assert_eq!(
            asked("https://p/mimir/"),
            "https://p/mimir/api/v1/query?query=count%28up%29"
        );
    }

    #[test]
    fn only_an_answer_of_the_query_api_is_well() {
        let full = json!({"status": "success", "data": {"result": [{"value": [1, "7"]}]}});
        let empty = json!({"status": "success", "data": {"result": []}});
        let verdict = |status, said| judged("source", "p", status, said).verdict;
        assert_eq!(verdict(200, Some(&full)), Verdict::Ok);
        assert_eq!(verdict(200, Some(&empty)), Verdict::Warning);
        assert_eq!(verdict(200, None), Verdict::Fault);
        assert_eq!(verdict(401, None), Verdict::Fault);
        assert_eq!(verdict(503, Some(&full)), Verdict::Fault);
    }
}
