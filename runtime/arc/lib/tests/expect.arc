; expect.arc: what tests of libraries are written with.
; heapatlas run runtime/arc/lib/tests/expect.arc runtime/arc/lib/tests/strings.arc

; Evaluates an expression; it is an error when its value is not the one wanted.
(mac expect (expr wanted)
  (w/uniq (got right)
    `(with (,got ,expr ,right ,wanted)
       (unless (iso ,got ,right)
         (err ,(string (tostring:write expr) " should be") ,right 'not ,got)))))

; The same for what an expression prints.
(mac expect-printed (expr text)
  `(expect (tostring ,expr) ,text))

; The message of the error that an expression must raise.
(mac expect-error (expr message)
  `(expect (on-err details (fn () ,expr 'no-error)) ,message))
