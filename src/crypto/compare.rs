//! Comparing what an attacker may guess at.

use subtle::ConstantTimeEq;

use super::digest::sha256;

/// Whether two texts are the same, in a time that tells nothing of where they differ or how long the
/// other one is.
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    // Digests have one length, so the time does not depend on either text's.
    sha256(left).ct_eq(&sha256(right)).into()
}

#[cfg(test)]
mod tests {
    use super::equal;

    #[test]
    fn only_the_same_is_equal() {
        assert!(equal(b"token", b"token") && equal(b"", b""));
        for (left, right) in [
            ("token", "tokem"),
            ("token", "toke"),
            ("", "t"),
            ("a", "a\0"),
        ] {
            assert!(!equal(left.as_bytes(), right.as_bytes()), "{left} {right}");
        }
    }
}
