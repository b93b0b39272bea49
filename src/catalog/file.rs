//! How does a catalog stand in a file?
//!
//! As JSON that a reviewer can read in a diff: pretty, sorted, one newline at the end, the same bytes for the same
//! schema. What a file says is not believed: it passes the same door as what a server says ([`Catalog::new`]).

use super::{CATALOG_FORMAT, Catalog, CatalogError};

/// A catalog file that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogFileError {
    /// It is not JSON, or not a catalog.
    #[error("line {line}, column {column}: {problem}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// Its parts don't fit together.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// Reads a catalog file's text.
///
/// # Errors
/// Text that is no catalog, another format, a catalog whose parts don't fit together.
pub fn read(text: &str) -> Result<Catalog, CatalogFileError> {
    /// The format alone, so that a newer file is told from a damaged one.
    #[derive(serde::Deserialize)]
    struct Format {
        format: u32,
    }
    let syntax = |error: serde_json::Error| {
        // serde_json ends its message with the place, which we give ourselves.
        let problem = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let problem = problem.strip_suffix(&place).unwrap_or(&problem).to_owned();
        CatalogFileError::Syntax { line: error.line(), column: error.column(), problem }
    };
    let Format { format } = serde_json::from_str(text).map_err(syntax)?;
    if format != CATALOG_FORMAT {
        return Err(CatalogError::Format { found: format, expected: CATALOG_FORMAT }.into());
    }
    let catalog: Catalog = serde_json::from_str(text).map_err(syntax)?;
    Ok(catalog.new()?)
}

/// Writes a catalog as a file's text.
pub fn write(catalog: &Catalog) -> String {
    let mut text = serde_json::to_string_pretty(catalog).expect("a catalog has string keys only, and no floats");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::super::sample::catalog;
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let text = write(&catalog());
        let read = read(&text).unwrap();
        assert_eq!(read, catalog());
        assert_eq!(write(&read), text);
        assert!(text.ends_with("}\n"));
    }

    #[test]
    fn the_order_in_which_a_file_lists_things_does_not_matter() {
        let mut shuffled = catalog();
        shuffled.tables.reverse();
        shuffled.foreign_keys.reverse();
        shuffled.tables.iter_mut().for_each(|table| table.columns.reverse());
        let text = serde_json::to_string(&shuffled).unwrap();
        assert_eq!(write(&read(&text).unwrap()), write(&catalog()));
    }

    #[test]
    fn a_newer_format_is_told_from_damage() {
        let newer = write(&catalog()).replace("\"format\": 1", "\"format\": 2, \"novelty\": true");
        assert!(matches!(read(&newer), Err(CatalogFileError::Catalog(CatalogError::Format { found: 2, .. }))));
    }

    #[test]
    fn an_unknown_or_repeated_key_is_refused_at_its_place() {
        let text = write(&catalog());
        let unknown = text.replacen("\"name\"", "\"nmae\"", 1);
        let error = read(&unknown).unwrap_err().to_string();
        assert!(error.starts_with("line ") && error.contains("nmae"), "{error}");
        let twice = text.replacen("\"format\": 1,", "\"format\": 1, \"format\": 1,", 1);
        assert!(read(&twice).is_err());
    }

    #[test]
    fn a_file_whose_parts_do_not_fit_is_refused() {
        let error = read(&write(&catalog()).replace("\"users\"", "\"people\"").replacen("\"people\"", "\"users\"", 1));
        assert!(error.is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,60}") {
            let _ = read(&text);
        }
    }
}
