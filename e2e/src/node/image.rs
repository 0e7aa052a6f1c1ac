//! Container images of one static program each, written without Docker in the layout of the registry.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::identity::STATE;
use crate::programs;

/// Names the folder of the static programs that `make e2e` builds.
const PROGRAMS_ENV: &str = "STATIC_PROGRAMS";

/// The media type of a manifest.
pub(super) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";
const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar";

/// The name of the operator's image, without the registry.
pub(super) const OPERATOR: &str = "ops/hardened-app:0.1.0";

/// The program in the containers of the tests.
const GUEST: &str = "guest";

/// An image of one program.
#[derive(Clone, Copy)]
struct Image {
    /// The name without the registry.
    name: &'static str,
    /// The name of the built program.
    program: &'static str,
    /// The path of the program in the image, and its arguments.
    entrypoint: &'static [&'static str],
    environment: &'static [&'static str],
    user: &'static str,
    /// The stop signal.
    signal: &'static str,
}

impl Image {
    /// The guest handles no signal, and the first process of a PID namespace ignores unhandled signals except SIGKILL.
    const fn guest(name: &'static str, entrypoint: &'static [&'static str]) -> Self {
        Self { name, program: GUEST, entrypoint, environment: &[], user: "", signal: "SIGKILL" }
    }

    const fn listening(self, environment: &'static [&'static str]) -> Self {
        Self { environment, ..self }
    }
}

const IMAGES: [Image; 7] = [
    // As the README describes it.
    Image {
        name: OPERATOR,
        program: "hardened-app",
        entrypoint: &["/hardened-app"],
        environment: &[],
        user: "65532",
        signal: "SIGTERM",
    },
    Image::guest("pause:1", &["/pause", "pause"]),
    Image::guest("hello:1.0.0", &["/app/hello"]).listening(&["PORT=8080"]),
    Image::guest("hello:1.1.0", &["/app/hello"]).listening(&["PORT=8080"]),
    // The sample sets the command.
    Image::guest("shop/web:2.1.0", &["/app/web"]),
    Image::guest("shop/api:2.1.0", &["/app/api"]).listening(&["PORT=9090"]),
    Image::guest("shop/worker:2.1.0", &["/app/worker"]),
];

/// The file of a manifest, config or layer by its digest.
pub(super) fn blob(digest: &str) -> PathBuf {
    Path::new(STATE).join("registry/blobs").join(digest)
}

/// The file that contains the digest of an image, by its name.
fn named(name: &str) -> PathBuf {
    Path::new(STATE).join("registry/images").join(name)
}

/// The digest of an image in the node's registry, for example of `hello:1.0.0`.
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
    let layer = layer(image.entrypoint.first().context("no entry point")?, &program)?;
    let config = json!({
        "architecture": architecture(),
        "os": "linux",
        "config": {
            "Entrypoint": image.entrypoint,
            "Env": image.environment,
            "User": image.user,
            "StopSignal": image.signal,
        },
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

/// A layer with one file, as a tar archive.
fn layer(path: &str, program: &[u8]) -> Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(program.len().try_into()?);
    header.set_mode(0o755);
    archive.append_data(&mut header, path.trim_start_matches('/'), program)?;
    Ok(archive.into_inner()?)
}

/// Stores a blob; returns its descriptor.
fn store(media_type: &str, content: &[u8]) -> Result<Value> {
    let digest = sum(content);
    let file = blob(&digest);
    fs::create_dir_all(file.parent().context("a blob has a folder")?)?;
    fs::write(file, content)?;
    Ok(json!({ "mediaType": media_type, "digest": digest, "size": content.len() }))
}

fn sum(content: &[u8]) -> String {
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(content) {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The architecture's name in OCI images.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
