//! Prometheus under two names, and URLs.

use super::{Given, fault};

#[test]
fn prometheus_has_two_names_and_the_url_wins_aloud() {
    let url = ("PROMETHEUS_URL", "http://one:9090");
    let endpoint = ("PROMETHEUS_ENDPOINT", "http://two:9090");
    let host = |given: &Given| {
        let prometheus = given
            .config()
            .prometheus
            .expect("one is named");
        prometheus
            .url
            .expose()
            .host_str()
            .map(str::to_owned)
    };
    assert_eq!(host(&Given::new(&[url])).as_deref(), Some("one"));
    assert_eq!(host(&Given::new(&[endpoint])).as_deref(), Some("two"));
    let both = Given::new(&[url, endpoint]);
    assert_eq!(host(&both).as_deref(), Some("one"));
    assert!(both.warnings()[0].contains("PROMETHEUS_ENDPOINT differs from PROMETHEUS_URL"));
    let same = Given::new(&[url, ("PROMETHEUS_ENDPOINT", "http://one:9090/")]);
    assert!(
        !same
            .warnings()
            .concat()
            .contains("differs")
    );
}

#[test]
fn urls_are_http_and_those_that_are_shown_carry_no_credentials() {
    for name in [
        "PROMETHEUS_URL",
        "GRAFANA_URL",
        "API_GATEWAY_URL",
        "WEBHOOK_URL",
    ] {
        for text in [
            "localhost:9090",
            "ftp://x/",
            "http:/x",
            "http://",
            "javascript:alert(1)",
        ] {
            fault(name, text);
        }
    }
    for name in ["GRAFANA_URL", "API_GATEWAY_URL"] {
        let fault = fault(name, "http://ann:canary@grafana/");
        assert!(
            fault.contains("carries credentials") && !fault.contains("canary"),
            "{fault}"
        );
    }
    Given::new(&[("PROMETHEUS_URL", "http://ann:secret@prometheus:9090")]).config();
}
