//! hookrule: webhooks in, rules, actions out, none lost.

pub mod actions;
pub mod condition;
pub mod crypto;
pub mod destinations;
pub mod diagnostic;
pub mod event;
pub mod expression;
pub mod net;
pub mod plan;
pub mod providers;
pub mod rule;
pub mod runtime;
pub mod secret;
pub mod stores;
pub mod yaml;
