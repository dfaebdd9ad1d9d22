//! Needs `chromium` and `chromedriver`.

use std::io::Read as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::browser::Browser;
use crate::process::{Running, Service};
use crate::waiting::{eventually, say};

/// A desk, a phone, and the narrowest phone.
const WIDTHS: [u32; 3] = [1280, 390, 320];

/// How much of a long page a picture shows.
const PICTURE_MAX_HEIGHT: u32 = 1_200;

/// The longest that pictures may be that are kept beside the documentation.
const PICTURE_MAX_BYTES: usize = 200_000;

#[tokio::test]
async fn every_page_fits_a_desk_and_a_phone_and_asks_nobody_else_for_anything() {
    let mut service = Service::new().asking(&["demo", "a-demo"]);
    let running = service
        .start_within(Duration::from_mins(8))
        .await;
    let browser = Browser::new().await;
    let base = running.client.base.clone();
    for (name, path) in pages(&running).await {
        browser
            .open(&format!("{base}{path}"))
            .await;
        for width in WIDTHS {
            browser.resize(width, 900).await;
            let excess = browser
                .run("return document.documentElement.scrollWidth - innerWidth")
                .await;
            assert!(
                excess.as_i64() <= Some(0),
                "{path} at {width}: {excess} too wide"
            );
            if width > 320 {
                keep(&browser, &format!("{name}-{width}")).await;
            }
        }
        browser.prefer("dark").await;
        browser.resize(1280, 900).await;
        keep(&browser, &format!("{name}-dark")).await;
        browser.prefer("light").await;
    }
    assert_eq!(browser.console().await, Vec::<Value>::new());
    let strangers: Vec<String> = browser
        .requests()
        .await
        .into_iter()
        .filter(|url| !url.starts_with(&base) && !url.starts_with("data:"))
        .collect();
    assert_eq!(strangers, Vec::<String>::new());
    browser.close().await;
    running.stop().await;
}

/// Addresses of every page, with names for their pictures.
async fn pages(running: &Running) -> Vec<(&'static str, String)> {
    let client = &running.client;
    let slos = client.items("/slo").await;
    let slo = |service: &str, name: &str| {
        let slo = slos
            .iter()
            .find(|slo| slo["service_name"] == service && slo["name"] == name);
        id(slo.expect("it is in the demo"))
    };
    let alerts = client
        .items("/alerts?type=burn_rate")
        .await;
    let incidents = client.items("/incidents").await;
    vec![
        ("overview", "/".to_owned()),
        (
            "slo",
            format!("/ui/slos/{}", slo("intent-parser-server", "Latency")),
        ),
        (
            "slo-without-data",
            format!("/ui/slos/{}", slo("federation-server", "Availability")),
        ),
        ("alerts", "/ui/alerts".to_owned()),
        ("alert", format!("/ui/alerts/{}", id(&alerts[0]))),
        ("incidents", "/ui/incidents".to_owned()),
        ("incident", format!("/ui/incidents/{}", id(&incidents[0]))),
        ("services", "/ui/services".to_owned()),
        ("service", "/ui/services/intent-parser-server".to_owned()),
        ("status", "/ui/status".to_owned()),
        ("messages", "/ui/messages".to_owned()),
        ("silences", "/ui/silences".to_owned()),
    ]
}

