//! The layers of ARCHITECTURE.md: who may name whom. Cargo keeps the packages apart; this keeps the folders apart.

use std::path::{Path, PathBuf};

/// A folder, or a file, what it must not name, and why.
struct Rule {
    folder: &'static str,
    never: &'static [&'static str],
    because: &'static str,
}

const RULES: [Rule; 11] = [
    Rule {
        folder: "runtime/heap/src",
        never: &["heapatlas_arc", "egui", "crossbeam", "std::thread"],
        because: "the heap knows neither the language nor who looks at it",
    },
    Rule { folder: "runtime/arc/src", never: &["egui", "crossbeam"], because: "a runtime has a host and no window" },
    Rule {
        folder: "src/model",
        never: &["crate::source", "crate::command", "crate::ui", "crate::cli", "heapatlas_arc", "crossbeam", "egui::"],
        because: "a model is made of frames alone and cannot tell a live runtime from a recording",
    },
    Rule {
        folder: "src/recording",
        never: &[
            "crate::model",
            "crate::source",
            "crate::ui",
            "crate::cli",
            "crate::export",
            "heapatlas_arc",
            "egui::",
        ],
        because: "a recording is made of frames and knows neither who cut them nor who looks at them",
    },
    Rule {
        folder: "src/past",
        never: &["crate::source", "crate::command", "crate::ui", "crate::cli", "crate::export", "crate::map", "egui::"],
        because: "the past is made of frames, recorded or seen, and does not know who looks at it",
    },
    Rule {
        folder: "src/map",
        never: &["crate::source", "crate::command", "crate::ui", "crate::cli", "heapatlas_arc", "egui::"],
        because: "places and colours are the same in the window and in exports",
    },
    Rule {
        folder: "src/export",
        never: &["crate::source", "crate::command", "crate::ui", "crate::cli", "heapatlas_arc", "egui::"],
        because: "an export needs a model and nothing else",
    },
    Rule {
        folder: "src/source",
        never: &["crate::ui", "crate::cli", "crate::export", "crate::map", "egui::"],
        because: "a source sends messages and does not know who draws them",
    },
    Rule { folder: "src/command.rs", never: &["crate::", "heapatlas_arc"], because: "commands are plain data" },
    Rule { folder: "src/cli", never: &["egui::", "eframe::"], because: "the command line draws nothing" },
    Rule {
        folder: "src",
        never: &["unsafe {", "unsafe fn", "unsafe impl"],
        because: "all unsafe code is the runtime's",
    },
];

/// The Rust files of a folder and of the folders in it.
fn files(path: &Path, into: &mut Vec<PathBuf>) {
    if path.is_file() {
        into.push(path.to_owned());
        return;
    }
    for entry in std::fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "rs") {
            files(&path, into);
        }
    }
}

#[test]
fn nobody_names_what_lies_above() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut broken = Vec::new();
    for Rule { folder, never, because } in RULES {
        let mut found = Vec::new();
        files(&root.join(folder), &mut found);
        assert!(!found.is_empty(), "{folder} has no files");
        for file in found {
            let text = std::fs::read_to_string(&file).expect("text");
            for (number, line) in text.lines().enumerate() {
                // Comments may name anything.
                let code = line.split("//").next().unwrap_or(line);
                for word in never.iter().filter(|word| code.contains(**word)) {
                    let place = file.strip_prefix(root).unwrap_or(&file).display();
                    broken.push(format!("{place}:{}: {word}: {because}", number + 1));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_sample_says_what_to_look_for_and_how_to_run_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    for entry in std::fs::read_dir(folder).expect("samples") {
        let path = entry.expect("a sample").path();
        let text = std::fs::read_to_string(&path).expect("text");
        let comment: Vec<&str> = text.lines().take_while(|line| line.starts_with(';')).collect();
        let comment = comment.join("\n");
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        for wanted in ["Look for:", "\n; heapatlas ", &format!("samples/{name}")] {
            assert!(comment.contains(wanted), "{name} does not say {wanted:?}");
        }
    }
}
