//! The question at a terminal what to do about an exhausted heap.
//!
//! It is asked on standard error and answered in one line: a letter, and a size where one belongs. The answer is read
//! past what the program reads, so that neither gets the other's lines.

use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::time::Duration;

use heapatlas_arc::host::{Answer, Host};
use heapatlas_heap::{Exhausted, Heap};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::session;
use crate::{exhaustion, format};

/// Whoever sits at the terminal. Where there is none, the error is signalled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person;

impl Host for Person {
    fn exhausted(&mut self, _heap: &mut Heap, exhausted: &Exhausted) -> Answer {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Answer::Signal;
        }
        // Who can't be asked has no answer. Standard error is not locked: Ctrl-C writes there too.
        ask(exhausted, &mut BufReader::new(Typed), &mut io::stderr()).unwrap_or(Answer::Signal)
    }
}

/// How often the flag is looked at that Ctrl-C sets.
const LOOK: Duration = Duration::from_millis(50);

/// What is typed at the terminal, until Ctrl-C: then it has ended.
struct Typed;

impl Read for Typed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let input = io::stdin();
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(LOOK.subsec_nanos()) };
        while !session::is_interrupted() {
            match poll(&mut [PollFd::new(&input, PollFlags::IN)], Some(&timeout)) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(rustix::io::read(&input, buffer)?),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(0)
    }
}

/// Asks until there is an answer; the end of the input is one: the error is signalled.
fn ask(exhausted: &Exhausted, input: &mut dyn BufRead, out: &mut dyn Write) -> io::Result<Answer> {
    let suggested = exhaustion::suggested_limit(exhausted);
    writeln!(out, "heapatlas: {}", exhaustion::sentence(exhausted))?;
    if let Some(limit) = suggested {
        writeln!(out, "  r SIZE  raise the soft limit, to {} if you name no size", format::bytes(limit))?;
    }
    writeln!(out, "  c       collect, and try again")?;
    writeln!(out, "  s       signal the error to the program")?;
    let question = if suggested.is_some() { "raise, collect or signal? [r] " } else { "collect or signal? [s] " };
    loop {
        out.write_all(question.as_bytes())?;
        out.flush()?;
        let mut line = Vec::new();
        if input.read_until(b'\n', &mut line)? == 0 {
            writeln!(out)?;
            return Ok(Answer::Signal);
        }
        match understand(&String::from_utf8_lossy(&line), exhausted, suggested) {
            Ok(answer) => return Ok(answer),
            Err(why) => writeln!(out, "{why}")?,
        }
    }
}

/// What a line means; or why it means nothing.
fn understand(line: &str, exhausted: &Exhausted, suggested: Option<u64>) -> Result<Answer, String> {
    let line = line.trim().to_lowercase();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((&line, ""));
    let raise = |bytes: u64| Answer::Limit(Some(usize::try_from(bytes).unwrap_or(usize::MAX)));
    match (word, rest.trim(), suggested) {
        ("c" | "collect", "", _) => Ok(Answer::Collect),
        ("s" | "signal", "", _) | ("", "", None) => Ok(Answer::Signal),
        ("r" | "raise" | "", "", Some(limit)) => Ok(raise(limit)),
        ("r" | "raise", size, Some(_)) => exhaustion::parse_limit(size, exhausted).map(raise),
        (_, _, Some(_)) => Err("answer r with or without a size, c, or s".to_owned()),
        (_, _, None) => Err("answer c or s".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Exhausted = Exhausted {
        request: 16,
        limit: Some(16 << 20),
        live: 15 << 20,
        largest_free: 112,
        by_system: false,
        too_large: false,
    };

    /// The answer to what is typed, and what the terminal shows.
    fn answered(exhausted: &Exhausted, typed: &str) -> (Answer, String) {
        let mut shown = Vec::new();
        let answer = ask(exhausted, &mut typed.as_bytes(), &mut shown).expect("a terminal");
        (answer, String::from_utf8(shown).expect("text"))
    }

    #[test]
    fn the_question_has_the_numbers_and_says_what_can_be_answered() {
        let (_, shown) = answered(&FULL, "s\n");
        let expected = "\
heapatlas: heap exhausted: 16 B asked for, soft limit 16.0 MiB, live 15.0 MiB, largest free run 112 B
  r SIZE  raise the soft limit, to 32.0 MiB if you name no size
  c       collect, and try again
  s       signal the error to the program
raise, collect or signal? [r] ";
        assert_eq!(shown, expected);
    }

    #[test]
    fn an_answer_is_a_letter_or_a_word_and_perhaps_a_size() {
        let limit = |mebibytes: usize| Answer::Limit(Some(mebibytes << 20));
        for (typed, answer) in [
            ("\n", limit(32)),
            ("r\n", limit(32)),
            (" R  64M \n", limit(64)),
            ("raise 1 GiB\n", limit(1024)),
            ("c\n", Answer::Collect),
            ("Collect\n", Answer::Collect),
            ("s\n", Answer::Signal),
            ("signal", Answer::Signal),
            ("", Answer::Signal),
        ] {
            assert_eq!(answered(&FULL, typed).0, answer, "{typed:?}");
        }
    }

    #[test]
    fn what_is_no_answer_is_asked_again() {
        let (answer, shown) = answered(&FULL, "what?\nr 1M\nr much\nc now\nr 20M\n");
        assert_eq!(answer, Answer::Limit(Some(20 << 20)));
        assert_eq!(shown.matches("raise, collect or signal? [r] ").count(), 5);
        assert!(shown.contains("the soft limit is 16.0 MiB already") && shown.contains("a size begins"), "{shown}");
    }

    #[test]
    fn what_the_system_refuses_no_limit_gives() {
        let refused = Exhausted { limit: None, by_system: true, ..FULL };
        let (answer, shown) = answered(&refused, "r\nr 64M\n\n");
        assert_eq!(answer, Answer::Signal);
        assert!(!shown.contains("raise"), "{shown}");
        assert_eq!(shown.matches("answer c or s\n").count(), 2);
    }
}
