//! A pull request played through: the workflows in `examples/` do what they are for, with their own commands.
//!
//! Each `run` of the workflow is handed to bash as the runner does it. What lies outside is played: the runner's variables, `cargo
//! install`, and the service that keeps comments, by small programs that write down what they are asked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::harness::{Db, binaries};
use crate::tool::{POLICY, SCHEMA};

/// A repository with migrations and a policy, and a runner beside it.
struct Project {
    folder: tempfile::TempDir,
}

/// What a run of a workflow did.
#[derive(Debug)]
struct Run {
    /// The names of the steps that ran, with their exit codes.
    steps: Vec<(String, i32)>,
    /// What all of them printed on standard output.
    out: String,
    err: String,
}

impl Run {
    fn failed(&self) -> Vec<&str> {
        self.steps.iter().filter(|(_, code)| *code != 0).map(|(name, _)| name.as_str()).collect()
    }
}

impl Project {
    /// The project as it is on its main branch.
    fn new() -> Self {
        let project = Project { folder: tempfile::tempdir().expect("a folder") };
        for folder in ["repository/migrations", "repository/policies", "bin", "runner"] {
            std::fs::create_dir_all(project.path(folder)).expect("a folder");
        }
        project.write("repository/migrations/001-begin.sql", SCHEMA);
        project.write("repository/policies/small.yaml", POLICY);
        project.programs();
        project.git("init --quiet --initial-branch main");
        project.snapshot();
        project.commit("begin");
        project.git("update-ref refs/remotes/origin/main main");
        project.git("switch --quiet --create nickname");
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("the file is written");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// What the workflows call and no test may: each writes down its arguments, and what a comment says.
    fn programs(&self) {
        let (comments, told) = (self.path("runner/comments"), self.path("runner/told"));
        std::fs::create_dir_all(&comments).expect("a folder");
        let (comments, told) = (comments.display(), told.display());
        self.program("cargo", &format!("echo \"cargo $*\" >> {told}"));
        self.program("apt-get", &format!("echo \"apt-get $*\" >> {told}"));
        // `gh api`: lists comments as `--jq` would, makes one, or writes one anew.
        self.program(
            "gh",
            &format!(
                r#"
                method=GET body=
                while [ $# -gt 0 ]; do
                    case "$1" in
                        -X) method=$2; shift ;;
                        -F) body=${{2#body=@}}; shift ;;
                        repos/*) url=$1 ;;
                    esac
                    shift
                done
                echo "gh $method $url" >> {told}
                case "$method" in
                    GET) for it in {comments}/*; do [ -e "$it" ] && echo "$(basename "$it") $(head -n 1 "$it")"; done; exit 0 ;;
                    POST) cp "$body" "{comments}/$((100 + $(ls {comments} | wc -l)))" ;;
                    PATCH) cp "$body" "{comments}/${{url##*/}}" ;;
                esac"#
            ),
        );
        // `curl` with GitLab's notes: the same, as JSON.
        self.program(
            "curl",
            &format!(
                r#"
                method=GET body=
                while [ $# -gt 0 ]; do
                    case "$1" in
                        -X) method=$2; shift ;;
                        --data-urlencode) body=${{2#body@}}; shift ;;
                        -H|-o) shift ;;
                        http*) url=$1 ;;
                    esac
                    shift
                done
                echo "curl $method ${{url%%\?*}}" >> {told}
                case "$method" in
                    GET) for it in {comments}/*; do [ -e "$it" ] && jq -n --arg id "$(basename "$it")" --rawfile body "$it" '{{id: $id, body: $body}}'; done | jq -s . ;;
                    POST) cp "$body" "{comments}/$((100 + $(ls {comments} | wc -l)))" ;;
                    PUT) cp "$body" "{comments}/${{url##*/}}" ;;
                esac"#
            ),
        );
    }

    fn program(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path("bin").join(name);
        std::fs::write(&path, format!("#!/usr/bin/env bash\n{script}\n")).expect("the program is written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it may run");
    }

    /// The programs above, efface, PostgreSQL's, then whatever the machine has.
    fn search_path(&self) -> String {
        let tool = Path::new(env!("CARGO_BIN_EXE_efface")).parent().expect("a folder").display();
        let machine = std::env::var("PATH").unwrap_or_default();
        let psql = binaries().program("psql");
        let server = psql.parent().expect("a folder").display();
        format!("{}:{tool}:{server}:{machine}", self.path("bin").display())
    }

    fn git(&self, line: &str) {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]).args(line.split_whitespace());
        let ran = command.current_dir(self.path("repository")).output().expect("git runs");
        assert!(ran.status.success(), "git {line}: {}", String::from_utf8_lossy(&ran.stderr));
    }

    fn commit(&self, message: &str) {
        self.git("add --all");
        self.git(&format!("commit --quiet --message {message}"));
    }

    /// A database made by the migrations.
    fn migrated(&self) -> Db {
        let db = Db::bare();
        let mut files: Vec<_> = std::fs::read_dir(self.path("repository/migrations")).expect("a folder").collect();
        files.sort_by_key(|entry| entry.as_ref().expect("an entry").file_name());
        for entry in files {
            db.sql(&std::fs::read_to_string(entry.expect("an entry").path()).expect("a migration"));
        }
        db
    }

    /// What a developer runs before committing.
    fn snapshot(&self) {
        let db = self.migrated();
        let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
        command.args(["snapshot", "policies"]).current_dir(self.path("repository")).env("DATABASE_URL", db.url());
        let ran = command.output().expect("the tool runs");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }

    /// One `run` of a workflow, as the runner hands it to bash.
    fn bash(&self, run: &mut Run, name: &str, script: &str, variables: &BTreeMap<String, String>) -> i32 {
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]).current_dir(self.path("repository"));
        command.env_clear().env("PATH", self.search_path()).env("HOME", self.path("runner")).envs(variables);
        let ran = command.output().expect("bash runs");
        run.out.push_str(&String::from_utf8_lossy(&ran.stdout));
        run.err.push_str(&String::from_utf8_lossy(&ran.stderr));
        let code = ran.status.code().expect("an exit code");
        run.steps.push((name.to_owned(), code));
        code
    }

    /// The workflow of GitHub Actions on the branch as it is; `change` may write it otherwise, as its own comment says.
    fn github(&self, change: impl Fn(&str) -> String) -> Run {
        let text = std::fs::read_to_string("examples/github-actions/efface.yml").expect("the example");
        let workflow: Value = serde_saphyr::from_str(&change(&text)).expect("YAML");
        // The database is the service's: empty until the migrations have run.
        let db = Db::bare();
        let mut run = Run { steps: Vec::new(), out: String::new(), err: String::new() };
        let mut failed = false;
        for step in workflow["jobs"]["efface"]["steps"].as_array().expect("steps") {
            let Some(script) = step["run"].as_str() else { continue };
            let wanted = match step["if"].as_str() {
                None => !failed,
                Some("${{ !cancelled() }}") => true,
                Some("${{ github.event.pull_request.head.repo.full_name == github.repository }}") => !failed,
                Some(other) => panic!("nobody plays `{other}`"),
            };
            if !wanted {
                continue;
            }
            let mut variables = BTreeMap::from([
                ("DATABASE_URL".to_owned(), db.url().to_owned()),
                ("GITHUB_BASE_REF".into(), "main".into()),
                ("GITHUB_REPOSITORY".into(), "club/backend".into()),
                ("GITHUB_STEP_SUMMARY".into(), self.path("runner/summary").display().to_string()),
            ]);
            for (name, value) in step["env"].as_object().into_iter().flatten() {
                let value = match value.as_str().expect("a text") {
                    "${{ github.token }}" => "token",
                    "${{ github.event.pull_request.number }}" => "7",
                    value => value,
                };
                assert!(!value.contains("${{"), "nobody plays `{value}`");
                variables.insert(name.clone(), value.to_owned());
            }
            assert!(!script.contains("${{"), "what others write must not become a part of a script: {script}");
            failed |= self.bash(&mut run, step["name"].as_str().expect("a name"), script, &variables) != 0;
        }
        self.tidy();
        run
    }

    /// The job of GitLab.
    fn gitlab(&self) -> Run {
        let text = std::fs::read_to_string("examples/gitlab/.gitlab-ci.yml").expect("the example");
        let pipeline: Value = serde_saphyr::from_str(&text).expect("YAML");
        let job = &pipeline["erasure policies"];
        let db = Db::bare();
        let mut lines: Vec<&str> = Vec::new();
        for part in ["before_script", "script"] {
            lines.extend(job[part].as_array().expect("lines").iter().map(|line| line.as_str().expect("a text")));
        }
        let base = Command::new("git").args(["rev-parse", "main"]).current_dir(self.path("repository")).output();
        let base = String::from_utf8(base.expect("git runs").stdout).expect("a commit").trim().to_owned();
        let variables = BTreeMap::from([
            ("DATABASE_URL".to_owned(), db.url().to_owned()),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA".into(), base),
            ("EFFACE".into(), "https://git.example.org/efface.git".into()),
            ("EFFACE_TOKEN".into(), "token".into()),
            ("CI_API_V4_URL".into(), "https://git.example.org/api/v4".into()),
            ("CI_PROJECT_ID".into(), "3".into()),
            ("CI_MERGE_REQUEST_IID".into(), "7".into()),
        ]);
        let mut run = Run { steps: Vec::new(), out: String::new(), err: String::new() };
        // All lines are one script to the runner, which ends at the first that fails.
        self.bash(&mut run, "job", &lines.join("\n"), &variables);
        run
    }

    /// What a runner throws away with its machine.
    fn tidy(&self) {
        let _ = std::fs::remove_dir_all(self.path("repository/base"));
        let _ = std::fs::remove_dir_all(self.path("repository/comments"));
        let _ = std::fs::remove_file(self.path("repository/efface.sarif"));
        self.git("worktree prune");
    }

    /// The comments on the pull request: the first line of each, and its text.
    fn comments(&self) -> BTreeMap<String, String> {
        let entries = std::fs::read_dir(self.path("runner/comments")).expect("a folder");
        let texts = entries.map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("a comment"));
        texts.map(|text| (text.lines().next().unwrap_or_default().to_owned(), text)).collect()
    }
}

