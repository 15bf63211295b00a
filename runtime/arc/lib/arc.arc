; arc.arc: the base library of Heapatlas Arc, written in Arc.
; On five special forms and the built-in functions it builds the everyday vocabulary: definitions,
; decisions, loops, lists, places, strings, tables, numbers, sorting, files, templates.
; Whatever a definition needs in order to expand stands above it, so it can be read from top to bottom.
; Names that begin with % are the library's own tools, not part of the vocabulary.

;; Definitions

; Evaluates its forms in order and answers the last value.
(assign do (annotate 'mac (fn body `((fn () ,@body)))))

; Tells the person at the terminal that a global is about to lose its old value.
(assign %note-redefinition
  (fn (name)
    (disp "*** redefining " (stderr))
    (disp name (stderr))
    (disp #\newline (stderr))))

; Assigns a global, with a notice if it had a value already.
(assign safeset
  (annotate 'mac
    (fn (name value)
      `(do (if (bound ',name) (%note-redefinition ',name))
           (assign ,name ,value)))))

; The code behind def and mac: keeps the parameter list in sig, then assigns.
(assign %expand-def
  (fn (name parms value)
    `(do (sref sig ',parms ',name)
         (safeset ,name ,value))))

; Defines a global function.
(assign def
  (annotate 'mac
    (fn (name parms . body)
      (%expand-def name parms `(fn ,parms ,@body)))))

; Defines a macro: a function from the operand forms to the form that takes their place.
(assign mac
  (annotate 'mac
    (fn (name parms . body)
      (%expand-def name parms `(annotate 'mac (fn ,parms ,@body))))))

; Defines several one-expression functions: name, parameters, expression, and so on.
(mac defs (name parms expr . more)
  `(do (def ,name ,parms ,expr)
       ,@(if more `((defs ,@more)))))

;; Local names

; The names in a binding list (name value name value ...).
(def %binding-names (bindings)
  (if bindings
      (cons (car bindings) (%binding-names (cddr bindings)))))

; The value forms in a binding list, with nil where the last one is missing.
(def %binding-values (bindings)
  (if bindings
      (cons (cadr bindings) (%binding-values (cddr bindings)))))

; Binds all names at once; a name may be a destructuring pattern.
(mac with (bindings . body)
  `((fn ,(%binding-names bindings) ,@body)
    ,@(%binding-values bindings)))

; Binds one name or pattern.
(mac let (name value . body)
  `(with (,name ,value) ,@body))

; Binds names one after the other, each visible to the values that follow.
(mac withs (bindings . body)
  (if (cddr bindings)
      `(let ,(car bindings) ,(cadr bindings)
         (withs ,(cddr bindings) ,@body))
      `(with ,bindings ,@body)))

; A function that can call itself by a name of its own.
(mac rfn (name parms . body)
  `((fn (,name) (assign ,name (fn ,parms ,@body))) nil))

; A function that can call itself as self.
(mac afn (parms . body)
  `(rfn self ,parms ,@body))

; The list of (f x) for every x in a list.
(def map1 (f xs)
  ((afn (rest done)
     (if rest
         (self (cdr rest) (cons (f (car rest)) done))
         (rev done)))
   xs nil))

; Binds one name, or each name in a list, to a symbol used nowhere else.
(mac w/uniq (names . body)
  (let names (if (acons names) names (list names))
    `((fn ,names ,@body)
      ,@(map1 (fn (name) '(uniq)) names))))

; Evaluates its forms in order and answers the first value.
(mac do1 forms
  (w/uniq first
    `((fn (,first) ,@(cdr forms) ,first) ,(car forms))))

;; Decisions

; The last value if every form is true, else nil; evaluates no further than needed.
(mac and forms
  (if (no forms)  t
      (cdr forms) `(if ,(car forms) (and ,@(cdr forms)))
      (car forms)))

; The first true value, else nil; evaluates no further than needed.
(mac or forms
  (if (cdr forms)
      (w/uniq value
        `((fn (,value) (if ,value ,value (or ,@(cdr forms))))
          ,(car forms)))
      (car forms)))

; True if none of the forms is.
(mac nor forms
  `(no (or ,@forms)))

; Evaluates the body if the test is true.
(mac when (test . body)
  `(if ,test (do ,@body)))

; Evaluates the body if the test is false.
(mac unless (test . body)
  `(if (no ,test) (do ,@body)))

; Like if, with each test's value visible as it in what follows.
(mac aif clauses
  (if (cdr clauses)
      `(let it ,(car clauses)
         (if it
             ,(cadr clauses)
             ,@(if (cddr clauses) `((aif ,@(cddr clauses))))))
      (car clauses)))

; Like when, with the test's value visible as it.
(mac awhen (test . body)
  `(let it ,test
     (if it (do ,@body))))

; Like and, with each value visible as it in the next form.
(mac aand forms
  (if (no forms)  t
      (cdr forms) `(let it ,(car forms)
                     (if it (aand ,@(cdr forms))))
      (car forms)))

; If the value is true, binds a name or pattern to it for the next form; otherwise goes on as if does.
(mac iflet (name value then . otherwise)
  (w/uniq it
    `(let ,it ,value
       (if ,it (let ,name ,it ,then) ,@otherwise))))

; If the value is true, binds a name or pattern to it for the body.
(mac whenlet (name value . body)
  `(iflet ,name ,value (do ,@body)))

; The value of x if it passes the test, else the alternative.
(mac check (x test (o alternative))
  (w/uniq it
    `(let ,it ,x
       (if (,test ,it) ,it ,alternative))))

; True if x is any of the choices, which are evaluated only until one fits.
(mac in (x . choices)
  (w/uniq it
    `(let ,it ,x
       (if ,@(apply join (map1 (fn (choice) `((is ,it ,choice) t)) choices))))))

; The clauses of case as clauses of if, testing a variable against quoted keys.
(def %case-tests (name clauses)
  (if (cdr clauses)
      `((is ,name ',(car clauses)) ,(cadr clauses)
        ,@(%case-tests name (cddr clauses)))
      clauses))

; Binds a name to a value and picks the result that follows the key it is; a last odd form is the default.
(mac caselet (name value . clauses)
  `(let ,name ,value
     (if ,@(%case-tests name clauses))))

; Like caselet, without the name.
(mac case (value . clauses)
  (w/uniq it
    `(caselet ,it ,value ,@clauses)))

; Evaluates one of the expressions, picked at random.
(mac rand-choice exprs
  `(((list ,@(map1 (fn (expr) `(fn () ,expr)) exprs))
     (rand ,(len exprs)))))

;; What kind of thing

; Is x of this type?
(def isa (x kind)
  (is (type x) kind))

; Is x a list, that is nil or a pair?
(def alist (x)
  (or (no x) (acons x)))

; Is x a pair whose first element is v?
(def caris (x v)
  (and (acons x) (is (car x) v)))

; The first element of a pair, and any atom as it stands.
(def carif (x)
  (if (acons x) (car x) x))

; Is x a list of exactly one element?
(def single (x)
  (and (acons x) (no (cdr x))))

; Is x a list that ends in something other than nil?
(def dotted (x)
  (if (acons x)
      ((afn (tail)
         (if (acons tail) (self (cdr tail)) (no (no tail))))
       (cdr x))))

; Is x nil, an empty string or an empty table?
(def empty (x)
  (or (no x)
      (and (in (type x) 'string 'table)
           (is (len x) 0))))

; Is x a number?
(def number (x)
  (in (type x) 'int 'num))

; Is x a number above zero?
(def positive (x)
  (and (number x) (> x 0)))

; Is x divisible by y?
(def multiple (x y)
  (is (mod x y) 0))

; Is n divisible by two?
(def even (n)
  (is (mod n 2) 0))

; Is n an integer not divisible by two?
(def odd (n)
  (no (even n)))

; Are x and y the same, or lists of the same shape with the same things in them?
(def iso (x y)
  (if (is x y) t
      (and (acons x) (acons y)) (if (iso (car x) (car y))
                                    (iso (cdr x) (cdr y)))))

; A predicate: x itself if it is a function, else the test for being x.
(def testify (x)
  (if (is (type x) 'fn) x (fn (y) (is y x))))

; Is x shorter than n?
(def len< (x n)
  (< (len x) n))

; Is x longer than n?
(def len> (x n)
  (> (len x) n))

;; Loops

; Repeats the body as long as the test is true.
(mac while (test . body)
  (w/uniq again
    `((rfn ,again ()
        (if ,test (do ,@body (,again)))))))

; Repeats the body until the test is true.
(mac until (test . body)
  `(while (no ,test) ,@body))

; Repeats the body as long as the value, bound to a name or pattern, is true.
(mac whilet (name value . body)
  (w/uniq again
    `((rfn ,again ()
        (whenlet ,name ,value ,@body (,again))))))

; Repeats the body with the name bound to ever new values, until one matches the end.
(mac whiler (name value end . body)
  (w/uniq (again done it)
    `(let ,done (testify ,end)
       ((rfn ,again ()
          (let ,it ,value
            (unless (,done ,it)
              (let ,name ,it ,@body)
              (,again))))))))

; Evaluates start, then repeats body and update as long as the test is true.
(mac loop (start test update . body)
  `(do ,start
       (while ,test ,@body ,update)))

; Counts a variable up from init to max, both included.
(mac for (var init max . body)
  (w/uniq end
    `(with (,var ,init ,end (+ ,max 1))
       (while (< ,var ,end)
         ,@body
         (assign ,var (+ ,var 1))))))

; Counts a variable down from init to min, both included.
(mac down (var init min . body)
  (w/uniq end
    `(with (,var ,init ,end (- ,min 1))
       (while (> ,var ,end)
         ,@body
         (assign ,var (- ,var 1))))))

; Repeats the body n times.
(mac repeat (n . body)
  (w/uniq count
    `(for ,count 1 ,n ,@body)))

; Counts a variable through the indices of a sequence.
(mac forlen (var seq . body)
  `(for ,var 0 (- (len ,seq) 1) ,@body))

; Calls f on each element of a list or string, or on each (key value) of a table.
(def %call-on-each (f seq)
  (if (alist seq)
       ((afn (xs)
          (when (acons xs)
            (f (car xs))
            (self (cdr xs))))
        seq)
      (isa seq 'table)
       (maptable (fn (key value) (f (list key value))) seq)
       (let end (len seq)
         ((afn (i)
            (when (< i end)
              (f (seq i))
              (self (+ i 1))))
          0))))

; Evaluates the body for each element, bound to a name or pattern; a table's elements are (key value).
(mac each (var seq . body)
  `(%call-on-each (fn (,var) ,@body) ,seq))

; Like each, with the element's position bound to index.
(mac on (var seq . body)
  (if (is var 'index)
      (err "on already binds index")
      (w/uniq items
        `(with (,items ,seq index 0)
           (each ,var ,items
             ,@body
             (assign index (+ index 1)))))))

; Evaluates the expression again and again until its value passes the test; answers that value.
(mac evtil (expr test)
  (w/uniq (again it)
    `((rfn ,again (,it)
        (if (,test ,it) ,it (,again ,expr)))
      ,expr)))

; Like each, printing a dot for every n elements and a newline at the end.
(mac noisy-each (n var seq . body)
  (w/uniq (step seen)
    `(with (,step ,n ,seen 0)
       (each ,var ,seq
         (assign ,seen (+ ,seen 1))
         (when (multiple ,seen ,step)
           (pr ".")
           (flushout))
         ,@body)
       (prn)
       (flushout)
       nil)))

;; Collecting values

; Binds a name to a function that collects its arguments; answers the list of them.
(mac accum (name . body)
  (w/uniq (found x)
    `(let ,found nil
       (let ,name (fn (,x) (assign ,found (cons ,x ,found)))
         ,@body)
       (rev ,found))))

; Binds a name to a function that counts its true arguments; answers the count.
(mac summing (name . body)
  (w/uniq (total x)
    `(let ,total 0
       (let ,name (fn (,x) (if ,x (assign ,total (+ ,total 1))))
         ,@body)
       ,total)))

; The list of what a function of no arguments answers before it answers eof.
(def %values-until (eof next)
  ((afn (found)
     (let x (next)
       (if (is x eof) (rev found) (self (cons x found)))))
   nil))

; The list of an expression's values, evaluated again and again until one is eof.
(mac drain (expr (o eof))
  `(%values-until ,eof (fn () ,expr)))

; The list of n evaluations of an expression.
(mac n-of (n expr)
  (w/uniq found
    `(let ,found nil
       (repeat ,n (assign ,found (cons ,expr ,found)))
       (rev ,found))))

;; Looking through sequences

; The first true value of (f element index) along a list or string from start on.
(def %scan-seq (f seq start)
  (if (alist seq)
      ((afn (xs i)
         (if xs
             (or (f (car xs) i)
                 (self (cdr xs) (+ i 1)))))
       (nthcdr start seq) start)
      (let end (len seq)
        ((afn (i)
           (if (< i end)
               (or (f (seq i) i)
                   (self (+ i 1)))))
         start))))

; The first true value of the test in a sequence.
(def some (test seq)
  (let f (testify test)
    (%scan-seq (fn (x i) (f x)) seq 0)))

; Does every element pass the test?
(def all (test seq)
  (let f (testify test)
    (no (%scan-seq (fn (x i) (no (f x))) seq 0))))

; The first element that passes the test.
(def find (test seq)
  (let f (testify test)
    (%scan-seq (fn (x i) (if (f x) x)) seq 0)))

; The position of the first element, from start on, that passes the test.
(def pos (test seq (o start 0))
  (let f (testify test)
    (%scan-seq (fn (x i) (if (f x) i)) seq start)))

; The tail of a list that starts with the first element passing the test.
(def mem (test xs)
  (let f (testify test)
    ((afn (xs)
       (if (no xs)      nil
           (f (car xs)) xs
           (self (cdr xs))))
     xs)))

; How many elements pass the test?
(def count (test seq)
  (with (f (testify test) n 0)
    (each x seq
      (if (f x) (assign n (+ n 1))))
    n))

; The share of elements that pass the test.
(def ratio (test seq)
  (if (empty seq) 0 (/ (count test seq) (len seq))))

; The first true value of f on a list's successive tails.
(def reclist (f xs)
  (if xs
      (or (f xs) (reclist f (cdr xs)))))

; The first true value of the test on a string's indices, from start on.
(def recstring (test s (o start 0))
  (if (< start (len s))
      (or (test start) (recstring test s (+ start 1)))))

; Does x come before y, or alone, in a sequence from start on?
(def before (x y seq (o start 0))
  (let found (pos x seq start)
    (and found
         (let other (pos y seq start)
           (or (no other) (< found other))))))

; The elements of a string as a list; a list as it stands.
(def %seq-elements (seq)
  (if (isa seq 'string) (coerce seq 'cons) seq))

; The first position at which the second sequence does not repeat the first, or nil.
(def mismatch (s1 s2)
  ((afn (xs ys i)
     (if (no xs) nil
         (and ys (is (car xs) (car ys))) (self (cdr xs) (cdr ys) (+ i 1))
         i))
   (%seq-elements s1) (%seq-elements s2) 0))

; Is i the last index of a sequence, or beyond it?
(def atend (i seq)
  (> (+ i 2) (len seq)))

;; Lists

; The last element of a list.
(def last (xs)
  (if (cdr xs) (last (cdr xs)) (car xs)))

; The first n elements of a list, all of them if n is nil.
(def firstn (n xs)
  (if (no n)
      xs
      ((afn (n xs done)
         (if (and xs (> n 0))
             (self (- n 1) (cdr xs) (cons (car xs) done))
             (rev done)))
       n xs nil)))

; Elements two by two, combined by f; one left over at the end makes a list of its own.
(def pair (xs (o f list))
  ((afn (xs done)
     (if (no xs)       (rev done)
         (no (cdr xs)) (rev (cons (list (car xs)) done))
         (self (cddr xs) (cons (f (car xs) (cadr xs)) done))))
   xs nil))

; Elements in groups of n.
(def tuples (xs (o n 2))
  ((afn (xs done)
     (if xs
         (self (nthcdr n xs) (cons (firstn n xs) done))
         (rev done)))
   xs nil))

; The first sub-list that starts with the key.
(def assoc (key al)
  (if (no (acons al))      nil
      (caris (car al) key) (car al)
      (assoc key (cdr al))))

; The value that an association list holds for a key.
(def alref (al key)
  (cadr (assoc key al)))

; The elements that pass the test, as a sequence of the same type.
(def keep (test seq)
  (if (isa seq 'string)
      (coerce (keep test (coerce seq 'cons)) 'string)
      (let f (testify test)
        ((afn (xs done)
           (if (no xs)      (rev done)
               (f (car xs)) (self (cdr xs) (cons (car xs) done))
               (self (cdr xs) done)))
         seq nil))))

; The elements that do not pass the test, as a sequence of the same type.
(def rem (test seq)
  (let f (testify test)
    (keep (fn (x) (no (f x))) seq)))

; The true values of f over a sequence.
(def trues (f seq)
  (accum found
    (each x seq
      (let value (f x)
        (if value (found value))))))

; The first n elements that pass the test, all of them if n is nil.
(def retrieve (n test xs)
  (let f (testify test)
    ((afn (xs n done)
       (if (or (no xs) (and n (< n 1)))
            (rev done)
           (f (car xs))
            (self (cdr xs) (and n (- n 1)) (cons (car xs) done))
            (self (cdr xs) n done)))
     xs n nil)))

; The list with x in front, unless something in it already equals x.
(def adjoin (x xs (o test iso))
  (if (some (fn (y) (test x y)) xs) xs (cons x xs)))

; The first list followed by those elements of the second that equal none of the first.
(def union (same xs ys)
  (join xs (rem (fn (y) (some (fn (x) (same x y)) xs)) ys)))

; The elements of a list without repetitions.
(def dedup (xs)
  (let seen (table)
    (keep (fn (x) (unless (seen x) (sref seen t x))) xs)))

; The list with x between its elements.
(def intersperse (x ys)
  (if ys
      ((afn (ys done)
         (if ys
             (self (cdr ys) (cons (car ys) (cons x done)))
             (rev done)))
       (cdr ys) (list (car ys)))))

; Puts x in front of y, if x is true.
(def consif (x y)
  (if x (cons x y) y))

; Puts x in front of y, if x passes the test.
(mac conswhen (test x y)
  (w/uniq (f it)
    `(with (,f ,test ,it ,x)
       (if (,f ,it) (cons ,it ,y) ,y))))

; Combines the elements of a list by f, from the left.
(def reduce (f xs)
  (if (cdr xs)
      ((afn (result xs)
         (if xs
             (self (f result (car xs)) (cdr xs))
             result))
       (car xs) (cdr xs))
      (apply f xs)))

; Combines the elements of a list by f, from the right.
(def rreduce (f xs)
  (if (cdr xs)
      (reduce (fn (result x) (f x result)) (rev xs))
      (apply f xs)))

; A string of the characters in a list; anything else in the list is an error.
(def %string-of-chars (chars)
  (let s (newstring (len chars))
    ((afn (i cs)
       (when cs
         (sref s (car cs) i)
         (self (+ i 1) (cdr cs))))
     0 chars)
    s))

; Calls f on the first elements of all lists, then on the second ones, until a list ends.
(def %map-lists (f lists)
  ((afn (lists done)
     (if (some no lists)
         (rev done)
         (self (map1 cdr lists)
               (cons (apply f (map1 car lists)) done))))
   lists nil))

; Calls f along one or more sequences; makes a string if one of them is a string, else a list.
(def map (f seq . more)
  (if more
       (let seqs (cons seq more)
         (if (some [isa _ 'string] seqs)
             (%string-of-chars (%map-lists f (map1 %seq-elements seqs)))
             (%map-lists f seqs)))
      (isa seq 'string)
       (%string-of-chars (map1 f (coerce seq 'cons)))
       (map1 f seq)))

; Calls f along sequences and appends the results.
(def mappend (f . seqs)
  (apply + nil (apply map f seqs)))

; A copy of part of a list or string; an end below zero counts from the end.
(def cut (seq start (o end))
  (let end (if (no end)  (len seq)
               (< end 0) (+ (len seq) end)
               end)
    (if (isa seq 'string)
        (let part (newstring (- end start))
          ((afn (i)
             (when (< i end)
               (sref part (seq i) (- i start))
               (self (+ i 1))))
           start)
          part)
        (firstn (- end start) (nthcdr start seq)))))

; The parts of a sequence before and from a position.
(def split (seq n)
  (list (cut seq 0 n) (cut seq n)))

; The number or character n after x.
(def inc (x (o n 1))
  (coerce (+ (coerce x 'int) n) (type x)))

; The list of numbers or characters from a to b, both included.
(def range (a b)
  (let next (if (isa a 'int) [+ _ 1] inc)
    ((afn (x done)
       (if (> x b) (rev done) (self (next x) (cons x done))))
     a nil)))

;; Trees

; All atoms but nil in some trees, from left to right.
(def flat trees
  (rev ((afn (x found)
          (if (acons x) (self (cdr x) (self (car x) found))
              x         (cons x found)
              found))
        trees nil)))

; Folds a tree of pairs: leaf for the atoms, f for what comes up from both halves.
(def treewise (f leaf tree)
  (if (acons tree)
      (f (treewise f leaf (car tree))
         (treewise f leaf (cdr tree)))
      (leaf tree)))

; A copy of a tree with new in place of every part that is old.
(def tree-subst (old new tree)
  (if (is tree old) new
      (acons tree)  (cons (tree-subst old new (car tree))
                          (tree-subst old new (cdr tree)))
      tree))

; Calls f on a tree and on all its parts, the whole before its halves.
(def ontree (f tree)
  (f tree)
  (when (acons tree)
    (ontree f (car tree))
    (ontree f (cdr tree))))

; Calls functions on x and, through self, on whatever they reach from there; nil stops it.
(mac trav (x . fs)
  (w/uniq it
    `((afn (,it)
        (when ,it
          ,@(map1 (fn (f) (list f it)) fs)))
      ,x)))

;; Functions that make functions

; Code with a call of each function around it, the first function innermost.
(def %wrap-calls (fs code)
  (if fs
      (%wrap-calls (cdr fs) (list (car fs) code))
      code))

; A function that applies the last function to its arguments and the others to what comes out.
(mac compose fs
  (w/uniq args
    (let (first . others) (rev fs)
      `(fn ,args
         ,(%wrap-calls others `(apply ,(or first 'idfn) ,args))))))

; A function that answers the opposite of f.
(mac complement (f)
  (w/uniq args
    `(fn ,args (no (apply ,f ,args)))))

; A function that is true where all the functions are; answers what the last one answers.
(def andf fs
  (fn args
    ((afn (fs)
       (if (no fs)       t
           (no (cdr fs)) (apply (car fs) args)
           (and (apply (car fs) args) (self (cdr fs)))))
     fs)))

; A function that answers the first true value of the functions.
(def orf fs
  (fn args
    (some (fn (f) (apply f args)) fs)))

; A function that calls f unless its first argument is nil.
(def only (f)
  (fn args
    (if (car args) (apply f args))))

; A function that compares two things by their scores.
(def compare (comparer scorer)
  (fn (x y)
    (comparer (scorer x) (scorer y))))

; A function that looks up i in its argument.
(def get (i)
  (fn (object) (object i)))

;; Leaving early, cleaning up, running aside

; Binds a name to a function that leaves the body at once with the value it is given.
(mac point (name . body)
  (w/uniq (leave value)
    `(ccc (fn (,leave)
            (let ,name (fn ((o ,value)) (,leave ,value))
              ,@body)))))

; Evaluates the body, which (throw value) leaves.
(mac catch body
  `(point throw ,@body))

; Evaluates x, and afterwards the cleanup, however x was left.
(mac after (x . cleanup)
  `(protect (fn () ,x) (fn () ,@cleanup)))

; The value of an expression, or nil if it raises an error.
(mac errsafe (expr)
  `(on-err (fn (condition) nil) (fn () ,expr)))

; Runs the body in a thread of its own.
(mac thread body
  `(new-thread (fn () ,@body)))

; Runs the body while no other thread is in such a body.
(mac atomic body
  `(atomic-invoke (fn () ,@body)))

; Code that binds as with does and runs a body, all of it under the lock.
(def %expand-locked (bindings . body)
  `(atomic-invoke
     (fn ()
       ((fn ,(%binding-names bindings) ,@body)
        ,@(%binding-values bindings)))))

; Like with, under the lock.
(mac atwith (bindings . body)
  (apply %expand-locked bindings body))

; Like let, under the lock.
(mac atlet (name value . body)
  (apply %expand-locked (list name value) body))

; Like withs, under the lock.
(mac atwiths (bindings . body)
  `(atomic (withs ,bindings ,@body)))

;; Places: the three parts

; The lists' elements in turn: x1 y1 x2 y2 ...
(def %interleave (xs ys)
  (if xs
      (cons (car xs)
            (cons (car ys) (%interleave (cdr xs) (cdr ys))))))

; Storing rules by the name that heads a place; a rule turns the whole place into its three parts.
(assign setter (table))

; Installs the rule for places (name . parms); the body answers bindings, reader and storing function.
(mac defset (name parms . body)
  `(sref setter (fn ((nil . ,parms)) ,@body) ',name))

; The parts of (name object), stored by storer in the pair that path finds from the object.
(def %pair-place (name object storer path)
  (w/uniq (x new)
    (list (list x object)
          (list name x)
          `(fn (,new) (,storer ,(path x) ,new)))))

; Storing the first element of a pair.
(defset car (x) (%pair-place 'car x 'scar idfn))

; Storing the rest of a pair.
(defset cdr (x) (%pair-place 'cdr x 'scdr idfn))

; Storing the first element of the first element.
(defset caar (x) (%pair-place 'caar x 'scar [list 'car _]))

; Storing the second element.
(defset cadr (x) (%pair-place 'cadr x 'scar [list 'cdr _]))

; Storing what follows the second element.
(defset cddr (x) (%pair-place 'cddr x 'scdr [list 'cdr _]))

; Setting the soft limit of the heap.
(defset heap-limit () (list nil '(heap-limit) '%set-heap-limit))

; The parts of a variable.
(def %variable-place (name)
  (w/uniq (old new)
    (list (list old name)
          old
          `(fn (,new) (assign ,name ,new)))))

; The parts of (object key ...), an element of some data structure.
(def %element-place ((object . keys))
  (w/uniq (x new)
    (let names (map1 [uniq] keys)
      (list (cons x (cons object (%interleave names keys)))
            (cons x names)
            `(fn (,new) (sref ,x ,new ,(car names)))))))

; Is x something that stands for a function put together when the code is compiled?
(def metafn (x)
  (if (acons x)
      (in (car x) 'compose 'complement)
      (ssyntax x)))

; A call of such a function, spelled out as calls of its parts.
(def expand-metafn-call (f args)
  (if (caris f 'compose)
       (let (first . others) (rev (cdr f))
         (%wrap-calls others (if first (cons first args) (car args))))
      (caris f 'complement)
       (err "Can't assign to" (cons f args))
       (cons f args)))

; The parts of a place: bindings to make once, code for the current value, a function that stores.
(def setforms (place)
  (let place (macex place)
    (if (isa place 'sym)
         (if (ssyntax place)
             (setforms (ssexpand place))
             (%variable-place place))
        (no (acons place))
         (err "Can't assign to" place)
        (metafn (car place))
         (setforms (expand-metafn-call (ssexpand (car place)) (cdr place)))
        (caris (car place) 'get)
         (setforms (list (cadr place) (cadr (car place))))
        (mem (car place) '(quote quasiquote if fn assign))
         (err "Can't assign to" place)
         (let rule (and (isa (car place) 'sym) (setter (car place)))
           (if rule (rule place) (%element-place place))))))

;; Places: assignment

; Is x a symbol that names a variable as it stands?
(def %plain-variable (x)
  (and (isa x 'sym) (no (ssyntax x))))

; Code that stores a value in a place.
(def expand= (place value)
  (if (%plain-variable place)
      `(assign ,place ,value)
      (w/uniq new
        (let (bindings current store) (setforms place)
          (%expand-locked (join bindings (list new value))
                          (list store new))))))

; Code that stores values in places, given as place value place value ...
(def expand=list (terms)
  (if (cddr terms)
       `(do ,@(map1 (fn ((place value)) (expand= place value))
                    (pair terms)))
      terms
       (expand= (car terms) (cadr terms))))

; Stores values in places, from left to right; answers the last value.
(mac = terms
  (expand=list terms))

; Stores nil in places.
(mac wipe places
  `(= ,@(mappend [list _ nil] places)))

; Stores t in places.
(mac set places
  `(= ,@(mappend [list _ t] places)))

; Code that stores what revised makes of the old value's code, with bindings before and behind the place's.
(def %expand-change (place early late revised)
  (let (bindings current store) (setforms place)
    (%expand-locked (join early bindings late)
                    (list store (revised current)))))

; Adds to a place; answers the new value.
(mac ++ (place (o n 1))
  (if (%plain-variable place)
      `(assign ,place (+ ,place ,n))
      (w/uniq by
        (%expand-change place nil (list by n)
          (fn (old) `(+ ,old ,by))))))

; Subtracts from a place; answers the new value.
(mac -- (place (o n 1))
  (if (%plain-variable place)
      `(assign ,place (- ,place ,n))
      (w/uniq by
        (%expand-change place nil (list by n)
          (fn (old) `(- ,old ,by))))))

; Changes a place to what f makes of it and the other arguments.
(mac zap (f place . args)
  (let names (map1 [uniq] args)
    (if (or (isa f 'sym) (caris f 'fn))
        (%expand-change place nil (%interleave names args)
          (fn (old) `(,f ,old ,@names)))
        (w/uniq fun
          (%expand-change place nil (cons fun (cons f (%interleave names args)))
            (fn (old) `(,fun ,old ,@names)))))))

; Puts x in front of the list in a place.
(mac push (x place)
  (w/uniq new
    (%expand-change place (list new x) nil
      (fn (old) `(cons ,new ,old)))))

; Puts x in front of the list in a place, unless it is in the list.
(mac pushnew (x place (o test 'iso))
  (w/uniq (new same)
    (%expand-change place (list new x same test) nil
      (fn (old) `(adjoin ,new ,old ,same)))))

; Removes the first element of the list in a place and answers it.
(mac pop (place)
  (w/uniq old
    (let (bindings current store) (setforms place)
      (%expand-locked bindings
        `(let ,old ,current
           (,store (cdr ,old))
           (car ,old))))))

; Removes what passes the test from the list in a place.
(mac pull (test place)
  (w/uniq unwanted
    (%expand-change place (list unwanted test) nil
      (fn (old) `(rem ,unwanted ,old)))))

; Removes x from the list in a place if it is there, else adds it.
(mac togglemem (x place)
  (w/uniq it
    (%expand-change place (list it x) nil
      (fn (old) `(if (mem ,it ,old) (rem ,it ,old) (adjoin ,it ,old))))))

; Gives each place the value of the next one, and the last place that of the first.
(mac rotate places
  (with (parts (map1 setforms places)
         names (map1 [uniq] places))
    (%expand-locked (apply join (map1 car parts))
      `(with ,(%interleave names (map1 cadr parts))
         ,@(map (fn ((bindings current store) name) (list store name))
                parts
                (join (cdr names) (list (car names))))))))

; Exchanges the values of two places.
(mac swap (place1 place2)
  `(rotate ,place1 ,place2))

; Stores the value in a place that is false; answers what the place holds then.
(mac or= (place value)
  (let (bindings current store) (setforms place)
    (%expand-locked bindings
      `(or ,current (,store ,value)))))

; The sorted list with x put where it belongs, after its equals.
(def insert-sorted (test x xs)
  ((afn (xs done)
     (if (or (no xs) (test x (car xs)))
         (join (rev done) (cons x xs))
         (self (cdr xs) (cons (car xs) done))))
   xs nil))

; The sorted list with x put where it belongs, and nowhere else.
(def reinsert-sorted (test x xs)
  (insert-sorted test x (rem (fn (y) (is y x)) xs)))

; Puts x where it belongs in the sorted list in a place.
(mac insort (test x place)
  (w/uniq (sorted new)
    (%expand-change place (list sorted test new x) nil
      (fn (old) `(insert-sorted ,sorted ,new ,old)))))

; Puts x where it belongs, once, in the sorted list in a place.
(mac insortnew (test x place)
  (w/uniq (sorted new)
    (%expand-change place (list sorted test new x) nil
      (fn (old) `(reinsert-sorted ,sorted ,new ,old)))))

;; Numbers

; Is no number greater than the one after it?
(def <= xs
  ((afn (xs)
     (if (no (cdr xs))          t
         (> (car xs) (cadr xs)) nil
         (self (cdr xs))))
   xs))

; Is no number less than the one after it?
(def >= xs
  ((afn (xs)
     (if (no (cdr xs))          t
         (< (car xs) (cadr xs)) nil
         (self (cdr xs))))
   xs))

; The distance of a number from zero.
(def abs (n)
  (if (< n 0) (- n) n))

; The nearest integer, and the even one when two are equally near.
(def round (n)
  (coerce (* n 1) 'int))

; The nearest integer, and the one farther from zero when two are equally near.
(def roundup (n)
  (let whole (trunc n)
    (if (< (abs (- n whole)) 1/2) whole
        (< n 0)                   (- whole 1)
        (+ whole 1))))

; The multiple of quantum that is nearest to n.
(def nearest (n quantum)
  (* (roundup (/ n quantum)) quantum))

; The sum of f over a sequence.
(def sum (f seq)
  (let total 0
    (each x seq
      (assign total (+ total (f x))))
    total))

; The average of a list of numbers.
(def avg (ns)
  (/ (sum idfn ns) (len ns)))

; The element that the test puts before every other, the first of equals.
(def best (test seq)
  (let xs (%seq-elements seq)
    ((afn (winner xs)
       (if xs
           (self (if (test (car xs) winner) (car xs) winner) (cdr xs))
           winner))
     (car xs) (cdr xs))))

; The greatest argument.
(def max xs
  (best > xs))

; The least argument.
(def min xs
  (best < xs))

; The element with the highest score under f, the first of equals.
(def most (f seq)
  (cadr (best (compare > car)
              (map1 (fn (x) (list (f x) x)) (%seq-elements seq)))))

;; Sorting

; Joins two sorted lists into one, reusing their pairs; of equals, those of the first list come first.
(def merge (test xs ys)
  (let top (list nil)
    ((afn (end xs ys)
       (if (no xs)
            (scdr end ys)
           (no ys)
            (scdr end xs)
           (test (car ys) (car xs))
            (do (scdr end ys)
                (self ys xs (cdr ys)))
            (do (scdr end xs)
                (self xs (cdr xs) ys))))
     top xs ys)
    (cdr top)))

; Adds a sorted list to the pile, merging while two have met as often; later lists lie further up.
(def %add-sorted-run (test run pile)
  (if (no pile)       (list run)
      (no (car pile)) (cons run (cdr pile))
      (cons nil (%add-sorted-run test (merge test (car pile) run) (cdr pile)))))

; The last pair of the stretch at the head of a list that is in order already.
(def %sorted-run-end (test xs)
  (if (or (no (cdr xs)) (test (cadr xs) (car xs)))
      xs
      (%sorted-run-end test (cdr xs))))

; Sorts a list by reusing its pairs; equals keep their order. By < and > it need not call anything.
(def mergesort (test xs)
  (or (%sorted-by-order test xs)
      ((afn (xs pile)
         (if xs
             (withs (end (%sorted-run-end test xs) others (cdr end))
               (scdr end nil)
               (self others (%add-sorted-run test xs pile)))
             (let sorted nil
               (each run pile
                 (assign sorted (merge test run sorted)))
               sorted)))
       xs nil)))

; A sorted copy of a list or string; equals keep their order.
(def sort (test seq)
  (if (isa seq 'string)
      (coerce (mergesort test (coerce seq 'cons)) 'string)
      (mergesort test (copylist seq))))

; The first n elements that sorting gives.
(def bestn (n test seq)
  (firstn n (sort test seq)))

; The element near the middle of a list, once sorted.
(def med (ns (o test >))
  ((sort test ns) (round (/ (len ns) 2))))

; The middle element of a list of numbers.
(def median (ns)
  ((sort > ns) (trunc (/ (len ns) 2))))

; A random element of a list or string.
(def rand-elt (seq)
  (seq (rand (len seq))))

;; Characters and strings

; The text of all arguments, end to end.
(def string args
  (apply + "" args))

; The symbol with this name.
(def sym (x)
  (coerce x 'sym))

; The integer nearest to a number or written in a string.
(def int (x (o base 10))
  (coerce x 'int base))

; Does a character lie between two others, or is it one of them?
(def %char-between (lo c hi)
  (nor (< c lo) (> c hi)))

; Is c white space?
(def whitec (c)
  (in c #\space #\newline #\tab #\return))

; Is c anything but white space?
(def nonwhite (c)
  (no (whitec c)))

; Is c one of the letters a to z, small or capital?
(def letter (c)
  (or (%char-between #\a c #\z) (%char-between #\A c #\Z)))

; Is c a decimal digit?
(def digit (c)
  (%char-between #\0 c #\9))

; Is c a letter or a digit?
(def alphadig (c)
  (or (letter c) (digit c)))

; Is c a punctuation mark?
(def punc (c)
  (in c #\. #\, #\; #\: #\! #\?))

; Moves a Latin-1 letter by some code points, if its half of the alphabets starts at the code first.
(def %shift-letter (c first distance)
  (let code (- (coerce c 'int) first)
    (if (or (< -1 code 26)
            (and (< 126 code 158) (isnt code 150)))
        (coerce (+ code first distance) 'char)
        c)))

; A string, character or symbol with f called on all its characters.
(def %map-characters (f x)
  (case (type x)
    string (map f x)
    char   (f x)
    sym    (sym (map f (string x)))
    (err "Can't change the case of" x)))

; A string, character or symbol in capital letters.
(def upcase (x)
  (%map-characters (fn (c) (%shift-letter c 97 -32)) x))

; A string, character or symbol in small letters.
(def downcase (x)
  (%map-characters (fn (c) (%shift-letter c 65 32)) x))

; A string cut off, with three dots, where it gets longer than the limit.
(def ellipsize (str (o limit 80))
  (if (len> str limit)
      (+ (cut str 0 limit) "...")
      str))

; The text of x with zeros in front, up to a width.
(def %zero-padded (x width)
  (let text (string x)
    (if (len< text width)
        (string (newstring (- width (len text)) #\0) text)
        text)))

;; Tables

; A table of the (key value) lists in a list.
(def listtab (al)
  (let h (table)
    (each entry al
      (sref h (cadr entry) (car entry)))
    h))

; A table made of unquoted keys and their values.
(mac obj args
  `(listtab (list ,@(map1 (fn ((key value)) `(list ',key ,value))
                          (pair args)))))

; Binds a name to a new table for the body; answers the table.
(mac w/table (name . body)
  `(let ,name (table)
     ,@body
     ,name))

; The keys of a table.
(def keys (h)
  (accum found
    (maptable (fn (key value) (found key)) h)))

; The values of a table.
(def vals (h)
  (accum found
    (maptable (fn (key value) (found value)) h)))

; The entries of a table as (key value) lists.
(def tablist (h)
  (accum found
    (maptable (fn (key value) (found (list key value))) h)))

; Stores keys and values, given as key value key value ..., in a table and answers it.
(def fill-table (h data)
  (each (key value) (pair data)
    (sref h value key))
  h)

; A table with the value, t unless given, for each of the keys.
(def memtable (ks (o value t))
  (let h (table)
    (each key ks
      (sref h value key))
    h))

; A copy of the outermost layer of x, in which the given keys then get the given values.
(def copy (x . changes)
  (let new (case (type x)
             sym    x
             cons   (copylist x)
             string (cut x 0)
             table  (listtab (tablist x))
             (err "Can't copy" x))
    (each (key value) (pair changes)
      (sref new value key))
    new))

; How often each element occurs, as a table.
(def counts (seq (o tally (table)))
  (each x seq
    (sref tally (+ (tally x 0) 1) x))
  tally)

; The most frequent element of a list and how often it occurs.
(def commonest (seq)
  (with (tally (counts seq) winner nil n 0)
    (each x seq
      (when (> (tally x) n)
        (= winner x n (tally x))))
    (list winner n)))

; A random key of a table.
(def rand-key (h)
  (unless (empty h)
    (rand-elt (keys h))))

;; Remembering results

; A function that calls f only once for the same arguments.
(def memo (f)
  (let known (table)
    (fn args
      (car (or (known args)
               (sref known (list (apply f args)) args))))))

; Defines a function that remembers its results.
(mac defmemo (name parms . body)
  (%expand-def name parms `(memo (fn ,parms ,@body))))

; The seconds that have passed since a time.
(def since (time)
  (- (seconds) time))

; A function that answers valf's value, a new one when the last is older than timef says.
(def cache (timef valf)
  (with (value nil made nil)
    (fn ()
      (unless (and made (< (since made) (timef)))
        (= value (valf) made (seconds)))
      value)))

; Defines a function of no arguments whose value stays good for some seconds.
(mac defcache (name lasts . body)
  (%expand-def name nil `(cache (fn () ,lasts) (fn () ,@body))))

; Functions to call at certain points, by name.
(= hooks* (table))

; Calls the hook of this name, if there is one.
(def hook (name . args)
  (aif (hooks* name) (apply it args)))

; Installs a hook.
(mac defhook (name . rest)
  `(= (hooks* ',name) (fn ,@rest)))

;; Printing

; Prints its arguments, without quotes or escapes, and answers the first.
(def pr args
  (each x args (disp x))
  (car args))

; Like pr, with a newline at the end.
(def prn args
  (each x args (disp x))
  (writec #\newline)
  (car args))

; Like pr, leaving out nils.
(def prt args
  (each x args
    (if x (disp x)))
  (car args))

; Prints a list with something before it and something between its elements; answers the list.
(def prall (elts (o init "") (o sep ", "))
  (when elts
    (pr init (car elts))
    (each x (cdr elts) (pr sep x))
    elts))

; Prints its arguments with spaces between them.
(def prs args
  (prall args "" #\space))

; Prints a warning and, as they are written, the objects it is about.
(def warn (msg . args)
  (pr "Warning: " msg ". ")
  (each x args
    (write x)
    (disp #\space))
  (disp #\newline))

; Evaluates the body with its output going to a port.
(mac w/stdout (port . body)
  `(call-w/stdout ,port (fn () ,@body)))

; Evaluates the body with its input coming from a port.
(mac w/stdin (port . body)
  `(call-w/stdin ,port (fn () ,@body)))

; Writes its arguments to the error output and answers the first.
(def ero args
  (w/stdout (stderr)
    (each x args
      (write x)
      (writec #\space))
    (writec #\newline))
  (car args))

; Binds a name to a port that collects text.
(mac w/outstring (name . body)
  `(let ,name (outstring) ,@body))

; The text that the body prints.
(mac tostring body
  (w/uniq port
    `(w/outstring ,port
       (w/stdout ,port ,@body)
       (inside ,port))))

; Prints what evaluating an expression once, when the code is compiled, has printed.
(mac out (expr)
  `(pr ,(tostring (eval expr))))

; What w/bars prints between two parts.
(= bar* " | ")

; Prints what the forms print, with bars between those that print anything.
(mac w/bars body
  `(prall (rem "" (list ,@(map1 (fn (form) `(tostring ,form)) body)))
          ""
          bar*))

;; Reading, ports and files

; Code that binds a name to a newly opened port and closes it when the body is left.
(def %expand-w/port (name opening body)
  `(let ,name ,opening
     (after (do ,@body) (close ,name))))

; Binds a name to an input port on a file.
(mac w/infile (name file . body)
  (%expand-w/port name `(infile ,file) body))

; Binds a name to an output port on a file, which starts empty.
(mac w/outfile (name file . body)
  (%expand-w/port name `(outfile ,file) body))

; Binds a name to an output port at the end of a file.
(mac w/appendfile (name file . body)
  (%expand-w/port name `(outfile ,file 'append) body))

; Binds a name to an input port on a string.
(mac w/instring (name str . body)
  (%expand-w/port name `(instring ,str) body))

; Binds a name to a listening socket.
(mac w/socket (name port . body)
  (%expand-w/port name `(open-socket ,port) body))

; Evaluates the body with its input coming from a string.
(mac fromstring (str . body)
  (w/uniq port
    `(w/instring ,port ,str
       (w/stdin ,port ,@body))))

; The first datum in a string, or eof.
(def readstring1 (str (o eof))
  (w/instring port str (sread port eof)))

; The next datum from a port or the first in a string, or eof.
(def read ((o source (stdin)) (o eof))
  (if (isa source 'string)
      (readstring1 source eof)
      (sread source eof)))

; All data from a port or in a string, up to one that is eof.
(def readall (source (o eof))
  (if (isa source 'string)
      (w/instring port source (readall port eof))
      (drain (sread source eof) eof)))

; All data in a file.
(def readfile (name)
  (w/infile port name (readall port)))

; The first datum in a file.
(def readfile1 (name)
  (w/infile port name (read port)))

; The first datum in a string or from a port, or nil if it can't be read.
(def saferead (source)
  (errsafe (read source)))

; All characters that are left in a port, as a string.
(def allchars (port)
  (w/outstring text
    (whilet c (readc port)
      (writec c text))
    (inside text)))

; All characters of a file, as a string.
(def filechars (name)
  (w/infile port name (allchars port)))

; The next line from a port, without its newline, or nil at the end.
(def readline ((o port (stdin)))
  (awhen (readc port)
    (w/outstring line
      ((afn (c)
         (unless (in c nil #\newline)
           (writec c line)
           (self (readc port))))
       it)
      (inside line))))

; Writes a value to a file, which has either its old or its new content at any time.
(def writefile (value file)
  (let draft (string file ".tmp")
    (w/outfile port draft (write value port))
    (mvfile draft file))
  value)

; Evaluates all forms in a file. Where there is no such file, a library built in may have its name.
(def load (file)
  (let end (uniq)
    (w/infile port (if (file-exists file) file (or (%library file) file))
      (whiler form (sread port end) end
        (eval form)))))

; The next table, written as a list of (key value), from a port.
(def read-table ((o port (stdin)) (o eof))
  (let entries (sread port eof)
    (if (alist entries) (listtab entries) entries)))

; The first table in a file.
(def load-table (file (o eof))
  (w/infile port file (read-table port eof)))

; All tables in a file.
(def load-tables (file)
  (let end (uniq)
    (w/infile port file
      (drain (read-table port end) end))))

; The first table in a file, or an empty one if it can't be read.
(def safe-load-table (file)
  (or (errsafe (load-table file)) (table)))

; Prints a table as a list of (key value).
(def write-table (h (o port (stdout)))
  (write (tablist h) port)
  h)

; Writes a table to a file as a list of (key value).
(def save-table (h file)
  (writefile (tablist h) file))

; A random string of letters and digits, hard to guess.
(def rand-string (n)
  (with (symbols "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
         result  (newstring n))
    (w/infile noise "/dev/urandom"
      (forlen i result
        (let byte (evtil (readb noise) [< _ 248])
          (sref result (symbols (mod byte 62)) i))))
    result))

; A text as one word for the shell.
(def %shell-word (text)
  (string "'"
          (map1 (fn (c) (if (is c #\') "'\\''" c)) (coerce text 'cons))
          "'"))

; Makes a directory, with those above it, unless it is there.
(def ensure-dir (path)
  (unless (dir-exists path)
    (system (string "mkdir -p -- " (%shell-word path)))))

;; Formatted printing

; A format string's texts, expressions after #, and (args i) for each ~ with the character after it.
(def parse-format (str (o args 'args))
  (accum part
    (with (text (outstring) holes 0)
      (w/instring port str
        (whilet c (readc port)
          (if (in c #\# #\~)
              (do (part (inside text))
                  (= text (outstring))
                  (if (is c #\#)
                      (part (sread port nil))
                      (do (readc port)
                          (part (list args holes))
                          (++ holes))))
              (writec c text))))
      (let rest (inside text)
        (unless (empty rest) (part rest))))))

; Prints a format string, with the values of expressions in place of #expr and of the arguments in place of ~.
(mac prf (str . exprs)
  (w/uniq args
    `(let ,args (list ,@exprs)
       (pr ,@(parse-format str args)))))

;; Time

; The minutes that have passed since a time.
(def minutes-since (time)
  (/ (since time) 60))

; The hours that have passed since a time.
(def hours-since (time)
  (/ (since time) 3600))

; The days that have passed since a time.
(def days-since (time)
  (/ (since time) 86400))

; Year, month and day of a time, now unless given.
(def date ((o time (seconds)))
  (let (s m h day month year) (timedate time)
    (list year month day)))

; A time's date, today unless given, as YYYY-MM-DD.
(def datestring ((o time (seconds)))
  (let (year month day) (date time)
    (string (%zero-padded year 4) "-" (%zero-padded month 2) "-" (%zero-padded day 2))))

; Prints how many milliseconds have passed since start.
(def %print-elapsed (start)
  (prn "time: " (- (msec) start) " msec."))

; The value of an expression, having printed how long it took.
(mac time (expr)
  (w/uniq start
    `(let ,start (msec)
       (do1 ,expr (%print-elapsed ,start)))))

; Prints how long an expression takes and answers ok, for when the value is long.
(mac jtime (expr)
  `(do (time ,expr) 'ok))

; Prints how long ten evaluations of an expression take.
(mac time10 (expr)
  `(time (repeat 10 ,expr)))

;; Queues

; A new queue: a list of its elements, the last pair of it, and their number.
(def queue ()
  (list nil nil 0))

; The number of elements in a queue.
(def qlen (q)
  (q 2))

; The elements of a queue, the oldest first.
(def qlist (q)
  (car q))

; Adds x at the end of a queue; answers the elements.
(def enq (x q)
  (atomic
    (let cell (list x)
      (if (car q)
          (scdr (cadr q) cell)
          (scar q cell))
      (= (cadr q) cell)
      (++ (q 2))
      (car q))))

; Removes the oldest element of a queue and answers it.
(def deq (q)
  (atomic
    (when (car q)
      (-- (q 2))
      (pop (car q)))))

; Adds x at the end of a queue, which drops its oldest element rather than grow beyond the limit.
(def enq-limit (x q (o limit 1000))
  (atomic
    (unless (< (qlen q) limit) (deq q))
    (enq x q)))

;; Templates: kinds of tables with default entries

; Templates by name; each is a list of (field function), the function making the default value.
(= templates* (table))

; Fields with others added to them, which win where both have the same name.
(def %merge-fields (fields others)
  (join (rem (fn (field) (assoc (car field) others)) fields)
        others))

; The fields that a template with these parents and fields of its own has.
(def %inherit-fields (parents own)
  (let fields nil
    (each parent (rev parents)
      (assign fields (%merge-fields fields (templates* parent))))
    (%merge-fields fields own)))

; Code for a list of (field function), from field default field default ...
(def %expand-fields (args)
  `(list ,@(map1 (fn ((field default)) `(list ',field (fn () ,default)))
                 (pair args))))

; Defines a template, given a name or (name parent ...), fields and their defaults.
(mac deftem (spec . args)
  (let (name . parents) (if (acons spec) spec (list spec))
    `(= (templates* ',name)
        (%inherit-fields ',parents ,(%expand-fields args)))))

; Adds fields to a template, or gives it other defaults.
(mac addtem (name . args)
  `(= (templates* ',name)
      (%merge-fields (templates* ',name) ,(%expand-fields args))))

; A new table after a template, in which the given keys then get the given values.
(def inst (name . values)
  (let x (table)
    (each (field default) (if (acons name) name (templates* name))
      (sref x (default) field))
    (fill-table x values)))

; A new table after a template with the values from a list of (key value); unknown keys are dropped.
(def templatize (name entries)
  (with (x (inst name) fields (if (acons name) name (templates* name)))
    (each (key value) entries
      (if (assoc key fields) (sref x value key)))
    x))

; Reads a table after a template.
(def temread (name (o port (stdin)))
  (templatize name (read port)))

; Reads the first table in a file after a template.
(def temload (name file)
  (w/infile port file (temread name port)))

; Reads all tables in a file after a template.
(def temloadall (name file)
  (map1 (fn (entries) (templatize name entries)) (readfile file)))

;; Variables kept in files

; Functions that save a variable's value, by the variable's name.
(= savers* (table))

; Gives an unbound variable its value from a file, or the initial one, and remembers how to save it.
(mac fromdisk (name file init load save)
  (w/uniq (found value)
    `(unless (bound ',name)
       (= ,name (iflet ,found (file-exists ,file) (,load ,found) ,init)
          (savers* ',name) (fn (,value) (,save ,value ,file)))
       ,name)))

; Keeps the value of a variable in a file.
(mac diskvar (name file)
  `(fromdisk ,name ,file nil readfile1 writefile))

; Keeps the table in a variable in a file.
(mac disktable (name file)
  `(fromdisk ,name ,file (table) load-table save-table))

; Saves a variable kept in a file, after giving it a new value if there is one.
(mac todisk (name (o value name))
  `((savers* ',name)
    ,(if (is value name) name `(= ,name ,value))))
