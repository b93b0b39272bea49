//! How is the server reached, and what does it say?
//!
//! The socket is here: connecting as psql users expect ([`settings`], [`mod@connect`]), reading the catalog
//! ([`mod@introspect`]), asking it about a plan ([`ask`], [`explain`]), running a script ([`apply`]), errors whose quoted rows
//! are withheld ([`error`]), the tables of our own ([`ledger`]), looking whether somebody is gone ([`verify`]) and where values stand ([`mod@find`]). No SQL about user tables is written here.

pub mod apply;
pub mod ask;
mod common_name;
pub mod connect;
pub mod error;
pub mod explain;
pub mod find;
pub mod hosts;
pub mod introspect;
pub mod ledger;
pub mod sample;
mod secret;
pub mod settings;
pub mod standing;
#[cfg(feature = "cli")]
pub mod throwaway;
mod tls;
pub mod verify;

pub use connect::{Connection, connect};
pub use error::ServerError;
pub use hosts::connect_first;
pub use introspect::introspect;
pub use secret::{Secret, SecretError};
pub use settings::Settings;
