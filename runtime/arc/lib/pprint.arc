; pprint.arc: printing code so that people can read it.
; Short forms go on one line; longer ones are broken and indented.
; It needs arc.arc only.

; Operators with a body, and how many operands stand before it on the first line.
(= bodops* (fill-table (table)
  '(def 2 mac 2 fn 1 afn 1 rfn 2 let 2 with 1 withs 1 do 0
    when 1 unless 1 while 1 until 1 whilet 2 whenlet 2 awhen 1 whiler 3
    for 3 down 3 repeat 1 each 2 on 2 forlen 2 loop 3
    accum 1 summing 1 point 1 catch 0 after 1 atomic 0 thread 0 w/uniq 1 w/table 1
    tostring 0 fromstring 1 w/infile 2 w/outfile 2 w/instring 2 w/outstring 1 w/stdout 1 w/stdin 1
    tag 1 form 1 textarea 3)))

; Forms shorter than this stay on one line.
(= oneline* 35)

; Prints n spaces.
(def sp ((o n 1))
  (repeat n (pr " ")))

; Prints a left parenthesis.
(def lpar ()
  (pr "("))

; Prints a right parenthesis.
(def rpar ()
  (pr ")"))

; Prints a list's elements, as they are written, with spaces between them.
(def write-spaced (xs)
  (on x xs
    (if (> index 0) (sp))
    (write x)))

; How many characters x takes when it is written.
(def %written-len (x)
  (len (tostring (write x))))

; Prints the rest of a broken form: each element on a line of its own at a column, then the parenthesis.
(def pprest (exprs col)
  (each expr exprs
    (prn)
    (ppr expr col))
  (rpar))

; Prints a form with a body: operator and first operands on one line, the body below, indented by two.
(def ppr-progn (expr col)
  (lpar)
  (let n (+ 1 (bodops* (car expr)))
    ((afn (xs col)
       (ppr (car xs) col t)
       (when (cdr xs)
         (sp)
         (self (cdr xs) (+ col 1 (%written-len (car xs))))))
     (firstn n expr) (+ col 1))
    (pprest (nthcdr n expr) (+ col 2)))
  t)

; Prints any other form: the operands one below the other, beside the operator if that is an atom.
(def ppr-call (expr col)
  (lpar)
  (let (head . args) expr
    (if (and args (atom head))
        (let beside (+ col 2 (%written-len head))
          (write head)
          (sp)
          (ppr (car args) beside t)
          (pprest (cdr args) beside))
        (do (ppr head (+ col 1) t)
            (pprest args (+ col 1)))))
  t)

; Prints an expression at a column, indented unless the line is there already; answers t if it was broken.
(def ppr (expr (o col 0) (o noindent))
  (unless noindent (sp col))
  (if (and (caris expr 'quote) (single (cdr expr)))
      (do (pr "'")
          (ppr (cadr expr) (+ col 1) t))
      (let text (tostring (write expr))
        (if (or (atom expr) (dotted expr) (< (len text) oneline*))
             (do (pr text) nil)
            (bodops* (car expr))
             (ppr-progn expr col)
             (ppr-call expr col)))))
