//! The sample programs, built in so that the window can offer them wherever it was installed.

use heapatlas_arc::libraries::Library;

macro_rules! samples {
    ($($name:literal,)*) => {
        /// Every sample, in the order in which one should look at them.
        pub const SAMPLES: &[Library] =
            &[$(Library { name: concat!("samples/", $name), text: include_str!(concat!("../../samples/", $name)) },)*];
    };
}

samples! {
    "queue.arc",
    "fragmentation.arc",
    "churn.arc",
    "strings.arc",
    "tables.arc",
    "deep.arc",
    "grow.arc",
    "holes.arc",
    "pinned.arc",
    "limit.arc",
    "autopsy.arc",
}

/// What a sample is about: its first line.
#[must_use]
pub fn about(sample: &Library) -> &'static str {
    sample.text.lines().next().unwrap_or_default().trim_start_matches([';', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_offered() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
        let files = std::fs::read_dir(folder).expect("samples");
        let mut names: Vec<_> =
            files.map(|file| format!("samples/{}", file.expect("a file").file_name().display())).collect();
        let mut offered: Vec<_> = SAMPLES.iter().map(|sample| sample.name.to_owned()).collect();
        names.sort();
        offered.sort();
        assert_eq!(names, offered);
        assert!(SAMPLES.iter().all(|sample| about(sample).ends_with('.')));
    }
}
