//! Where events come in: the listener, its certificate, and the address that clients use.

use crate::boot::StartError;
use cli::RunArgs;
use ingress::{Ingress, Options, Tls, TlsFiles};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The listener, bound and not yet served.
pub(crate) struct Entrance {
    pub(crate) ingress: Ingress,
    pub(crate) tls: Option<Tls>,
}

impl Entrance {
    /// Takes the address and reads the certificate.
    pub(crate) async fn open(args: &RunArgs) -> Result<Self, StartError> {
        let tls = tls(args)?;
        let options = Options { max_event_size: args.max_event_size, ..Options::default() };
        let plain =
            Ingress::bind(args.listen, options).await.map_err(|e| StartError::failed(e.to_string()))?;
        let ingress = match &tls {
            Some(tls) => plain.secured(tls.clone()),
            None => plain,
        };
        Ok(Self { ingress, tls })
    }

    /// The address that was taken.
    pub(crate) fn address(&self) -> SocketAddr {
        self.ingress.local_addr()
    }

    /// What stands before `://`.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// `HOST:PORT` as clients write it: on this machine, and with HTTPS by a name that the certificate is for.
    pub(crate) fn authority(&self) -> String {
        let here = self.reachable();
        match &self.tls {
            Some(tls) => format!("{}:{}", tls.host_for(here.ip()), here.port()),
            None => here.to_string(),
        }
    }

    /// An address that a client on this machine can use: a wildcard is none.
    pub(crate) fn reachable(&self) -> SocketAddr {
        let address = self.address();
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => {
                SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port())
            }
            IpAddr::V6(ip) if ip.is_unspecified() => {
                SocketAddr::new(Ipv6Addr::LOCALHOST.into(), address.port())
            }
            _ => address,
        }
    }

    /// Base of the addresses of Brokers.
    pub(crate) fn base_url(&self) -> String {
        format!("{}://{}", self.scheme(), self.authority())
    }
}

fn tls(args: &RunArgs) -> Result<Option<Tls>, StartError> {
    // The command line takes both or none.
    let (Some(cert), Some(key)) = (args.tls_cert.clone(), args.tls_key.clone()) else { return Ok(None) };
    let files = TlsFiles { cert, key, client_ca: args.tls_client_ca.clone() };
    Tls::open(files).map(Some).map_err(|error| StartError::configuration(error.to_string()))
}
