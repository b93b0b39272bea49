//! Whose rows does the command line mean?
//!
//! Read before anything is contacted: the file of subjects, and whether what was typed suits the policy.

use std::io::Read;
use std::path::Path;

use super::arguments::Subjects;
use super::failure::{Exit, Failure};
use super::load::Loaded;
use super::subject::{self, Place, Written};
use crate::ident::shown;
use crate::policy::{self, Policy};
use crate::review::count;
use crate::source::SourceFile;

/// The subjects of a run, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Those whose keys are given: none where the policy is for every row.
    Given(Vec<Written>),
    /// Whoever is expired.
    Expired,
}

impl Whose {
    /// For a look at a policy before anybody is named.
    pub fn nobody_yet() -> Self {
        Whose::Given(Vec::new())
    }

    /// Reads the arguments, and the file that they name.
    pub fn read(arguments: &Subjects) -> Result<Self, Failure> {
        if arguments.expired {
            return Ok(Whose::Expired);
        }
        let typed = arguments.subjects.iter();
        let mut given: Vec<Written> =
            typed.map(|text| Written { text: text.clone(), place: Place::Argument }).collect();
        if let Some(path) = &arguments.subjects_from {
            let read = lines(&bytes(path)?)?;
            if read.is_empty() {
                let failure = Failure::usage(format!("`{}` names no subject", shown(&path.to_string_lossy())));
                return Err(failure.help("write a subject's key in each line, as for `--subject`"));
            }
            given.extend(read);
        }
        Ok(Whose::Given(given))
    }

    /// Refuses what a policy can't be asked, and hands back whether it is for every row. A file that is no policy is for
    /// others to refuse.
    pub fn suits(&self, file: &SourceFile) -> Result<Kind, Failure> {
        let Ok(policy) = policy::read(file) else { return Ok(Kind::Subjects) };
        match (&policy.value.subject, self) {
            (policy::Subject::EveryRow(_), Whose::Given(given)) if given.is_empty() => Ok(Kind::EveryRow),
            (policy::Subject::EveryRow(_), Whose::Given(_) | Whose::Expired) => {
                let failure = Failure::usage("the policy is for every row, and takes no subject");
                Err(failure.help("leave `--subject`, `--subjects-from` and `--expired` out"))
            }
            (policy::Subject::Rows(_) | policy::Subject::Value(_), Whose::Given(given)) if given.is_empty() => {
                let failure = Failure::usage("no subject is named");
                let keys = "give a subject's key with `--subject KEY`, or a file of keys with `--subjects-from FILE`";
                Err(match expires(&policy.value) {
                    true => failure.help(format!("{keys}; or `--expired`, for whoever is expired")),
                    false => failure.help(keys),
                })
            }
            (policy::Subject::Rows(_) | policy::Subject::Value(_), Whose::Given(_)) => Ok(Kind::Subjects),
            (policy::Subject::Rows(_) | policy::Subject::Value(_), Whose::Expired) if expires(&policy.value) => {
                Ok(Kind::Subjects)
            }
            (policy::Subject::Rows(_), Whose::Expired) => {
                let failure = Failure::usage("the policy does not say who is expired");
                Err(failure.help("add `expired_when` to its `subject:`, or name subjects with `--subject`"))
            }
            (policy::Subject::Value(_), Whose::Expired) => {
                let failure = Failure::usage("the policy's subject is a value, which does not expire");
                Err(failure.help("name subjects with `--subject` or `--subjects-from`"))
            }
        }
    }

    /// The keys of the subjects, one list for each key column, within the policy's bound; none where the run chooses them
    /// or means every row.
    pub fn keys(&self, loaded: &Loaded) -> Result<Vec<Vec<String>>, Failure> {
        let keys = self.all_keys(loaded)?;
        let (given, allowed) = (keys.first().map_or(0, |keys| keys.len() as u64), loaded.plan.limits.max_subjects);
        if given > allowed {
            let given = count(given, "subject");
            let failure = Failure::findings(format!("{given} given, and the policy allows {allowed} in one run"));
            return Err(failure.help("run them one by one, or raise `limits: { max_subjects: … }` in the policy"));
        }
        Ok(keys)
    }
}

