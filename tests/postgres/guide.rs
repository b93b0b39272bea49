//! Every example of the guide: its commands are run on a fitness club, and what they print is what the page says.
//!
//! A block of the language `console` holds commands behind `$ ` and what they print, on both streams; a line that is `…` stands for
//! any lines, a `…` within a line for any text. A block `sh` holds commands that end well, whatever they print. A block `yaml FILE`
//! (or `sql FILE`, or any other) is that file; `yaml excerpt FILE` holds lines of it, with `…` for what lies between. All blocks of a page are of one folder and one database, in their order. Every page
//! begins anew.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::harness::{Db, binaries};

const SCHEMA: &str = include_str!("../../examples/fitness-club/schema.sql");
const DATA: &str = include_str!("../../examples/fitness-club/data.sql");

/// A fenced block of a page.
struct Block {
    line: usize,
    /// What stands behind the fence.
    info: String,
    text: String,
}

/// The fenced blocks of a page (CommonMark 0.31, 4.5); one within a list is indented as a whole.
fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        let fence: String = line.trim_start().chars().take_while(|c| *c == '`').collect();
        if fence.len() < 3 {
            continue;
        }
        let info = line.trim_start()[fence.len()..].trim().to_owned();
        let mut text = String::new();
        for (_, line) in lines.by_ref() {
            if line.trim() == fence {
                break;
            }
            text.push_str(line.get(indent..).unwrap_or_default());
            text.push('\n');
        }
        blocks.push(Block { line: number + 1, info, text });
    }
    blocks
}

/// A catalog as a server of the tests' version would have written it, where nothing else differs.
pub fn of_this_server(db: &Db, catalog: &str) -> String {
    let version: u32 = db.value("show server_version_num").parse().expect("a number");
    let recorded = catalog.lines().find(|line| line.starts_with("  \"server_major\": ")).expect("a version");
    catalog.replacen(recorded, &format!("  \"server_major\": {},", version / 10_000), 1)
}

/// Where the examples of a page happen.
struct Place {
    db: Db,
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let db = Db::bare();
        db.sql(SCHEMA);
        db.sql("set club.clients = '300'");
        db.sql(DATA);
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place { db, folder };
        place.copy(Path::new("policies"));
        place.copy(Path::new("examples"));
        // The pages are about a team whose servers are of one version, whichever the tests have found.
        let path = place.folder.path().join("policies/catalog.json");
        let recorded = std::fs::read_to_string(&path).expect("the schema is there");
        std::fs::write(&path, of_this_server(&place.db, &recorded)).expect("written");
        place
    }

    fn copy(&self, from: &Path) {
        let to = self.folder.path().join(from);
        std::fs::create_dir_all(&to).expect("a folder");
        for entry in std::fs::read_dir(from).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => self.copy(&path),
                false => drop(std::fs::copy(&path, self.folder.path().join(&path)).expect("the file is copied")),
            }
        }
    }

    /// What a command prints on both streams, as they come, and its exit code.
    fn run(&self, command: &str) -> (String, Option<i32>) {
        let tool = Path::new(env!("CARGO_BIN_EXE_efface")).parent().expect("a folder");
        let psql = binaries().program("psql");
        let machine = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{}:{machine}", tool.display(), psql.parent().expect("a folder").display());
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-c", &format!("exec 2>&1\n{command}")]).current_dir(self.folder.path());
        bash.env("PATH", path).env("HOME", self.folder.path()).env("DATABASE_URL", self.db.url()).env("COLUMNS", "120");
        let ran = bash.stdin(Stdio::null()).output().expect("bash runs");
        (String::from_utf8(ran.stdout).expect("UTF-8"), ran.status.code())
    }
}

/// The commands of a `console` block with what they print.
fn commands(text: &str) -> Vec<(String, Vec<String>)> {
    let mut commands: Vec<(String, Vec<String>)> = Vec::new();
    let mut goes_on = false;
    for line in text.lines() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => {
                goes_on = command.ends_with('\\');
                commands.push((command.to_owned(), Vec::new()));
            }
            (None, Some((command, _))) if goes_on => {
                goes_on = line.ends_with('\\');
                command.push('\n');
                command.push_str(line.strip_prefix("> ").unwrap_or(line));
            }
            (None, Some((_, printed))) => printed.push(line.to_owned()),
            (None, None) => panic!("a block `console` begins with `$ `: {line}"),
        }
    }
    // A blank line between two commands is for the reader.
    for (_, printed) in &mut commands {
        while printed.last().is_some_and(String::is_empty) {
            printed.pop();
        }
    }
    commands
}

