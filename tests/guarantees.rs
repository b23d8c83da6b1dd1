//! Every test that a guarantee or a port names exists.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::Path;

/// Reads a page of this project.
fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// Tests if a file has a test of that name: a function with the attribute of a
/// test, or one in the list of a macro that generates tests.
fn has_test(source: &str, test: &str) -> bool {
    let lines: Vec<_> = source.lines().map(str::trim).collect();
    let head = format!("fn {test}(");
    let Some(at) = lines.iter().position(|line| {
        let before = line.split_once(&head).map(|(before, _)| before);
        before.is_some_and(|before| matches!(before, "" | "async " | "pub " | "pub(crate) async "))
    }) else {
        return false;
    };
    let is_head = |line: &&&str| line.starts_with("#[") || line.starts_with("///");
    let attributes = lines[..at].iter().rev().take_while(is_head);
    let is_test = |line: &&str| {
        let name = line.trim_start_matches("#[").split(['(', ']']).next();
        name.is_some_and(|name| name == "test" || name.ends_with("::test"))
    };
    attributes.clone().any(is_test) || is_listed(source, test)
}

/// Tests if a function is a check of the conformance suite, which each broker
/// and each link runs as a test.
fn is_check(file: &str, test: &str) -> bool {
    let checks = "conclib-testing/src/conformance/checks/";
    let Some(group) = file.strip_prefix(checks) else {
        return false;
    };
    let list = page("conclib-testing/src/conformance/list.rs");
    let listed = list.split_once(&format!(" {group} {{"));
    let listed = listed.and_then(|(_, rest)| rest.split('}').next());
    let head = format!("pub async fn {test}(at: &mut Stage)");
    listed.is_some_and(|list| list.contains(&format!(" {test}: ")))
        && page(&format!("{file}.rs")).contains(&head)
}

/// Tests if a macro that generates tests lists the function.
fn is_listed(source: &str, test: &str) -> bool {
    let is_no_name = |ch: char| !(ch.is_alphanumeric() || ch == '_');
    source.match_indices("! {").any(|(at, _)| {
        let name = source[..at].rsplit(is_no_name).next().unwrap_or_default();
        let list = source[at + 3..].split('}').next().unwrap_or_default();
        makes_tests(source, name) && list.split(is_no_name).any(|word| word == test)
    })
}

/// Tests if a macro generates tests: by its name, or by its definition in the
/// file.
fn makes_tests(source: &str, name: &str) -> bool {
    let defined = source.split_once(&format!("macro_rules! {name} {{"));
    let body = defined.and_then(|(_, rest)| rest.split("\n}").next());
    name.starts_with("on_every_") || body.is_some_and(|body| body.contains("#[support::test"))
}

/// Names of the tests on a page, as file and name; fails if one does not exist.
fn tests_named_in(text: &str) -> Vec<(&str, &str)> {
    // Every other piece between backquotes is code; those with `::` are tests.
    let named: Vec<_> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|code| code.split_once(".rs::"))
        .collect();
    for (file, test) in &named {
        let source = page(&format!("{file}.rs"));
        let exists = has_test(&source, test) || is_check(file, test);
        assert!(exists, "{file}.rs has no test `{test}`");
        // The body of a child process does nothing when it runs as a test.
        assert!(!test.starts_with("child_"), "`{test}` is not a test");
    }
    named
}

#[test]
fn a_test_is_told_from_a_helper_and_from_a_body_that_nothing_runs() {
    let source = "
/// With words.
#[support::test(start_paused = true)]
#[should_panic]
async fn is_one() {}

fn helper() {}

macro_rules! everywhere {
    ($($test:ident)*) => {$(#[support::test] fn $test() {})*};
}

everywhere! { is_listed }

on_every_road! {
    is_on_roads,
}

other! { is_not_listed }

async fn is_listed() {}
async fn is_on_roads(road: Road) {}
async fn is_not_listed() {}
async fn is_forgotten() {}
";
    for test in ["is_one", "is_listed", "is_on_roads"] {
        assert!(has_test(source, test), "{test}");
    }
    for none in ["helper", "is_not_listed", "is_forgotten", "is", "missing"] {
        assert!(!has_test(source, none), "{none}");
    }
}

#[test]
fn each_check_of_the_conformance_suite_is_listed() {
    let checks =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("conclib-testing/src/conformance/checks");
    let mut count = 0;
    for file in fs::read_dir(checks).unwrap() {
        let path = file.unwrap().path();
        let group = path.file_stem().unwrap().to_str().unwrap();
        let file = format!("conclib-testing/src/conformance/checks/{group}");
        let source = fs::read_to_string(&path).unwrap();
        for check in source.split("\npub async fn ").skip(1) {
            let name = check.split('(').next().unwrap_or_default();
            assert!(is_check(&file, name), "{group}::{name} is not in the list");
            count += 1;
        }
    }
    assert!(count > 60);
}

#[test]
fn each_guarantee_names_tests_that_exist() {
    let text = page("GUARANTEES.md");
    let is_first = |line: &str| {
        let number = line.split('.').next().unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut guarantees: Vec<String> = Vec::new();
    for line in text.lines() {
        match guarantees.last_mut() {
            _ if is_first(line) => guarantees.push(line.to_owned()),
            Some(guarantee) if !line.starts_with('#') => {
                guarantee.push('\n');
                guarantee.push_str(line);
            }
            _ => {}
        }
    }
    assert!(guarantees.len() > 70);
    for (at, guarantee) in guarantees.iter().enumerate() {
        assert!(
            guarantee.starts_with(&format!("{}.", at + 1)),
            "{guarantee}"
        );
        let named = tests_named_in(guarantee);
        assert!(!named.is_empty(), "a guarantee without a test: {guarantee}");
    }
}

#[test]
fn the_road_names_files_and_tests_that_exist() {
    let text = page("docs/road.md");
    assert!(tests_named_in(&text).len() > 40);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let code = text.split('`').skip(1).step_by(2);
    for file in code.filter(|code| code.ends_with(".rs")) {
        let path = match file.split_once('/') {
            Some((krate @ ("net" | "process" | "redis" | "wire"), rest)) => {
                format!("conclib-{krate}/src/{rest}")
            }
            _ => file.to_owned(),
        };
        let in_core = root.join("conclib-core/src").join(&path);
        assert!(root.join(&path).exists() || in_core.exists(), "{file}");
    }
}

#[test]
fn each_test_of_a_predecessor_is_ported_or_it_says_why_not() {
    let text = page("docs/ported-tests.md");
    let ported = tests_named_in(&text);
    let mut items = text.split("\n- `test_").skip(1);
    let without = items.clone().filter(|item| item.contains("`: none: "));
    assert_eq!(ported.len() + without.count(), items.clone().count());
    // A port keeps the name of its original.
    let renamed = items.find(|item| {
        let original = item.split('`').next().unwrap_or_default();
        !item.contains("`: none: ") && !item.contains(&format!("::{original}`"))
    });
    assert_eq!(renamed, None);
}
