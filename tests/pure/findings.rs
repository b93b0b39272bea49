//! Findings in every format: one value, many looks.

use efface::diagnostic::Severity;
use efface::diagnostic::render::{self, Found};
use serde_json::Value;

use crate::broken::{report, tables};

/// Two files with findings of every kind: errors and warnings, with and without other places, names that are hard to write.
fn found() -> Vec<Found> {
    let policies = [
        tables("  users:\n    columns: { id: keep, nmae: null, email: null }\n  \"odd | table\": delete\n"),
        tables("  users:\n    rows: delete\n").replace("name: ", "# \u{e9}\u{1f600} 100%, a: b\nname: "),
    ];
    let named = policies.iter().zip(["policies/first.yaml", "policies/a b%c,d:e.yaml"]);
    named
        .map(|(text, name)| {
            let (report, file) = report(text);
            Found { file: efface::source::SourceFile::new(name, file.text()), report }
        })
        .collect()
}

#[test]
fn every_finding_is_in_every_format_once_at_its_place() {
    let found = found();
    let all: Vec<_> =
        found.iter().flat_map(|it| it.report.sorted().into_iter().map(move |found| (&it.file, found))).collect();
    assert!(all.len() > 5, "{}", all.len());
    let (json, sarif, gitlab) = (render::json(&found), render::sarif(&found), render::gitlab(&found));
    let github = render::github(&found);
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().expect("rules");
    let lists = [json.as_array(), Some(results), gitlab.as_array()].map(|it| it.expect("a list").len());
    assert_eq!((lists, github.lines().count()), ([all.len(); 3], all.len()));
    let mut prints = std::collections::BTreeSet::new();
    for (index, (file, finding)) in all.into_iter().enumerate() {
        let (code, line) = (finding.code.name(), finding.primary.as_ref().map(|it| file.position(it.span.start).line));
        let level = if finding.severity == Severity::Error { "error" } else { "warning" };
        assert_eq!(
            (json[index]["code"].as_str(), json[index]["line"].as_u64()),
            (Some(code), line.map(|it| it as u64))
        );
        let result = &results[index];
        assert_eq!((result["ruleId"].as_str(), result["level"].as_str()), (Some(code), Some(level)));
        let rule = usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("an index");
        assert_eq!(rules[rule]["id"], code);
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!(region["startLine"].as_u64(), Some(line.unwrap_or(1) as u64));
        assert_eq!(gitlab[index]["check_name"], code);
        assert_eq!(gitlab[index]["location"]["lines"]["begin"], region["startLine"]);
        assert!(prints.insert(gitlab[index]["fingerprint"].as_str().expect("a text")), "two findings are one");
        let annotation = github.lines().nth(index).expect("a line");
        assert!(annotation.starts_with(&format!("::{level} file=")), "{annotation}");
        assert!(annotation.contains(&format!("title=efface%3A {code}::")), "{annotation}");
        assert_eq!(annotation.contains(",line="), line.is_some(), "{annotation}");
        for help in &finding.help {
            let said = result["message"]["text"].as_str().expect("a text");
            assert!(help.lines().all(|line| said.contains(line)), "{help}\n{said}");
        }
    }
    // A fingerprint is of the finding, not of its line.
    let moved: Vec<Found> = self::found()
        .into_iter()
        .map(|it| {
            let text = format!("# a line\n{}", it.file.text());
            let (report, _) = report(&text);
            Found { file: efface::source::SourceFile::new(&it.file.name, text), report }
        })
        .collect();
    let moved = render::gitlab(&moved);
    let of = |report: &Value| -> Vec<String> {
        report.as_array().expect("a list").iter().map(|it| it["fingerprint"].to_string()).collect()
    };
    assert_eq!(of(&moved), of(&gitlab));
    assert_ne!(moved, gitlab);
}

#[test]
fn findings_as_every_format_shows_them() {
    let found = found();
    insta::assert_snapshot!("findings-json", format!("{:#}", render::json(&found)));
    insta::assert_snapshot!("findings-sarif", format!("{:#}", render::sarif(&found)));
    insta::assert_snapshot!("findings-github", render::github(&found));
    insta::assert_snapshot!("findings-gitlab", format!("{:#}", render::gitlab(&found)));
}

#[test]
fn nothing_found_is_an_empty_list() {
    let (report, file) = (efface::diagnostic::Report::default(), efface::source::SourceFile::new("p.yaml", ""));
    let nothing = [Found { file, report }];
    assert_eq!((render::json(&nothing), render::gitlab(&nothing)), (serde_json::json!([]), serde_json::json!([])));
    assert_eq!(render::github(&nothing), "");
    assert_eq!(render::sarif(&nothing)["runs"][0]["results"], serde_json::json!([]));
}
