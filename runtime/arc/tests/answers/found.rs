//! What fuzzing found, each under the name of what was wrong.

use crate::value_of;

#[test]
fn a_call_of_on_err_with_too_few_arguments_is_an_error_outside_it() {
    for call in ["(on-err)", "(on-err \"xyz\")", "(on-err idfn)", "(on-err 1 2 3)"] {
        let message = value_of(&format!("(on-err details (fn () {call}))"));
        assert!(message.contains("on-err takes 2 arguments"), "{call}: {message}");
    }
    // What is handed over is called inside it, whatever it is.
    assert_eq!(value_of("(on-err [do 7] \"xyz\")"), "7");
}

#[test]
fn a_symbol_with_a_hash_before_a_bar_is_read_back_as_itself() {
    for name in ["#|", "#||", "#|a|#", "#%|", "a#|", "#;|", "#\\\\|"] {
        let program = format!("(let it (sym \"{name}\") (is it (read (tostring (write it)))))");
        assert_eq!(value_of(&program), "t", "{name}");
    }
}
