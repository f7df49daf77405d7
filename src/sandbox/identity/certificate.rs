//! A certificate, as far as a token service has to read it: its thumbprint, until when it is valid, and its key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::civil::DateTime;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters, UnparsedPublicKey};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};

/// A certificate of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// base64url of the SHA-256 of its bytes.
    pub thumbprint: String,
    /// The same of the SHA-1, by which most clients name it.
    pub sha1: String,
    /// Until when it is valid, in seconds since 1970.
    pub expires: i64,
    /// The RSA key: PKCS#1.
    key: Vec<u8>,
}

impl Certificate {
    /// Reads PEM; nothing where that is no certificate with an RSA key.
    pub fn of_pem(text: &str) -> Option<Self> {
        let der = CertificateDer::from_pem_slice(text.as_bytes()).ok()?;
        // RFC 5280 §4.1: Certificate { tbsCertificate { [0] version?, serial, signature, issuer, validity, subject, key … } … }
        let (_, certificate, _) = element(&der)?;
        let (_, mut body, _) = element(certificate)?;
        let (tag, _, rest) = element(body)?;
        if tag == 0xa0 {
            body = rest;
        }
        for _ in ["serial", "signature", "issuer"] {
            (_, _, body) = element(body)?;
        }
        let (_, validity, rest) = element(body)?;
        let (_, _, until) = element(validity)?;
        let (kind, until, _) = element(until)?;
        let (_, _, rest) = element(rest)?;
        let (_, information, _) = element(rest)?;
        let (_, _, bits) = element(information)?;
        let (_, bits, _) = element(bits)?;
        // The first byte of a bit string says how many bits at its end do not count.
        let (_, key) = bits.split_first()?;
        Some(Self {
            thumbprint: URL_SAFE_NO_PAD.encode(Sha256::digest(&der)),
            sha1: URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &der)),
            expires: moment(kind, until)?,
            key: key.to_vec(),
        })
    }

    /// Says whether a text was signed with the certificate's key by an algorithm of JSON Web Signature.
    pub fn has_signed(&self, algorithm: &str, text: &str, signature: &[u8]) -> bool {
        let algorithm: &'static RsaParameters = match algorithm {
            "PS256" => &RSA_PSS_2048_8192_SHA256,
            // Clients of before 2025 (Learn: certificate credentials; both are taken).
            "RS256" => &RSA_PKCS1_2048_8192_SHA256,
            _ => return false,
        };
        UnparsedPublicKey::new(algorithm, &self.key).verify(text.as_bytes(), signature).is_ok()
    }
}

/// The first element of DER: its tag, what is in it, and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        (length.iter().try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))?, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// A time of a certificate: two digits of the year until 2049, four from then on (RFC 5280 §4.1.2.5).
fn moment(kind: u8, text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let text = match kind {
        0x17 if text < "50" => format!("20{text}"),
        0x17 => format!("19{text}"),
        _ => text.to_owned(),
    };
    let moment = DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?;
    Some(moment.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}
