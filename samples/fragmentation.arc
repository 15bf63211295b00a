; Fragmentation: a byte here and a byte there, and no page can go.
;
; Twenty thousand lines are read, as strings of two hundred characters, and of each a record of three conses is kept.
; Then the lines die, all of them, and the records stay. Then come five hundred paragraphs of three thousand characters.
;
; Look for: where the records lie. Under malloc and under single they lie where they were made, between the lines: every
; page keeps a few, four fifths of it are "free runs", no page can be given back, and no paragraph fits in, so that the heap
; grows by them although more than that is free. Under pool the records are in pages of their own, blue, dense; the
; orange pages of the lines are empty together, go back to the system, and are taken again for the paragraphs. Without
; giving back they are as empty, and as resident: two kinds of pool alone lower nothing.
;
; heapatlas --heap malloc samples/fragmentation.arc
; heapatlas --heap single samples/fragmentation.arc
; heapatlas --heap pool:give-back=no,evacuate=no samples/fragmentation.arc
; heapatlas explain --heap malloc samples/fragmentation.arc

(= lines (table) records nil)

(for n 1 20000
  (= lines.n (newstring 200 #\x))
  (push (list n (len lines.n)) records))

(wipe lines)
(gc)

(= paragraphs (n-of 500 (newstring 3000 #\y)))
(gc)

(prn (len records) " records and " (len paragraphs) " paragraphs")
