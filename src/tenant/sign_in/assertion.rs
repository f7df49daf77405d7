//! The assertion that an application signs with its certificate instead of sending a secret.
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::error::KeyRejected;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{RSA_PSS_SHA256, RsaKeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::Secret;
use super::pfx::{self, refused};
use crate::problem::Problem;

/// How long an assertion is valid (Learn: certificate credentials; "5-10 minutes after nbf at most").
const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// A certificate with its private key.
#[derive(Clone)]
pub struct Certificate {
    key: Arc<RsaKeyPair>,
    /// base64url of the SHA-256 of the certificate, by which Entra finds it (`x5t#S256`).
    thumbprint: String,
}

impl Certificate {
    /// Reads what a file or variable holds: PEM text with an RSA key and a certificate, in any order; a PFX file; or either as base64, as it
    /// is kept in variables. Only a PFX file has a password.
    pub fn read(bytes: &[u8], password: Option<&Secret>) -> Result<Self, Problem> {
        Self::read_by(pfx::OPEN, bytes, password)
    }

    /// The same with what a build knows of PFX files.
    fn read_by(open: Option<pfx::Open>, bytes: &[u8], password: Option<&Secret>) -> Result<Self, Problem> {
        let decoded = STANDARD.decode(without_spaces(&String::from_utf8_lossy(bytes))).ok();
        let bytes = decoded.as_deref().unwrap_or(bytes);
        if pfx::is_one(bytes) {
            let Some(open) = open else { return Err(pfx::not_in_this_build()) };
            let (key, certificates) = open(bytes, password)?;
            return Self::matched(RsaKeyPair::from_pkcs8(&key), &certificates);
        }
        Self::from_pem(bytes)
    }

    fn from_pem(text: &[u8]) -> Result<Self, Problem> {
        let certificates: Vec<Vec<u8>> =
            CertificateDer::pem_slice_iter(text).flatten().map(|certificate| certificate.to_vec()).collect();
        if certificates.is_empty() {
            return Err(unusable("there is no `-----BEGIN CERTIFICATE-----` in it"));
        }
        let key = PrivateKeyDer::from_pem_slice(text).map_err(|_| {
            unusable("there is no unencrypted private key in it (`-----BEGIN PRIVATE KEY-----`), which has to stand beside the certificate")
        })?;
        let key = match &key {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            // Elliptic curves, which Entra does not take from clients, and whatever else there will be.
            PrivateKeyDer::Sec1(_) | _ => return Err(unusable("its key is not an RSA key")),
        };
        Self::matched(key, &certificates)
    }

    /// The key with the certificate that is of it; those of its issuers may stand beside it.
    fn matched(key: Result<RsaKeyPair, KeyRejected>, certificates: &[Vec<u8>]) -> Result<Self, Problem> {
        let key = key.map_err(|rejected| unusable(&format!("its key is not a usable RSA key: {rejected}")))?;
        // A certificate holds the public key as it is (RFC 5280 §4.1, RFC 8017 §A.1.1), and nothing else of that length can be equal to it.
        let public: &[u8] = key.public().as_ref();
        let of_key =
            certificates.iter().find(|certificate| certificate.windows(public.len()).any(|part| part == public));
        let of_key = of_key.ok_or_else(|| unusable("none of the certificates in it is of its private key"))?;
        let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(of_key));
        Ok(Self { key: Arc::new(key), thumbprint })
    }

    /// Signs an assertion for a token endpoint (Learn: certificate credentials: PS256, `x5t#S256`).
    pub(super) fn assertion(&self, client_id: &str, endpoint: &str, now: Timestamp) -> Result<String, Problem> {
        let random = SystemRandom::new();
        let mut id = [0_u8; 16];
        random.fill(&mut id).map_err(|_| unusable("this machine has no random numbers"))?;
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint });
        let payload = json!({
            "aud": endpoint,
            "iss": client_id,
            "sub": client_id,
            "jti": URL_SAFE_NO_PAD.encode(id),
            "nbf": now.as_second(),
            "iat": now.as_second(),
            "exp": (now + LIFETIME).as_second(),
        });
        let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&payload));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &random, signed.as_bytes(), &mut signature)
            .map_err(|_| unusable("nothing can be signed with its key"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Certificate({})", self.thumbprint)
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.thumbprint == other.thumbprint
    }
}

