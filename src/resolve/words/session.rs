//! What the policy's settings mean beside the server's.

use std::time::Duration;

use super::list;
use crate::catalog::{Table, Trigger};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::Ident;
use crate::source::Span;

pub(in crate::resolve) fn long_lock_timeout(policy: Duration, server: Duration, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::LongLockTimeout,
        format!(
            "the lock timeout of {} ms is above the server's `deadlock_timeout` of {} ms",
            policy.as_millis(),
            server.as_millis()
        ),
    )
    .at(span, "waits longer than the server does before it looks for a deadlock")
    .note("in a deadlock the server may then end the application's transaction instead of this one")
    .help(format!("use a `lock_timeout` below {} ms", server.as_millis()))
}

pub(in crate::resolve) fn search_path_differs(
    table: &Table,
    trigger: &Trigger,
    others: usize,
    own: &[Ident],
    span: Span,
) -> Diagnostic {
    let name = trigger.name.bare();
    let triggers = match others {
        0 => format!("trigger `{name}`"),
        1 => format!("trigger `{name}` and one more"),
        _ => format!("trigger `{name}` and {others} more"),
    };
    let path: Vec<_> = own.iter().map(|schema| schema.bare().to_string()).collect();
    let found = Diagnostic::new(
        Code::SearchPathDiffers,
        format!("{triggers} of `{}` would run with another search path than the role's own", table.name.bare()),
    )
    .at(span, "changes rows of this table");
    match own {
        [] => found.note("the role's own search path is empty, and the policy's is not"),
        own => found.note(format!("the role's own search path is {}", list(own.iter()))).help(format!(
            "set `search_path: [{}]` in the policy, so that names in trigger functions mean the same tables",
            path.join(", ")
        )),
    }
}
