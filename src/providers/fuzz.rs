//! Forgeries and nonsense by the million: a seeded mutator, so that every run is the same.
//!
//! `cargo test` runs thousands of rounds; `cargo bench --bench forgery -- 10000000` as many as wanted.

use bytes::Bytes;

use crate::crypto::Encoding;
use crate::diagnostic::{Diagnostics, SourceFile};
use crate::event::{Delivery, Headers, MediaKind, Payload, Strength};
use crate::runtime::Timestamp;
use crate::secret::Secret;
use crate::yaml;

use super::definition::{Overrides, Provider};
use super::reading::Reading;
use super::registry::Providers;
use super::sign::{Draft, sign};
use super::verify::verify;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const BODY: &str = r#"{"id":"1","type":"thing.happened"}"#;
/// Characters that signatures are written in, and some that they are not.
const LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/-_=.,; {}";

/// Numbers that look random and are the same in every run.
#[derive(Debug, Clone)]
pub struct Numbers(u64);

impl Numbers {
    /// Begins at a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// The next one below a limit; 0 where the limit is.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.0 % limit).unwrap_or(0)
    }

    /// Some bytes with one thing changed.
    pub fn mangle(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let at = self.below(bytes.len());
        let letter = LETTERS
            .get(self.below(LETTERS.len()))
            .copied()
            .unwrap_or(b'0');
        match self.below(6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, letter),
            2 if !bytes.is_empty() => drop(bytes.remove(at)),
            3 => bytes.reverse(),
            4 => {
                let bit = 1 << self.below(8);
                bytes.iter_mut().skip(at).take(1).for_each(|b| *b ^= bit);
            }
            _ => bytes.iter_mut().skip(at).take(1).for_each(|b| *b = letter),
        }
        bytes
    }
}

/// A good delivery, and how it is verified.
#[derive(Debug)]
pub struct Specimen {
    provider: Provider,
    scheme: String,
    secret: Secret,
    delivery: Delivery,
    /// Whether the signature covers the body.
    covers: bool,
    /// The header with the signature, the signature as it is written there, and how.
    tag: Option<(String, String, Encoding)>,
    /// The header with the timestamp.
    time: Option<String>,
}

/// A good delivery of each definition and scheme that we can sign for.
pub fn specimens() -> Vec<Specimen> {
    let providers = Providers::builtin();
    let known = providers.names().into_iter();
    let known = known.filter_map(|name| providers.find(name));
    known
        .flat_map(|provider| {
            let schemes = provider.schemes().into_iter();
            let schemes: Vec<_> = schemes.filter_map(|s| specimen(&provider, s)).collect();
            schemes
        })
        .collect()
}

/// A definition with every setting that it asks for.
pub fn set(provider: &Provider) -> Option<Provider> {
    let settings = provider.declared().iter();
    let settings = settings.map(|known| (known.name.clone(), Secret::new("a setting")));
    let overrides = Overrides {
        url: Some("https://hooks.example.com/webhook/x".into()),
        settings: Some(settings.collect()),
        ..Overrides::default()
    };
    provider.with(&overrides, None).ok()
}

/// A secret of the form that a scheme wants, if it is one that both sides have.
pub fn secret_for(provider: &Provider, scheme: &str) -> Option<Secret> {
    let secrets = [
        "whsec_aG9va3J1bGUgdGVzdCBzZWNyZXQ=",
        "aG9va3J1bGUgdGVzdCBzZWNyZXQ=",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "name:a password of some length",
    ];
    let mut secrets = secrets.map(Secret::new).into_iter();
    secrets.find(|secret| provider.check_secret(Some(scheme), secret).is_ok())
}

fn specimen(provider: &Provider, scheme: &str) -> Option<Specimen> {
    let provider = set(provider)?;
    let secret = secret_for(&provider, scheme)?;
    let draft = Draft {
        headers: Headers::default(),
        body: Bytes::from_static(BODY.as_bytes()),
        event: None,
        delivery_id: "id-1".to_owned(),
    };
    let delivery = sign(&provider, Some(scheme), &secret, &draft, NOW).ok()?;
    let secrets = std::slice::from_ref(&secret);
    let proof = verify(&provider, Some(scheme), secrets, &delivery, NOW).ok()?;
    let signed = provider.scheme(Some(scheme)).ok()?.signed();
    let tag = signed.and_then(|signed| {
        let header = signed.signature.from.first()?.header()?;
        let mut reading = Reading::new(&delivery, &[]);
        let tags = signed.signature.read(&mut reading, "").ok()?;
        let encoding = signed.signature.encoding;
        Some((header.to_owned(), encoding.encode(tags.first()?), encoding))
    });
    let time = signed.and_then(|signed| Some(signed.freshness.as_ref()?.from.header()?.to_owned()));
    Some(Specimen {
        covers: proof.strength() == Strength::Signed,
        scheme: scheme.to_owned(),
        provider,
        secret,
        delivery,
        tag,
        time,
    })
}

