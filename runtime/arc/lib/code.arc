; code.arc: figures about Arc source files, such as how long they are and what they use most.
; For people who want to see what a program is made of.
; It needs arc.arc only.

; The number of lines in a file that hold more than white space and comment.
(def codelines (file)
  (w/infile port file
    (summing code
      (whilet line (readline port)
        (code (aand (find nonwhite line) (isnt it #\;)))))))

; The number of atoms in a file, not counting nil.
(def codeflat (file)
  (len (flat (readfile file))))

; The number of leaves in a file, read as a tree of pairs.
(def codetree (file)
  (treewise + (fn (leaf) 1) (readfile file)))

; The number of leaves to a line of code in a file.
(def code-density (file)
  (/ (codetree file) (codelines file)))

; How often each atom occurs in some files, as a table.
(def tokcount (files)
  (let tally (table)
    (each file files
      (counts (flat (readfile file)) tally))
    tally))

; Is x one of the symbols that only stand for quotation marks?
(def nonop (x)
  (in x 'quote 'quasiquote 'unquote 'unquote-splicing))

; The atoms of some files and how often each occurs, the most frequent first.
(def common-tokens (files)
  (sort (compare > cadr)
        (rem (fn ((token)) (nonop token))
             (tablist (tokcount files)))))

; Like common-tokens, for the names of global functions, macros and variables only.
(def common-operators (files)
  (keep (fn ((token)) (and (isa token 'sym) (bound token)))
        (common-tokens files)))

; Prints the first forty elements of a list, one to a line.
(def top40 (xs)
  (each x (firstn 40 xs) (prn x))
  t)

; The global names that take most room in some files: name, occurrences, characters in all.
(def space-eaters (files)
  (sort (compare > [_ 2])
        (map1 (fn ((name n)) (list name n (* n (len (string name)))))
              (common-operators files))))

; The number of atoms in a form, not counting nil.
(mac flatlen (form)
  `(len (flat ',form)))
