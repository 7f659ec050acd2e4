;;; coppice-example.el --- coppice from Emacs with nothing but jsonrpc.el  -*- lexical-binding: t -*-

;; Emacs 28.2 or newer.  `coppice-connect' follows the events of the daemon, each once and in order, also after it was restarted;
;; `coppice-call' calls any method; M-x coppice-sessions lists what runs.  The daemon takes the Content-Length framing of jsonrpc.el.

;;; Code:

(require 'jsonrpc)
(require 'seq)

(defvar coppice-event-functions nil
  "Functions that are called with each event, a plist.
It is like (:seq 7 :type \"session.started\" :subject (...) :data (...)).")
(defvar coppice-connection nil)
(defvar coppice-cursor nil
  "Where to go on after the connection broke; nil until the first answer.")
(defvar coppice--wait 0.1
  "Seconds until the next attempt to connect; nil when there is to be none.")

(defun coppice--variable (name)
  "The environment variable NAME, unless it is empty."
  (let ((value (getenv name)))
    (and value (not (equal value "")) value)))

(defun coppice-socket ()
  "The path of the socket, by the rules of every client."
  (let ((home (coppice--variable "COPPICE_HOME")) (runtime (coppice--variable "XDG_RUNTIME_DIR")))
    (cond ((coppice--variable "COPPICE_SOCKET"))
          (home (expand-file-name "run/coppice.sock" home))
          (runtime (expand-file-name "coppice/coppice.sock" runtime))
          (t (expand-file-name "coppice/run/coppice.sock" (or (coppice--variable "XDG_STATE_HOME") "~/.local/state"))))))

(defun coppice-connect ()
  "Connect, say hello and follow the events.
An error is signalled when no daemon answers."
  (setq coppice--wait (or coppice--wait 0.1)
        coppice-connection
        (make-instance 'jsonrpc-process-connection
                       :name "coppice"
                       :events-buffer-scrollback-size 0
                       :process (lambda ()
                                  (make-network-process :name "coppice" :family 'local :service (coppice-socket)
                                                        :coding 'utf-8-emacs-unix :noquery t))
                       :notification-dispatcher #'coppice--notified
                       :on-shutdown #'coppice--lost))
  (let ((token (coppice--variable "COPPICE_TOKEN")))
    (jsonrpc-async-request coppice-connection :daemon.hello
                           `(:protocolVersion (:min 1 :max 1) :client (:name "emacs" :version "0.1.0")
                                              ,@(and token (list :token token)))
                           :error-fn #'coppice--refused))
  ;; Asynchronously: in Emacs 28 a synchronous `jsonrpc-request' hides an event that comes in the same chunk as its answer until
  ;; the daemon sends more.
  (jsonrpc-async-request coppice-connection :event.subscribe
                         `(:initial t ,@(and coppice-cursor (list :after coppice-cursor)))
                         :success-fn #'coppice--subscribed
                         :error-fn #'coppice--refused))

(defun coppice--subscribed (answer)
  "Begin where ANSWER says, unless the former position is still good."
  (setq coppice--wait 0.1)
  (when (or (null coppice-cursor) (eq (plist-get answer :fresh) t))
    (setq coppice-cursor (plist-get answer :cursor))
    ;; With `fresh' what was known before is of no use; the sessions that have not ended come along.
    (run-hook-with-args 'coppice-event-functions
                        (list :type "snapshot" :data (plist-get answer :snapshot)))))

(defun coppice--notified (_connection method params)
  "Give what the notification METHOD brings in PARAMS to all who listen."
  (pcase method
    ('event
     (seq-doseq (event (plist-get params :events))
       (run-hook-with-args 'coppice-event-functions event))
     ;; Last: an event that was not handled comes again.
     (setq coppice-cursor (plist-get params :cursor)))
    ('event.gap
     (message "coppice: the events %s to %s are gone from the log" (plist-get params :from) (plist-get params :to)))))

(defun coppice--refused (failure)
  "Tell what FAILURE says, and do not try again unless that may help."
  (cond ((eql (plist-get failure :code) -1)) ; The connection ended first, which `coppice--lost' hears of.
        ((eq (plist-get (plist-get failure :data) :retryable) t)
         (run-at-time 0 nil #'jsonrpc-shutdown coppice-connection))
        (t (setq coppice--wait nil)
           (message "coppice: %s" (coppice-clean (plist-get failure :message))))))

(defun coppice--lost (_connection)
  "Connect again, later: each attempt in a row waits longer."
  (when coppice--wait
    (run-at-time coppice--wait nil #'coppice--again)
    (setq coppice--wait (min 5 (* 1.5 coppice--wait)))))

(defun coppice--again ()
  "Connect, unless that is not wanted any more."
  (when coppice--wait
    (condition-case nil (coppice-connect)
      (file-error (coppice--lost nil))
      ;; A connection that broke at once; its end calls `coppice--lost'.
      (error nil))))

(defun coppice-disconnect ()
  "Close the connection for good."
  (setq coppice--wait nil)
  (when coppice-connection (jsonrpc-shutdown coppice-connection)))

(defun coppice-call (method &rest params)
  "Call METHOD, a keyword like :session.list, with the plist PARAMS.
Its result is answered; an error is signalled."
  (jsonrpc-request coppice-connection method params))

(defun coppice-clean (text)
  "TEXT on one line, without what moves a cursor or turns the writing."
  (replace-regexp-in-string "[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+" " " (or text "")))

(defun coppice-sessions ()
  "List the sessions of the daemon, newest first."
  (interactive)
  (unless (and coppice-connection (jsonrpc-running-p coppice-connection)) (coppice-connect))
  (with-current-buffer (get-buffer-create "*coppice*")
    (let ((inhibit-read-only t))
      (erase-buffer)
      (seq-doseq (session (plist-get (coppice-call :session.list :limit 50) :sessions))
        (insert (format "%-10s %-24s %s\n" (plist-get session :status) (coppice-clean (plist-get session :slug))
                        (coppice-clean (plist-get session :branch))))))
    (special-mode)
    (display-buffer (current-buffer))))

(provide 'coppice-example)
;;; coppice-example.el ends here
