//! `GET /ui/channels`

use super::{page, words};
use crate::world::World;

#[tokio::test]
async fn where_there_is_no_channel_the_page_says_that_nobody_is_told() {
    let world = World::new();
    let said = words(&page(&world, "/ui/channels").await);
    assert!(
        said.contains("No channel is configured: nobody is told."),
        "{said}"
    );
}
