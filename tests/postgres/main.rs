//! Tests on a real server.

mod oracle;
