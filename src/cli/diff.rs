//! `heapatlas diff`: what changed between two snapshots, or two moments.

use std::path::Path;

use super::arguments::DiffOptions;
use super::exit::Ending;
use super::recorded;
use crate::export::difference::Difference;
use crate::export::{Title, png, svg};
use crate::model::HeapModel;
use crate::recording::reader::At;

/// Tells what changed, or writes it.
pub(super) fn diff(options: &DiffOptions) -> Ending {
    let extension = options.output.as_deref().map(|path| path.extension().and_then(|extension| extension.to_str()));
    if let (Some(extension), Some(output)) = (extension, &options.output)
        && !matches!(extension, Some("json" | "png" | "svg"))
    {
        return Ending::Misused(format!("{}: the extension must be .json, .png or .svg", output.display()));
    }
    let after = options.after.as_ref().unwrap_or(&options.before);
    if after == &options.before && options.from == options.to {
        let why = "one recording at one moment: name two, or two moments of it with --from and --to";
        return Ending::Misused(why.to_owned());
    }
    match load(&options.before, options.from).and_then(|before| Ok((before, load(after, options.to)?))) {
        Ok((before, after)) => tell(options, extension.flatten(), &before, &after),
        Err(ending) => ending,
    }
}

/// The model at a moment, and what ran.
fn load(path: &Path, at: At) -> Result<(HeapModel, String), Ending> {
    let recording = recorded::open(path)?;
    Ok((recorded::model_at(&recording, path, at)?, recorded::name(&recording, path)))
}

fn tell(
    options: &DiffOptions,
    extension: Option<&str>,
    (before, was): &(HeapModel, String),
    (after, is): &(HeapModel, String),
) -> Ending {
    let program = if was == is { is.clone() } else { format!("{was} → {is}") };
    let title = Title { program, theme: options.theme.of_pictures() };
    let difference = Difference::new(before, after, &title);
    let Some(output) = &options.output else { return recorded::show(|out| difference.write_text(out)) };
    let output: &Path = output;
    recorded::write_file(output, |out| match extension {
        Some("json") => difference.write_json(out),
        Some("svg") => svg::write_drawing(out, &difference),
        _ => png::write_drawing(out, &difference),
    })
}
