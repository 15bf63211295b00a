//! The map in the terminal, where there is no display: in block characters, live, with the numbers.
//!
//! On a terminal the map is drawn again in place some ten times a second while the program runs. Elsewhere only the
//! last map is written.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use heapatlas_arc::error::ArcError;

use super::exit::{self, Ending};
use super::session;
use crate::command::{Command, Speed};
use crate::export::text::{self, Style};
use crate::format;
use crate::model::chronicle::Chronicle;
use crate::model::{Applied, HeapModel};
use crate::source::{Message, Source, State, Subject};

/// Time between two drawings.
const REDRAW: Duration = Duration::from_millis(100);
/// How long to wait when nothing has arrived.
const NAP: Duration = Duration::from_millis(5);
/// Rows of the map at most on a terminal that does not tell its height.
const ROWS: usize = 24;
/// Lines below the map.
const LINES_BELOW: usize = 6;

/// Runs a program and shows its map until it has finished.
pub(super) fn show(mut subject: Subject) -> Ending {
    let on_terminal = io::stdout().is_terminal();
    if let Subject::Program(beginning) = &mut subject {
        if !on_terminal {
            beginning.speed = Speed::Full;
        }
        // There is nobody to press a key, or to answer.
        beginning.paused = false;
        beginning.asks = false;
    }
    let source = match subject.start(Box::new(|| {})) {
        Ok(source) => source,
        Err(error) => return Ending::System(format!("can't start: {error}")),
    };
    let stop = Arc::new(AtomicBool::new(false));
    session::catch_interrupts(Arc::clone(&stop), None);
    match watch(source, on_terminal, &stop) {
        Ok(ending) => ending,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ending::Fine,
        Err(error) => Ending::System(format!("can't write: {error}")),
    }
}

/// What is shown.
struct Screen {
    model: HeapModel,
    chronicle: Chronicle,
    printed: String,
    on_terminal: bool,
    /// Lines drawn last time, to go back over.
    drawn: usize,
}

fn watch(mut source: Box<dyn Source>, on_terminal: bool, stop: &AtomicBool) -> io::Result<Ending> {
    let mut screen = Screen {
        model: HeapModel::default(),
        chronicle: Chronicle::default(),
        printed: String::new(),
        on_terminal,
        drawn: 0,
    };
    let mut last_drawn = Instant::now();
    let mut finished: Option<Result<(), ArcError>> = None;
    let mut out = io::stdout();
    loop {
        if stop.load(Ordering::Relaxed) {
            return Ok(Ending::Interrupted);
        }
        match source.next() {
            Some(Message::Frame(frame)) => {
                match screen.model.apply(&frame) {
                    Applied::UpToDate => screen.chronicle.see(&frame),
                    Applied::Gap => {
                        source.send(Command::KeyFrame);
                    }
                }
                source.recycle(frame);
            }
            Some(Message::Output(text)) => screen.printed.push_str(&text),
            Some(Message::Note(line)) => exit::tell(&line),
            Some(Message::State(State::Finished(result))) => {
                finished = Some(result);
                // The last frame follows; it is asked for, so that the end is exact.
                source.send(Command::KeyFrame);
            }
            Some(Message::State(State::Ended)) => break,
            // What only a window asks for.
            Some(_) => {}
            None if finished.is_some() => break,
            None => thread::sleep(NAP),
        }
        if on_terminal && last_drawn.elapsed() >= REDRAW {
            screen.draw(&mut out)?;
            last_drawn = Instant::now();
        }
    }
    screen.draw(&mut out)?;
    Ok(match finished {
        Some(Err(error)) => error.into(),
        _ => Ending::Fine,
    })
}

impl Screen {
    fn draw(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let mut picture = Vec::new();
        let style = if self.on_terminal {
            Style { colour: true, columns: 64, most_rows: rows_of_terminal() }
        } else {
            Style::plain()
        };
        text::write(&mut picture, &self.model, &style)?;
        let forms = self.chronicle.until(&self.model).forms();
        if let Some(form) = forms.running().or_else(|| forms.last()) {
            let clock = format::bytes(self.model.counters().clock);
            let text: String = form.text.chars().take(48).collect();
            writeln!(picture, "{clock} on the clock, form {}: {}:{} {text}", forms.count(), form.file, form.line)?;
        }
        let picture = String::from_utf8_lossy(&picture);
        if self.on_terminal && self.drawn > 0 {
            // Up to where the last picture began; what the program prints stays above.
            write!(out, "\u{1b}[{}A\u{1b}[J", self.drawn)?;
        }
        out.write_all(self.printed.as_bytes())?;
        if !self.printed.is_empty() && !self.printed.ends_with('\n') {
            writeln!(out)?;
        }
        self.printed.clear();
        out.write_all(picture.as_bytes())?;
        out.flush()?;
        self.drawn = picture.lines().count();
        Ok(())
    }
}

fn rows_of_terminal() -> usize {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
    size.map_or(ROWS, |size| usize::from(size.ws_row).saturating_sub(LINES_BELOW).max(4))
}