fn id(thing: &Value) -> String {
    thing["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

/// Those that are kept beside the documentation.
const KEPT: [&str; 5] = [
    "overview-1280",
    "overview-390",
    "overview-dark",
    "slo-1280",
    "incident-1280",
];

/// Keeps a picture under `target/tmp/page`, and some where `SRE_MONITOR_SCREENSHOTS` says.
async fn keep(browser: &Browser, name: &str) {
    let picture = browser
        .screenshot(PICTURE_MAX_HEIGHT)
        .await;
    let is_kept = KEPT.contains(&name);
    assert!(
        !is_kept || picture.len() < PICTURE_MAX_BYTES,
        "{name}: {} bytes",
        picture.len()
    );
    let ours = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    let elsewhere = elsewhere().filter(|_| is_kept);
    for folder in [Some(ours), elsewhere]
        .into_iter()
        .flatten()
    {
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join(format!("{name}.png"));
        std::fs::write(&file, &picture).expect("the picture is written");
        say(&format!("{}", file.display()));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a switch of this test, no setting"
)]
fn elsewhere() -> Option<PathBuf> {
    std::env::var_os("SRE_MONITOR_SCREENSHOTS").map(PathBuf::from)
}

#[tokio::test]
async fn the_page_follows_what_happens_and_says_when_it_lost_contact() {
    let mut service = Service::new();
    let running = service.start().await;
    let browser = Browser::new().await;
    browser.open(&running.client.base).await;
    // What another document would not know.
    browser
        .run("window.kept = true; document.querySelector('main a').focus()")
        .await;
    let focused = "return document.activeElement.getAttribute('href')";
    let before = browser.run(focused).await;
    let alert = json!({
        "service_name": "search", "alert_type": "latency", "severity": "critical",
        "message": "Search is slow",
    });
    running
        .client
        .post("/alerts", &alert)
        .await
        .expect(201);
    eventually("the alert is seen", Duration::from_secs(25), || async {
        let text = browser
            .run("return document.body.innerText")
            .await;
        text.as_str()?
            .contains("Search is slow")
            .then_some(())
    })
    .await;
    assert_eq!(browser.run("return window.kept").await, json!(true));
    assert_eq!(browser.run(focused).await, before, "the focus stays");
    let title = browser
        .run("return document.title")
        .await;
    assert_eq!(title, "(1) Overview · SRE Monitor");
    assert_eq!(browser.console().await, Vec::<Value>::new());

    running.kill();
    let lost = eventually("contact is lost", Duration::from_secs(25), || async {
        let lost = browser
            .run("return document.getElementById('lost').textContent")
            .await;
        let lost = lost.as_str()?.to_owned();
        (!lost.is_empty()).then_some(lost)
    })
    .await;
    assert!(
        lost.starts_with("Last seen ") && lost.ends_with(" UTC; trying again."),
        "{lost}"
    );
    let text = browser
        .run("return document.body.innerText")
        .await;
    assert!(
        text.as_str()
            .expect("a text")
            .contains("Search is slow")
    );
    browser.close().await;
}

/// Each sets `window.pwned` wherever it runs.
const WICKED: [&str; 5] = [
    "<script>window.pwned=1</script>",
    "\"><img src=x onerror=window.pwned=1>",
    "</title><svg onload=window.pwned=1>",
    "javascript:window.pwned=1",
    "\u{202e}<details open ontoggle=window.pwned=1>",
];

#[tokio::test]
async fn what_people_name_things_never_runs() {
    let mut service = Service::new();
    let running = service.start().await;
    let client = &running.client;
    let mut pages = vec!["/".to_owned(), "/ui/alerts".to_owned()];
    for wicked in WICKED {
        let slo = json!({
            "name": wicked, "description": wicked, "service_name": "shop", "metric_name": "availability",
            "target_percentage": 99, "labels": {wicked: wicked}, "links": {wicked: "https://wiki.example/"},
        });
        let slo = client
            .post("/slo", &slo)
            .await
            .expect(201);
        pages.push(format!("/ui/slos/{}", slo["id"].as_str().expect("an id")));
        let alert = json!({
            "service_name": "shop", "alert_type": "health", "severity": "high",
            "message": wicked, "labels": {wicked: wicked},
        });
        let alert = client
            .post("/alerts", &alert)
            .await
            .expect(201);
        pages.push(format!(
            "/ui/alerts/{}",
            alert["id"].as_str().expect("an id")
        ));
    }
    let browser = Browser::new().await;
    for path in pages {
        browser
            .open(&format!("{}{path}", client.base))
            .await;
        let found = browser
            .run("return [window.pwned ?? null, document.querySelectorAll('main :is(script, img, details)').length]")
            .await;
        assert_eq!(found, json!([null, 0]), "{path}");
        let name = browser
            .run("return document.body.innerText")
            .await;
        assert!(
            name.as_str()
                .expect("a text")
                .contains("window.pwned"),
            "{path}"
        );
    }
    // Nothing of it was even tried, or the policy would have complained.
    assert_eq!(browser.console().await, Vec::<Value>::new());
    browser.close().await;
    running.stop().await;
}

/// What a text would do, could it run after all. Nobody hears of it.
#[tokio::test]
async fn the_policy_stops_scripts_markup_and_requests_that_got_in() {
    let mut service = Service::new();
    let running = service.start().await;
    let browser = Browser::new().await;
    browser.open(&running.client.base).await;
    let stranger = TcpListener::bind("127.0.0.1:0").expect("a port");
    stranger
        .set_nonblocking(true)
        .expect("it need not wait");
    let elsewhere = format!(
        "http://{}",
        stranger
            .local_addr()
            .expect("an address")
    );
    let found = browser
        .run_until_done(&ATTEMPTS.replace("ELSEWHERE", &elsewhere))
        .await;
    assert_eq!(found["pwned"], Value::Null, "{found}");
    assert_eq!(found["markup"], json!(0), "{found}");
    let stopped = found["stopped"].to_string();
    for directive in [
        "require-trusted-types-for",
        "TypeError",
        "style-src-elem",
        "img-src",
        "frame-src",
        "connect-src",
    ] {
        assert!(
            stopped.contains(directive),
            "{directive} is not in {stopped}"
        );
    }
    browser.close().await;
    assert_eq!(heard(&stranger), "");
    running.stop().await;
}

/// All that a stranger was told. A browser may open a connection before it asks its policy; what
/// counts is that it says nothing.
fn heard(stranger: &TcpListener) -> String {
    let mut heard = Vec::new();
    while let Ok((mut connection, _)) = stranger.accept() {
        connection
            .set_nonblocking(false)
            .expect("it waits");
        // The browser is gone, so there is an end to read up to; one that was reset is one as well.
        let _ = connection.read_to_end(&mut heard);
    }
    String::from_utf8_lossy(&heard).into_owned()
}

/// Markup, scripts, styles, pictures, frames and requests, one after the other; then what came of it.
const ATTEMPTS: &str = "
    const stopped = new Set();
    document.addEventListener('securitypolicyviolation', (event) => stopped.add(event.effectiveDirective));
    const attempt = (deed) => { try { deed(); } catch (error) { stopped.add(error.name); } };
    const add = (name, change) => attempt(() => {
        const element = document.createElement(name);
        change(element);
        document.body.append(element);
    });
    attempt(() => { document.querySelector('main').innerHTML = '<b>x</b>'; });
    add('script', (script) => { script.textContent = 'window.pwned = 1'; });
    add('script', (script) => { script.setAttribute('src', 'ELSEWHERE/x.js'); });
    add('style', (style) => { style.append('body { display: none }'); });
    add('img', (image) => { image.src = 'ELSEWHERE/x.png'; });
    add('iframe', (frame) => { frame.src = 'ELSEWHERE/'; });
    const report = () => done({
        stopped: [...stopped].sort(),
        pwned: window.pwned ?? null,
        markup: document.querySelectorAll('main b').length,
    });
    // Violations are told a moment after they were stopped.
    fetch('ELSEWHERE/').catch(() => {}).then(() => setTimeout(report, 500));
";
