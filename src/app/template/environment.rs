//! Environment variables: literal values, and secrets by reference.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::{secret, text};
use crate::{
    api::{self, Check, SecretKey},
    app::{names, review::Review},
};

/// An environment variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Env {
    /// Name of the variable.
    pub name: String,
    /// Where its value comes from.
    pub source: EnvSource,
}

/// Where the value of a variable comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EnvSource {
    /// Written in the spec.
    Literal(String),
    /// A key of a Secret, read by the kubelet.
    SecretKey(SecretKey),
}

pub(super) fn accept(spec: &api::Component, path: &str, review: &mut Review) -> Vec<Env> {
    let mut names = BTreeSet::new();
    let mut accepted = Vec::new();
    for variable in &spec.env {
        let name = &variable.name;
        let path = format!("{path}.env[{name}]");
        if !names.insert(name) {
            review.reject(&path, "this variable is set twice", "remove one");
        }
        if !is_variable(name) {
            review.reject(&path, "not a variable name", "use letters, digits and '_', not starting with a digit");
        }
        if name.starts_with("KUBERNETES_") || name.starts_with("LD_") {
            review.reject(&path, "this variable controls the cluster client or the dynamic loader", "remove it");
        }
        let source = match (&variable.value, &variable.secret_key) {
            (Some(value), None) => {
                if secret::is_secret(name, value) {
                    review.reject(
                        &path,
                        "the name indicates a secret, but the value is plain text",
                        "put the value into a Secret and name it under secretKey, or mount it with secrets",
                    );
                } else if secret::has_credentials(value) {
                    review.reject(
                        &path,
                        "the value is a URL with a password in plain text",
                        "put the value into a Secret and name it under secretKey, or write $(NAME) for the password",
                    );
                }
                text::accept(value, &path, review);
                EnvSource::Literal(value.clone())
            }
            (None, Some(key)) => {
                names::of_object("Secret", &key.secret, format!("{path}.secretKey.secret"), review);
                names::of_key(&key.key, format!("{path}.secretKey.key"), review);
                review.find(
                    &spec.name,
                    Check::SecretInEnv,
                    &format!("{name} holds a secret, which any dump of the environment shows: mount it with secrets"),
                );
                EnvSource::SecretKey(key.clone())
            }
            (None, None) => {
                review.reject(&path, "neither value nor secretKey is given", "give exactly one of them");
                continue;
            }
            (Some(_), Some(_)) => {
                review.reject(&path, "value and secretKey exclude each other", "give exactly one of them");
                continue;
            }
        };
        accepted.push(Env { name: name.clone(), source });
    }
    accepted
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
