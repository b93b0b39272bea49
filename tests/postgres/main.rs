//! Tests on a real server.
//!
//! One throw-away server for the run, one fresh database for each test ([`harness`]). There is no skipping: where no
//! server can be had, the tests fail.

#[path = "../cases/mod.rs"]
#[allow(dead_code, reason = "each test binary uses its part of it")]
mod case;

mod cases;
mod certified;
mod ci_examples;
mod closed;
mod club;
mod completing;
mod connecting;
mod crowd;
#[path = "../decided.rs"]
#[allow(dead_code, reason = "each test binary uses its part of it")]
mod decided;
mod derived;
mod documents;
mod drafts;
mod explain;
mod faults;
mod find;
mod foreseen;
mod gone;
mod granting;
mod guide;
mod harness;
mod helping;
mod injection;
mod introspection;
mod ledger;
mod names;
mod oracle;
mod planted;
mod pseudonyms;
mod pull_request;
mod quoting;
mod randomize;
mod reference;
mod row_security;
mod running;
mod scrub;
mod secrecy;
mod standby;
mod state;
mod telling;
mod terminal;
mod throwaway;
mod tool;
mod torture;
mod tried;
mod under_fire;
mod unique;
mod verify;
mod whose;
