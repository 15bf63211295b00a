//! `heapatlas export`: a moment of a recording, or the whole of it, in other formats.

use std::io::{self, Write};
use std::path::Path;

use super::arguments::ExportOptions;
use super::exit::Ending;
use super::recorded;
use crate::export::over_time::OverTimePicture;
use crate::export::run::film::{Film, Plan};
use crate::export::run::{Run, chrome, folded, perfetto};
use crate::export::{self, Format, Title, png, svg};
use crate::model::HeapModel;
use crate::model::over_time::OverTime;
use crate::recording::reader::{At, Recording};

/// How a whole run is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum RunFormat {
    Perfetto,
    Chrome,
    Folded,
    Film,
    #[cfg(feature = "parquet")]
    Parquet,
}

impl RunFormat {
    /// The format that the end of a path names.
    fn of_path(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let formats = [
            (".pftrace", Self::Perfetto),
            (".trace.json", Self::Chrome),
            (".folded", Self::Folded),
            (".apng", Self::Film),
            #[cfg(feature = "parquet")]
            (".parquet", Self::Parquet),
        ];
        formats.into_iter().find(|(end, _)| name.ends_with(end)).map(|(_, format)| format)
    }
}

/// Writes a recording in another format.
pub(super) fn export(options: &ExportOptions) -> Ending {
    if options.over_time {
        return over_time(options);
    }
    let run = RunFormat::of_path(&options.output);
    let moment = Format::of_path(&options.output).filter(|_| run.is_none());
    let is_table = options.output.extension().is_some_and(|extension| extension == "parquet");
    if is_table && cfg!(not(feature = "parquet")) {
        let why = "this program was built without tables of that sort; build it with --features parquet";
        return Ending::Misused(format!("{}: {why}", options.output.display()));
    }
    if run.is_none() && moment.is_none() {
        let extensions =
            ".png, .svg, .json, .csv, .txt, .om, .atlas, .pftrace, .trace.json, .folded, .apng or .parquet";
        return Ending::Misused(format!("{}: the extension must be {extensions}", options.output.display()));
    }
    if run.is_some() && options.at.is_some() {
        return Ending::Misused(format!("{} holds the whole run: leave out --at", options.output.display()));
    }
    let recording = match recorded::open(&options.path) {
        Ok(recording) => recording,
        Err(ending) => return ending,
    };
    let title = Title { program: recorded::name(&recording, &options.path), theme: options.theme.of_pictures() };
    if let Some(format) = run {
        return export_run(&recording, options, format, title);
    }
    let Some(format) = moment else { return Ending::Usage };
    match recorded::model_at(&recording, &options.path, options.at.unwrap_or(At::End)) {
        Ok(model) => recorded::write_file(&options.output, |out| export::write(out, format, &model, &title)),
        Err(ending) => ending,
    }
}

/// Draws the pages over time.
fn over_time(options: &ExportOptions) -> Ending {
    let format = Format::of_path(&options.output);
    if !matches!(format, Some(Format::Png | Format::Svg)) {
        let why = "the pages over time are a picture: the extension must be .png or .svg";
        return Ending::Misused(format!("{}: {why}", options.output.display()));
    }
    let recording = match recorded::open(&options.path) {
        Ok(recording) => recording,
        Err(ending) => return ending,
    };
    let (mut model, mut over_time) = (HeapModel::default(), OverTime::of_run(recording.index().last.clock));
    let loss = recording.each(&mut |frame| {
        model.apply(frame);
        over_time.look(&model);
    });
    recorded::tell_loss(&options.path, loss);
    let title = Title { program: recorded::name(&recording, &options.path), theme: options.theme.of_pictures() };
    let picture = OverTimePicture::new(&over_time, &title);
    recorded::write_file(&options.output, |out| match format {
        Some(Format::Svg) => svg::write_drawing(out, &picture),
        _ => png::write_drawing(out, &picture),
    })
}

fn export_run(recording: &Recording, options: &ExportOptions, format: RunFormat, title: Title) -> Ending {
    let run = || {
        let mut run = Run::default();
        recorded::tell_loss(&options.path, recording.each(&mut |frame| run.apply(frame)));
        run.finish();
        run
    };
    recorded::write_file(&options.output, |out| match format {
        RunFormat::Perfetto => perfetto::write(out, &run(), &title),
        RunFormat::Chrome => chrome::write(out, &run(), &title),
        RunFormat::Folded => folded::write(out, &run(), &title),
        RunFormat::Film => film(recording, options, out, title),
        #[cfg(feature = "parquet")]
        RunFormat::Parquet => table(recording, options, out),
    })
}

#[cfg(feature = "parquet")]
fn table(recording: &Recording, options: &ExportOptions, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let mut table = crate::export::run::parquet::Table::new(out)?;
    let mut result = Ok(());
    let loss = recording.each(&mut |frame| {
        if result.is_ok() {
            result = table.add(frame);
        }
    });
    recorded::tell_loss(&options.path, loss);
    result?;
    table.finish()
}

/// Goes through the recording twice: to plan the film, and to make it.
fn film(recording: &Recording, options: &ExportOptions, out: &mut dyn Write, title: Title) -> io::Result<()> {
    let mut model = HeapModel::default();
    let mut most_pages = 0;
    recording.each(&mut |frame| {
        most_pages = most_pages.max(frame.counters.committed as usize / heapatlas_heap::terms::PAGE);
    });
    let mut plan = Plan::new(recording.index().last.clock, most_pages);
    let loss = recording.each(&mut |frame| {
        model.apply(frame);
        plan.look(&model);
    });
    recorded::tell_loss(&options.path, loss);
    let mut film = Film::new(out, plan, title)?;
    let mut model = HeapModel::default();
    let mut result = Ok(());
    recording.each(&mut |frame| {
        model.apply(frame);
        if result.is_ok() {
            result = film.look(&model);
        }
    });
    result?;
    film.finish()
}
