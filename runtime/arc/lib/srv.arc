; srv.arc: a small web server. Operations make pages, links and forms lead back to functions.
; For programs that want to be used from a browser: (defop hello req (prn "Hi, " (arg req "name"))) and (serve 8080).
; It needs arc.arc and strings.arc, and loads pprint.arc and html.arc unless they are there.

(unless (bound 'ppr) (load "pprint.arc"))
(unless (bound 'gentag) (load "html.arc"))

;; What can be asked for

; Name of an operation -> function of a request that prints the page, or of a request whose value is where to go.
(= ops* (table) redirectors* (table))

; A request is a table: method, op (its path without the first slash), args and cooks (lists of (name value)),
; ip, and headers, which an operation may add to and are sent before its page.

; Defines what prints the page of /name. The page of / has the name ||.
(mac defop (name parm . body)
  `(do (wipe (redirectors* ,(string name)))
       (= (ops* ,(string name)) (fn (,parm) ,@body))
       ',name))

; Defines what is done for /name; the value says where the browser is to go then.
(mac defopr (name parm . body)
  `(do (wipe (ops* ,(string name)))
       (= (redirectors* ,(string name)) (fn (,parm) ,@body))
       ',name))

; The argument of a request with this name, or nil.
(def arg (req name)
  (alref req!args (string name)))

; The cookie of a request with this name, or nil.
(def cookie (req name)
  (alref req!cooks (string name)))

; Has a header sent before the page.
(def add-header (req name value)
  (push (string name ": " (%one-line value)) req!headers)
  nil)

; Has a cookie set for every page.
(def set-cookie (req name value)
  (add-header req "Set-Cookie" (string name "=" (urlencode (string value)) "; Path=/; HttpOnly; SameSite=Lax")))

; Nothing that goes to a header may begin another.
(def %one-line (value)
  (rem [in _ #\return #\newline] (string value)))

;; Reading requests

; More bytes of a body than this are not read; nor does the runtime give more input than 100,000 bytes a connection.
(= max-body* 65536)

; (name value) for each part of name=value&name=value.
(def parse-args (text)
  (map1 (fn (part)
          (let (name value) (%halves part #\=)
            (list (urldecode name) (urldecode value))))
        (tokens text #\&)))

; (name value) for each part of name=value; name=value.
(def parse-cookies (text)
  (map1 (fn (part)
          (let (name value) (%halves (trim part 'both) #\=)
            (list name (urldecode value))))
        (tokens text #\;)))

; What is before the first separator, and what is behind it.
(def %halves (text separator)
  (aif (pos separator text)
       (list (cut text 0 it) (cut text (+ it 1)))
       (list text "")))

; The lines of a request up to the empty one, without what ends them; nil when the input ended before that.
(def %header-lines (port)
  ((afn (read-so-far)
     (awhen (readline port)
       (let line (trim it 'end)
         (if (empty line)
             (rev read-so-far)
             (self (cons line read-so-far))))))
   nil))

; (name value) of a header line, the name in lower case.
(def %header (line)
  (let (name value) (%halves line #\:)
    (list (downcase name) (trim value 'both))))

; The body of a request with these headers, as far as it may be read.
(def %body (port headers)
  (let size (or (errsafe (int (alref headers "content-length"))) 0)
    (tostring
      (repeat (max 0 (min size max-body*))
        (awhen (readb port)
          (writeb it))))))

; The next request from a connection, or nil if what comes is none.
(def read-request (port ip)
  (whenlet (first . rest) (%header-lines port)
    (whenlet (method target) (tokens first)
      (when (and target (begins target "/"))
        (with (headers       (map1 %header rest)
               (path query)  (%halves target #\?))
          (obj method (sym (downcase method))
               op     (urldecode (cut path 1))
               args   (join (parse-args query)
                            (if (is (downcase method) "post") (parse-args (%body port headers))))
               cooks  (parse-cookies (or (alref headers "cookie") ""))
               ip     ip))))))

;; Answering

(= statuses* (obj 200 "OK" 302 "Found" 400 "Bad Request" 404 "Not Found" 500 "Internal Server Error"))

; Sends an answer to the current output: the status, more headers, the page.
(def send-answer (status headers page)
  (pr "HTTP/1.1 " status " " statuses*.status "\r\n"
      "Content-Type: text/html; charset=utf-8\r\n"
      "Content-Length: " (%bytes page) "\r\n"
      "Connection: close\r\n")
  (each header headers
    (pr header "\r\n"))
  (pr "\r\n" page))

; How many bytes a text has when it is sent.
(def %bytes (text)
  (let port (instring text)
    ((afn (count) (if (readb port) (self (+ count 1)) count)) 0)))

; Sends a page with a heading and no more.
(def send-note (status text (o headers))
  (send-answer status headers
               (string "<html><body><h1>" (eschtml text) "</h1></body></html>\n")))

; Answers a request. A page is sent when it is whole, so that an error on the way makes another page.
(def answer (req)
  (if (no req)
        (send-note 400 "This is no request.")
      (redirectors* req!op)
        (let place ((redirectors* req!op) req)
          (send-note 302 "Go on there." (cons (string "Location: " (%one-line (or place "/"))) req!headers)))
      (ops* req!op)
        (let page (tostring ((ops* req!op) req))
          (send-answer 200 req!headers page))
        (send-note 404 "There is no such page.")))

; Answers a request; tells an error here and says over there that there was one.
(def answer-safely (req)
  (on-err (fn (c)
            (w/stdout (stderr) (prn "error in /" (if req req!op) ": " (details c)))
            (send-note 500 "Something went wrong here."))
          (fn () (answer req))))

;; Serving

; A connection has so many seconds.
(= threadlife* 30)

; (thread until in out) for each connection that is being answered.
(= connections* nil)

(def %handle ((in out ip))
  (after (w/stdout out (answer-safely (read-request in ip)))
    (close out in)))

; Drops what is done with, and ends what takes too long.
(def reap ((o now (seconds)))
  (= connections*
     (rem (fn ((th until in out))
            (if (dead th) t
                (< until now) (do (kill-thread th)
                                  (force-close in out)
                                  t)))
          connections*)))

; Answers one connection, in a thread of its own.
(def accept-one (socket)
  (let (in out ip) (socket-accept socket)
    (let th (new-thread (fn () (%handle (list in out ip))))
      (push (list th (+ (seconds) threadlife*) in out) connections*)
      (reap)
      th)))

; Serves on a port of this machine, until it is stopped. Other machines reach it if the address is "0.0.0.0".
(def serve ((o port 8080) (o address "127.0.0.1"))
  (let socket (open-socket port address)
    (w/stdout (stderr) (prn "serving on http://" address ":" port "/"))
    (let reaper (thread (while t (sleep 1) (reap)))
      (after (while t (accept-one socket))
        (close socket)
        (kill-thread reaper)))))

;; Links and forms that lead back to functions

; Number -> function of a request, for links and forms on pages that were sent; the oldest go when there are too many.
(= fns* (table) fnids* (queue) max-fns* 10000)

; A text that stands for a function on a page, and that nobody can guess.
(def fnid (f)
  (let id (rand-string 16)
    (= fns*.id f)
    (enq id fnids*)
    (while (> (qlen fnids*) max-fns*)
      (wipe (fns* (deq fnids*))))
    id))

; Where a link leads that calls a function with the request, whose page the function prints.
(def flink (f)
  (string "/x?fnid=" (fnid f)))

; The same; the function's value is where to go.
(def rflink (f)
  (string "/r?fnid=" (fnid f)))

(def %called (req otherwise)
  (aif (aand (arg req "fnid") fns*.it)
       (it req)
       (otherwise)))

(defop x req
  (%called req (fn ()
                 (pr "This link is too old. ")
                 (tag (a href "/") (pr "Start again.")))))

(defopr r req
  (%called req (fn () "/")))

; A link; when somebody follows it, the page is what expr prints, the request being in it.
(mac w/link (expr . body)
  `(tag (a href (flink (fn (it) ,expr)))
     ,@body))

; A form; what is filled in goes to f as arguments of a request, and the page is what f prints.
(mac aform (f . body)
  `(%form "/x" ,f (fn () ,@body)))

; The same; the value of f is where to go.
(mac arform (f . body)
  `(%form "/r" ,f (fn () ,@body)))

(def %form (place f contents)
  (tag (form method 'post action place)
    (gentag input type 'hidden name 'fnid value (fnid f))
    (contents)))
