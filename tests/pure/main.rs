//! Tests without a server.

mod policy_broken;
mod policy_good;
mod policy_laws;
mod policy_schema;
mod policy_sql;
mod review;
