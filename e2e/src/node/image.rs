//! Container images, written without Docker in the layout of the registry.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::identity::STATE;
use super::images::{Content, IMAGES, Image};

/// The media type of a manifest.
pub(super) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";
const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar";

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
    let contents = image.base.into_iter().chain([image.content]);
    let layers = contents.map(|content| describe(content, image)).collect::<Result<Vec<Value>>>()?;
    let digests: Vec<_> = layers.iter().map(|layer| layer.get("digest")).collect();
    let config = json!({
        "architecture": architecture(),
        "os": "linux",
        "config": {
            "Entrypoint": image.entrypoint,
            "Cmd": image.command,
            "Env": image.environment,
            "User": image.user,
            "WorkingDir": image.folder,
            "StopSignal": image.signal,
        },
        "rootfs": { "type": "layers", "diff_ids": digests },
    });
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": store(CONFIG_TYPE, config.to_string().as_bytes())?,
        "layers": layers,
    });
    let manifest = manifest.to_string();
    store(MANIFEST_TYPE, manifest.as_bytes())?;
    let file = named(image.name);
    fs::create_dir_all(file.parent().context("a name has a folder")?)?;
    Ok(fs::write(file, sum(manifest.as_bytes()))?)
}

/// Stores a layer of this content; returns its descriptor.
fn describe(content: Content, image: &Image) -> Result<Value> {
    match content {
        Content::Program { .. } => {
            let program = fs::read(content.file()?)?;
            store(LAYER_TYPE, &layer(image.entrypoint.first().context("no entry point")?, &program)?)
        }
        Content::Layer { .. } => link(&content.file()?),
    }
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

/// Links a layer that was built before, together with a file of its digest; returns its descriptor.
fn link(layer: &Path) -> Result<Value> {
    let digest = fs::read_to_string(layer.with_extension("sha256"))?;
    let digest = format!("sha256:{}", digest.trim_end());
    let file = blob(&digest);
    fs::create_dir_all(file.parent().context("a blob has a folder")?)?;
    // Several images may have it.
    if !file.exists() {
        symlink(layer, file)?;
    }
    Ok(json!({ "mediaType": LAYER_TYPE, "digest": digest, "size": fs::metadata(layer)?.len() }))
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
