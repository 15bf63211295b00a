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

; tour heap: malloc
; tour map: The first story. An implementation of Arc took every cons from malloc. So does this program now: these are
; the blocks of the system's allocator, with nothing loaded but the library. Next reads twenty thousand lines, and
; keeps a record of three conses of each.
(= lines (table) records nil)

(for n 1 20000
  (= lines.n (newstring 200 #\x))
  (push (list n (len lines.n)) records))

; tour timeline: Lines and records lie side by side, each where there was room. What is committed is what is
; allocated, and a little more: so far nothing is wrong. Next lets go of every line, and collects. The records stay.
(wipe lines)
(gc)

; tour balance: The lines are gone, and the pages are not. Most of what is committed is free runs now: on nearly every
; page there is a record or two, and a page goes back only when nothing is left on it. Click the term to see where.
(= paragraphs (n-of 500 (newstring 3000 #\y)))
(gc)

; tour symbol records: Five hundred paragraphs of three thousand characters came. None fits between two records, so
; the heap has grown for them, although more than that was free. The pinned page is one on which a record lies; F3
; says who holds it.
(prn (len records) " records and " (len paragraphs) " paragraphs")

; tour balance: That is fragmentation. Under pool the same records lie in pages of their own, dense, and the pages of
; the lines are empty together and go back. Ctrl+D runs it under malloc, single and pool side by side.
