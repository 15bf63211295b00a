//! `heapatlas diff`: what changed between two snapshots, or two moments.

use std::path::Path;

use super::arguments::DiffOptions;
use super::exit::Ending;
use super::recorded;
use crate::export::difference::Difference;
use crate::export::{Title, png, svg};
use crate::map::difference::{self, Moved};
use crate::model::HeapModel;
use crate::model::moves::Moves;
use crate::recording::reader::Recording;

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
    match compare(options, after) {
        Ok(compared) => tell(options, extension.flatten(), &compared),
        Err(ending) => ending,
    }
}

/// Two moments, what ran, and what the collector moved from one to the other.
struct Compared {
    before: HeapModel,
    after: HeapModel,
    program: String,
    moved: Moved,
}

fn compare(options: &DiffOptions, after: &Path) -> Result<Compared, Ending> {
    let first = recorded::open(&options.before)?;
    let other = if after == options.before { None } else { Some(recorded::open(after)?) };
    let second = other.as_ref().unwrap_or(&first);
    let models =
        [recorded::model_at(&first, &options.before, options.from)?, recorded::model_at(second, after, options.to)?];
    // What two runs moved is not comparable.
    let moved = if other.is_none() { moved_between(&first, options, &models)? } else { None };
    let (was, is) = (recorded::name(&first, &options.before), recorded::name(second, after));
    let program = if was == is { is } else { format!("{was} → {is}") };
    let [before, after] = models;
    Ok(Compared { before, after, program, moved })
}

/// What the collector moved between two moments of a recording, whichever comes first.
fn moved_between(
    recording: &Recording,
    options: &DiffOptions,
    [before, after]: &[HeapModel; 2],
) -> Result<Moved, Ending> {
    let (from, to) = (options.from, options.to);
    let stretch = if before.wall() <= after.wall() { (from, to) } else { (to, from) };
    let mut moves = Moves::default();
    recorded::replay_between(recording, &options.before, stretch, &mut |frame| moves.see(frame))?;
    Ok(difference::moved(&moves, before, after))
}

fn tell(options: &DiffOptions, extension: Option<&str>, compared: &Compared) -> Ending {
    let title = Title { program: compared.program.clone(), theme: options.theme.of_pictures() };
    let difference = Difference::new((&compared.before, &compared.after), compared.moved, &title);
    let Some(output) = &options.output else { return recorded::show(|out| difference.write_text(out)) };
    recorded::write_file(output, |out| match extension {
        Some("json") => difference.write_json(out),
        Some("svg") => svg::write_drawing(out, &difference),
        _ => png::write_drawing(out, &difference),
    })
}
