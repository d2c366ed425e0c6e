//! ECDSA on P-256 over SHA-256: a private key that only the sender has signs.

use std::sync::Arc;

use super::super::public_key::PublicKeyForm;
use crate::crypto::SignatureForm;
use crate::diagnostic::Diagnostics;
use crate::yaml::Fields;
use crate::yaml::shape::Key;

use super::{Kind, Scheme, asymmetric};

pub(super) const KIND: Kind = Kind {
    name: "ecdsa",
    keys,
    parse,
};

fn keys() -> Vec<Key> {
    asymmetric::keys()
}

fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Option<Arc<dyn Scheme>> {
    let (form, key) = (SignatureForm::P256Der, PublicKeyForm::Spki);
    asymmetric::parse(fields, problems, "ECDSA-P256-SHA256", form, key)
}
