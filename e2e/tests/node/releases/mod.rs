//! Releases of the sample with a migration, on a real PostgreSQL, while requests are sent and the operator is killed.

mod failing;
mod leader;
mod migrated;
mod missing;
mod planted;
mod search;
mod stage;
mod version;

use anyhow::Result;

use self::search::Search;
use self::stage::Stage;
use self::version::FIRST;

#[tokio::test]
async fn migrations_and_secrets_hold_up_a_release_and_no_request() -> Result<()> {
    let mut stage = Stage::open().await?;
    let search = Search::start(stage.place.client.clone(), stage.place.name()).await?;
    planted::create(&stage.place).await?;
    let generation = stage.apply(FIRST).await?;
    stage.condition(generation, ("Ready", "True", "Available")).await?;
    stage.runs_only(FIRST).await?;

    migrated::its_table_is_changed_before_its_first_pod(&mut stage).await?;
    failing::the_version_before_it_answers_every_request(&mut stage).await?;
    missing::it_is_named_and_its_arrival_rolls_out_the_version(&mut stage).await?;
    planted::are_nowhere_else(&stage.place, &search.end().await?).await
}
