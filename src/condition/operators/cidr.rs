//! `cidr`: an address in a network.

use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Diagnostics, code};
use crate::yaml::{Node, Shape};

use super::super::List;
use super::{Around, Example, Operator, Options, Test, refuse};

pub(super) struct Cidr;

impl Operator for Cidr {
    fn name(&self) -> &'static str {
        "cidr"
    }

    fn help(&self) -> &'static str {
        "The value is the text of an IP address in this network, or in one of several: 10.0.0.0/8."
    }

    fn operand(&self) -> Shape {
        Shape::one_or_list(Shape::text())
    }

    fn example(&self) -> Example {
        Example {
            operand: "10.0.0.0/8",
            holds: "\"10.0.0.1\"",
            fails: Some("\"11.0.0.1\""),
            other_type: "10",
        }
    }

    fn parse(
        &self,
        operand: &Node,
        _: Options,
        problems: &mut Diagnostics,
    ) -> Option<Box<dyn Test>> {
        let mut networks = Vec::new();
        for node in operand.one_or_list() {
            let Some(text) = node.as_str() else {
                return refuse(node, "cidr", "a network as 10.0.0.0/8", problems);
            };
            networks.push(network(text, "", node, problems)?);
        }
        Some(Box::new(Inside(networks)))
    }

    fn takes_list(&self) -> bool {
        true
    }

    fn parse_list(
        &self,
        list: &Arc<List>,
        operand: &Node,
        _: Options,
        problems: &mut Diagnostics,
    ) -> Option<Box<dyn Test>> {
        let mut networks = Vec::new();
        for value in list.values() {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            networks.push(network(&text, " in this list", operand, problems)?);
        }
        Some(Box::new(Inside(networks)))
    }
}

fn network(text: &str, where_: &str, node: &Node, problems: &mut Diagnostics) -> Option<Network> {
    match Network::parse(text) {
        Ok(network) => Some(network),
        Err(fault) => {
            let place = match where_ {
                "" => node.place_at(fault.at.start, fault.at.len()),
                _ => node.place.clone(),
            };
            let message = format!("`{text}`{where_} is not a network");
            problems.push(Diagnostic::error(code::BAD_OPERAND, place, message).help(fault.help));
            None
        }
    }
}

/// Why a text is no network: the bytes of it that are at fault, and what to write.
#[derive(Debug)]
struct Fault {
    at: Range<usize>,
    help: &'static str,
}

const HELP: &str = "write an address and how many of its bits count: 10.0.0.0/8, 2001:db8::/32";
const HELP_NUMBERS: &str = "an address has four numbers from 0 to 255: 10.0.0.0/8";
const HELP_BITS: &str =
    "an IPv4 address has 32 bits: /8 takes all that begin with its first number";
const HELP_BITS_6: &str = "an IPv6 address has 128 bits: 2001:db8::/32";

#[derive(Debug)]
struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    fn parse(text: &str) -> Result<Self, Fault> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let fault = |at: Range<usize>, help| Fault { at, help };
        let Ok(read) = address.parse::<IpAddr>() else {
            let dotted = address.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            let help = if dotted { HELP_NUMBERS } else { HELP };
            return Err(fault(0..address.len(), help));
        };
        let (width, help) = match read {
            IpAddr::V4(_) => (32, HELP_BITS),
            IpAddr::V6(_) => (128, HELP_BITS_6),
        };
        let bits = match bits.map(str::parse::<u32>) {
            None => width,
            Some(Ok(bits)) if bits <= width => bits,
            Some(_) => return Err(fault(address.len() + 1..text.len(), help)),
        };
        Ok(Self {
            address: read,
            bits,
        })
    }

    fn holds(&self, address: IpAddr) -> bool {
        let differing = match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(given)) => {
                (ours.to_bits() ^ given.to_bits()).leading_zeros()
            }
            (IpAddr::V6(ours), IpAddr::V6(given)) => {
                (ours.to_bits() ^ given.to_bits()).leading_zeros()
            }
            _ => return false,
        };
        differing >= self.bits
    }
}

#[derive(Debug)]
struct Inside(Vec<Network>);

impl Test for Inside {
    fn passes(&self, value: &Value, _: &Around<'_>) -> bool {
        let address = value
            .as_str()
            .and_then(|text| text.trim().parse::<IpAddr>().ok());
        address.is_some_and(|address| {
            let address = address.to_canonical();
            self.0.iter().any(|network| network.holds(address))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, refused};

    #[test]
    fn addresses_in_networks() {
        check(
            "cidr",
            "[\"10.0.0.0/8\", \"2001:db8::/32\", \"192.0.2.7\"]",
            &[
                "\"10.255.0.1\"",
                "\"2001:db8::1\"",
                "\"192.0.2.7\"",
                "\"::ffff:10.0.0.1\"",
            ],
            &[
                "\"11.0.0.1\"",
                "\"2001:db9::1\"",
                "\"192.0.2.8\"",
                "\"10.0.0\"",
                "null",
                "10",
                "\"\"",
            ],
        );
        check("cidr", "\"0.0.0.0/0\"", &["\"8.8.8.8\""], &["\"::1\""]);
        refused("cidr", "\"10.0.0.0/33\"", "not a network");
        refused("cidr", "8", "takes a network");
    }
}
