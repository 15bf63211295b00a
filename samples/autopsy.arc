; The autopsy of the first story: 99 MB resident, and less than 10 MB of it reachable.
;
; A loader in small: it reads definitions character by character, expands macros in them, and keeps a few instructions
; for each. Together with the library, which is loaded before, 176,000 things are allocated, most of them conses, and
; 9,900 stay, scattered among what the reader and the expander threw away. So it was when an implementation of Arc loaded
; its library, in which every cons was a call of malloc for 480 bytes, and nothing was collected.
;
; Look for: what each cause is worth. The author of that implementation blamed fragmentation, and built pools. Here every
; cause is taken away by itself: cells of 16 bytes take away nine tenths, a collection four fifths of the rest; pools that
; give nothing back are no better than malloc; and only moving what lives gets the free runs back.
;
; heapatlas compare --autopsy
; heapatlas explain --heap malloc:cell=480,collect=no,give-back=no samples/autopsy.arc

; Every definition is another one, but all are alike.

; tour heap: malloc:cell=480,collect=no,give-back=no
; tour map: The autopsy. 99 MB were resident after a library was loaded, and less than 10 MB of that was reachable.
; This heap is as that one was: a cons is a block of 480 bytes from malloc, and nothing collects. All that is here now
; is our own library.
(def source (n)
  (string "(def definition-" n " (x y) (unless (is x " n ") (let next (definition-" (- n 1) " y (+ x 1)) (when next (list x y next)))))"))

; The reader: from a list of characters to a tree.
(def skip-spaces ()
  (when (is (car unread) #\space)
    (pop unread)
    (skip-spaces)))

(def read-token (backwards)
  (if (in (car unread) #\space #\( #\))
      (sym:string:rev backwards)
      (read-token (cons (pop unread) backwards))))

(def read-item ()
  (skip-spaces)
  (if (is (car unread) #\()
      (do (pop unread) (read-items))
      (read-token nil)))

(def read-items ()
  (skip-spaces)
  (if (is (car unread) #\))
      (do (pop unread) nil)
      (let item (read-item)
        (cons item (read-items)))))

; The expander: a new tree for every macro that is taken out.
(def expand-one (x)
  (case (car x)
    unless (list 'if (list 'no (cadr x)) (car:cddr x))
    when   (list 'if (cadr x) (cons 'do (cddr x)))
    let    (list (list 'fn (list (cadr x)) (last x)) (car:cddr x))
           x))

(def expand (x)
  (if (acons x)
      (map expand (expand-one x))
      x))

; The compiler: the instructions, last first. They alone are kept.
(def compile (x)
  (if (acons x)
      (do (map compile (cdr x))
          (if (acons (car x)) (compile (car x)))
          (push (cons 'call (len x)) instructions))
      (push x instructions)))

(= loaded (table) told (table))

(def load-one (n)
  (= unread (coerce (source n) 'cons) instructions nil)
  (let form (expand (read-item))
    (compile form)
    (= (loaded (cadr form)) instructions)
    (if (multiple n 16)
        (= told.n (obj name (string (cadr form)) arguments (len (car:cddr form)))))))

; tour timeline: The reader, the expander and the compiler of a small loader are defined. What each throws away stays:
; the curves only rise. Next loads 166 definitions with them.
(for n 1 166 (load-one n))

; tour balance: Some 80 MB, and the process has 96. Is it fragmentation, as its author thought? All of it is unjudged:
; nobody has ever looked what of it is alive. Next lets the program end, and looks.
(prn (len loaded) " definitions loaded, " (sum len (vals loaded)) " instructions kept")

; tour balance, collect: Now a collection was asked for, the first of all. Little is live: the rest was garbage that
; nobody had collected, in blocks thirty times as large as a cons needs, and is free runs now. Of the causes
; fragmentation is the smallest. heapatlas compare --autopsy takes each away by itself.
