//! Who can reach the service, and what is not built yet.

use std::net::SocketAddr;

use super::{Given, fault};

const TOKENS: &str = "SRE_MONITOR_API_TOKENS_FILE";

#[test]
fn an_address_that_others_can_reach_is_refused_unless_exactly_allowed() {
    for host in ["0.0.0.0", "::", "[::]", "192.168.1.7", "::ffff:10.0.0.1"] {
        assert!(fault("SRE_MONITOR_HOST", host).contains("SRE_MONITOR_ALLOW_ANONYMOUS=true"));
        for word in ["false", "TRUE", "1", "", "yes"] {
            let given = Given::new(&[
                ("SRE_MONITOR_HOST", host),
                ("SRE_MONITOR_ALLOW_ANONYMOUS", word),
            ]);
            assert!(given.read().is_err(), "{host} {word}");
        }
        let given = Given::new(&[
            ("SRE_MONITOR_HOST", host),
            ("SRE_MONITOR_ALLOW_ANONYMOUS", "true"),
        ]);
        assert!(given.config().server.insecure, "{host}");
        assert!(given.warnings()[0].contains("may read and write"), "{host}");
    }
}

#[test]
fn loopback_in_any_writing_is_allowed() {
    for host in [
        "127.0.0.1",
        "127.1.2.3",
        "::1",
        "[::1]",
        "localhost",
        "::ffff:127.0.0.1",
    ] {
        let config = Given::new(&[("SRE_MONITOR_HOST", host), ("SRE_MONITOR_PORT", "0")]).config();
        assert!(!config.server.insecure, "{host}");
        assert_eq!(config.server.address.port(), 0);
    }
}

#[test]
fn a_host_name_or_an_address_with_a_port_is_no_address() {
    for host in ["example.org", "127.0.0.1:8080", "127.1", "0177.0.0.1"] {
        assert!(
            fault("SRE_MONITOR_HOST", host).contains("expected an IP address"),
            "{host}"
        );
    }
}

#[test]
fn the_probe_port_is_another_port_of_the_same_host() {
    let config = Given::new(&[("SRE_MONITOR_PROBE_PORT", "9001")]).config();
    let address = "127.0.0.1:9001"
        .parse::<SocketAddr>()
        .expect("address");
    assert_eq!(config.server.probe_address, Some(address));
    assert!(fault("SRE_MONITOR_PROBE_PORT", "8080").contains("same as SRE_MONITOR_PORT"));
}

#[test]
fn host_names_are_names_alone() {
    let given = Given::new(&[("SRE_MONITOR_HOST_NAMES", "monitor.example.org, SRE-Monitor")]);
    assert_eq!(
        given.config().server.host_names,
        ["monitor.example.org", "sre-monitor"]
    );
    assert!(
        Given::default()
            .config()
            .server
            .host_names
            .is_empty()
    );
    for text in [
        "https://x.org",
        "x.org:8080",
        "x..org",
        "x,,y",
        "*.org",
        "x y",
        ".",
    ] {
        fault("SRE_MONITOR_HOST_NAMES", text);
    }
}

/// What a file of tokens with this text comes to, as the one fault or as none.
fn faults_of(text: &str) -> Vec<String> {
    let given = Given::new(&[(TOKENS, "/tokens")]).file("/tokens", text);
    given.read().map_or_else(
        |faults| {
            faults
                .iter()
                .map(ToString::to_string)
                .collect()
        },
        |_| Vec::new(),
    )
}

fn line(name: &str, digit: char) -> String {
    format!("{name} write {} never", digit.to_string().repeat(64))
}

#[test]
fn with_tokens_every_address_may_be_listened_on() {
    let given = Given::new(&[(TOKENS, "/tokens"), ("SRE_MONITOR_HOST", "0.0.0.0")])
        .file("/tokens", &line("ci", 'a'));
    let server = given.config().server;
    assert!(!server.insecure);
    assert_eq!(
        server
            .tokens
            .expect("tokens")
            .tokens
            .len(),
        1
    );
    assert_eq!(given.warnings(), Given::new(&[]).warnings());
}

#[test]
fn allowing_everybody_has_no_effect_beside_tokens_and_says_so() {
    let mut given = Given::new(&[(TOKENS, "/tokens"), ("SRE_MONITOR_HOST", "::")])
        .file("/tokens", &line("ci", 'a'));
    given.set("SRE_MONITOR_ALLOW_ANONYMOUS", "true");
    assert!(!given.config().server.insecure);
    assert!(given.warnings()[0].contains("has no effect"));
}

#[test]
fn a_file_of_tokens_that_is_missing_or_empty_is_refused() {
    assert!(fault(TOKENS, "/nowhere").contains("cannot be read"));
    for text in ["", "\n", "# nobody\n\n"] {
        let faults = faults_of(text);
        assert_eq!(faults.len(), 1);
        assert!(faults[0].contains("holds no token"), "{faults:?}");
    }
}

#[test]
fn every_fault_of_a_file_of_tokens_is_told_by_line_and_repeats_nothing_of_it() {
    let hash = "ab".repeat(32);
    let text = format!(
        "# name role hash expiry\nci wirte {hash} never\nci write\nc/i read {hash} never\n\
         ci read sre_read_0_secret never\nci read {hash} tomorrow\n{}\n{}\n{}",
        line("a", '1'),
        line("a", '2'),
        line("b", '1'),
    );
    let faults = faults_of(&text);
    assert_eq!(faults.len(), 1);
    let told = &faults[0];
    for (number, why) in [
        (2, "the role is one of read, ack, write and admin"),
        (3, "expected name, role, SHA-256 and expiry"),
        (4, "the name is 1 to 64 letters"),
        (5, "the SHA-256 is not 64 hexadecimal digits"),
        (6, "the expiry is `never` or an instant"),
        (8, "the name is there twice"),
        (9, "the same token is there twice"),
    ] {
        assert!(told.contains(&format!("line {number}: {why}")), "{told}");
    }
    assert!(!told.contains("secret") && !told.contains(&hash), "{told}");
}
