//! The changes that a forger would make to a good delivery.

use super::{Numbers, Specimen};
use crate::event::{Delivery, Headers, Query};

/// The most changes to one delivery.
const CHANGES_MAX: usize = 3;

/// Texts that mean something to somebody who reads bodies, headers or queries.
const WORDS: &[&str] = &[
    "&",
    "=",
    "&payload=%7B%7D",
    "From=",
    "%3D",
    "%26",
    "+",
    "%20",
    "\"",
    "\\u0061",
    "{}",
    "\"id\":\"forged\",",
    ",\"id\":\"forged\"",
    "\"type\":\"forged\",",
    "\r\n",
    "\n",
    "\0",
    " ",
    "\u{feff}",
    "e\u{301}",
    "é",
    ".",
    ":",
    ";",
    ",",
    "|",
    "v0=",
    "v1=",
    "sha1=",
    "sha256=",
    "t=1700000000",
    "1700000000",
    "+1700000000",
    "1e9",
];

/// Content types that a body may be called by.
const TYPES: &[&str] = &[
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
    "application/xml",
    "application/x-ndjson",
    "multipart/form-data; boundary=B",
    "application/JSON; charset=utf-7",
    "",
];

/// A delivery in pieces that can be changed.
struct Pieces {
    method: String,
    headers: Vec<(String, String)>,
    query: String,
    body: Vec<u8>,
}

/// A delivery with up to [`CHANGES_MAX`] changes; none where they left it as it was.
pub(super) fn changed(
    specimen: &Specimen,
    other: Option<&Delivery>,
    numbers: &mut Numbers,
) -> Option<Delivery> {
    let good = &specimen.delivery;
    let mut pieces = Pieces::of(good);
    for _ in 0..=numbers.below(CHANGES_MAX) {
        pieces.change(specimen, other, numbers);
    }
    let forged = pieces.delivery(good);
    let same = forged.headers == good.headers
        && forged.query_text == good.query_text
        && forged.body == good.body
        && forged.method == good.method;
    (!same).then_some(forged)
}

impl Pieces {
    fn of(delivery: &Delivery) -> Self {
        let headers = delivery.headers.iter();
        Self {
            method: delivery.method.clone(),
            headers: headers.map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
            query: delivery.query_text.clone(),
            body: delivery.body.to_vec(),
        }
    }

    fn delivery(self, good: &Delivery) -> Delivery {
        Delivery {
            method: self.method,
            query: Query::decode(self.query.as_bytes()),
            query_text: self.query,
            headers: Headers::new(self.headers),
            body: self.body.into(),
            received_at: good.received_at,
            remote: good.remote,
        }
    }

    fn change(&mut self, specimen: &Specimen, other: Option<&Delivery>, numbers: &mut Numbers) {
        match numbers.below(16) {
            0..=2 => self.body = numbers.mangle(&self.body),
            3 => insert(&mut self.body, numbers),
            4 => recut(&mut self.body, numbers),
            5 => respell(&mut self.body, numbers),
            6 => self.retype(numbers),
            7 => self.shift(specimen, numbers),
            8 => self.requery(numbers),
            9 => other
                .into_iter()
                .for_each(|other| self.borrow(other, numbers)),
            10 => self.method = numbers.pick(&["GET", "PUT", "post", "POST"]).to_owned(),
            _ => self.reheader(specimen, numbers),
        }
    }

    /// Changes a header: four times in five one that verification reads.
    fn reheader(&mut self, specimen: &Specimen, numbers: &mut Numbers) {
        let read = |name: &str| {
            specimen
                .headers
                .iter()
                .any(|h| h.eq_ignore_ascii_case(name))
        };
        let only_read = numbers.below(5) > 0;
        let fits = |(_, (name, _)): &(usize, &(String, String))| !only_read || read(name);
        let found: Vec<_> = self.headers.iter().enumerate().filter(fits).collect();
        let Some(at) = found.get(numbers.below(found.len())).map(|(at, _)| *at) else {
            return;
        };
        let Some((name, value)) = self.headers.get_mut(at) else {
            return;
        };
        match numbers.below(8) {
            0 => drop(self.headers.remove(at)),
            1 => {
                let twice = (name.clone(), value.clone());
                self.headers.push(twice);
            }
            2 => *value = value.to_uppercase(),
            3 => *value = format!(" {value} "),
            4 => {
                let mut bytes = std::mem::take(value).into_bytes();
                insert(&mut bytes, numbers);
                *value = String::from_utf8_lossy(&bytes).into_owned();
            }
            _ => {
                let bytes = numbers.mangle(value.as_bytes());
                *value = String::from_utf8_lossy(&bytes).into_owned();
            }
        }
    }

    /// Calls the body something else, or nothing.
    fn retype(&mut self, numbers: &mut Numbers) {
        if numbers.below(8) > 0 {
            self.headers.retain(|(name, _)| name != "content-type");
        }
        let called = numbers.pick(TYPES);
        if !called.is_empty() {
            self.headers
                .push(("content-type".to_owned(), called.to_owned()));
        }
    }

