//! Which addresses may be dialled.
//!
//! The resolver is where names are judged, so that the address judged is the address dialled: one
//! look-up for each connection, nothing resolved twice. It is not asked about hosts that are written
//! as addresses; [`refuse_literal`] judges those before anything is sent.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::{Ipv4Net, Ipv6Net};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::NetError;

/// The most addresses of one name that are tried.
const ADDRESSES_MAX: usize = 16;

/// IPv4 that is not the public internet. Source: the IANA special-purpose address registry, and the
/// one public address that a cloud (Azure) uses for its metadata.
const V4_SPECIAL: [Ipv4Net; 16] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(168, 63, 129, 16, 32),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
];

/// The only IPv6 that is public; all else (loopback, mapped, NAT64, local, multicast) is refused.
const V6_GLOBAL: Ipv6Net = v6([0x2000, 0, 0, 0], 3);

/// What is not public inside [`V6_GLOBAL`]: protocol use with Teredo, documentation, 6to4,
/// documentation.
const V6_SPECIAL: [Ipv6Net; 4] = [
    v6([0x2001, 0, 0, 0], 23),
    v6([0x2001, 0x0db8, 0, 0], 32),
    v6([0x2002, 0, 0, 0], 16),
    v6([0x3fff, 0, 0, 0], 20),
];

/// Names of cloud metadata services, refused without asking a resolver.
const METADATA_NAMES: [&str; 3] = ["metadata.google.internal", "metadata", "instance-data"];

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(head: [u16; 4], prefix: u8) -> Ipv6Net {
    let [a, b, c, d] = head;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix)
}

/// Whether an address is on the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !V4_SPECIAL.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => {
            V6_GLOBAL.contains(&address) && !V6_SPECIAL.iter().any(|net| net.contains(&address))
        }
    }
}

/// The host of a URL, if it can be seen without a look-up that it is not public: an address, in any
/// notation, or a name that always means this machine or its cloud's metadata.
pub fn private_host(url: &Url) -> Option<String> {
    match url.host()? {
        Host::Ipv4(address) => (!is_public(address.into())).then(|| address.to_string()),
        Host::Ipv6(address) => (!is_public(address.into())).then(|| address.to_string()),
        Host::Domain(name) => is_local_name(name).then(|| name.to_owned()),
    }
}

/// Refuses a URL whose host is not public, as far as that can be seen without a look-up.
pub(super) fn refuse_literal(url: &Url) -> Result<(), NetError> {
    private_host(url).map_or(Ok(()), |host| Err(NetError::Private(host)))
}

fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || METADATA_NAMES.contains(&name.as_str())
}

/// Why a name gave no address to dial.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookupError {
    /// It has addresses, none of them public.
    #[error("{0} is not public")]
    Private(String),
    /// It has none.
    #[error("{0}")]
    Failed(String),
}

type Lookup = Arc<dyn Fn(&str) -> Looking + Send + Sync>;
type Looking = crate::runtime::BoxFuture<'static, io::Result<Vec<SocketAddr>>>;

/// Looks names up with the machine's resolver, and drops addresses that may not be dialled.
#[derive(Clone)]
pub(super) struct Resolver {
    guarded: bool,
    lookup: Lookup,
}

impl Resolver {
    /// The machine's own resolver.
    pub(super) fn machine(guarded: bool) -> Self {
        Self::with(guarded, |name| {
            let name = name.to_owned();
            Box::pin(async move {
                let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
                Ok(found.take(ADDRESSES_MAX).collect())
            })
        })
    }

    /// Another source of addresses, for tests.
    pub(super) fn with(
        guarded: bool,
        lookup: impl Fn(&str) -> Looking + Send + Sync + 'static,
    ) -> Self {
        Self {
            guarded,
            lookup: Arc::new(lookup),
        }
    }

