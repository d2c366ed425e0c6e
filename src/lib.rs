//! hookrule: webhooks in, rules, actions out, none lost.
//!
//! # The way of an event
//! ```text
//! delivery → source → body → verify → handshake? → parse → identify → dedupe
//!          → match → plan → store (one commit) → 202
//! store → executor → perform → record: done, retry, or dead letter
//! ```
//! It runs one way. So do the rooms: each names only those before it in this order, which is also
//! the order to read them in:
//!
//! | room | what it is |
//! |---|---|
//! | [`secret`] | text that never prints itself |
//! | [`crypto`] | hashes, keys and comparisons |
//! | [`runtime`] | time, the order to stop, files that change, logs and counts |
//! | [`diagnostic`] | what is wrong in a file, and where |
//! | [`yaml`] | text → values that know where they stand |
//! | [`net`] | the one outgoing HTTP client |
//! | [`event`] | a delivery as received, the event it turns out to be |
//! | [`providers`] | who sent it, and whether to believe it |
//! | [`expression`] | JSONPath and templates |
//! | [`condition`] | whether a rule applies |
//! | [`destinations`] | what actions reach |
//! | [`actions`] | what a rule does |
//! | [`rule`] | what the author wrote |
//! | [`plan`] | what should happen: jobs |
//! | [`trial`] | the tests that stand in rule files |
//! | [`stores`] | where it survives |
//! | [`intake`] | verify to stored; only then "accepted" |
//! | [`executor`] | leased to recorded |
//! | [`operator`] | what a person may do to a store |
//! | [`server`] | the listeners |
//! | [`config`] | hookrule.yaml → settings |
//! | [`app`] | builds every room, connects them, drains them |
//! | [`commands`] | one subcommand each |
//!
//! # Invariants
//! 1. No unverified byte reaches a rule: an [`event::Event`] needs an [`event::Proof`], whose makers are
//!    named for the rooms that may call them.
//! 2. A sender gets 2xx only after event and jobs are committed in one transaction.
//! 3. Planning reads no clock, network, environment or randomness: the same rule set and event give the
//!    same plan.
//! 4. A job carries what it needs; the executor never looks at rules. Destinations are looked up by
//!    name when a job runs, so credentials are never stored.
//! 5. Actions do not retry, wait or record: they return an [`actions::Outcome`].
//! 6. Every job is performed at least once; its id goes out as the idempotency key, because twice is
//!    possible.
//! 7. A rule file with an error never replaces a working one.
//! 8. Credentials exist only as [`secret::Secret`]; comparison is constant-time.
//! 9. Everything has a limit: a named constant with its unit.
//! 10. Only [`app`] builds rooms; there is no global state.

pub mod actions;
pub mod app;
pub mod commands;
pub mod condition;
pub mod config;
pub mod crypto;
pub mod destinations;
pub mod diagnostic;
pub mod event;
pub mod executor;
pub mod expression;
pub mod intake;
pub mod net;
pub mod operator;
pub mod plan;
pub mod providers;
pub mod rule;
pub mod runtime;
pub mod secret;
pub mod server;
pub mod stores;
pub mod trial;
pub mod yaml;
