//! Tests on a real server.
//!
//! One throw-away server for the run, one fresh database for each test ([`harness`]). There is no skipping: where no
//! server can be had, the tests fail.

mod connecting;
mod harness;
mod introspection;
mod throwaway;
