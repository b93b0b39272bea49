//! `efface schema`: the JSON Schemas.

use super::arguments::{SchemaArguments, SchemaKind};
use super::failure::Failure;
use super::output::Output;
use crate::{policy, review};

pub(super) fn run(arguments: &SchemaArguments, output: &Output) -> Result<(), Failure> {
    let schema = match arguments.kind {
        SchemaKind::Policy => policy::json_schema(),
        SchemaKind::Plan => review::plan_schema(),
        SchemaKind::PlanDiff => review::plan_difference_schema(),
        SchemaKind::Receipt => review::receipt_schema(),
        SchemaKind::Ledger => review::ledger_schema(),
        SchemaKind::Find => review::find_schema(),
        SchemaKind::Verification => review::verification_schema(),
    };
    output.result(&format!("{schema:#}\n"))
}
