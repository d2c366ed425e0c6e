//! Ed25519 (RFC 8032): a private key that only the sender has signs, a source knows the public one.

use std::sync::Arc;

use super::super::public_key::PublicKeyForm;
use crate::crypto::SignatureForm;
use crate::diagnostic::Diagnostics;
use crate::yaml::Fields;
use crate::yaml::shape::Key;

use super::{Kind, Scheme, asymmetric};

pub(super) const KIND: Kind = Kind {
    name: "ed25519",
    keys,
    parse,
};

fn keys() -> Vec<Key> {
    asymmetric::keys()
}

fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Option<Arc<dyn Scheme>> {
    let (form, key) = (SignatureForm::Ed25519, PublicKeyForm::Hex);
    asymmetric::parse(fields, problems, "ED25519", form, key)
}
