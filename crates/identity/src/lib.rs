#![doc = include_str!("../README.md")]

mod account;
mod attribute;
mod china;
mod cluster;
mod constraint;
mod decision;
mod email;
mod explain;
mod head;
mod join;
mod key;
mod lei;
mod link;
mod name;
mod normalise;
mod own;
mod owner;
mod party;
mod phone;
mod rules;
mod vat;
mod vat_check;

pub use attribute::{Held, attribute};
pub use cluster::{Clusters, Unhonoured, cluster, components};
pub use constraint::{Forbidden, Reason};
pub use decision::Decision;
pub use explain::{Step, explain};
pub use head::head;
pub use key::{IdentifierKey, KeyError};
pub use link::Link;
pub use name::normalise_name;
pub use normalise::{Invalid, normalise};
pub use own::{Claim, Facet, Intermediary, own};
pub use owner::{Atom, Owner};
pub use party::PartyFacts;
pub use rules::{Hubs, Rules, Strength};