    async fn addresses(self, name: String) -> Result<Vec<SocketAddr>, LookupError> {
        let found = (self.lookup)(&name)
            .await
            .map_err(|error| LookupError::Failed(error.to_string()))?;
        let Some(first) = found.first().copied() else {
            return Err(LookupError::Failed("it has no address".to_owned()));
        };
        let allowed: Vec<_> = found
            .into_iter()
            .filter(|address| !self.guarded || is_public(address.ip()))
            .collect();
        if allowed.is_empty() {
            return Err(LookupError::Private(format!("{} of {name}", first.ip())));
        }
        Ok(allowed)
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let looking = self.clone().addresses(name.as_str().to_owned());
        Box::pin(async move {
            let addresses = looking.await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses that must never be dialled, in every notation that a URL allows.
    const REFUSED: &[&str] = &[
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0177.1",
        "①②⑦.0.0.1",
        "127。0。0。1",
        "168.63.129.16",
        "169.254.0.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.168.255.255",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::7f00:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[::ffff:8.8.8.8]",
        "[::ffff:0:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b::808:808]",
        "[64:ff9b:1::1]",
        "[100::1]",
        "[2001::1]",
        "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
        "[2001:10::1]",
        "[2001:db8::1]",
        "[2002:7f00:1::1]",
        "[2002:a00:1::]",
        "[3fff::1]",
        "[3fff:fff:ffff::1]",
        "[5f00::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[fdff::1]",
        "[fe80::1]",
        "[febf::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[ff0e::1]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "db.localhost",
        "metadata.google.internal",
        "metadata.google.internal.",
    ];

    const PUBLIC: &[&str] = &[
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "[2001:200::1]",
        "[2606:4700:4700::1111]",
        "[2a00:1450:4001::1]",
        "[3ffe::1]",
        "example.com",
        "localhost.example.com",
        "notlocalhost",
    ];

    fn host_refused(host: &str) -> bool {
        let url = Url::parse(&format!("http://{host}:8080/path")).unwrap();
        refuse_literal(&url).is_err()
    }

    #[test]
    fn every_special_address_is_refused() {
        assert!(REFUSED.len() >= 60);
        for host in REFUSED {
            assert!(host_refused(host), "{host} would be dialled");
        }
    }

    #[test]
    fn public_neighbours_are_not() {
        for host in PUBLIC {
            assert!(!host_refused(host), "{host} is refused");
        }
    }

    #[test]
    fn hosts_that_no_url_can_hold() {
        for url in ["http://[::1%lo]/", "http://[::1%25lo]/", "http:///x"] {
            let harmless = match Url::parse(url) {
                Err(_) => true,
                Ok(url) => !matches!(url.host(), Some(Host::Ipv6(_))),
            };
            assert!(harmless, "{url}");
        }
    }

    async fn resolve(guarded: bool, found: &'static [&'static str]) -> Result<String, LookupError> {
        let resolver = Resolver::with(guarded, move |_| {
            let addresses = found
                .iter()
                .map(|ip| SocketAddr::new(ip.parse().unwrap(), 0));
            let addresses = addresses.collect();
            Box::pin(async move { Ok(addresses) })
        });
        let allowed = resolver.addresses("rebind.example".to_owned()).await?;
        Ok(allowed
            .iter()
            .map(|address| address.ip().to_string())
            .collect::<Vec<_>>()
            .join(" "))
    }

    #[tokio::test]
    async fn what_a_name_resolves_to_is_judged() {
        assert_eq!(
            resolve(true, &["1.1.1.1", "127.0.0.1", "::1", "2606:4700::1111"])
                .await
                .unwrap(),
            "1.1.1.1 2606:4700::1111"
        );
        let refused = resolve(true, &["10.0.0.1", "::ffff:127.0.0.1"]).await;
        assert!(
            matches!(&refused, Err(LookupError::Private(what)) if what == "10.0.0.1 of rebind.example"),
            "{refused:?}"
        );
        assert!(matches!(
            resolve(true, &[]).await,
            Err(LookupError::Failed(_))
        ));
        assert_eq!(resolve(false, &["10.0.0.1"]).await.unwrap(), "10.0.0.1");
    }
}
