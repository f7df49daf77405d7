//! The certificate authority of one run: a root that nobody else has, and a certificate for each host that is asked for.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree,
    IsCa, KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::crypto::ring::sign::any_supported_type;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use crate::sandbox::hosts;

/// The name under which certificates for the sandbox's own addresses are kept.
const OWN: &str = "localhost";

/// Year, month and day.
type Day = (i32, u8, u8);

/// Why there are no certificates.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A certificate cannot be made.
    #[error("no certificate can be made")]
    Certificate(#[from] rcgen::Error),
    /// A certificate cannot be used.
    #[error("a certificate cannot be used")]
    Use(#[from] tokio_rustls::rustls::Error),
    /// The clock says something that is no day.
    #[error("the clock says {0} seconds since 1970, which is no day")]
    Clock(i64),
}

/// Makes certificates. Its key never leaves the process, and its certificate says that it stands for Microsoft's hosts and this
/// machine only, so that trusting it for a test cannot harm anything else.
#[derive(Debug)]
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    since: Day,
    until: Day,
    made: Mutex<BTreeMap<String, Arc<CertifiedKey>>>,
}

impl Authority {
    /// Makes an authority that is valid from the day before `now`, in seconds since 1970, for a year.
    pub(super) fn new(now: i64) -> Result<Self, AuthorityError> {
        let day = |offset: i64| {
            let moment = jiff::Timestamp::from_second(now + offset * 86_400).map_err(|_| AuthorityError::Clock(now))?;
            let date = moment.to_zoned(jiff::tz::TimeZone::UTC).date();
            let part = |value: i8| u8::try_from(value).map_err(|_| AuthorityError::Clock(now));
            Ok::<_, AuthorityError>((i32::from(date.year()), part(date.month())?, part(date.day())?))
        };
        // Some platforms refuse certificates that are valid for longer than 397 days.
        let (since, until) = (day(-1)?, day(365)?);
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "powergrant sandbox");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        valid(&mut params, since, until);
        let mut permitted: Vec<GeneralSubtree> = hosts::all().into_iter().map(GeneralSubtree::DnsName).collect();
        permitted.push(GeneralSubtree::DnsName(OWN.to_owned()));
        permitted.push(GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)));
        permitted
            .push(GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]), 128)));
        params.name_constraints =
            Some(NameConstraints { permitted_subtrees: permitted, excluded_subtrees: Vec::new() });
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        Ok(Self { issuer, since, until, made: Mutex::default() })
    }

    /// Returns the root certificate, for clients to trust.
    pub(super) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Returns how a connection for `host` is encrypted: with a certificate for the name that the client asks for, or for `host` where
    /// it asks for none.
    pub(super) fn configuration(self: &Arc<Self>, host: &str) -> Result<Arc<ServerConfig>, AuthorityError> {
        let resolver = Resolver { authority: Arc::clone(self), host: host.to_owned() };
        let mut configuration = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(resolver));
        configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(configuration))
    }

    /// Returns the certificate for a host; nothing for a host that the sandbox does not stand for.
    fn certificate(&self, host: &str) -> Option<Arc<CertifiedKey>> {
        let name = if hosts::is_loopback(host) { OWN } else { host };
        if name != OWN && hosts::place(name).is_none() {
            return None;
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made.get(name) {
            return Some(Arc::clone(known));
        }
        let certificate = self.make(name).inspect_err(|error| tracing::error!(%error, name, "no certificate")).ok()?;
        made.insert(name.to_owned(), Arc::clone(&certificate));
        Some(certificate)
    }

    fn make(&self, name: &str) -> Result<Arc<CertifiedKey>, AuthorityError> {
        let names: &[&str] = if name == OWN { &[OWN, "127.0.0.1", "::1"] } else { &[name] };
        let mut params = CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // Strict verifiers want it (Python 3.13's default context).
        params.use_authority_key_identifier_extension = true;
        valid(&mut params, self.since, self.until);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let key = any_supported_type(&PrivateKeyDer::Pkcs8(key.serialize_der().into()))?;
        let chain = vec![certificate.der().clone(), self.issuer.der().clone()];
        Ok(Arc::new(CertifiedKey::new(chain, key)))
    }
}

fn valid(params: &mut CertificateParams, since: Day, until: Day) {
    params.not_before = date_time_ymd(since.0, since.1, since.2);
    params.not_after = date_time_ymd(until.0, until.1, until.2);
}

#[derive(Debug)]
struct Resolver {
    authority: Arc<Authority>,
    host: String,
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().map_or_else(|| self.host.clone(), str::to_ascii_lowercase);
        self.authority.certificate(&name)
    }
}
