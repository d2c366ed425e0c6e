//! Unpredictable bytes.

use ring::rand::{SecureRandom, SystemRandom};

/// The machine has no source of randomness to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the machine gives no random bytes")]
pub struct NoRandomness;

/// Fresh random bytes from the machine.
///
/// # Errors
/// [`NoRandomness`] where the machine refuses.
pub fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::random;

    #[test]
    fn draws_differ() {
        assert_ne!(random::<32>().unwrap(), random::<32>().unwrap());
    }
}
