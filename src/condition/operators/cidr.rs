//! `cidr`: an address in a network.

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::Value;

use crate::diagnostic::{Diagnostics, code};
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
    let network = Network::parse(text);
    if network.is_none() {
        let message = format!("`{text}`{where_} is not a network");
        let help = "write an address and how many of its bits count: 10.0.0.0/8, 2001:db8::/32";
        problems.push(node.error(code::BAD_OPERAND, message).help(help));
    }
    network
}

/// The first `bits` bits of an address.
#[derive(Debug)]
struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(width);
        (bits <= width).then_some(Self { address, bits })
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