const CHECK: &str = "policies against the schema";
const SNAPSHOT: &str = "scripts and schema are those of the policies";

/// As its comment says: no service, and the schema from the file.
fn without_a_database(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.contains("name: migrations") && !line.contains("psql"));
    let text = lines.collect::<Vec<_>>().join("\n");
    let text = text.replace("efface check policies", "efface check policies --catalog policies/catalog.json");
    text.replace("efface snapshot --check policies", "efface snapshot --check policies --catalog policies/catalog.json")
}

#[test]
fn a_pull_request_that_forgets_the_policy_fails_on_its_line_and_the_amended_one_says_what_changes() {
    let project = Project::new();
    let run = project.github(str::to_owned);
    assert_eq!(run.failed(), Vec::<&str>::new(), "nothing has changed yet: {run:?}");
    assert_eq!(run.out, "", "no annotation");

    // A migration adds a column, and nobody thinks of the policy.
    project.write("repository/migrations/002-nickname.sql", "alter table users add nickname text;");
    project.commit("nickname");
    let run = project.github(str::to_owned);
    assert_eq!(run.failed(), [CHECK, SNAPSHOT], "{run:?}");
    assert_eq!(run.steps.iter().find(|(name, _)| name == CHECK).expect("it ran").1, 1);
    let annotation = run.out.lines().find(|line| line.starts_with("::error ")).expect("an annotation");
    let line = 1 + POLICY.lines().position(|line| line == "  users:").expect("the rule") + 1;
    assert_eq!(POLICY.lines().nth(line - 1), Some("    columns:"));
    let place = format!("::error file=policies/small.yaml,line={line},");
    assert!(annotation.starts_with(&place), "{annotation}");
    assert!(
        annotation.contains("title=efface%3A undecided-column::column `nickname` of table `users`"),
        "{annotation}"
    );
    assert!(run.err.contains("policies/catalog.json: column `users.nickname` was added"), "{}", run.err);
    assert_eq!(run.out.lines().filter(|line| line.starts_with("::")).count(), 1, "{}", run.out);

    // The policy is amended, and what efface writes is committed.
    let amended = POLICY.replace("      height: null\n", "      height: null\n      nickname: null\n");
    project.write("repository/policies/small.yaml", &amended);
    project.snapshot();
    project.commit("amended");
    std::fs::remove_dir_all(project.path("runner/comments")).expect("removed");
    std::fs::create_dir(project.path("runner/comments")).expect("a folder");
    for (change, what) in [(str::to_owned as fn(&str) -> String, "written"), (without_a_database, "written anew")] {
        let run = project.github(change);
        assert_eq!(run.failed(), Vec::<&str>::new(), "{run:?}");
        let comments = project.comments();
        assert_eq!(comments.len(), 2, "{what}: {:?}", comments.keys());
        let difference = &comments["<!-- efface:plan-diff policies/small.yaml -->"];
        let summary = "### small: users.nickname: becomes null; the column is new";
        assert_eq!(difference.lines().nth(1), Some(summary), "{difference}");
        let plan = comments.values().find(|text| !text.starts_with("<!-- efface:plan-diff")).expect("the plan");
        assert!(plan.contains("nickname") && plan.contains("```sql"), "{plan}");
    }
    let told = project.read("runner/told");
    let asked: Vec<_> =
        told.lines().filter(|line| line.starts_with("gh PATCH") || line.starts_with("gh POST")).collect();
    let (made, anew): (Vec<&str>, Vec<&str>) = asked.iter().rev().take(4).rev().partition(|line| line.contains("POST"));
    assert_eq!((made.len(), anew.len()), (2, 2), "{told}");
    assert!(project.read("runner/summary").contains("users.nickname: becomes null"));
}

