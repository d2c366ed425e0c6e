//! hookrule: webhooks in, rules, actions out, none lost.

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
