#!/usr/bin/env python3
"""A stand-in for AWS Lambda: the Runtime API for one environment, and its invocations.

usage: lambda_mock.py PORT LOG

POST /2015-03-31/functions/function/invocations      invokes the function, and gives what it answered;
                                                     X-Mock-Id: its request's id, X-Mock-Seconds: its time,
                                                     X-Mock-Grace: how long after that it may answer
POST /mock/end                                       says to the function that it is over
/2018-06-01/runtime/...                              the function's side

As Lambda does, it hands over one event after the other, refuses an answer to any other (403) and one
that is too long (413), and ends the invocation at its deadline. LOG gets a line for each request of
the function's. It ends by itself after five minutes.
"""
import http.server
import itertools
import json
import os
import queue
import re
import sys
import threading
import time

LIFE = 300
RESPONSE_MAX = 6291556
INVOKE = "/2015-03-31/functions/function/invocations"
RUNTIME = "/2018-06-01/runtime/"


class Invocation:
    def __init__(self, name, body, seconds, grace):
        self.name, self.body = name, body
        self.seconds, self.grace = seconds, grace
        self.answered = threading.Event()
        self.delivered = threading.Event()
        self.deadline = self.end = None
        self.kind, self.payload = "error", b'{"errorMessage":"Task timed out","errorType":"Sandbox.Timedout"}'


class Lambda:
    """One environment: events wait until it asks for the next."""

    def __init__(self, log):
        self.log_file = open(log, "a", buffering=1)
        self.lock = threading.Lock()
        self.waiting = queue.Queue()
        self.running = None
        self.numbers = itertools.count(1)

    def log(self, *words):
        with self.lock:
            print(*words, file=self.log_file)

    def invoke(self, name, body, *times):
        one = Invocation(name or f"id-{next(self.numbers)}", body, *times)
        self.waiting.put(one)
        one.delivered.wait(LIFE)
        one.answered.wait(max(0, one.end - time.time()))
        return one

    def next(self):
        self.running = None
        one = self.waiting.get()
        if one:
            one.deadline = time.time() + one.seconds
            one.end = one.deadline + one.grace
            self.running = one
            one.delivered.set()
        return one

    def answer(self, name, kind, payload):
        one = self.running
        if not one or one.name != name or one.answered.is_set():
            return 403
        if len(payload) > RESPONSE_MAX:
            return 413
        if time.time() < one.end:
            one.kind, one.payload = kind, payload
        one.answered.set()
        return 202


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without it an answer's second packet waits for the first one's acknowledgement.
    wbufsize = -1

    def log_message(self, *words):
        pass

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        mock = self.server.mock
        if self.path != RUNTIME + "invocation/next":
            self.reply(200)
            return
        one = mock.next()
        if not one:
            mock.log("next 500")
            self.reply(500)
            return
        mock.log("next 200", one.name)
        self.reply(200, one.body, Content_Type="application/json", Lambda_Runtime_Aws_Request_Id=one.name,
                   Lambda_Runtime_Deadline_Ms=str(int(one.deadline * 1000)))

    def do_POST(self):
        mock = self.server.mock
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.headers.get("Lambda-Runtime-Function-Error-Type", "")
        found = re.fullmatch(RUNTIME + r"invocation/([^/]+)/(response|error)", self.path)
        if self.path == INVOKE:
            one = mock.invoke(self.headers.get("X-Mock-Id"), body, float(self.headers.get("X-Mock-Seconds", 60)),
                              float(self.headers.get("X-Mock-Grace", 0)))
            self.reply(200, one.payload, **({"X_Amz_Function_Error": "Unhandled"} if one.kind == "error" else {}))
        elif self.path == "/mock/end":
            mock.waiting.put(None)
            self.reply(202)
        elif found or self.path == RUNTIME + "init/error":
            json.loads(body)
            status = mock.answer(*found.groups(), body) if found else 202
            mock.log(self.path.removeprefix(RUNTIME), status, kind, body.decode() if kind else len(body))
            self.reply(status)
        else:
            self.reply(404)


def main(port, log):
    threading.Timer(LIFE, os._exit, [3]).start()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.mock = Lambda(log)
    server.serve_forever()


main(int(sys.argv[1]), sys.argv[2])
