//! A certificate authority of a test, as a platform has one for its host names.

use anyhow::Result;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{ObjectMeta, PostParams};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;

use crate::place::Place;

pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    pub(crate) fn create() -> Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.der().clone();
        Ok(Self { issuer: Issuer::new(params, key), certificate })
    }

    /// What a client has that trusts this authority alone.
    pub(crate) fn trusted(&self) -> Result<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone())?;
        Ok(roots)
    }

    /// Issues a certificate for a host into a Secret of this name; returns the certificate.
    pub(crate) async fn issue(&self, place: &Place, host: &str, secret: &str) -> Result<CertificateDer<'static>> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec![host.to_owned()])?.signed_by(&key, &self.issuer)?;
        let data = [("tls.crt", certificate.pem()), ("tls.key", key.serialize_pem())];
        let secret = Secret {
            metadata: ObjectMeta { name: Some(secret.to_owned()), ..ObjectMeta::default() },
            type_: Some("kubernetes.io/tls".to_owned()),
            data: Some(data.map(|(name, text)| (name.to_owned(), ByteString(text.into_bytes()))).into()),
            ..Secret::default()
        };
        place.api::<Secret>().create(&PostParams::default(), &secret).await?;
        Ok(certificate.der().clone())
    }
}
