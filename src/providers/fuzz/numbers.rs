//! Numbers that look random, and are the same in every run.

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

    /// One of some texts.
    pub fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts
            .get(self.below(texts.len()))
            .copied()
            .unwrap_or_default()
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
