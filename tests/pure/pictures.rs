//! Plans and graphs in their formats: what every one of them holds, how large it may become, and that nothing is lost.

use efface::diagnostic::render;
use efface::{plan, policy, resolve};

use crate::many;

#[test]
fn the_schemas_with_many_names_have_policies_that_fit() {
    for count in [0, 1, 36, 100, 400] {
        let names = many::names(count.max(1));
        let (file, catalog) = (many::policy(&names, "a | b", true), many::schema(&names));
        let shown = |report: &efface::diagnostic::Report| -> String {
            render::text(report, &file, false).chars().take(2_000).collect()
        };
        let read = policy::read(&file).unwrap_or_else(|report| panic!("{}", shown(&report)));
        let resolved = resolve::resolve(&read.value, &catalog).unwrap_or_else(|report| panic!("{}", shown(&report)));
        plan::plan(&resolved.value.policy, &resolved.value.catalog)
            .unwrap_or_else(|report| panic!("{}", shown(&report)));
    }
}
