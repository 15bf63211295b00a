//! `run` and `repl` when all is well, and the map where there is no display.

use super::golden;
use super::program::{Scratch, command, finish, project, run, run_on, run_with_input};

#[test]
fn only_what_the_program_prints_goes_to_standard_output() {
    let scratch = Scratch::new();
    let first = scratch.file("first.arc", "(prn \"first\")\n(= x 20)\n(def unused () nil)\n");
    let second = scratch.file("second.arc", "(pr \"second \" (+ x 1))\n(ero \"to the errors\")");
    let mut command = command(["run", "-e", "(prn)", "-e", "(prn (* x 2))", "--stats", "json"]);
    let ran = finish({
        command.args([first, second]);
        command
    });
    assert_eq!(ran.out, "first\nsecond 21\n40\n");
    let mut errors = ran.errors.lines();
    assert_eq!(errors.next().map(str::trim_end), Some("\"to the errors\""));
    assert!(errors.next().is_some_and(|line| line.starts_with('{')), "{}", ran.errors);
    assert_eq!((errors.next(), ran.code), (None, Some(0)));
}

#[test]
fn a_program_reads_standard_input() {
    let ran = run_with_input("run -e (prn:rev:readall:stdin)", "1 2\n(3 4)");
    assert_eq!(ran.fine(), "((3 4) 2 1)\n");
}

#[test]
fn the_standard_ports_are_called_what_they_are() {
    let printed = "#<input-port:stdin>\n#<output-port:stdout>\n#<output-port:stderr>\n#<input-port:string>\n\
                   #<input-port:pipe>\n";
    let ports = "(list (stdin) (stdout) (stderr) (instring \"x\") (pipe-from \"true\"))";
    assert_eq!(run_on("run -e", format!("(each port {ports} (write port) (prn))")).fine(), printed);
}

#[test]
fn a_program_chooses_its_exit_code() {
    let ran = run("run -e (quit:+:3:4)");
    assert_ne!(ran.code, Some(7), "ssyntax takes no spaces");
    let ran = run_on("run -e", "(do (prn \"bye\") (quit 7))");
    assert_eq!((ran.code, ran.out.as_str(), ran.errors.as_str()), (Some(7), "bye\n", ""));
    assert_eq!(run("run -e (quit) -e (prn)").fine(), "");
}

#[test]
fn the_samples_print_what_they_print() {
    let folder = std::fs::read_dir(project("samples")).expect("samples");
    let mut files: Vec<_> = folder.map(|entry| entry.expect("a sample").path()).collect();
    files.sort();
    assert!(files.len() >= 5);
    let mut printed = String::new();
    for file in files {
        let name = file.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        printed += &format!("{name}:\n{}", run_on("run --verify", file).fine());
    }
    golden::check("samples.txt", &printed);
}

#[test]
fn another_base_library_replaces_the_one_built_in() {
    let scratch = Scratch::new();
    let base = scratch.file(
        "base.arc",
        "(assign my-own (fn (x) (cons x x)))\n(assign unless (annotate 'mac (fn (test . body) (cons 'if (cons test \
         (cons nil body))))))\n",
    );
    let ran = |expression: &str| {
        let mut command = command(["run", "--arc"]);
        command.arg(&base).args(["-e", expression]);
        finish(command)
    };
    assert_eq!(ran("(disp (my-own 'a))").fine(), "(a . a)");
    assert_eq!(ran("(unless nil (disp 3))").fine(), "3");
    assert!(ran("(prn 1)").failed(1, "").contains("unbound variable: prn"));
    assert!(run("run --no-arc -e (prn)").failed(1, "").contains("unbound variable: prn"));
    assert_eq!(run_on("run --no-arc -e", "(disp (cons 1 2))").fine(), "(1 . 2)");
    let missing = run("run --arc /nowhere/base.arc -e 1");
    assert!(missing.failed(3, "").contains("/nowhere/base.arc"));
}

#[test]
fn the_prompt_writes_values_and_goes_on_after_errors() {
    let input = "(+ 1\n   2)\n\"a string\"\n(car 7)\n'(a . b)\n(prn \"printed\")\n) \nthat\n\n; a comment\n(= x 5) (* x x)\n\
                 (let f [+ _ 1]\n  (f 1))\n(quit 3)\n(prn \"never\")\n";
    let ran = run_with_input("repl", input);
    assert_eq!((ran.code, ran.errors.as_str()), (Some(3), ""));
    golden::check("repl.txt", &ran.out);
}

#[test]
fn the_prompt_ends_with_its_input() {
    assert_eq!(run_with_input("repl", "").fine(), "");
    assert_eq!(run_with_input("repl", "\n\n  \n").fine(), "");
    assert_eq!(run_with_input("repl", "7").fine(), "7\n");
    let unfinished = run_with_input("repl", "(+ 1");
    assert!(unfinished.fine().contains("never closed"));
}

#[test]
fn the_prompt_survives_an_exhausted_heap() {
    let ran = run_with_input("repl --soft-limit 2M", "(let l nil (while t (push 1 l)))\n(len (range 1 10))\n");
    let out = ran.fine();
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].starts_with("Error: heap exhausted"), "{out}");
    assert_eq!(lines[1..], ["10"]);
}

#[test]
fn without_a_display_the_map_is_in_the_terminal() {
    for command in [command([] as [&str; 0]), command(["open"])] {
        let ran = finish(command);
        assert_eq!(ran.errors, "heapatlas: there is no display; showing the map in the terminal\n");
        assert_eq!(ran.code, Some(0));
        golden::check("terminal.txt", &golden::shape_without_map(&ran.out));
    }
    let ran = finish({
        let mut command = command(["--speed", "full"]);
        command.arg(project("samples/strings.arc"));
        command
    });
    assert!(ran.out.contains("20000 names"), "{}", ran.out);
    assert_eq!(ran.code, Some(0));
}

#[test]
fn an_error_of_the_program_ends_the_terminal_map_too() {
    let scratch = Scratch::new();
    let file = scratch.file("wrong.arc", "(prn \"before\")\n\n(car 7)\n");
    let ran = run_on("open", file);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("before\n") && ran.errors.contains("wrong.arc:3:"), "{ran:?}");
}
