//! Reads bytes as Arc data. What was read and written must be read again as the same and written alike.

#![no_main]

use heapatlas_arc::error::ErrorKind;
use heapatlas_fuzz::trial::{Care, evaluate};
use libfuzzer_sys::fuzz_target;

/// Reads every datum, writes it, reads that and writes it again. Whatever can be read can be read back.
const PROGRAM: &str = "
    (let eof (uniq)
      (def written (x) (tostring (write x)))
      (whiler datum (read (stdin) eof) eof
        (let text (written datum)
          (let again (on-err (fn (e) (list 'unread (details e))) (fn () (written (read text))))
            (unless (is text again) (err \"not the same\" text again))))))";

fuzz_target!(|data: &[u8]| {
    if let Err(error) = evaluate(PROGRAM, data, Care { verify: false, ..Care::default() }) {
        let wrong = matches!(error.kind, ErrorKind::Program) && error.message.starts_with("not the same");
        assert!(!wrong, "{error}");
    }
});
