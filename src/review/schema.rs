//! The JSON Schemas of what efface writes: for editors, and for programs that read plans and receipts.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::{Account, LedgerEntry, PlanDifference, PlanFile, Search, Verification};

/// The JSON Schema (draft 2020-12) of a saved plan.
pub fn plan_schema() -> Value {
    schema_of::<PlanFile>("efface plan")
}

/// The JSON Schema (draft 2020-12) of a receipt.
pub fn receipt_schema() -> Value {
    schema_of::<Account>("efface receipt")
}

/// The JSON Schema (draft 2020-12) of an entry in the ledger.
pub fn ledger_schema() -> Value {
    schema_of::<LedgerEntry>("efface ledger entry")
}

/// The JSON Schema (draft 2020-12) of what `efface verify` finds.
pub fn verification_schema() -> Value {
    schema_of::<Verification>("efface verification")
}

/// The JSON Schema (draft 2020-12) of what `efface plan diff` finds.
pub fn plan_difference_schema() -> Value {
    schema_of::<PlanDifference>("efface plan difference")
}

/// The JSON Schema (draft 2020-12) of what `efface find` finds.
pub fn find_schema() -> Value {
    schema_of::<Search>("efface find")
}

fn schema_of<T: schemars::JsonSchema>(title: &str) -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    schema.insert("title".into(), title.into());
    schema.to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rewrites the file only where asked: a schema that moved should be seen in a diff.
    fn agrees_with_the_file(name: &str, schema: &Value) {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schema").join(name);
        let text = format!("{}\n", serde_json::to_string_pretty(schema).unwrap());
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let file = std::fs::read_to_string(&path).unwrap();
        assert!(file == text, "schema/{name} is not what the types say; write it again with UPDATE_SCHEMA=1");
    }

    #[test]
    fn the_plan_schema_in_the_repository_is_generated_from_the_type() {
        agrees_with_the_file("plan.schema.json", &plan_schema());
    }

    #[test]
    fn the_schema_of_an_entry_in_the_repository_is_generated_from_the_type() {
        agrees_with_the_file("ledger.schema.json", &ledger_schema());
    }

    #[test]
    fn the_schema_of_a_verification_in_the_repository_is_generated_from_the_type() {
        agrees_with_the_file("verification.schema.json", &verification_schema());
    }

    #[test]
    fn the_schema_of_a_difference_in_the_repository_is_generated_from_the_type() {
        agrees_with_the_file("plan-diff.schema.json", &plan_difference_schema());
    }

    #[test]
    fn the_schema_of_a_search_in_the_repository_is_generated_from_the_type() {
        agrees_with_the_file("find.schema.json", &find_schema());
    }

    #[test]
    fn the_receipt_schema_in_the_repository_is_generated_from_the_type() {
        agrees_with_the_file("receipt.schema.json", &receipt_schema());
    }
}
