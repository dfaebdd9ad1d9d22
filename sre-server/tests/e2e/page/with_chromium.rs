//! Needs `chromium` and `chromedriver`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::browser::Browser;
use super::stage;
use crate::process::{Running, Service};
use crate::waiting::{eventually, say};

/// A desk, a phone, and the narrowest phone.
const WIDTHS: [u32; 3] = [1280, 390, 320];

/// The longest that pictures may be that are kept beside the documentation.
const PICTURE_MAX_BYTES: usize = 200_000;

#[tokio::test]
async fn every_page_fits_a_desk_and_a_phone_and_asks_nobody_else_for_anything() {
    let running = stage::lively().await;
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
    let slos = running.client.items("/slo").await;
    let id = |service: &str| {
        let slo = slos
            .iter()
            .find(|slo| slo["service_name"] == service);
        slo.and_then(|slo| slo["id"].as_str())
            .expect("its SLO")
            .to_owned()
    };
    let alerts = running
        .client
        .items("/alerts?service=checkout")
        .await;
    let alert = alerts[0]["id"].as_str().expect("an id");
    vec![
        ("overview", "/".to_owned()),
        ("slo", format!("/ui/slos/{}", id("payments"))),
        ("slo-gap", format!("/ui/slos/{}", id("search"))),
        ("alerts", "/ui/alerts".to_owned()),
        ("alert", format!("/ui/alerts/{alert}")),
        ("status", "/ui/status".to_owned()),
    ]
}

/// Keeps a picture under `target/tmp/page`, and where `SRE_MONITOR_SCREENSHOTS` says.
async fn keep(browser: &Browser, name: &str) {
    let picture = browser.screenshot().await;
    assert!(
        picture.len() < PICTURE_MAX_BYTES,
        "{name}: {} bytes",
        picture.len()
    );
    let ours = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    for folder in [Some(ours), elsewhere()]
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

/// What a text would do, could it run after all.
#[tokio::test]
async fn the_policy_stops_scripts_markup_and_requests_that_got_in() {
    let mut service = Service::new();
    let running = service.start().await;
    let browser = Browser::new().await;
    browser.open(&running.client.base).await;
    let found = browser
        .run_until_done(
            "const stopped = new Set();
             document.addEventListener('securitypolicyviolation', (event) => stopped.add(event.effectiveDirective));
             const attempt = (deed) => { try { deed(); } catch (error) { stopped.add(error.name); } };
             attempt(() => { document.querySelector('main').innerHTML = '<b>x</b>'; });
             attempt(() => { const s = document.createElement('script'); s.textContent = 'window.pwned = 1'; document.body.append(s); });
             attempt(() => { const s = document.createElement('script'); s.setAttribute('src', 'http://127.0.0.1:9/x.js'); document.body.append(s); });
             attempt(() => { const s = document.createElement('style'); s.append('body { display: none }'); document.body.append(s); });
             attempt(() => { const i = new Image(); i.src = 'http://127.0.0.1:9/x.png'; document.body.append(i); });
             attempt(() => { const f = document.createElement('iframe'); f.src = 'http://127.0.0.1:9/'; document.body.append(f); });
             fetch('http://127.0.0.1:9/').catch(() => {}).then(() => setTimeout(
                () => done([[...stopped].sort(), window.pwned ?? null, document.querySelectorAll('main b').length]), 500));",
        )
        .await;
    assert_eq!(found[1], Value::Null, "{found}");
    assert_eq!(found[2], json!(0), "{found}");
    let stopped = found[0].to_string();
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
    let asked = browser.requests().await;
    assert!(
        !asked
            .iter()
            .any(|url| url.contains("127.0.0.1:9/") && url.contains("x.")),
        "{asked:?}"
    );
    browser.close().await;
    running.stop().await;
}
