//! Certificates as openssl makes them, and the verbs of the services that vouch.

use super::certificate::Certificate;

const PEM: &str = include_str!("../../tenant/tests/identity.pem");

#[test]
fn a_certificate_is_read_to_its_key() {
    let certificate = Certificate::of_pem(PEM).unwrap();
    // Of `openssl x509 -outform DER | openssl dgst -sha256 -binary | basenc --base64url`.
    assert_eq!(certificate.thumbprint, "ZqUrpzcEw6nMFLF6NwrVFF1oofpQ5dlOs5vNJyoOXbo");
    // Of `openssl x509 -enddate`: Nov  1 02:26:46 2126 GMT.
    assert_eq!(certificate.expires, 4_949_173_606);
    assert!(!certificate.has_signed("PS256", "text", &[0; 256]));
    assert_eq!(Certificate::of_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), None);
}
