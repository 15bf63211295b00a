//! `heapatlas snapshot`: run, then write a page map.

use heapatlas_arc::host::NoHost;

use super::arguments::SnapshotOptions;
use super::exit::Ending;
use super::run::run_program;
use super::session::Session;
use crate::export::{self, Format, Title};
use crate::model::HeapModel;

/// Runs a program and writes its page map.
pub(super) fn snapshot(options: SnapshotOptions) -> Ending {
    let Some(format) = Format::of_path(&options.output) else {
        let path = options.output.display();
        return Ending::Misused(format!("{path}: the extension must be .png, .svg, .json, .csv, .txt, .om or .atlas"));
    };
    let program = options.runtime.program(options.files, options.expressions);
    let mut session = match Session::start(&program, Box::new(NoHost)) {
        Ok(session) => session,
        Err(error) => return error.into(),
    };
    // A program that failed has a heap too; the picture is written, and the failure told.
    let ending = run_program(&mut session, &program);
    if !options.as_is {
        session.runtime.collect();
    }
    let ending = session.end_recording(ending);
    let heap = session.runtime.heap();
    heap.measure_residency();
    let mut model = HeapModel::default();
    model.apply(&heap.cut_frame(true));
    let theme = options.theme.of_pictures();
    let title = Title { program: program.name(), theme };
    if let Err(error) = export::write_file(&options.output, format, &model, &title) {
        return Ending::System(format!("can't write {}: {error}", options.output.display()));
    }
    ending
}
