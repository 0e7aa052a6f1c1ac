//! The values of the Secrets, and the search for them.

use anyhow::{Context, Result, ensure};
use e2e::show;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use serde_json::json;

use super::failing;
use super::search::Found;
use super::stage::APP;
use super::version::{SECRET, sample};
use crate::client::{create_secrets, secret};
use crate::place::Place;

const PASSWORD: &str = "hohSh5eiQuoo7ahxEe2queiz";
const SESSION_KEY: &str = "Aeph8iekOhs3aeShIeQu4oogxai6Thoo5eiphe7U";
pub(super) const TOKEN: &str = "jahThu6IeNgoh3uaVae8";
pub(super) const TOO_SHORT: &str = "Pha4chaiR9oe";

/// Creates the Secrets of the sample.
pub(super) async fn create(place: &Place) -> Result<()> {
    create_secrets(place, &sample(place.name())?).await?;
    let data = json!({
        "DATABASE_URL": format!("postgres://web:{PASSWORD}@tickets-db:5432/app"),
        "PASSWORD": PASSWORD,
        "SESSION_KEY": SESSION_KEY,
    });
    place.create::<Secret>(json!({ "metadata": { "name": "tickets-web" }, "stringData": data })).await?;
    Ok(())
}

/// Checks that no value is anywhere but in its Secret.
pub(super) async fn are_nowhere_else(place: &Place, found: &Found) -> Result<()> {
    sees_everything(place, found)?;
    let generated = secret(place, "tickets-db", "password").await?;
    for value in [generated.as_str(), PASSWORD, SESSION_KEY, TOKEN, TOO_SHORT] {
        let (head, tail) = value.split_at(value.len() / 2);
        let encoded = serde_json::to_value(ByteString(value.as_bytes().to_vec()))?;
        for text in [head, tail, encoded.as_str().context("not encoded as text")?] {
            let places = found.places(text);
            ensure!(places.is_empty(), "{text} of {value} is in {places:?}");
        }
    }
    show(&format!("none of the values is in any of {} texts", found.len()));
    Ok(())
}

/// The check above would also pass if nothing were searched.
fn sees_everything(place: &Place, found: &Found) -> Result<()> {
    let namespace = place.name();
    let migration = format!("log {namespace}_{APP}-migrate-");
    let failure = failing::MESSAGE.split_once(": ").map(|(_, words)| words).unwrap_or_default();
    // In JSON the quotes are escaped.
    let failure = failure.rsplit('"').next().unwrap_or_default();
    for (text, beginnings) in [
        (failure, ["HardenedApp ", "Event ", "Pod ", &migration].as_slice()),
        (SECRET, &["HardenedApp ", "Event ", "Pod tickets-preflight-", "Job ", "ControllerRevision ", "Deployment "]),
        (namespace, &["log hardened-system_hardened-app-"]),
    ] {
        let places = found.places(text);
        for beginning in beginnings {
            ensure!(
                places.iter().any(|place| place.starts_with(beginning)),
                "{text} isn't seen in {beginning}: {places:?}"
            );
        }
    }
    Ok(())
}
