"""Sends and receives events with the CloudEvents SDK for Python.

send URL binary|structured|batch CASES.json   prints an answer per request
receive PORT                                  prints its port, then a line per event
"""

import base64
import json
import sys
import urllib.error
import urllib.request
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cloudevents.core.bindings import http
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from dateutil.parser import isoparse

BATCH = "application/cloudevents-batch+json"
ATTRIBUTES = {"id", "source", "type", "subject", "time", "dataschema", "datacontenttype"}


def tell(line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def event_of(case):
    attributes = {name: value for name, value in case.items() if name not in ("extensions", "data")}
    if "time" in attributes:
        attributes["time"] = isoparse(attributes["time"])
    return CloudEvent({**attributes, **case.get("extensions", {})}, payload_of(case.get("data")))


def payload_of(data):
    match data:
        case {"base64": encoded}:
            return base64.b64decode(encoded)
        case {"text": value} | {"json": value}:
            return value


def messages_of(mode, events):
    if mode == "binary":
        return map(http.to_binary_event, events)
    if mode == "structured":
        return map(http.to_structured_event, events)
    members = b",".join(JSONFormat().write(event) for event in events)
    return [http.HTTPMessage({"content-type": BATCH}, b"[" + members + b"]")]


def send(url, mode, file):
    with open(file, encoding="utf-8") as cases:
        events = [event_of(case) for case in json.load(cases)]
    for message in messages_of(mode, events):
        # A body of no bytes, unlike none, would get the content type of a form.
        request = urllib.request.Request(url, message.body or None, message.headers, method="POST")
        try:
            with urllib.request.urlopen(request) as response:
                tell({"status": response.status})
        except urllib.error.HTTPError as error:
            tell({"status": error.code, "error": f"{error}: {error.read().decode()}"})


def shown(data, content_type):
    if data is None:
        return None
    if isinstance(data, bytes):
        return {"base64": base64.b64encode(data).decode()}
    return {"json" if "json" in content_type else "text": data}


def show(path, event):
    attributes = event.get_attributes()
    line = {name: value for name, value in attributes.items() if name in ATTRIBUTES}
    if isinstance(line.get("time"), datetime):
        line["time"] = line["time"].isoformat()
    line["extensions"] = {
        name: value for name, value in attributes.items() if name not in ATTRIBUTES and name != "specversion"
    }
    tell({"path": path, **line, "data": shown(event.get_data(), event.get_datacontenttype() or "json")})


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        message = http.HTTPMessage(dict(self.headers.items()), body)
        try:
            show(self.path, http.from_http_event(message))
            self.answer(204)
        except Exception as error:
            self.answer(400, str(error).encode())

    def answer(self, status, body=b""):
        self.send_response(status)
        if body:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def receive(port):
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), Receiver)
    tell({"port": server.server_port})
    server.serve_forever()


match sys.argv[1:]:
    case ["send", url, mode, file]:
        send(url, mode, file)
    case ["receive", port]:
        receive(port)
    case _:
        sys.exit("usage: send URL MODE CASES.json | receive PORT")
