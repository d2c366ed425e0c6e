//! The listeners over real sockets, asked as no polite sender would.

mod admin;
mod encodings;
mod life;
mod requests;
mod stage;
