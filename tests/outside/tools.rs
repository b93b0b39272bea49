//! Where do the tools of others come from?
//!
//! As for PostgreSQL: what is on the machine is used, what is missing is installed, by Debian's package manager where that
//! is possible without asking for a password; and where it isn't, the words say what to do. What npm brings goes into a
//! folder under target/, once for each state of the lock file.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

/// Programs and packages, ready to use.
pub struct Tools {
    pub chromium: PathBuf,
    /// The folder with our scripts and `node_modules` beside them.
    pub folder: PathBuf,
}

/// What has to be there: the names under which a program may be known, and the packages that bring it.
const PROGRAMS: [(&[&str], &[&str]); 4] = [
    (&["node"], &["nodejs"]),
    (&["npm"], &["npm"]),
    // Without a font a page has no letters.
    (&["chromium", "chromium-browser", "google-chrome"], &["chromium", "fonts-dejavu-core"]),
    (&["dot"], &["graphviz"]),
];

/// The tools, found or installed once for all tests of this binary. A machine that can't have them fails: a skipped check
/// would look like a passed one.
pub fn tools() -> &'static Tools {
    static TOOLS: OnceLock<Tools> = OnceLock::new();
    TOOLS.get_or_init(|| {
        install_missing();
        let chromium = PROGRAMS[2].0.iter().find_map(|name| found(name)).expect("it was just found or installed");
        Tools { chromium, folder: packages() }
    })
}

/// A program on the path.
fn found(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

fn install_missing() {
    let missing = || PROGRAMS.iter().filter(|(names, _)| !names.iter().any(|name| found(name).is_some()));
    let packages: Vec<&str> = missing().flat_map(|(_, packages)| *packages).copied().collect();
    if packages.is_empty() {
        return;
    }
    let wanted = packages.join(" ");
    let script = format!(
        "export DEBIAN_FRONTEND=noninteractive\napt-get update -qq\n\
         apt-get install -y -qq --no-install-recommends {wanted}"
    );
    let is_root = || {
        let id = Command::new("id").arg("-u").output().map(|output| output.stdout).unwrap_or_default();
        String::from_utf8_lossy(&id).trim() == "0"
    };
    let mut command = match () {
        () if found("apt-get").is_none() => panic!("{}", what_to_do(&wanted)),
        () if is_root() => Command::new("sh"),
        () if answers(Command::new("sudo").args(["-n", "true"])) => {
            let mut command = Command::new("sudo");
            command.args(["-n", "sh"]);
            command
        }
        () => panic!("{}", what_to_do(&wanted)),
    };
    say(&format!("installing {wanted} with apt-get, for the tests that read our files with other people's programs"));
    let installed = command.args(["-c", &script]).stdin(Stdio::null()).output().expect("a shell runs");
    let words = String::from_utf8_lossy(&installed.stderr).into_owned();
    assert!(missing().next().is_none(), "apt-get didn't bring {wanted}: {words}\n{}", what_to_do(&wanted));
}

fn what_to_do(packages: &str) -> String {
    format!(
        "these tests need the programs of Debian's packages {packages}; install them \
         (`sudo apt-get install {packages}`, or what your system has under these names), or run the other tests alone: \
         `cargo test --test pure --test postgres`"
    )
}

fn answers(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// The folder with npm's packages: made once for each lock file, unpacked beside its place and then moved there, so that
/// a run that was cut short leaves nothing half.
fn packages() -> PathBuf {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside");
    let lock = std::fs::read(sources.join("package-lock.json")).expect("the lock file is there");
    let digest: String = Sha256::digest(&lock).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside");
    let folder = root.join(&digest);
    if !folder.join("node_modules").is_dir() {
        say("fetching the readers of package-lock.json with npm (some 200 MB unpacked, once)");
        std::fs::create_dir_all(&root).expect("a folder under target/");
        let unpacking =
            tempfile::Builder::new().prefix("unpacking-").tempdir_in(&root).expect("a folder under target/");
        for file in ["package.json", "package-lock.json"] {
            std::fs::copy(sources.join(file), unpacking.path().join(file)).expect("copied");
        }
        let words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"];
        let brought = Command::new("npm").args(words).current_dir(unpacking.path()).stdin(Stdio::null()).output();
        let brought = brought.expect("npm runs");
        let said = String::from_utf8_lossy(&brought.stderr).into_owned();
        assert!(
            brought.status.success(),
            "`npm {}` failed: {said}\nis npm's registry reached from here?",
            words.join(" ")
        );
        let moved = std::fs::rename(unpacking.path(), &folder);
        // Another run may have been quicker.
        assert!(moved.is_ok() || folder.join("node_modules").is_dir(), "moving the packages: {moved:?}");
    }
    copied(&sources, &folder);
    folder
}

/// Our scripts, beside the packages that they import.
fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder under target/");
    for entry in std::fs::read_dir(from).expect("a folder of scripts") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("an entry has a name");
        if path.is_dir() {
            copied(&path, &to.join(name));
        } else if path.extension().is_some_and(|extension| extension == "mjs") {
            std::fs::copy(&path, to.join(name)).expect("copied");
        }
    }
}

#[allow(clippy::print_stderr, reason = "who waits for an installation should know for what")]
fn say(words: &str) {
    eprintln!("{words}");
}
