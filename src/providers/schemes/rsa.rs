//! RSA, PKCS #1 v1.5: a private key that only the sender has signs.

use std::sync::Arc;

use super::super::public_key::PublicKeyForm;
use super::super::signature::named;
use crate::crypto::{Algorithm, SignatureForm};
use crate::diagnostic::Diagnostics;
use crate::yaml::shape::Key;
use crate::yaml::{Fields, Shape, key};

use super::{Kind, Scheme, asymmetric};

pub(super) const KIND: Kind = Kind {
    name: "rsa",
    keys,
    parse,
};

fn keys() -> Vec<Key> {
    let own = key(
        "algorithm",
        Shape::choice(Algorithm::NAMES),
        "The hash function.",
        "sha512",
    )
    .or("sha256");
    std::iter::once(own).chain(asymmetric::keys()).collect()
}

fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Option<Arc<dyn Scheme>> {
    let algorithm = fields
        .optional("algorithm")
        .map_or(Some(Algorithm::Sha256), |node| {
            named(node, &Algorithm::NAMES, Algorithm::named, problems)
        });
    let (title, form) = match algorithm? {
        Algorithm::Sha1 => ("RSA-SHA1", SignatureForm::RsaSha1),
        Algorithm::Sha256 => ("RSA-SHA256", SignatureForm::RsaSha256),
        Algorithm::Sha512 => ("RSA-SHA512", SignatureForm::RsaSha512),
    };
    asymmetric::parse(fields, problems, title, form, PublicKeyForm::Pem)
}
