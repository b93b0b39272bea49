//! The secret that keys pseudonyms.
//!
//! It goes to the server as the data of a COPY: no statement holds it, so no log of statements does, and nothing here
//! prints it.

use std::fmt;

use crate::sql::LEAST_SECRET;

/// A secret: one line of text.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a text can't be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Somebody could try all secrets that are so short.
    #[error("the secret has fewer than {LEAST_SECRET} characters")]
    TooShort,
    /// Under psql it is one line of standard input, and has to be the same here.
    #[error("the secret has more than one line")]
    Lines,
    /// Characters that the COPY doesn't take for themselves.
    #[error("the secret holds a control character")]
    Control,
}

impl Secret {
    /// Takes a text; one line break at its end isn't part of it.
    ///
    /// # Errors
    /// What can't be a secret.
    pub fn new(text: &str) -> Result<Self, SecretError> {
        let line = text.strip_suffix('\n').unwrap_or(text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.contains(['\n', '\r']) {
            return Err(SecretError::Lines);
        }
        if line.contains(char::is_control) {
            return Err(SecretError::Control);
        }
        if line.chars().count() < LEAST_SECRET as usize {
            return Err(SecretError::TooShort);
        }
        Ok(Self(line.to_owned()))
    }

    /// The data of the COPY: the line, and its end.
    pub(super) fn line(&self) -> String {
        format!("{}\n", self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(withheld)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_one_line_that_nobody_guesses_or_sees() {
        let secret = Secret::new("correct horse battery\n").unwrap();
        assert_eq!(secret, Secret::new("correct horse battery\r\n").unwrap());
        assert_eq!(format!("{secret:?}"), "Secret(withheld)");
        assert_eq!(Secret::new("short"), Err(SecretError::TooShort));
        assert_eq!(Secret::new("two lines that are\nlong enough"), Err(SecretError::Lines));
        assert_eq!(Secret::new("sixteen characters \u{1} and more"), Err(SecretError::Control));
    }
}
