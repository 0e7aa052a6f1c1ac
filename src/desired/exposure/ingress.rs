//! Plain Ingresses: hosts, paths and certificates, which every controller serves. What else an exposure asks for, the platform configures for
//! the class, and attests.

use serde_json::{Value, json};

use super::parts::{Profile, backend};
use crate::{
    app::{Exposure, Release},
    release::Target,
};

pub(super) const PROFILE: Profile = Profile { name: "Ingress", enforces: &[] };

pub(super) fn ingress(target: &Target, exposure: &Exposure, runs: &Release, class: &str) -> Value {
    let paths: Vec<Value> = exposure
        .paths
        .iter()
        .map(|path| {
            let (service, port) = backend(target, path, runs);
            json!({
                "path": path.path,
                "pathType": "Prefix",
                "backend": { "service": { "name": service, "port": { "number": port } } },
            })
        })
        .collect();
    json!({
        "spec": {
            "ingressClassName": class,
            "tls": [{ "hosts": [exposure.host], "secretName": exposure.certificate.secret().unwrap_or_default() }],
            "rules": [{ "host": exposure.host, "http": { "paths": paths } }],
        },
    })
}
