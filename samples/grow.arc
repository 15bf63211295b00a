; Growth by extents, and giving them back.
;
; A list of 800,000 conses makes the heap grow, by extents of 1 MiB, 2, 4, 8; then two things worth keeping are made,
; which lie where the heap ends at that moment; then the list is dropped.
;
; Look for: in the window, the span growing extent by extent while the list is made. At the end, the hole: the extents of
; 2 and 4 MiB held nothing but the list and were unmapped, so between the first and the last there are 6 MiB that are no
; longer the heap's. In the last extent lie a large string (a run of red pages) and the cells of the index; the pages
; around them are given back, committed but not resident: 9 MiB committed, less than 2 MiB resident. `explain` moves the
; cells down, but the large string stays, and holds its extent.
;
; heapatlas samples/grow.arc
; heapatlas snapshot samples/grow.arc --as-is -o grow.png

(= burden (n-of 800000 nil))

(= report (tostring (for i 1 30000 (pr i " ")))
   index  (map [list _ (* _ _)] (range 1 10000)))

(wipe burden)

; Garbage, until the collector has looked at what died.
(repeat 20 (n-of 20000 nil))

(prn (len report) " characters and " (len index) " entries kept")
