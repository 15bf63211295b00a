//! The prompt at a terminal: several lines, completion, history, colours.

use super::program::{Running, Scratch, at_terminal};

const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
const UP: &str = "\u{1b}[A";

/// The prompt with a place for its history, ready for the first line.
fn prompt(scratch: &Scratch) -> Running {
    let mut running = at_terminal(&["repl"], &scratch.path("state"));
    running.wait_for("arc> ");
    running
}

/// Leaves the prompt when it is ready.
fn leave(mut running: Running) {
    running.wait_for_next("arc> ");
    running.say(CTRL_D);
    assert_eq!(running.finish().code, Some(0));
}

#[test]
fn a_form_may_have_several_lines() {
    let scratch = Scratch::new();
    let mut running = prompt(&scratch);
    running.say("(list 1\n");
    running.say("\"a (\" #\\(\n");
    running.say(")\n");
    running.wait_for("(1 \"a (\" #\\()\r\n");
    leave(running);
}

#[test]
fn a_tab_completes_globals_also_new_ones() {
    let scratch = Scratch::new();
    let mut running = prompt(&scratch);
    running.say("(def quite-a-name () 'called)\n");
    running.wait_for_next("arc> ");
    running.say("(quite-\t)\n");
    running.wait_for("\r\ncalled\r\n");
    leave(running);
}

#[test]
fn the_history_is_that_of_earlier_sessions_too() {
    let scratch = Scratch::new();
    let mut running = prompt(&scratch);
    running.say("(+ 40\n2)\n");
    running.wait_for("\r\n42\r\n");
    leave(running);
    assert!(scratch.path("state/heapatlas/history").exists());
    let mut running = prompt(&scratch);
    running.say(UP);
    running.wait_for("+ 40");
    running.say("\n");
    running.wait_for("\r\n42\r\n");
    leave(running);
}

#[test]
fn ctrl_c_drops_what_was_typed() {
    let scratch = Scratch::new();
    let mut running = prompt(&scratch);
    running.say("(never (closed\n");
    running.say(CTRL_C);
    running.wait_for_next("arc> ");
    running.say("(+ 1 2)\n");
    running.wait_for("\r\n3\r\n");
    leave(running);
}

#[test]
fn brackets_that_belong_together_are_in_colour() {
    let scratch = Scratch::new();
    let mut running = prompt(&scratch);
    running.say("(no nil)");
    running.wait_for("\u{1b}[1;36m(\u{1b}[0mno nil\u{1b}[1;36m)\u{1b}[0m");
    running.say("\n");
    running.wait_for("\r\nt\r\n");
    leave(running);
}
