//! A certificate authority of one's own, and a certificate of `localhost` by it.

use std::fs;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};
use tempfile::TempDir;

/// Who vouches for the server.
#[derive(Debug)]
pub(crate) struct Authority {
    pem: String,
    directory: TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        let key = KeyPair::generate().expect("a key");
        let server = CertificateParams::new(vec!["localhost".to_owned()])
            .and_then(|params| params.signed_by(&key, &issuer))
            .expect("a certificate");
        let directory = TempDir::new().expect("a directory");
        fs::write(directory.path().join("cert.pem"), server.pem()).expect("written");
        fs::write(directory.path().join("key.pem"), key.serialize_pem()).expect("written");
        Self {
            pem: issuer.pem(),
            directory,
        }
    }

    /// What whoever trusts it is given.
    pub(crate) fn pem(&self) -> String {
        self.pem.clone()
    }

    /// The server's certificate.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.directory.path().join("cert.pem")
    }

    /// The server's key.
    pub(crate) fn key(&self) -> PathBuf {
        self.directory.path().join("key.pem")
    }
}
