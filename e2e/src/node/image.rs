//! Images, written without Docker: one static program each, in the form in which a registry stores them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::STATE;
use crate::programs;

/// The folder of the static programs that `make e2e` builds.
const PROGRAMS_ENV: &str = "STATIC_PROGRAMS";

/// What a manifest is, to registries and their clients.
pub(super) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";
const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar";

/// An image: its name without the registry, the program that was built, where it is in the image, and what else is said of it.
struct Image {
    name: &'static str,
    program: &'static str,
    entrypoint: &'static str,
    settings: &'static [(&'static str, &'static str)],
}

const GUEST: &str = "guest";

/// The name of the operator's image, without the registry.
pub(super) const OPERATOR: &str = "ops/hardened-app:0.1.0";

const IMAGES: [Image; 7] = [
    Image { name: OPERATOR, program: "hardened-app", entrypoint: "/hardened-app", settings: &[("User", "65532")] },
    Image { name: "pause:1", program: GUEST, entrypoint: "/pause", settings: &[("Cmd", "pause"), ("User", "65535")] },
    Image { name: "hello:1.0.0", program: GUEST, entrypoint: "/app/hello", settings: &[("Env", "PORT=8080")] },
    Image { name: "hello:1.1.0", program: GUEST, entrypoint: "/app/hello", settings: &[("Env", "PORT=8080")] },
    // The sample says how it's started.
    Image { name: "shop/web:2.1.0", program: GUEST, entrypoint: "/app/web", settings: &[] },
    Image { name: "shop/api:2.1.0", program: GUEST, entrypoint: "/app/api", settings: &[("Env", "PORT=9090")] },
    Image { name: "shop/worker:2.1.0", program: GUEST, entrypoint: "/app/worker", settings: &[] },
];

/// Where the registry finds a manifest or a part of an image by its digest.
pub(super) fn blob(digest: &str) -> PathBuf {
    Path::new(STATE).join("registry/blobs").join(digest)
}

/// Where the registry finds the digest of an image by its name.
fn named(name: &str) -> PathBuf {
    Path::new(STATE).join("registry/images").join(name)
}

/// The digest that an image has in the node's registry: of `hello:1.0.0`, for instance.
///
/// # Errors
/// When there is no such image.
pub fn digest(name: &str) -> Result<String> {
    let file = named(name);
    fs::read_to_string(&file)
        .with_context(|| format!("the node's registry has no {name}: there is no {}", file.display()))
}

/// Writes all images.
pub(super) fn write_all() -> Result<()> {
    IMAGES.iter().try_for_each(|image| write(image).with_context(|| format!("cannot write the image {}", image.name)))
}

fn write(image: &Image) -> Result<()> {
    let program = fs::read(programs::find_in(PROGRAMS_ENV, "e2e", image.program)?)?;
    let layer = layer(image.entrypoint, &program)?;
    // A guest has no handler to end with, and the first process of a container ignores other signals then.
    let signal = if image.program == GUEST { "SIGKILL" } else { "SIGTERM" };
    let mut config: BTreeMap<&str, Value> =
        [("Entrypoint", json!([image.entrypoint])), ("StopSignal", signal.into())].into();
    for &(key, value) in image.settings {
        config.insert(key, if key == "User" { value.into() } else { json!([value]) });
    }
    let config = json!({
        "architecture": architecture(),
        "os": "linux",
        "config": config,
        "rootfs": { "type": "layers", "diff_ids": [sum(&layer)] },
    });
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": store(CONFIG_TYPE, config.to_string().as_bytes())?,
        "layers": [store(LAYER_TYPE, &layer)?],
    });
    let manifest = manifest.to_string();
    store(MANIFEST_TYPE, manifest.as_bytes())?;
    let file = named(image.name);
    fs::create_dir_all(file.parent().context("a name has a folder")?)?;
    Ok(fs::write(file, sum(manifest.as_bytes()))?)
}

/// A file system of one file.
fn layer(path: &str, program: &[u8]) -> Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(program.len().try_into()?);
    header.set_mode(0o755);
    archive.append_data(&mut header, path.trim_start_matches('/'), program)?;
    Ok(archive.into_inner()?)
}

/// Stores a part of an image and describes it.
fn store(media_type: &str, content: &[u8]) -> Result<Value> {
    let digest = sum(content);
    let file = blob(&digest);
    fs::create_dir_all(file.parent().context("a blob has a folder")?)?;
    fs::write(file, content)?;
    Ok(json!({ "mediaType": media_type, "digest": digest, "size": content.len() }))
}

fn sum(content: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(content) {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// In the words of images.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
