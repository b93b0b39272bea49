//! Tests without a server.

#[path = "../cases/mod.rs"]
#[allow(dead_code, reason = "each test binary uses its part of it")]
mod case;

mod architecture;
mod broken;
mod broken_catalogs;
mod broken_constraints;
mod broken_subjects;
mod cases;
#[path = "../decided.rs"]
mod decided;
mod difference;
mod documents;
mod draft;
mod explain;
mod findings;
mod laws;
#[path = "../many/mod.rs"]
#[allow(dead_code, reason = "each test binary uses its part of it")]
mod many;
mod mutated_catalogs;
mod natural;
mod parents;
mod pictures;
mod policy_broken;
mod policy_documents;
mod policy_good;
mod policy_laws;
mod policy_reach;
mod policy_schema;
mod policy_shapes;
mod policy_sql;
mod policy_whose;
mod randomize;
#[path = "../fuzz/laws.rs"]
mod reader_laws;
mod review;
mod suspects;
