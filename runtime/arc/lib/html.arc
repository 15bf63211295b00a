; html.arc: writing HTML from Arc, one macro or function for each thing on a page.
; For programs that print web pages; everything here prints to the current output.
; It needs arc.arc, strings.arc and pprint.arc.

;; Colours: tables with the amounts of red, green and blue

; A colour from amounts of red, green and blue, kept between 0 and 255.
(def color (r g b)
  (let amount [max 0 (min 255 _)]
    (obj r (amount r) g (amount g) b (amount b))))

; The number that a hexadecimal text stands for, or nil.
(def dehex (str)
  (errsafe (int str 16)))

; The colour that six hexadecimal digits stand for, or nil.
(defmemo hex>color (str)
  (when (is (len str) 6)
    (let (r g b) (map1 [dehex (cut str _ (+ _ 2))] '(0 2 4))
      (and r g b (color r g b)))))

; A shade of gray, from 0 for black to 255 for white.
(defmemo gray (n)
  (color n n n))

; Some colours to have at hand.
(= white    (gray 255)
   black    (gray 0)
   linkblue (color 0 0 190)
   orange   (color 255 102 0)
   darkred  (color 180 0 0)
   darkblue (color 0 0 120))

; Two hexadecimal digits for each number from 0 to 255.
(= hexreps (table))
(for n 0 255
  (sref hexreps (%zero-padded (coerce n 'string 16) 2) n))

; The six hexadecimal digits of a colour.
(def hexrep (col)
  (string (hexreps col!r) (hexreps col!g) (hexreps col!b)))

;; Text inside HTML

; Prints a text with the characters in special as numbered entities.
(def %pr-entities (text special)
  (each c text
    (if (find c special)
        (pr "&#" (coerce c 'int) ";")
        (writec c))))

; Prints a text for use inside an attribute's quotation marks.
(def pr-escaped (text)
  (%pr-entities text "<>\"&"))

; A text to appear on a page exactly as it is.
(def eschtml (text)
  (tostring (%pr-entities text "<>\"'&")))

; A text whose tags are to appear on a page as text.
(def esc-tags (text)
  (tostring (%pr-entities text "<>&")))

; Marks what the body prints as plain character data.
(mac cdata body
  `(do (pr "<![CDATA[") ,@body (pr "]]>")))

; A text without its tags.
(def striptags (text)
  (let inside-tag nil
    (tostring
      (each c text
        (case c
          #\< (set inside-tag)
          #\> (wipe inside-tag)
          (unless inside-tag (writec c)))))))

; An address without the characters that could end the attribute it stands in.
(def clean-url (url)
  (rem [in _ #\< #\> #\" #\'] url))

; Is this the address of a page on the web, and free of characters that could do harm?
(defmemo valid-url (url)
  (and (len> url 10)
       (or (begins url "http://") (begins url "https://"))
       (is url (clean-url url))))

; A text with a paragraph tag wherever there is a blank line.
(def parafy (text)
  (tostring
    (let (first . others) (lines text)
      (pr first)
      (each line others
        (prn)
        (if (blank line) (pr "<p>"))
        (pr line)))))

;; Attributes

; Code generators for attributes by (tag attribute).
(= opmeths* (table))

; The code generator for an attribute of a tag, as a place.
(mac opmeth args
  `(opmeths* (list ,@args)))

; Says how an attribute of a tag is printed.
(mac attribute (tag option generator)
  `(= (opmeth ',tag ',option) ,generator))

; Code that prints something, made from the symbol that holds a value, if the value is true.
(def %expand-option (value printing)
  (w/uniq it
    `(let ,it ,value
       (if ,it (pr ,@(printing it))))))

; Code for an attribute whose value is a colour.
(def opcolor (key value)
  (%expand-option value (fn (it) `(,(string " " key "=#") (hexrep ,it)))))

; Code for an attribute whose value stands in quotation marks.
(def opstring (key value)
  (%expand-option value (fn (it) `(,(string " " key "=\"") ,it "\""))))

; Code for an attribute whose value is a number.
(def opnum (key value)
  (%expand-option value (fn (it) `(,(string " " key "=") ,it))))

; Code for an attribute whose value is a plain word.
(def opsym (key value)
  (opnum key value))

; Code that marks an option as selected if the value is true.
(def opsel (key value)
  (%expand-option value (fn (it) '(" selected"))))

; Code that marks a box as checked if the value is true.
(def opcheck (key value)
  (%expand-option value (fn (it) '(" checked"))))

; Code for an attribute whose value stands in quotation marks and may contain anything.
(def opesc (key value)
  (%expand-option value
    (fn (it) `(,(string " " key "=\"") (tostring (pr-escaped (string ,it))) "\""))))

; Says that a tag, or any tag if nil, has attributes that are all printed alike.
(def %tag-accepts (tag generator . options)
  (each option options
    (= (opmeth tag option) generator)))

; The attributes that tags have.
(%tag-accepts nil        opstring 'class 'style 'title 'onclick)
(%tag-accepts nil        opsym    'id)
(%tag-accepts 'a         opstring 'href 'rel 'target)
(%tag-accepts 'body      opcolor  'alink 'bgcolor 'link 'vlink)
(%tag-accepts 'body      opnum    'leftmargin 'topmargin 'marginheight 'marginwidth)
(%tag-accepts 'font      opcolor  'color)
(%tag-accepts 'font      opstring 'face)
(%tag-accepts 'font      opnum    'size)
(%tag-accepts 'form      opstring 'action)
(%tag-accepts 'form      opsym    'method)
(%tag-accepts 'hr        opcolor  'color)
(%tag-accepts 'img       opsym    'align)
(%tag-accepts 'img       opstring 'src 'alt)
(%tag-accepts 'img       opnum    'border 'height 'width 'hspace 'vspace)
(%tag-accepts 'input     opstring 'name)
(%tag-accepts 'input     opsym    'type)
(%tag-accepts 'input     opnum    'size 'maxlength)
(%tag-accepts 'input     opesc    'value)
(%tag-accepts 'input     opcheck  'checked)
(%tag-accepts 'link      opstring 'href 'rel 'type)
(%tag-accepts 'meta      opstring 'charset 'content 'name)
(%tag-accepts 'option    opsel    'selected)
(%tag-accepts 'option    opesc    'value)
(%tag-accepts 'script    opstring 'src 'type)
(%tag-accepts 'select    opstring 'name)
(%tag-accepts 'table     opcolor  'bgcolor)
(%tag-accepts 'table     opnum    'border 'cellpadding 'cellspacing)
(%tag-accepts 'table     opstring 'width)
(%tag-accepts 'td        opcolor  'bgcolor)
(%tag-accepts 'td        opsym    'align 'valign)
(%tag-accepts 'td        opnum    'colspan 'rowspan 'width)
(%tag-accepts 'textarea  opstring 'name)
(%tag-accepts 'textarea  opnum    'cols 'rows)
(%tag-accepts 'textarea  opsym    'wrap)
(%tag-accepts 'tr        opcolor  'bgcolor)

;; Tags

; Does a form mean the same value whenever it is evaluated?
(def literal (form)
  (case (type form)
    sym  (in form nil t)
    cons (caris form 'quote)
    t))

; Can an attribute with this value form be printed when the code is compiled?
(def precomputable-tagopt (value)
  (and (literal value)
       (~and (isa value 'string) (find #\@ value))))

; What a tag's attributes print, in pieces that are texts or code; warns of those nobody knows.
(def tag-options (tag options)
  (mappend (fn ((option value))
             (let generator (or (opmeth tag option) (opmeth nil option))
               (if (no generator)
                    (do (pr "<!-- no attribute " option " in " tag " -->") nil)
                   (no value)
                    nil
                   (precomputable-tagopt value)
                    (list (tostring (eval (generator option value))))
                    (list (generator option value)))))
           options))

; Code that prints pieces, which are texts or code, with neighbouring texts made one.
(def %expand-pieces (pieces)
  ((afn (pieces text code)
     (let code (if (or (isa (car pieces) 'string) (empty text))
                   code
                   (cons `(pr ,text) code))
       (if (no pieces)                 `(do ,@(rev code))
           (isa (car pieces) 'string) (self (cdr pieces) (+ text (car pieces)) code)
           (self (cdr pieces) "" (cons (car pieces) code)))))
   pieces "" nil))

; Code that prints the start of an element: a name, or (name attribute value ...).
(def start-tag (spec)
  (let (name . options) (if (acons spec) spec (list spec))
    (%expand-pieces `(,(string "<" name)
                      ,@(tag-options name (pair options))
                      ">"))))

; Code that prints the end of an element.
(def end-tag (spec)
  `(pr ,(string "</" (carif spec) ">")))

; Prints a start tag only, for elements without content.
(mac gentag spec
  (start-tag spec))

; Prints an element around what the body prints.
(mac tag (spec . body)
  `(do ,(start-tag spec) ,@body ,(end-tag spec)))

; Prints an element around what the body prints if the test is true, else only what the body prints.
(mac tag-if (test spec . body)
  (w/uniq content
    `(let ,content (fn () ,@body)
       (if ,test
           (tag ,spec (,content))
           (,content)))))

;; Parts of a page

; Prints n line breaks.
(def br ((o n 1))
  (repeat n (pr "<br>"))
  (prn))

; Prints two line breaks.
(def br2 ()
  (br 2))

; Prints a space at which no line is broken.
(def nbsp ()
  (pr "&nbsp;"))

; Centres what the body prints.
(mac center body
  `(tag center ,@body))

; Underlines what the body prints.
(mac underline body
  `(tag u ,@body))

; Prints its arguments in bold.
(mac prbold body
  `(tag b (pr ,@body)))

; Starts a paragraph with its arguments.
(def para args
  (gentag p)
  (apply pr args))

; Prints what the body prints in a colour, if there is one.
(mac fontcolor (color . body)
  (w/uniq it
    `(let ,it ,color
       (tag-if ,it (font color ,it) ,@body))))

; Puts what the body prints in a class of its own.
(mac spanclass (name . body)
  `(tag (span class ',name) ,@body))

; A white page of what the body prints.
(mac whitepage body
  `(tag html
     (tag (body bgcolor white alink linkblue)
       ,@body)))

; A white page of its arguments.
(def errpage args
  (whitepage (apply prn args)))

; Prints a message on a line of its own, if there is one.
(def pagemessage (text)
  (when text
    (prn text)
    (br2)))

;; Empty room

; The address of a transparent image.
(def blank-url ()
  "s.gif")

; Prints empty room h pixels high and w pixels wide.
(def vhspace (h w)
  (gentag img src (blank-url) height h width w))

; Prints empty room n pixels wide.
(def hspace (n)
  (vhspace 1 n))

; Prints empty room n pixels high.
(def vspace (n)
  (vhspace n 0))

; Prints empty room n pixels wide, without an image.
(mac new-hspace (n)
  `(tag (span style (string "padding-left:" ,n "px"))))

; Prints an empty table row h pixels high.
(def spacerow (h)
  (tag (tr style (string "height:" h "px"))))

;; Tables

; A table.
(mac tab body
  `(tag (table border 0) ,@body))

; A table without any room between its cells.
(mac zerotable body
  `(tag (table border 0 cellpadding 0 cellspacing 0) ,@body))

; A table with some room between its columns.
(mac sptab body
  `(tag (table style "border-spacing: 7px 0px;") ,@body))

; A table of a given width with one cell.
(mac widtable (width . body)
  `(tag (table width ,width)
     (tr (td ,@body))))

; A table row.
(mac tr body
  `(tag tr ,@body))

; A cell's content: forms that are all calls print for themselves, otherwise the values are printed.
(def %cell-content (body)
  (if (all [and (acons _) (~caris _ 'quote)] body)
      body
      `((pr ,@body))))

; A table cell.
(mac td body
  `(tag td ,@(%cell-content body)))

; A table cell with its content on the right.
(mac tdr body
  `(tag (td align 'right) ,@(%cell-content body)))

; A table cell in a colour.
(mac tdcolor (color . body)
  `(tag (td bgcolor ,color) ,@(%cell-content body)))

; A table row of one cell.
(mac trtd body
  `(tr (td ,@body)))

; A table row of one cell that is n columns wide.
(mac spanrow (n . body)
  `(tr (tag (td colspan ,n) ,@body)))

; A table row with a cell for each argument.
(mac row args
  `(tr ,@(map1 [list 'td _] args)))

; A table row with a cell for the value of each argument, numbers on the right.
(mac prrow args
  (w/uniq it
    `(tr ,@(map1 (fn (arg)
                   `(let ,it ,arg
                      (if (number ,it) (tdr (pr ,it)) (td (pr ,it)))))
                 args))))

; Prints x, or an invisible space to keep a cell from looking odd.
(def cellpr (x)
  (if x (pr x) (nbsp)))

;; Links

; Prints a link.
(def link (text (o dest text) (o color))
  (tag (a href dest)
    (fontcolor color (pr text))))

; Prints an underlined link.
(def underlink (text (o dest text))
  (tag (a href dest)
    (underline (pr text))))

; Prints a link that shows an address without its protocol.
(def shortlink (url)
  (whenlet slashes (posmatch "//" (or url ""))
    (link (cut url (+ slashes 2)) url)))

;; Forms

; A form that sends its fields to an address.
(mac form (action . body)
  `(tag (form method 'post action ,action) ,@body))

; Prints a button that sends a form, as a field if it has a name.
(def but ((o text "submit") (o name))
  (gentag input type 'submit name name value text))

; Prints a button that sends a form.
(def submit ((o text "submit"))
  (but text))

; Prints several buttons that send a form, as a field of one name.
(def buts (name . texts)
  (if texts
      (on text texts
        (if (> index 0) (sp))
        (but text name))
      (but)))

; A field for several lines of text, holding what the body prints.
(mac textarea (name rows cols . body)
  `(tag (textarea name ,name rows ,rows cols ,cols) ,@body))

; Prints a field for a line of text.
(def input (name (o value "") (o size 10))
  (gentag input type 'text name name value value size size))

; Prints a labelled field in a table row, with several lines if size is (rows columns).
(def %input-row (name label size text)
  (tr (td (pr label ":"))
      (td (if (acons size)
               (textarea name (car size) (cadr size)
                 (if text (pr-escaped (string text))))
               (gentag input type (if (is label 'password) 'password 'text)
                             name name
                             size size
                             value text)))))

; Prints a table of fields, each given as name, label, size and text.
(mac inputs args
  `(tab ,@(map1 (fn ((name label size text))
                  `(%input-row ',name ',label ,size ,text))
                (tuples args 4))))

; Prints a label, a field and a button on one line.
(def single-input (label name size button (o hidden))
  (pr label)
  (gentag input type (if hidden 'password 'text) name name size size)
  (sp)
  (submit button))

; Prints a list of items to choose from, with one of them chosen.
(def menu (name items (o chosen))
  (tag (select name name)
    (each item items
      (tag (option selected (is item chosen))
        (pr item)))))
