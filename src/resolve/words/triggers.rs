//! Triggers that go beyond what the policy decides.

use crate::catalog::{Table, Trigger};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::{TableName, shown};
use crate::source::Span;

pub(in crate::resolve) fn beyond_policy(
    mentioned: &TableName,
    on: &Table,
    trigger: &Trigger,
    others: usize,
    span: Span,
) -> Diagnostic {
    let (name, table, place) = (trigger.name.bare(), on.name.bare(), mentioned.bare());
    let more = match others {
        0 => String::new(),
        1 => ", and so does one more trigger".to_owned(),
        _ => format!(", and so do {others} more triggers"),
    };
    Diagnostic::new(
        Code::TriggerBeyondPolicy,
        format!("trigger `{name}` on `{table}` mentions `{place}`, and no rule decides that table{more}"),
    )
    .at(span, "fires it")
    .note(format!("it calls {}; what it writes there, old values of these rows perhaps, would stay", shown(&trigger.function)))
    .help(format!(
        "decide `{place}` under `tables`, or accept it: `{{ code: trigger-beyond-policy, at: \"{place}\", because: … }}`"
    ))
}

pub(in crate::resolve) fn unreadable_trigger(on: &Table, trigger: &Trigger, span: Span) -> Diagnostic {
    let (name, table) = (trigger.name.bare(), on.name.bare());
    Diagnostic::new(
        Code::TriggerBeyondPolicy,
        format!("where trigger `{name}` on `{table}` writes can't be known from its text"),
    )
    .at(span, "fires it")
    .note(format!(
        "it calls {}, which builds statements as it runs, is not SQL, or calls what is",
        shown(&trigger.function)
    ))
    .help(format!("look at it, and accept it: `{{ code: trigger-beyond-policy, at: \"{table}.{name}\", because: … }}`"))
}
