//! `docs/findings.md` is made of the pages behind `efface explain`.

use std::path::PathBuf;

use efface::diagnostic::explain;

/// `UPDATE_DOCS=1` writes the page instead.
#[test]
fn the_findings_of_the_documentation_are_those_of_explain() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/findings.md");
    let made = explain::manual();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, made).expect("the page is written");
        return;
    }
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let moved = page.lines().zip(made.lines()).position(|(page, made)| page != made);
    assert_eq!(moved, None, "the first line that differs; UPDATE_DOCS=1 writes it anew");
    assert_eq!(page.len(), made.len(), "UPDATE_DOCS=1 writes it anew");
}