    /// Moves characters from one end of a place to the next place, as if both were one text.
    fn shift(&mut self, specimen: &Specimen, numbers: &mut Numbers) {
        let count = 1 + numbers.below(12);
        if numbers.below(4) == 0 {
            let kept = self.query.len().saturating_sub(count);
            if self.query.is_char_boundary(kept) {
                let mut moved = self.query.split_off(kept).into_bytes();
                moved.append(&mut self.body);
                self.body = moved;
            }
            return;
        }
        let read: Vec<_> = self
            .headers
            .iter_mut()
            .filter(|(name, _)| {
                specimen
                    .headers
                    .iter()
                    .any(|h| h.eq_ignore_ascii_case(name))
            })
            .collect();
        let which = numbers.below(read.len());
        let Some((_, value)) = read.into_iter().nth(which) else {
            return;
        };
        match numbers.below(4) {
            0 => {
                let moved = self.body.drain(..count.min(self.body.len()));
                let moved: Vec<_> = moved.collect();
                value.push_str(&String::from_utf8_lossy(&moved));
            }
            1 => {
                let kept = self.body.len().saturating_sub(count);
                let moved = self.body.split_off(kept);
                value.insert_str(0, &String::from_utf8_lossy(&moved));
            }
            2 => {
                let kept = value.len().saturating_sub(count);
                if value.is_char_boundary(kept) {
                    let mut moved = value.split_off(kept).into_bytes();
                    moved.append(&mut self.body);
                    self.body = moved;
                }
            }
            _ => {
                if let Some((moved, rest)) = value.split_at_checked(count) {
                    self.body.extend(moved.bytes());
                    *value = rest.to_owned();
                }
            }
        }
    }

    /// Changes the query.
    fn requery(&mut self, numbers: &mut Numbers) {
        match numbers.below(3) {
            0 => self.query.push_str("&x=1"),
            1 => self.query = format!("{0}&{0}", self.query),
            _ => {
                let mut bytes = std::mem::take(&mut self.query).into_bytes();
                if numbers.below(2) == 0 {
                    insert(&mut bytes, numbers);
                }
                let bytes = numbers.mangle(&bytes);
                self.query = String::from_utf8_lossy(&bytes).into_owned();
            }
        }
    }

    /// Takes the body, or one header, of another delivery.
    fn borrow(&mut self, other: &Delivery, numbers: &mut Numbers) {
        if numbers.below(2) == 0 {
            self.body = other.body.to_vec();
            return;
        }
        let headers: Vec<_> = other.headers.iter().collect();
        let Some((_, theirs)) = headers.get(numbers.below(headers.len())) else {
            return;
        };
        let at = numbers.below(self.headers.len());
        if let Some((_, value)) = self.headers.get_mut(at) {
            (*theirs).clone_into(value);
        }
    }
}

/// Puts a word into a text.
fn insert(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    let word = numbers.pick(WORDS);
    let at = match numbers.below(4) {
        0 => bytes.len(),
        1 => bytes.len().min(1),
        _ => numbers.below(bytes.len()),
    };
    bytes.splice(at..at, word.bytes());
}

/// Cuts a form elsewhere: takes away a `=` or `&` and puts one elsewhere, or sorts, drops or doubles
/// fields.
fn recut(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    let marks: Vec<_> = (0..bytes.len())
        .filter(|at| matches!(bytes.get(*at), Some(b'=' | b'&')))
        .collect();
    let Some(at) = marks.get(numbers.below(marks.len())).copied() else {
        return;
    };
    if numbers.below(2) == 0 {
        let mark = bytes.remove(at);
        if numbers.below(4) > 0 {
            bytes.insert(numbers.below(bytes.len()), mark);
        }
        return;
    }
    let mut fields: Vec<_> = bytes.split(|b| *b == b'&').map(<[u8]>::to_vec).collect();
    let (one, two) = (numbers.below(fields.len()), numbers.below(fields.len()));
    match numbers.below(3) {
        0 => fields.swap(one, two),
        1 => drop(fields.remove(one)),
        _ => {
            let twice = fields.get(one).cloned().unwrap_or_default();
            fields.insert(two, twice);
        }
    }
    *bytes = fields.join(&b'&');
}

/// Writes one character in another way that means the same to some reader.
fn respell(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    let at = numbers.below(bytes.len());
    let Some(byte) = bytes.get(at).copied() else {
        return;
    };
    let new = match numbers.below(4) {
        0 => format!("%{byte:02X}"),
        1 => format!("%{byte:02x}"),
        2 => format!("\\u{:04x}", u32::from(byte)),
        _ => format!("{} ", char::from(byte)),
    };
    bytes.splice(at..=at, new.bytes());
}
