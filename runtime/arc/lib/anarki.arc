; anarki.arc: what Anarki's arc.arc expects to find before its first form, and other Arcs do not have.
; It is loaded before a base library that keeps the parameters of functions in sig*, as Anarki's does.
; There is no library yet: everything here is made of builtins, but what is called later may use Anarki's own.

;; What is known by another name

(assign sig*      sig)
(assign swrite    write)
(assign call/ec   ccc)
(assign quoted    (fn (x) (is (type x) 'cons)))
(assign ac-defined-var? (fn (name) nil))

;; The function being defined, for messages of macros

(assign %being-defined nil)
(assign current-fn     (fn () %being-defined))
(assign set-current-fn (fn (name) (assign %being-defined name)))

;; Builtins that take other arguments there

; A name to tell symbols apart by may be given; nobody looks at it.
((fn (plain)
   (assign uniq (fn names (plain))))
 uniq)

; At the end of the input there is a value of its own, unless another is asked for.
(assign eof (annotate 'eof 'eof))

((fn (plain)
   (assign sread (fn (port (o end eof)) (plain port end))))
 sread)

; Programs may say how one type becomes another: (coerce* to) is a table from types to functions.
(assign coerce* (table))

((fn (plain)
   (assign coerce (fn (x to . more)
     ((fn (own)
        (if own
            (apply own x more)
            (apply plain x to more)))
      (if (coerce* to) ((coerce* to) (type x)))))))
 coerce)

; Says whether the command went well.
((fn (plain)
   (assign system (fn (command)
     ((fn (out)
        (call-w/stdout out (fn () (plain (+ "(" command "\n) && printf '\\001' || printf '\\002'"))))
        ((fn (text)
           (disp (%but-last text))
           (is (text (- (len text) 1)) #\u0001))
         (inside out)))
      (outstring)))))
 system)

(assign %but-last (fn (text)
  ((fn (part)
     (%copy-chars text part 0 (- (len text) 1)))
   (newstring (- (len text) 1)))))

(assign %copy-chars (fn (from to i end)
  (if (< i end)
      ((fn ()
         (sref to (from i) i)
         (%copy-chars from to (+ i 1) end)))
      to)))

;; Lists, numbers and values

(assign annotated? (fn (x) (if (is x (rep x)) nil t)))

(assign nthcdr (fn (n xs)
  (if (< 0 n) (nthcdr (- n 1) (cdr xs)) xs)))

(assign range (fn (start end)
  (if (< end start) nil (cons start (range (+ start 1) end)))))

(assign gcd (fn (a b)
  (if (is b 0) (if (< a 0) (- a) a) (gcd b (mod a b)))))

;; Files

; A shell says what becomes of a path, which it is given between quotes.
(assign %told-by-shell (fn (command path)
  (%line (pipe-from (+ command " '" (%without-quotes path 0 (outstring)) "'")) (outstring))))

; A text that may stand between single quotes in a shell: each of its own ends them, is escaped, and begins them again.
(assign %without-quotes (fn (text i out)
  (if (< i (len text))
      ((fn ()
         (disp (if (is (text i) #\') "'\\''" (text i)) out)
         (%without-quotes text (+ i 1) out)))
      (inside out))))

(assign %line (fn (port text)
  ((fn (c)
     (if (if c (is c #\newline) t)
         ((fn () (close port) (inside text)))
         ((fn () (writec c text) (%line port text)))))
   (readc port))))

(assign basename      (fn (path) (%told-by-shell "basename --" path)))
(assign dirname       (fn (path) (%told-by-shell "dirname --" path)))
(assign absolute-path (fn (path) (%told-by-shell "realpath -m --" path)))
(assign ensure-dir    (fn (path) (%told-by-shell "mkdir -p --" path) nil))

;; Parameters: values for as long as a function runs

; A function of no argument gives the value, one of one argument sets it.
(assign parameter (fn (value)
  (fn args (if args (assign value (car args)) value))))

(assign parameterize-sub (fn (var value body)
  ((fn (before)
     (protect (fn () (var value) (body))
              (fn () (var before))))
   (var))))

;; Messages between threads: each thread has a list of what it was sent and has not looked at yet, first first

(assign %letters (table))

(assign %send (fn (to letter)
  (atomic-invoke (fn ()
    (sref %letters (%append (%letters to) letter) to)
    nil))))

(assign %append (fn (xs x)
  (if xs (cons (car xs) (%append (cdr xs) x)) (cons x nil))))

(assign %next-letter (fn ()
  (atomic-invoke (fn ()
    ((fn (letters)
       (sref %letters (cdr letters) (current-thread))
       (car letters))
     (%letters (current-thread)))))))

(assign %receive (fn ()
  (if (%letters (current-thread))
      (%next-letter)
      ((fn () (sleep 0.002) (%receive))))))

;; The door to Racket: ($ name) is what Racket calls so, ($ (name x ...)) a call of it

; What is behind the door, by its name there.
(assign racket* (table))

((fn (put)
   (put 'ac-niltree        (fn (x) x))
   (put 'ac-denil          (fn (x) x))
   (put 'ac-global-name    (fn (name) name))
   (put 'exact->inexact    (fn (x) (+ x 0.0)))
   (put 'char-upcase       %char-upcase)
   (put 'char-downcase     %char-downcase)
   (put 'string-upcase     (fn (s) (%map-chars %char-upcase s)))
   (put 'string-downcase   (fn (s) (%map-chars %char-downcase s)))
   (put 'char-whitespace?  (fn (c) (%char-is c 'whitespace)))
   (put 'char-alphabetic?  (fn (c) (%char-is c 'alphabetic)))
   (put 'char-numeric?     (fn (c) (%char-is c 'numeric)))
   (put 'char-punctuation? (fn (c) (%char-is c 'punctuation)))
   (put 'crypto-random-bytes (fn (count) (%random-bytes count)))
   (put 'bytes-ref         (fn (bytes i) (bytes i)))
   (put 'path->string      (fn (path) path))
   (put 'make-temporary-file (fn (pattern copied folder) (%new-file folder)))
   (put 'kill-thread       kill-thread)
   (put 'break-thread      break-thread)
   (put 'thread-send       %send)
   (put 'thread-receive    %receive)
   (put 'thread-try-receive %next-letter))
 (fn (name value) (sref racket* value name)))

(assign %map-chars (fn (f s)
  ((fn (mapped)
     (%map-chars-from f s mapped 0))
   (newstring (len s)))))

(assign %map-chars-from (fn (f s to i)
  (if (< i (len s))
      ((fn ()
         (sref to (f (s i)) i)
         (%map-chars-from f s to (+ i 1))))
      to)))

(assign %random-bytes (fn (count)
  ((fn (port)
     ((fn (bytes) (close port) bytes)
      (%bytes-from port count)))
   (infile "/dev/urandom"))))

(assign %bytes-from (fn (port count)
  (if (< 0 count) (cons (readb port) (%bytes-from port (- count 1))))))

; The path of a new, empty file in a folder.
(assign %new-file (fn (folder)
  (%told-by-shell "mktemp -p" folder)))

; What something behind the door is, or what says that it is not there.
(assign %behind (fn (name)
  (if (racket* name)
      (racket* name)
      (err (+ "$: there is no " (coerce name 'string) " here; (racket* 'name) says what there is")))))

(assign $ (annotate 'mac (fn (expr)
  (if (is (type expr) 'sym)
        (cons '%behind (cons (cons 'quote (cons expr nil)) nil))
      (is (type expr) 'cons)
        (if (is (car expr) 'set!)
            (cons 'assign (cdr expr))
            (cons (cons '%behind (cons (cons 'quote (cons (car expr) nil)) nil)) (cdr expr)))
      expr))))
