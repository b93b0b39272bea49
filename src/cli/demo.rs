//! shim
use super::arguments::DemoArguments;
use super::failure::Failure;
use super::output::Output;
pub(super) async fn run(_arguments: &DemoArguments, _output: &Output) -> Result<(), Failure> {
    Ok(())
}
