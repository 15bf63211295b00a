; What cannot be moved: tables as keys.
;
; Sixty thousand small tables are made; one in fifty is kept, as the key of another table. A table as a key is found by
; its address, so it is pinned, and its pool stays where it is for the sake of one survivor.
;
; Look for: more than two hundred orange pages of objects with a thin layer of life at the bottom, which no collection
; gets back: resident is more than four times what lives before `explain` has collected, and after. Keep the same
; tables as values instead, (= kept.i one), and the pools are emptied.
;
; heapatlas snapshot samples/pinned.arc -o pinned.png
; heapatlas explain samples/pinned.arc

(= kept (table))

(for i 1 60000
  (let one (table)
    (= one!number i)
    (if (multiple i 50) (= kept.one i))))

(gc)

(prn (len kept) " of 60000 tables kept")
