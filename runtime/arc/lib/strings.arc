; strings.arc: finding, cutting, replacing and formatting text.
; For programs that take strings apart and put them together; most of it works on lists too.
; It needs arc.arc only.

;; Matching

; Does seq go on with pat at start?
(def headmatch (pat seq (o start 0))
  (let size (len pat)
    (and (<= (+ start size) (len seq))
         ((afn (i)
            (or (is i size)
                (and (is (pat i) (seq (+ start i)))
                     (self (+ i 1)))))
          0))))

; Does seq go on with pat at start?  The arguments the other way round.
(def begins (seq pat (o start 0))
  (headmatch pat seq start))

; The first position, from start on, where seq goes on with pat.
(def findsubseq (pat seq (o start 0))
  (let end (- (len seq) (len pat))
    ((afn (i)
       (if (> i end)             nil
           (headmatch pat seq i) i
           (self (+ i 1))))
     start)))

; The first position, from start on, of a predicate's match or of a part of the sequence.
(def posmatch (pat seq (o start 0))
  (if (isa pat 'fn)
      (pos pat seq start)
      (findsubseq pat seq start)))

; All positions of elements that pass the test.
(def positions (test seq)
  (let f (testify test)
    (accum found
      (on x seq
        (if (f x) (found index))))))

; Code that compares the characters of pat with those of a string, from a position on.
(def %expand-match (pat str start)
  (with (indices (range 0 (- (len pat) 1))
         at      [if (is _ 0) start `(+ ,start ,_)])
    `(and ,@(map1 [list 'is (list str (at _)) (pat _)] indices))))

; Does a string go on with a literal pattern at start?
(mac litmatch (pat str (o start 0))
  (w/uniq (s i)
    `(with (,s ,str ,i ,start)
       (unless (> (+ ,i ,(len pat)) (len ,s))
         ,(%expand-match pat s i)))))

; Does a string end with a literal pattern?
(mac endmatch (pat str)
  (w/uniq (s i)
    `(withs (,s ,str ,i (- (len ,s) ,(len pat)))
       (unless (< ,i 0)
         ,(%expand-match pat s i)))))

;; Taking apart

; The parts of a string between separators, the empty ones left out.
(def tokens (s (o sep whitec))
  (with (f (testify sep) start nil)
    (accum token
      (on c s
        (if (f c)
            (when start
              (token (cut s start index))
              (= start nil))
            (or= start index)))
      (if start (token (cut s start))))))

; A string's part before the first separator and the rest with it, or the whole as the only one.
(def halve (s (o sep whitec))
  (aif (pos sep s)
       (split s it)
       (list s)))

; The parts of a sequence between elements that pass the test, the empty ones too.
(def slices (seq test)
  (let start 0
    (accum part
      (each i (positions test seq)
        (part (cut seq start i))
        (= start (+ i 1)))
      (part (cut seq start)))))

; The lines of a string, without their newlines and returns.
(def lines (s)
  (map1 [rem #\return _] (slices s #\newline)))

; Is there nothing but white space in a string?
(def blank (s)
  (all whitec s))

; The string, unless it is blank.
(def nonblank (s)
  (unless (blank s) s))

; The string without what passes the test at its front, its end, or both.
(def trim (s (o where 'both) (o test whitec))
  (withs (f     (testify test)
          size  (len s)
          start (if (in where 'front 'both)
                    ((afn (i)
                       (if (and (< i size) (f (s i))) (self (+ i 1)) i))
                     0)
                    0)
          end   (if (in where 'end 'both)
                    ((afn (i)
                       (if (and (> i start) (f (s (- i 1)))) (self (- i 1)) i))
                     size)
                    size))
    (cut s start end)))

;; Replacing

; The text of seq with new for old, for the first of the (old new) pairs that fits at each place.
(def multisubst (pairs seq)
  (let end (len seq)
    (tostring
      ((afn (i)
         (when (< i end)
           (let (old new) (find (fn ((old)) (and (~empty old) (headmatch old seq i))) pairs)
             (pr (if old new (seq i)))
             (self (+ i (if old (len old) 1))))))
       0))))

; The text of seq with new for every old.
(def subst (new old seq)
  (multisubst (list (list old new)) seq))

;; Text in URLs

; The text that an encoded one stands for; what is no proper code stays as it is.
(def urldecode (s)
  (tostring
    (w/instring port s
      (whilet c (readc port)
        (case c
          #\+ (writec #\space)
          #\% (let digits (string (readc port) (readc port))
                (unless (and (is (len digits) 2)
                             (errsafe (writeb (int digits 16))))
                  (pr c digits)))
          (writec c))))))

; A text with every byte as a percent sign and two hexadecimal digits.
(def urlencode (s)
  (tostring
    (w/instring port s
      (whilet byte (readb port)
        (pr "%" (%zero-padded (coerce byte 'string 16) 2))))))

;; Numbers as text

; A whole number with a comma in front of every three digits.
(def %with-commas (n)
  (if (< n 1000)
      (string n)
      (let low (mod n 1000)
        (string (%with-commas (/ (- n low) 1000)) "," (%zero-padded low 3)))))

; A number with commas, rounded to some digits; trailing zeros and a single zero up front if wanted.
(def num (n (o digits 2) (o trail-zeros) (o init-zero))
  (withs (scale    (expt 10 (max digits 0))
          rounded  (roundup (* (abs n) scale))
          part     (mod rounded scale)
          whole    (/ (- rounded part) scale)
          decimals (if (> digits 0) (%zero-padded part digits) "")
          shown    (if trail-zeros decimals (trim decimals 'end #\0)))
    (string (if (and (< n 0) (> rounded 0)) "-")
            (if (or (> whole 0) (is part 0) init-zero) (%with-commas whole))
            (unless (empty shown) ".")
            shown)))

; A noun with an s, unless n is 1 or a list of one element.
(def pluralize (n str)
  (if (or (is n 1) (single n))
      str
      (string str "s")))

; A number and its noun.
(def plural (n x)
  (string n " " (pluralize n x)))
