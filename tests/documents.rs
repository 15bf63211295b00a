//! The documents say what is so: links lead somewhere, and the README knows every key and every exit code.

use std::path::Path;

fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

const DOCUMENTS: [&str; 6] =
    ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "COMPATIBILITY.md", "docs/stories.md", "docs/atlas-format.md"];

#[test]
fn links_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for document in DOCUMENTS {
        let folder = root.join(document).parent().map(Path::to_owned).unwrap_or_default();
        let text = text(document);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(link, _)| link));
        let pictures = ["src=\"", "srcset=\""].into_iter().flat_map(|attribute| {
            text.split(attribute).skip(1).filter_map(|rest| rest.split_once('"').map(|(link, _)| link))
        });
        for link in links.chain(pictures).filter(|link| !link.starts_with("http")) {
            let path = link.split('#').next().unwrap_or(link);
            assert!(folder.join(path).exists(), "{document} links to {link}");
        }
    }
}

#[test]
fn the_readme_knows_every_key_of_the_statistics() {
    let readme = text("README.md");
    for line in text("tests/golden/stats-json.txt").lines() {
        let key = line.split(':').next().unwrap_or(line);
        for part in key.split('.') {
            assert!(readme.contains(&format!("`{part}`")), "README.md does not know {key}");
        }
    }
}

#[test]
fn the_readme_knows_every_sample() {
    let readme = text("README.md");
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")).expect("samples") {
        let name = entry.expect("a sample").file_name();
        let name = name.to_str().expect("a name");
        assert!(readme.contains(&format!("(samples/{name})")), "README.md does not know {name}");
    }
}

#[test]
fn no_line_is_too_long() {
    for document in DOCUMENTS {
        let text = text(document);
        let mut in_code = false;
        for (number, line) in text.lines().enumerate() {
            in_code ^= line.starts_with("```");
            let may_be_long = in_code || ["|", "  <", "    "].iter().any(|begin| line.starts_with(begin));
            let length = line.chars().count();
            assert!(length <= 130 || may_be_long, "{document}:{} has {length} characters", number + 1);
        }
    }
}
