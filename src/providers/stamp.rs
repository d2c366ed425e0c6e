//! How a signature is put on a delivery, and how people are told to.

use std::borrow::Cow;

use crate::runtime::Timestamp;

use super::each::Item;
use super::letter::Letter;
use super::parts::Place;
use super::reading::Reading;
use super::signed::{Content, Signed};

impl Signed {
    /// How to sign, for whoever gets it wrong. `tag` names the computation: `HMAC-SHA256(secret, …)`.
    pub fn hint(&self, compute: impl Fn(&str) -> String) -> String {
        let content = match self.content.as_str() {
            "{body}" => "body".to_owned(),
            text => format!("{text:?}"),
        };
        let tag = format!("{}({})", self.signature.encoding.title(), compute(&content));
        let time = self.freshness.as_ref().map(|freshness| &freshness.from);
        let beside: Vec<_> = match time {
            Some(Place::Signature(name)) => vec![(name.as_ref(), "TIMESTAMP")],
            _ => Vec::new(),
        };
        let value = self.signature.write(&tag, &beside);
        let what = self.signature.what();
        match time {
            Some(Place::Header(name)) => format!("sign it: {name}: TIMESTAMP, {what}: {value}"),
            _ => format!("sign it: {what}: {value}"),
        }
    }

    /// Puts the signature that `compute` makes, and its timestamp, on a letter.
    ///
    /// # Errors
    /// Where something that is signed is not there, or has no place in such a letter.
    pub fn put(
        &self,
        letter: &mut Letter,
        now: Timestamp,
        compute: impl Fn(&Content<'_>) -> Vec<u8>,
    ) -> Result<(), String> {
        let Some(each) = &self.each else {
            letter.fill(&self.content)?;
            return self.put_one(letter, None, now, &compute);
        };
        for item in letter.items(each)? {
            self.put_one(letter, Some(item), now, &compute)?;
        }
        Ok(())
    }

    fn put_one(
        &self,
        letter: &mut Letter,
        item: Option<Item<'_>>,
        now: Timestamp,
        compute: &impl Fn(&Content<'_>) -> Vec<u8>,
    ) -> Result<(), String> {
        let at = |place: &Place| match &item {
            None => Some(place.clone()),
            Some(item) => item.place(place),
        };
        let time = self.freshness.as_ref().map(|f| f.unit.write(now));
        let mut beside = Vec::new();
        match (self.freshness.as_ref().map(|f| &f.from), &time) {
            (Some(Place::Signature(name)), Some(time)) => beside.push((name.as_ref(), &**time)),
            (Some(place), Some(time)) => letter.put(place, time)?,
            _ => {}
        }
        for (place, expected) in &self.bind {
            let delivery = letter.delivery(now);
            let reading = Reading::new(&delivery, letter.kinds()).with(letter.settings());
            let expected = reading.render(expected, Some);
            letter.put(place, &expected.ok_or("what is bound is not there")?)?;
        }
        let delivery = letter.delivery(now);
        let mut reading = Reading::new(&delivery, letter.kinds()).with(letter.settings());
        reading.item = item;
        reading.timestamp = time.clone().map(Cow::Owned);
        reading.secret = letter.secret();
        let content = reading
            .pieces(&self.content)
            .map_err(|absent| format!("{} is missing, and it is signed", absent.place))?;
        let tag = self.signature.encoding.encode(&compute(&content));
        let value = self.signature.write(&tag, &beside);
        let from = self.signature.from.first().and_then(at);
        letter.put(&from.ok_or("it has no place for a signature")?, &value)
    }
}