impl Specimen {
    /// A delivery that nobody signed; none where the change left it as it was.
    fn forged(&self, numbers: &mut Numbers) -> Option<Delivery> {
        let mut forged = self.delivery.clone();
        match numbers.below(4) {
            0 if self.covers => {
                forged.body = numbers.mangle(&self.delivery.body).into();
                (forged.body != self.delivery.body).then_some(forged)
            }
            1 => {
                let header = self.time.as_ref()?;
                let time = self.delivery.headers.single(header)?;
                let other = String::from_utf8(numbers.mangle(time.as_bytes())).ok()?;
                (other.trim() != time).then(|| self.with(header, other))
            }
            2 => {
                let headers: Vec<_> = self.delivery.headers.iter().map(|(n, _)| n).collect();
                let name = headers.get(numbers.below(headers.len()))?;
                let (tag, ..) = self.tag.as_ref()?;
                forged.headers = forged.headers.keep(|header| header != *name);
                name.eq_ignore_ascii_case(tag).then_some(forged)
            }
            _ => {
                let (header, tag, encoding) = self.tag.as_ref()?;
                let value = self.delivery.headers.single(header)?;
                let other = String::from_utf8(numbers.mangle(tag.as_bytes())).ok()?;
                let differs = encoding.decode(&other) != encoding.decode(tag);
                differs.then(|| self.with(header, value.replacen(tag.as_str(), &other, 1)))
            }
        }
    }

    fn with(&self, name: &str, value: String) -> Delivery {
        let mut delivery = self.delivery.clone();
        let others = delivery
            .headers
            .keep(|header| !header.eq_ignore_ascii_case(name));
        let pairs = others.iter().map(|(n, v)| (n, v.to_owned()));
        delivery.headers = Headers::new(pairs.chain([(name, value)]));
        delivery
    }
}

/// Forges deliveries for so many rounds: how many were tried, and which of them were believed.
pub fn forge(specimens: &[Specimen], seed: u64, rounds: u64) -> (u64, Vec<String>) {
    let mut numbers = Numbers::new(seed);
    let (mut tried, mut believed) = (0, Vec::new());
    for _ in 0..rounds {
        let Some(specimen) = specimens.get(numbers.below(specimens.len())) else {
            break;
        };
        let Some(forged) = specimen.forged(&mut numbers) else {
            continue;
        };
        tried += 1;
        let secrets = std::slice::from_ref(&specimen.secret);
        let scheme = Some(specimen.scheme.as_str());
        if verify(&specimen.provider, scheme, secrets, &forged, NOW).is_ok() {
            let name = specimen.provider.name();
            believed.push(format!("{name} {}: {forged:?}", specimen.scheme));
        }
    }
    (tried, believed)
}

/// Reads a body in every way; what matters is that it ends.
pub fn read_body(raw: &[u8]) {
    let raw = Bytes::copy_from_slice(raw);
    for kind in [
        MediaKind::Json,
        MediaKind::Form,
        MediaKind::FormField("a".to_owned()),
        MediaKind::Text,
        MediaKind::Lines,
        MediaKind::Xml,
        MediaKind::Multipart,
        MediaKind::MultipartField("a".to_owned()),
    ] {
        if let Ok(payload) = Payload::new(raw.clone(), kind) {
            payload.value();
        }
    }
}

/// Reads a definition and runs its vectors; what matters is that it ends.
pub fn read_definition(raw: &[u8]) {
    let file = SourceFile::new("mangled.yaml", String::from_utf8_lossy(raw));
    let mut problems = Diagnostics::new();
    let Some(node) = yaml::read(&file, &mut problems) else {
        return;
    };
    if let Some(provider) = Provider::parse(&node, &mut problems) {
        for vector in provider.vectors() {
            let _ = vector.run(&provider);
        }
    }
}

/// Mangles bodies and definitions for so many rounds and reads them.
pub fn read_nonsense(seed: u64, rounds: u64) {
    const BODIES: [&str; 4] = [
        "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{\"b\":[1]}\r\n--B--\r\n",
        "<a k=\"1\"><b>x&amp;y</b><b/><![CDATA[z]]></a>",
        "{\"a\":{\"b\":[1,2.5e3,\"\\u00e9\"]}}\n[null,true]\n",
        "a=%7B%22b%22%3A1%7D&c=d+e&c=f",
    ];
    let providers = Providers::builtin();
    let names = providers.names();
    let mut numbers = Numbers::new(seed);
    for round in 0..rounds {
        let mut raw = match (round % 8, names.get(numbers.below(names.len()))) {
            (0, Some(name)) => providers.text(name).unwrap_or_default(),
            _ => BODIES
                .get(numbers.below(BODIES.len()))
                .copied()
                .unwrap_or_default(),
        }
        .as_bytes()
        .to_vec();
        for _ in 0..=numbers.below(4) {
            raw = numbers.mangle(&raw);
        }
        if round % 8 == 0 {
            read_definition(&raw);
        } else {
            read_body(&raw);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_forged_is_believed() {
        let specimens = specimens();
        assert!(specimens.len() >= 150, "{}", specimens.len());
        let (tried, believed) = forge(&specimens, 0x5eed, 30_000);
        assert_eq!(believed, Vec::<String>::new());
        assert!(tried >= 12_000, "{tried}");
    }

    #[test]
    fn nonsense_is_read_to_its_end() {
        read_nonsense(0x0dd_b0d1e5, 2_000);
    }
}