impl Whose {
    /// The same, however many: for those whose rows are only looked at.
    pub fn all_keys(&self, loaded: &Loaded) -> Result<Vec<Vec<String>>, Failure> {
        let Whose::Given(given) = self else { return Ok(Vec::new()) };
        let key = &loaded.script.key;
        let fits = |column: usize, value: &str| {
            key.get(column).is_none_or(|column| subject::fits(&column.ty, &loaded.catalog, value))
        };
        subject::keys(given, key, fits)
    }
}

/// What a policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Somebody.
    Subjects,
    /// Everybody: a masked copy.
    EveryRow,
}

fn expires(policy: &Policy) -> bool {
    match &policy.subject {
        policy::Subject::Rows(rows) => rows.expired_when.is_some(),
        policy::Subject::Value(_) | policy::Subject::EveryRow(_) => false,
    }
}

/// Whether this file is standard input, on which then nobody can answer a question.
pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = if is_stdin(path) {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    read.map_err(|error| {
        let failure = Failure { exit: Exit::Usage, ..Failure::file(path, "reading", &error) };
        failure.help("`--subjects-from` takes a file with a subject in each line, or `-` for standard input")
    })
}

/// The subjects of a file, one for each line that isn't blank. A line may end as on Windows, and the file may begin with
/// the byte order mark that editors there write.
fn lines(bytes: &[u8]) -> Result<Vec<Written>, Failure> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut written = Vec::new();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let place = Place::Line(index + 1);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Ok(text) = std::str::from_utf8(line) else {
            let failure = Failure::usage(format!("{place} is not UTF-8 text"));
            return Err(failure.help("save the file as UTF-8"));
        };
        // PostgreSQL has no text with this character in it.
        if text.contains('\0') {
            let failure = Failure::usage(format!("{place} holds a NUL character"));
            return Err(failure.help("save the file as UTF-8 text; UTF-16 looks so"));
        }
        if !text.trim().is_empty() {
            written.push(Written { text: text.to_owned(), place });
        }
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(bytes: &[u8]) -> Vec<(String, usize)> {
        let place = |written: Written| match written.place {
            Place::Line(line) => (written.text, line),
            Place::Argument => panic!("read from a file"),
        };
        lines(bytes).unwrap().into_iter().map(place).collect()
    }

    #[test]
    fn blank_lines_are_no_subjects_and_lines_may_end_as_on_windows() {
        let expected = [("42".to_owned(), 1), ("7,43".to_owned(), 4)];
        assert_eq!(texts(b"42\n\n  \n7,43\n"), expected);
        assert_eq!(texts("\u{feff}42\r\n\r\n \t\r\n7,43".as_bytes()), expected);
        assert_eq!(texts(b""), []);
    }

    #[test]
    fn what_is_no_text_is_told_by_its_line_and_not_repeated() {
        for (bytes, words) in [
            (&b"42\n\xff\xfeAnna\n"[..], "line 2 of `--subjects-from` is not UTF-8 text"),
            (b"42\n43\nAn\0na", "line 3 of `--subjects-from` holds a NUL character"),
        ] {
            let failure = lines(bytes).unwrap_err();
            assert_eq!((failure.message.as_deref(), failure.exit), (Some(words), Exit::Usage));
            assert!(!failure.help.is_empty());
        }
    }

    proptest! {
        #[test]
        fn a_line_is_a_subject_whatever_the_file_is_like(
            subjects in proptest::collection::vec("[^\\r\\n\\x00\u{feff}]{0,3}[a-z0-9][^\\r\\n\\x00]{0,3}", 0..6),
            end in prop_oneof![Just("\n"), Just("\r\n"), Just("\n\n")],
            mark in prop_oneof![Just(""), Just("\u{feff}")],
        ) {
            let file = format!("{mark}{}", subjects.join(end));
            let read: Vec<String> = texts(file.as_bytes()).into_iter().map(|(text, _)| text).collect();
            prop_assert_eq!(read, subjects);
        }
    }
}