impl Eq for Certificate {}

/// A certificate that nothing can be signed with, and what is wanted instead.
fn unusable(why: &str) -> Problem {
    refused(why, "give a file with certificate and RSA key: PEM text, or a PFX file")
}

fn without_spaces(text: &str) -> String {
    text.split_ascii_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::tenant::tests::PEM;

    #[test]
    fn an_assertion_names_the_certificate_and_holds_five_minutes() {
        let certificate = Certificate::read(PEM.as_bytes(), None).unwrap();
        let endpoint = "https://login.microsoftonline.com/t/oauth2/v2.0/token";
        let assertion = certificate.assertion("app", endpoint, Timestamp::UNIX_EPOCH).unwrap();
        let mut parts = assertion.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
        let header: Value = serde_json::from_slice(&parts.next().unwrap()).unwrap();
        assert_eq!(header["alg"], "PS256");
        // Of `openssl x509 -outform DER | openssl dgst -sha256 -binary | basenc --base64url`.
        assert_eq!(header["x5t#S256"], THUMBPRINT);
        let payload: Value = serde_json::from_slice(&parts.next().unwrap()).unwrap();
        assert_eq!((&payload["aud"], &payload["sub"], &payload["exp"]), (&endpoint.into(), &"app".into(), &300.into()));
        assert_eq!(parts.next().unwrap().len(), 256);
    }

    #[test]
    fn a_certificate_may_be_kept_as_base64_in_a_variable() {
        let kept = STANDARD.encode(PEM);
        let certificate = Certificate::read(kept.as_bytes(), None).unwrap();
        assert_eq!(certificate, Certificate::read(PEM.as_bytes(), None).unwrap());
    }

    #[test]
    fn what_is_missing_from_a_certificate_is_named_and_nothing_of_it_is_shown() {
        let (key, certificate) = PEM.split_at(PEM.find("-----BEGIN CERT").unwrap());
        let says = |text: &str| Certificate::read(text.as_bytes(), None).unwrap_err().says;
        assert!(says(key).contains("no `-----BEGIN CERTIFICATE-----`"));
        assert!(says(certificate).contains("no unencrypted private key"));
        assert!(says("hunter2").contains("no `-----BEGIN CERTIFICATE-----`") && !says("hunter2").contains("hunter2"));
        let shown = format!("{:?}", Certificate::read(PEM.as_bytes(), None).unwrap());
        assert_eq!(shown, format!("Certificate({THUMBPRINT})"));
    }

    #[test]
    fn of_several_certificates_the_one_of_the_key_counts() {
        let another = rcgen::generate_simple_self_signed(["issuer.example".to_owned()]).unwrap().cert.pem();
        let (key, certificate) = PEM.split_at(PEM.find("-----BEGIN CERT").unwrap());
        let chain = format!("{another}{key}{certificate}");
        assert_eq!(Certificate::read(chain.as_bytes(), None).unwrap().thumbprint, THUMBPRINT);
        let strange = Certificate::read(format!("{key}{another}").as_bytes(), None).unwrap_err();
        assert!(strange.says.contains("none of the certificates in it is of its private key"), "{strange}");
    }

    #[test]
    fn a_build_without_pfx_says_how_to_convert_and_which_build_reads_it() {
        let file = include_bytes!("../tests/identity.pfx");
        for bytes in [file.to_vec(), STANDARD.encode(file).into_bytes()] {
            let problem = Certificate::read_by(None, &bytes, None).unwrap_err();
            assert!(problem.says.contains("a PFX file, which this build of powergrant does not read"), "{problem}");
            assert!(problem.next.contains("openssl pkcs12 -in app.pfx -nodes -out app.pem"), "{}", problem.next);
            assert!(problem.next.contains("--features pfx"), "{}", problem.next);
        }
    }

    const THUMBPRINT: &str = "ZqUrpzcEw6nMFLF6NwrVFF1oofpQ5dlOs5vNJyoOXbo";
}
