//! Keys that senders publish: fetched once, kept for a while, asked for seldom.
//!
//! Only addresses that a provider's definition allows come here. However many deliveries name new
//! ones, there is one request at a time and a bounded number a minute.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::net::Client;
use crate::providers::fetched::{KeySet, Keyring};
use crate::runtime::{BoxFuture, Clock, Timestamp};

/// How long a key is kept before it is asked for again.
const KEPT_FOR: Duration = Duration::from_hours(6);
/// How long an address is left alone after it was asked.
const LEFT_ALONE_FOR: Duration = Duration::from_mins(1);
/// The most addresses that are kept.
const ADDRESSES_MAX: usize = 200;
/// The most requests within [`LEFT_ALONE_FOR`].
const REQUESTS_MAX: usize = 20;
/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Asks an address.
pub trait Fetch: Send + Sync {
    /// The body of a successful answer.
    ///
    /// # Errors
    /// Says why there is none.
    fn fetch<'f>(&'f self, url: &'f str) -> BoxFuture<'f, Result<Bytes, String>>;
}

impl Fetch for Client {
    fn fetch<'f>(&'f self, url: &'f str) -> BoxFuture<'f, Result<Bytes, String>> {
        Box::pin(self.get(url, TIMEOUT))
    }
}

/// One address that was asked.
#[derive(Debug)]
struct Asked {
    at: Timestamp,
    /// When it gave keys.
    given_at: Option<Timestamp>,
    /// None where there was no key.
    keys: Option<Arc<KeySet>>,
}

/// The keys that are known.
pub(super) struct Keys {
    fetch: Arc<dyn Fetch>,
    clock: Clock,
    asked: Mutex<HashMap<String, Asked>>,
    turn: tokio::sync::Mutex<()>,
}

impl Keys {
    /// None yet.
    pub(super) fn new(fetch: Arc<dyn Fetch>, clock: Clock) -> Self {
        Self {
            fetch,
            clock,
            asked: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Asks for the keys at an address, unless that was done a moment ago.
    ///
    /// # Errors
    /// Says why they are not known now.
    pub(super) async fn bring(&self, url: &str) -> Result<(), String> {
        let _turn = self.turn.lock().await;
        let now = self.clock.now();
        self.may_ask(url, now)?;
        let answer = self.fetch.fetch(url).await;
        let found = answer.and_then(|document| {
            let keys = KeySet::read(&document);
            keys.map(Arc::new)
                .ok_or_else(|| "what stands there is no key".to_owned())
        });
        self.note(url, found.as_ref().ok().cloned());
        found.map(|_| ()).map_err(|why| format!("{url}: {why}"))
    }

    /// Asks an address that is no key, and wants success.
    ///
    /// # Errors
    /// Says why there was none.
    pub(super) async fn follow(&self, url: &str) -> Result<(), String> {
        let _turn = self.turn.lock().await;
        self.may_ask(url, self.clock.now())?;
        self.note(url, None);
        self.fetch.fetch(url).await.map(|_| ())
    }

    /// Remembers that an address was asked, and what it gave; without that, what it gave before.
    fn note(&self, url: &str, keys: Option<Arc<KeySet>>) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let at = self.clock.now();
        let (given_at, keys) = match (keys, asked.get(url)) {
            (Some(keys), _) => (Some(at), Some(keys)),
            (None, Some(known)) => (known.given_at, known.keys.clone()),
            (None, None) => (None, None),
        };
        let now = Asked { at, given_at, keys };
        asked.insert(url.to_owned(), now);
    }

    fn may_ask(&self, url: &str, now: Timestamp) -> Result<(), String> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |asked: &Asked| now.since(asked.at) < LEFT_ALONE_FOR;
        if asked.get(url).is_some_and(recent) {
            return Err(format!("{url} was asked a moment ago"));
        }
        if asked.values().filter(|asked| recent(asked)).count() >= REQUESTS_MAX {
            return Err("too many keys are asked for".to_owned());
        }
        if asked.len() >= ADDRESSES_MAX {
            asked.retain(|_, asked| asked.keys.is_some() && now.since(asked.at) < KEPT_FOR);
        }
        if asked.len() >= ADDRESSES_MAX {
            return Err("too many keys are kept".to_owned());
        }
        Ok(())
    }
}

impl Keyring for Keys {
    fn find(&self, url: &str) -> Option<Arc<KeySet>> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let known = asked.get(url)?;
        let now = self.clock.now();
        let fresh = known.given_at.is_some_and(|at| now.since(at) < KEPT_FOR);
        known.keys.clone().filter(|_| fresh)
    }

    fn is_recent(&self, url: &str) -> bool {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let given_at = asked.get(url).and_then(|known| known.given_at);
        given_at.is_some_and(|at| self.clock.now().since(at) < LEFT_ALONE_FOR)
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}
