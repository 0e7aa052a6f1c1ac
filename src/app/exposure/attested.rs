//! What the platform says that its controller enforces for every host.

use serde::{Deserialize, Serialize};

use crate::{
    api::{Enforced, RateLimit, TlsVersion},
    app::{amounts, quantity::Quantity, review::Review},
};

/// What the controller enforces for every host, by the platform's word.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attested {
    /// Lowest version of TLS.
    pub min_tls: Option<TlsVersion>,
    /// Whether HTTP is redirected.
    pub redirect: bool,
    /// Whether the headers of [`default_headers`](super::default_headers) are set.
    pub headers: bool,
    /// How many requests are accepted.
    pub rate_limit: Option<RateLimit>,
    /// The longest body of a request, in bytes.
    pub max_body: Option<Quantity>,
}

impl Attested {
    pub(super) fn accept(given: Option<&Enforced>, path: &str, review: &mut Review) -> Self {
        let Some(given) = given else { return Self::default() };
        let size = given.max_body_size.as_ref();
        Self {
            min_tls: given.min_tls_version,
            redirect: given.redirect,
            headers: given.headers,
            rate_limit: given.rate_limit,
            max_body: size.and_then(|size| amounts::bytes(size, &format!("{path}.maxBodySize"), review)),
        }
    }
}
