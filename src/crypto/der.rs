//! DER (ITU-T X.690), as far as public keys are written in it.

/// A SEQUENCE.
pub(super) const SEQUENCE: u8 = 0x30;
/// An INTEGER.
pub(super) const INTEGER: u8 = 0x02;
/// A BIT STRING.
pub(super) const BIT_STRING: u8 = 0x03;
/// An OBJECT IDENTIFIER.
pub(super) const OID: u8 = 0x06;
/// The version of a certificate, `[0]`.
pub(super) const CONTEXT_0: u8 = 0xa0;

/// Values one after another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'d>(&'d [u8]);

impl<'d> Reader<'d> {
    /// Reads from the beginning of some bytes.
    pub(super) fn new(bytes: &'d [u8]) -> Self {
        Self(bytes)
    }

    /// Whether a value of this tag is next.
    pub(super) fn is_next(&self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// The content of the next value, which must have this tag.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'d [u8]> {
        self.is_next(tag).then(|| self.next())?
    }

    /// The next value as it stands, tag and length included.
    pub(super) fn take_whole(&mut self) -> Option<&'d [u8]> {
        let before = self.0;
        self.next()?;
        before.get(..before.len() - self.0.len())
    }

    fn next(&mut self) -> Option<&'d [u8]> {
        let (_, rest) = self.0.split_first()?;
        let (length, rest) = length(rest)?;
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(content)
    }
}

/// A length, and what follows it.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    if *first < 0x80 {
        return Some((usize::from(*first), rest));
    }
    let count = usize::from(*first & 0x7f);
    let (digits, rest) = rest.split_at_checked(count)?;
    let fits = (1..=4).contains(&count);
    let value = digits
        .iter()
        .fold(0, |value, byte| value << 8 | usize::from(*byte));
    fits.then_some((value, rest))
}

/// A value as it is written.
pub(super) fn write(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut written = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => written.push(short),
        _ => {
            let digits = content.len().to_be_bytes();
            let digits: Vec<_> = digits.into_iter().skip_while(|byte| *byte == 0).collect();
            written.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
            written.extend(digits);
        }
    }
    written.extend(content);
    written
}

/// A number without sign, as an INTEGER.
pub(super) fn write_unsigned(number: &[u8]) -> Vec<u8> {
    let digits: Vec<_> = number.iter().skip_while(|byte| **byte == 0).collect();
    let mut content: Vec<u8> = digits.into_iter().copied().collect();
    if content.first().is_none_or(|first| *first >= 0x80) {
        content.insert(0, 0);
    }
    write(INTEGER, &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let content = vec![7; length];
            let written = write(SEQUENCE, &content);
            let mut reader = Reader::new(&written);
            assert_eq!(reader.clone().take(INTEGER), None);
            assert_eq!(reader.clone().take_whole(), Some(written.as_slice()));
            assert_eq!(reader.take(SEQUENCE), Some(content.as_slice()));
            assert_eq!(reader.take_whole(), None);
            let cut = written.get(..written.len() - 1).unwrap();
            assert_eq!(Reader::new(cut).take(SEQUENCE), None);
        }
        assert_eq!(write_unsigned(&[0, 0, 0x80]), [INTEGER, 2, 0, 0x80]);
        assert_eq!(write_unsigned(&[0]), [INTEGER, 1, 0]);
        assert_eq!(Reader::new(&[SEQUENCE, 0x80]).take(SEQUENCE), None);
        assert_eq!(
            Reader::new(&[SEQUENCE, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1]).take_whole(),
            None
        );
    }
}
