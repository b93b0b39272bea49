//! `efface grants`: the least that a role needs for a policy.

use super::arguments::GrantsArguments;
use super::failure::Failure;
use super::load::Wanted;
use super::output::Output;
use super::whose::Whose;
use super::{judge, load};
use crate::sql::grants;
use crate::sql::privilege::Needs;

pub(super) async fn run(arguments: &GrantsArguments, output: &Output) -> Result<(), Failure> {
    let file = load::policy_to_look_at(&arguments.policy)?;
    let whose = if arguments.expired { Whose::Expired } else { Whose::nobody_yet() };
    if arguments.expired {
        whose.suits(&file)?;
    }
    let live = load::live(&arguments.database, "efface", output).await?;
    let catalog = load::introspected(&live, output).await?;
    // Nothing is read but the server's own catalog: whoever asks may be the role that lacks everything.
    let wanted = Wanted { whose: &whose, ledger: !arguments.entered.no_ledger };
    let loaded = load::load(file, wanted, &load::as_if_readable(&catalog), output)?;
    let (plan, script, policy, catalog) = (&loaded.plan, &loaded.script, &loaded.policy, &loaded.catalog);
    let besides = judge::besides(&live, &loaded).await.map_err(|error| Failure::server(error, output.detail))?;
    let needs = Needs::of(plan, script, policy, catalog);
    output.result(&grants::text(&needs, &besides, arguments.role.as_deref(), plan, policy, catalog))
}