/// Whether a line is as the page says; `…` within it stands for any text.
fn line_agrees(says: &str, line: &str) -> bool {
    let mut parts = says.split('…');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Whether what was printed is as the page says; a line `…` stands for any lines, also none.
fn agrees(says: &[String], printed: &[&str]) -> bool {
    match says.split_first() {
        None => printed.is_empty(),
        Some((line, rest)) if line.trim() == "…" => (0..=printed.len()).any(|skip| agrees(rest, &printed[skip..])),
        Some((line, rest)) => {
            printed.split_first().is_some_and(|(first, others)| line_agrees(line, first) && agrees(rest, others))
        }
    }
}

/// Every page of the guide.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec![PathBuf::from("README.md")];
    let mut folders = vec![PathBuf::from("docs"), PathBuf::from("examples")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

/// Runs the examples of a page; what doesn't agree, and how many commands ran.
fn play(page: &Path, wrong: &mut Vec<String>) -> usize {
    let text = std::fs::read_to_string(page).expect("the page");
    let blocks = blocks(&text);
    let runs = |block: &Block| matches!(block.info.as_str(), "console" | "sh");
    if !blocks.iter().any(runs) {
        return 0;
    }
    let (place, mut ran) = (Place::new(), 0);
    for block in blocks {
        let at = format!("{}:{}", page.display(), block.line);
        match block.info.split_once(' ') {
            Some((_, file)) if file.starts_with("excerpt ") => {
                let file = file.trim_start_matches("excerpt ");
                let whole = std::fs::read_to_string(place.folder.path().join(file)).expect("the file is there");
                let any = || std::iter::once("\u{2026}".to_owned());
                let says: Vec<String> = any().chain(block.text.lines().map(str::to_owned)).chain(any()).collect();
                if !agrees(&says, &whole.lines().collect::<Vec<_>>()) {
                    wrong.push(format!("{at}: no excerpt of {file}:\n{}\nwhich is\n{whole}", block.text));
                }
            }
            Some((_, file)) => {
                let path = place.folder.path().join(file.trim());
                std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                std::fs::write(path, &block.text).expect("the file is written");
            }
            None if block.info == "console" => {
                for (command, says) in commands(&block.text) {
                    let (printed, code) = place.run(&command);
                    ran += 1;
                    if !agrees(&says, &printed.lines().collect::<Vec<_>>()) {
                        let says = says.join("\n");
                        wrong.push(format!(
                            "{at}: $ {command}\nprints (exit {code:?})\n{printed}\nthe page says\n{says}"
                        ));
                    }
                }
            }
            None if block.info == "sh" => {
                // Not what belongs to the reader's machine: `createdb`, `export`.
                let is_run = |line: &&str| ["efface ", "sed ", "cp ", "mkdir "].iter().any(|it| line.starts_with(it));
                for command in block.text.lines().filter(is_run) {
                    // Nobody is there to answer.
                    let asks = command.contains(" apply ") && !command.contains("--yes");
                    let (command, comment) = command.split_once(" # ").unwrap_or((command, ""));
                    let (printed, code) = place.run(&format!("{command}{}", if asks { " --yes" } else { "" }));
                    ran += 1;
                    if code != Some(0) {
                        wrong.push(format!("{at}: $ {command} #{comment}\nexit {code:?}\n{printed}"));
                    }
                }
            }
            None => {}
        }
    }
    ran
}

#[test]
fn every_example_of_the_guide_prints_what_its_page_says() {
    let (mut wrong, mut ran) = (Vec::new(), 0);
    for page in pages() {
        ran += play(&page, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n————\n\n"));
    assert!(ran > 10, "{ran} commands");
}

#[test]
fn a_block_that_shows_a_command_is_one_that_is_run() {
    for page in pages() {
        for block in blocks(&std::fs::read_to_string(&page).expect("the page")) {
            let shows = block.text.lines().any(|line| line.starts_with("efface ") || line.starts_with("$ efface "));
            let is_run = matches!(block.info.as_str(), "console" | "sh") || block.info.contains(' ');
            assert!(
                !shows || is_run,
                "{}:{}: a command stands in a block `{}`",
                page.display(),
                block.line,
                block.info
            );
        }
    }
}

#[test]
fn what_agrees_with_a_page_and_what_does_not() {
    let agree = |says: &str, printed: &str| {
        let says: Vec<String> = says.lines().map(str::to_owned).collect();
        agrees(&says, &printed.lines().collect::<Vec<_>>())
    };
    assert!(
        agree("a\n…\nd", "a\nb\nc\nd")
            && agree("a\n…\nd", "a\nd")
            && agree("…", "")
            && agree("took … ms", "took 12 ms")
    );
    assert!(
        !agree("a\n…\nd", "a\nb") && !agree("a", "a\nb") && !agree("a\nb", "a") && !agree("took … ms", "took 12 s")
    );
    assert!(agree("…: … rows", "x: 3 rows") && !agree("…: … rows", "x: 3 row"));
    let found = blocks(
        "text\n```console\n$ a\nb\n```\n1. item\n   ```yaml p.yaml\n   x:\n     y: 1\n   ```\n````\n```\n````\n",
    );
    let found: Vec<_> = found.iter().map(|it| (it.line, it.info.as_str(), it.text.as_str())).collect();
    assert_eq!(found, [(2, "console", "$ a\nb\n"), (7, "yaml p.yaml", "x:\n  y: 1\n"), (11, "", "```\n")]);
}