#[test]
fn a_schema_that_is_kept_in_a_file_finds_the_column_too() {
    let project = Project::new();
    project.write("repository/migrations/002-nickname.sql", "alter table users add nickname text;");
    let db = project.migrated();
    let mut command = Command::new(env!("CARGO_BIN_EXE_efface"));
    command.args(["snapshot", "policies"]).current_dir(project.path("repository")).env("DATABASE_URL", db.url());
    assert_eq!(command.output().expect("the tool runs").status.code(), Some(1), "the policy no longer fits");
    project.commit("nickname");
    let run = project.github(without_a_database);
    assert_eq!(run.failed(), [CHECK, SNAPSHOT], "{run:?}");
    assert!(run.out.starts_with("::error file=policies/small.yaml,line=14,"), "{}", run.out);
}

#[test]
fn the_job_of_gitlab_reports_the_finding_and_writes_its_comments() {
    let project = Project::new();
    project.write("repository/migrations/002-nickname.sql", "alter table users add nickname text;");
    project.commit("nickname");
    let run = project.gitlab();
    assert_eq!(run.failed(), ["job"]);
    let report = project.read("repository/gl-code-quality-report.json");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report[0]["check_name"], "undecided-column");
    assert_eq!(report[0]["location"], serde_json::json!({ "path": "policies/small.yaml", "lines": { "begin": 14 } }));
    assert!(run.err.contains("error[undecided-column]"), "{}", run.err);
    assert!(run.err.contains("policies/catalog.json: column `users.nickname` was added"), "{}", run.err);
    project.tidy();

    let amended = POLICY.replace("      height: null\n", "      height: null\n      nickname: null\n");
    project.write("repository/policies/small.yaml", &amended);
    project.snapshot();
    project.commit("amended");
    for asked in ["POST", "PUT"] {
        std::fs::remove_file(project.path("runner/told")).expect("removed");
        let run = project.gitlab();
        assert_eq!(run.failed(), Vec::<&str>::new(), "{run:?}");
        assert_eq!(project.read("repository/gl-code-quality-report.json"), "[]\n");
        let told = project.read("runner/told");
        let notes = "https://git.example.org/api/v4/projects/3/merge_requests/7/notes";
        assert_eq!(told.matches(&format!("curl {asked} {notes}")).count(), 2, "{told}");
        project.tidy();
    }
    let comments = project.comments();
    let difference = &comments["<!-- efface:plan-diff policies/small.yaml -->"];
    assert!(difference.contains("users.nickname: becomes null; the column is new"), "{difference}");
    assert_eq!(comments.len(), 2);
}
