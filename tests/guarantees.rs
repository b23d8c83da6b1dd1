//! Each guarantee is owned by tests that exist.

use std::fs;
use std::path::Path;

#[test]
fn each_guarantee_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("GUARANTEES.md")).unwrap();
    // Every other piece between backquotes is code; those with `::` are tests.
    let named: Vec<_> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|code| code.split_once(".rs::"))
        .collect();
    let lines = text.lines().filter(|line| {
        let number = line.split('.').next().unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    assert!(named.len() >= lines.count(), "a guarantee without a test");
    for (file, test) in named {
        let source = fs::read_to_string(root.join(format!("{file}.rs"))).unwrap();
        let found = source.contains(&format!("fn {test}("))
            || source.contains(&format!("{test}:"))
            || source.contains(&format!("{test},"))
            || source.contains(&format!("{test};"));
        assert!(found, "{file}.rs has no test `{test}`");
    }
}
