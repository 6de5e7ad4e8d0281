//! The rules of the house that a compiler does not keep: who may know whom, and where texts for people live.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn files(folder: &str, extension: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("folder") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|one| one == extension) {
                let text = fs::read_to_string(&path).expect("text");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "nothing in {folder}");
    found
}

/// The lines of code of the files below `folder`, without comments and their own tests (also in a file `tests.rs`), each
/// with its place.
fn code(folder: &str) -> Vec<(String, String)> {
    let lines = |(path, text): (PathBuf, String)| -> Vec<(String, String)> {
        let place = |n: usize| format!("{}:{}", path.display(), n + 1);
        let own = text.lines().take_while(|line| *line != "#[cfg(test)]");
        let lines = own.enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
        lines.map(|(n, line)| (place(n), line.to_owned())).collect()
    };
    let is_code = |(path, _): &(PathBuf, String)| !path.ends_with("tests.rs");
    files(folder, "rs").into_iter().filter(is_code).flat_map(lines).collect()
}

fn nobody_names(folder: &str, forbidden: &[&str]) {
    for (place, line) in code(folder) {
        for word in forbidden {
            assert!(!line.contains(word), "{place} knows {word}, which {folder} must not:\n{line}");
        }
    }
}

#[test]
fn the_recording_knows_neither_the_engine_nor_a_front_door() {
    nobody_names(
        "src/recording",
        &["crate::net", "crate::app", "crate::cli", "crate::i18n", "egui", "std::thread", "TcpStream"],
    );
}

#[test]
fn the_engine_knows_no_front_door() {
    nobody_names("src/net", &["crate::app", "crate::cli", "egui", "clap::"]);
}

#[test]
fn the_terminal_knows_no_window() {
    nobody_names("src/cli", &["crate::app", "egui"]);
}

#[test]
fn a_tab_knows_no_other_tab() {
    let tabs = ["server_tab", "client_tab", "fetch_tab"];
    for (place, line) in code("src/app") {
        let own = tabs.iter().find(|tab| place.contains(*tab));
        for other in tabs.iter().filter(|other| own.is_some_and(|own| own != *other)) {
            assert!(!line.contains(other), "{place} knows {other}:\n{line}");
        }
    }
}

/// The ids of all texts.
fn text_ids() -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for (path, text) in files("assets/i18n/en", "ftl") {
        for line in text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase())) {
            let (id, _) = line.split_once(" =").unwrap_or_else(|| panic!("{}: {line}", path.display()));
            assert!(ids.insert(id.to_owned()), "{id} is there twice");
        }
    }
    ids
}

/// All string literals of the program that could be the id of a text.
fn literals() -> BTreeSet<String> {
    let is_id = |text: &&str| {
        text.contains('-') && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    code("src")
        .iter()
        .flat_map(|(_, line)| line.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
        .filter(|text| is_id(&text.as_str()))
        .collect()
}

#[test]
fn every_text_that_is_asked_for_is_there() {
    let ids = text_ids();
    for (place, line) in code("src") {
        for call in ["t(\"", "tf(\"", "find(\""] {
            for (at, _) in line.match_indices(call) {
                let before = line[..at].chars().next_back();
                let id = line[at + call.len()..].split('"').next().unwrap_or_default();
                let is_call = !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.');
                if is_call && id.contains('-') && !line.contains("no-such-text") {
                    assert!(ids.contains(id), "{place} asks for {id}, which no .ftl file has");
                }
            }
        }
    }
}

#[test]
fn every_text_is_used() {
    let used = literals();
    let single: String = code("src").into_iter().map(|(_, line)| line + "\n").collect();
    for id in text_ids() {
        let base = id.strip_suffix("-hover").unwrap_or(&id);
        let is_used = used.contains(&id)
            || used.contains(base)
            || single.contains(&format!("\"{base}\""))
            // Tables that live in the texts alone.
            || id.starts_with("header-field-")
            || id.starts_with("header-value-")
            || id.strip_prefix("port-").is_some_and(|port| port.parse::<u16>().is_ok());
        assert!(is_used, "{id} is used nowhere");
    }
}

#[test]
fn every_command_and_column_says_what_it_is_for() {
    let ids = text_ids();
    for id in ids.iter().filter(|id| ["command-", "column-", "part-", "mark-"].iter().any(|kind| id.starts_with(kind)))
    {
        assert!(id.ends_with("-hover") || ids.contains(&format!("{id}-hover")), "{id} has no hover text");
    }
}

#[test]
fn texts_are_short_plain_sentences() {
    for (path, text) in files("assets/i18n/en", "ftl") {
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            assert!(!line.contains("!!") && !line.trim_end().ends_with(':'), "{}: {line}", path.display());
            assert!(!line.ends_with(' ') && !line.contains('\t'), "{}: {line:?}", path.display());
        }
    }
}
