//! What a person on call lives through, with a real Prometheus and every setting at its default.
//!
//! The stories need minutes, most of it waiting, so they run beside each other: each has a service
//! of its own, and all share one Prometheus, one SRE Monitor and one receiver of webhooks.

mod story;

mod with_prometheus {
    use std::panic::AssertUnwindSafe;
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use tokio::time::sleep;

    use super::story::Stage;
    use crate::waiting::{now, say, seconds};

    /// Everything that an outage promises, in one run of a dozen minutes.
    #[tokio::test]
    async fn an_outage_pages_once_and_silence_is_no_recovery() {
        let began = now();
        let stage = Stage::set().await;
        let outcomes = tokio::join!(
            told(checkout(&stage)),
            told(payments(&stage)),
            told(search(&stage)),
            told(inventory(&stage)),
            told(reports(&stage)),
            told(cart(&stage)),
        );
        let outcomes: [bool; 6] = outcomes.into();
        stage.assert_told_honestly();
        say(&format!("all stories: {:.0} s", seconds(began, now())));
        assert_eq!(outcomes, [true; 6], "a story above went wrong");
    }

    /// One story that goes wrong does not end the others: whether it went well.
    async fn told(story: impl Future<Output = ()>) -> bool {
        AssertUnwindSafe(story)
            .catch_unwind()
            .await
            .is_ok()
    }

    /// A full outage pages within five minutes, once; its ticket is not told before the page is
    /// resolved, which is minutes after the recovery.
    async fn checkout(stage: &Stage) {
        let story = stage.begin("checkout").await;
        let began = story.breaks_down(10).await;
        story.pages(began).await;
        story
            .has_a_silent_ticket("slow_burn", began)
            .await;
        story.recovers(10).await;
        story.resolves_the_page().await;
        story
            .hears("alert.firing", "slow_burn", Duration::from_mins(1))
            .await;
        story.adds_up().await;
        story
            .hears("alert.resolved", "slow_burn", Duration::from_mins(5))
            .await;
        story.was_told([
            ("alert.firing", "burn_rate"),
            ("alert.resolved", "burn_rate"),
            ("alert.firing", "slow_burn"),
            ("alert.resolved", "slow_burn"),
        ]);
    }

    /// An outage that spends the budget of the day: the ticket that follows says that the target is
    /// missed, and the lesser one that it took over from was never told.
    async fn payments(stage: &Stage) {
        let story = stage.begin("payments").await;
        story.knows_its_past().await;
        let began = story.breaks_down(200).await;
        story.pages(began).await;
        story
            .has_a_silent_ticket("slo_violation", began)
            .await;
        story.recovers(10).await;
        story.resolves_the_page().await;
        story
            .hears("alert.firing", "slo_violation", Duration::from_mins(1))
            .await;
        story.adds_up().await;
        story.was_told([
            ("alert.firing", "burn_rate"),
            ("alert.resolved", "burn_rate"),
            ("alert.firing", "slo_violation"),
        ]);
    }

    /// It dies while it fails: that is not the end of the trouble.
    async fn search(stage: &Stage) {
        let story = stage.begin("search").await;
        let began = story.breaks_down(10).await;
        story.pages(began).await;
        story.dies().await;
        story.has_no_data().await;
        assert_eq!(
            story.open_alerts().await,
            ["burn_rate", "no_data"],
            "while it is dead"
        );
        story.is_silent_about("alert.resolved");
        story.comes_back(10).await;
        let measured = story
            .hears("alert.resolved", "no_data", Duration::from_mins(4))
            .await;
        story.adds_up().await;
        for message in stage.sink.about("search") {
            let is_early = message.at < measured;
            assert!(
                !is_early || !message.tells("alert.resolved", "search", "burn_rate"),
                "resolved by silence: {}",
                message.json
            );
        }
        assert_eq!(story.count("alert.firing", "burn_rate"), 1);
        assert_eq!(story.count("alert.firing", "no_data"), 1);
    }

    /// Death is told as what it is, and ends when the service is back.
    async fn inventory(stage: &Stage) {
        let story = stage.begin("inventory").await;
        story.recovers(10).await;
        story.is_familiar().await;
        story.dies().await;
        story.has_no_data().await;
        assert_eq!(story.open_alerts().await, ["no_data"]);
        let status = story.status().await;
        assert_eq!(status["state"], "insufficient_data", "{status}");
        story.adds_up_so_far(&status);
        story.comes_back(10).await;
        story
            .hears("alert.resolved", "no_data", Duration::from_mins(4))
            .await;
        story.adds_up().await;
        story.was_told([("alert.firing", "no_data"), ("alert.resolved", "no_data")]);
    }

    /// A service that is asked ten times an hour, and fails once.
    async fn reports(stage: &Stage) {
        let story = stage.begin("reports").await;
        story.knows_its_past().await;
        story.exporter.count(0, 1);
        let failed = now();
        story.is_measured_after(failed).await;
        // As long as a page of a real outage may take.
        sleep(Duration::from_mins(3)).await;
        story.exporter.count(1, 0);
        let (truth, _) = story.adds_up().await;
        assert_eq!(
            (truth.good, truth.failed),
            (Stage::REPORTS_PAST + 1, 1),
            "one of ten"
        );
        assert_eq!(story.open_alerts().await, Vec::<String>::new());
        story.was_told([]);
    }

    /// A service within its budget, which is restarted in between.
    async fn cart(stage: &Stage) {
        let story = stage.begin("cart").await;
        story.exporter.ask(20, 5);
        story.is_measured().await;
        sleep(Duration::from_mins(2)).await;
        story.exporter.rest().await;
        story.exporter.reset();
        story.exporter.ask(20, 5);
        sleep(Duration::from_mins(2)).await;
        let (truth, status) = story.adds_up().await;
        assert!(truth.failed > 10, "{truth:?}");
        assert_eq!(status["state"], "met");
        story.was_told([]);
    }
}
