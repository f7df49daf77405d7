//! PFX files (PKCS#12): the key and the certificates of an application, under a password.
//!
//! What reads them is in builds with the feature `pfx` alone; every build recognizes one, so that it can say what to do.
use super::Secret;
use crate::problem::{Cause, Problem};

/// What is in a PFX file: a private key (PKCS#8) and certificates, as DER.
pub(super) type Opened = (zeroize::Zeroizing<Vec<u8>>, Vec<Vec<u8>>);

/// Opens a PFX file with its password.
pub(super) type Open = fn(&[u8], Option<&Secret>) -> Result<Opened, Problem>;

/// What opens PFX files in this build.
#[cfg(feature = "pfx")]
pub(super) const OPEN: Option<Open> = Some(reading::open);
/// What opens PFX files in this build: nothing.
#[cfg(not(feature = "pfx"))]
pub(super) const OPEN: Option<Open> = None;

/// How another tool makes PEM of a PFX file.
const CONVERT: &str =
    "convert it: `openssl pkcs12 -in app.pfx -nodes -out app.pem` (with `-legacy` where OpenSSL 3 refuses it)";

/// Says whether these bytes are a PFX file: a sequence that begins with the version 3 (RFC 7292 §4).
pub(super) fn is_one(bytes: &[u8]) -> bool {
    let Some((0x30, rest)) = bytes.split_first().map(|(tag, rest)| (*tag, rest)) else { return false };
    let length = match rest.first() {
        // The long form says how many bytes the length has; indefinite lengths, which BER allows, have none.
        Some(first) if *first >= 0x80 => 1 + usize::from(first & 0x7f),
        Some(_) | None => 1,
    };
    rest.get(length..).is_some_and(|content| content.starts_with(&[0x02, 0x01, 0x03]))
}

/// What a build says that does not read them.
pub(super) fn not_in_this_build() -> Problem {
    refused(
        "it is a PFX file, which this build of powergrant does not read",
        &format!("{CONVERT}, or build powergrant with `cargo build --release --features pfx`"),
    )
}

/// A certificate that cannot be used.
pub(super) fn refused(why: &str, next: &str) -> Problem {
    Problem::without_request(Cause::SignedOut, "sign-in", format!("the certificate cannot be used: {why}"), next)
}

#[cfg(feature = "pfx")]
mod reading {
    use p12_keystore::Pkcs12Archive;
    use p12_keystore::error::Error;

    use super::{CONVERT, Opened, refused};
    use crate::problem::Problem;
    use crate::tenant::sign_in::Secret;

    /// Opens a PFX file.
    pub(super) fn open(bytes: &[u8], password: Option<&Secret>) -> Result<Opened, Problem> {
        let word = password.map_or("", Secret::reveal);
        let archive = Pkcs12Archive::from_pkcs12(bytes, word).map_err(|error| explained(&error, password.is_some()))?;
        let Some(key) = archive.keys.into_iter().next() else {
            return Err(refused(
                "there is no private key in the PFX file",
                "export it again together with its private key",
            ));
        };
        let certificates = archive.certs.iter().map(|bag| bag.cert.as_der().to_vec()).collect();
        Ok((key.key.as_der().to_vec().into(), certificates))
    }

    /// Why a PFX file was not opened. Nothing of the error's own text but where it is about the file's form.
    fn explained(error: &Error, has_password: bool) -> Problem {
        match error {
            // The checksum over the file is made with the password; a file without one shows a wrong password by what it decrypts to.
            Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) if has_password => refused(
                "its password is not that of the PFX file",
                "correct the variable that holds the password (…_CLIENT_CERTIFICATE_PASSWORD)",
            ),
            Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) => refused(
                "the PFX file has a password, and no variable holds it",
                "set the variable …_CLIENT_CERTIFICATE_PASSWORD of the same family; a password is never taken from the command line",
            ),
            Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm | Error::InvalidParameters => {
                refused("the PFX file is encrypted in a way that is not supported", CONVERT)
            }
            Error::IoError(_)
            | Error::DerError(_)
            | Error::InvalidVersion
            | Error::UnsupportedContentType
            | Error::UnsupportedCertificateType
            | Error::X509Error(_)
            | Error::InvalidLength
            | Error::InvalidData
            | Error::InvalidPrivateKey => refused("the PFX file is damaged, or of another form", "export it again"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_one;

    const FILE: &[u8] = include_bytes!("../tests/identity.pfx");

    #[test]
    fn a_pfx_file_is_told_from_a_certificate_and_from_text() {
        assert!(is_one(FILE));
        // A certificate in DER is a sequence that begins with another one.
        assert!(!is_one(&[0x30, 0x82, 0x03, 0x00, 0x30, 0x82, 0x02, 0x00]));
        for other in [&b""[..], b"0", b"-----BEGIN CERTIFICATE-----", &FILE[1..], &FILE[..4]] {
            assert!(!is_one(other), "{other:?}");
        }
    }

    #[cfg(feature = "pfx")]
    mod with_the_feature {
        use super::FILE;
        use crate::tenant::sign_in::{Certificate, Secret};

        const TRIPLE_DES: &[u8] = include_bytes!("../tests/triple-des.pfx");
        const WITHOUT: &[u8] = include_bytes!("../tests/without-password.pfx");
        const RC4: &[u8] = include_bytes!("../tests/rc4.pfx");

        fn read(bytes: &[u8], password: Option<&str>) -> Result<Certificate, String> {
            let password = password.map(Secret::new);
            Certificate::read(bytes, password.as_ref())
                .map_err(|problem| format!("{} | {}", problem.says, problem.next))
        }

        #[test]
        fn a_pfx_file_holds_the_same_as_its_pem() {
            let pem = Certificate::read(crate::tenant::tests::PEM.as_bytes(), None).unwrap();
            // As OpenSSL 3 writes it, and as Windows exports it.
            for file in [FILE, TRIPLE_DES] {
                assert_eq!(read(file, Some("hunter2")), Ok(pem.clone()));
            }
            assert_eq!(read(WITHOUT, None), Ok(pem));
        }

        #[test]
        fn a_wrong_and_a_missing_password_are_told_apart_and_never_shown() {
            for file in [FILE, TRIPLE_DES] {
                let wrong = read(file, Some("hunter3")).unwrap_err();
                assert!(
                    wrong.contains("its password is not that of the PFX file") && !wrong.contains("hunter"),
                    "{wrong}"
                );
                let missing = read(file, None).unwrap_err();
                assert!(missing.contains("no variable holds it"), "{missing}");
                assert!(missing.contains("_CLIENT_CERTIFICATE_PASSWORD"), "{missing}");
            }
        }

        #[test]
        fn what_cannot_be_decrypted_says_how_to_convert() {
            let refused = read(RC4, Some("hunter2")).unwrap_err();
            assert!(refused.contains("encrypted in a way that is not supported"), "{refused}");
            assert!(refused.contains("openssl pkcs12"), "{refused}");
            let damaged = read(&FILE[..FILE.len() / 2], Some("hunter2")).unwrap_err();
            assert!(damaged.contains("damaged"), "{damaged}");
        }
    }
}
