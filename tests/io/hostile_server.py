# hostile_server.py FOLDER [CERTIFICATE KEY]: the files of FOLDER over HTTP/1.1, under /MODE/NAME as the mode says
# SPDX-License-Identifier: Apache-2.0
# Prints its port.  A mode may have a number behind it (late404.2), so that its requests are counted anew, and before that
# the number of requests while the file is opened (late404@2.2; 1).  Each request is a line of FOLDER/log: connection, mode, name, range, status, Authorization, query.
import http.server
import os
import random
import re
import ssl
import sys
import threading
import time

folder = os.path.abspath(sys.argv[1])
lock = threading.Lock()
counts = {}  # requests by mode; tries by mode, name and first byte
barriers = {}  # by mode


def count(*key):
    with lock:
        counts[key] = counts.get(key, 0) + 1
        return counts[key]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer goes out in one piece

    def log_message(self, *args):
        pass

    def note(self, status):
        with lock, open(folder + "/log", "a") as log:
            path, _, query = self.path.partition("?")
            print(self.client_address[1], *path.strip("/").split("/"), self.headers.get("Range", "-"), status,
                  self.headers.get("Authorization", "-"), query or "-", file=log)

    def answer(self, status, body=b"", **fields):
        self.note(status)
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in fields:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        key, _, name = self.path.partition("?")[0].strip("/").partition("/")
        mode, _, opening = key.partition(".")[0].partition("@")
        if mode == "older":  # whole, and another file than is asked for
            name = "other.dps" + name.removeprefix("a.dps")
        if not re.fullmatch(r"[A-Za-z0-9._-]+", name) or not os.path.isfile(folder + "/" + name):
            return self.answer(404)
        bytes_ = open(folder + "/" + name, "rb").read()
        first, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"]).groups())
        last = min(last, len(bytes_) - 1)
        body, total = bytes_[first:last + 1], len(bytes_)
        number, attempt = count(key), count(key, name, first)
        early = number <= int(opening or 1)  # while the file is opened
        fields = {"ETag": '"one"'}
        if mode in ("401", "403", "404", "416", "500"):
            return self.answer(int(mode))
        if mode == "expired":  # as S3 says it
            return self.answer(403, b"""<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>AccessDenied</Code><Message>Request has expired</Message><X-Amz-Expires>1</X-Amz-Expires><Expires>hush</Expires></Error>""")
        if mode.startswith("seal") and name.endswith(".seal"):
            return self.answer(int(mode[4:]))
        if mode.startswith("late") and not early:  # the file opens, and its blocks cannot be had
            return self.answer(int(mode[4:]))
        if mode == "busy" and attempt <= 2:
            return self.answer(503, Retry_After="0")
        if mode == "hold" and attempt == 1:
            return self.answer(503, Retry_After="86400")
        if mode.startswith("gather") and not early and number <= int(opening or 1) + int(mode[6:]) and not gather(key, int(mode[6:])):
            return self.answer(404)
        if mode == "alone" and not early and gather(key, 2, 0.05):  # the first one is not
            return self.answer(404)
        if mode == "gate" and not early:  # until FOLDER/go is there
            self.note(0)
            while not os.path.exists(folder + "/go"):
                time.sleep(0.02)
        if mode == "stops" and not early:
            os._exit(0)
        if mode == "downgrade":
            return self.answer(302, Location="http://" + self.headers["Host"] + "/good/" + name)
        if mode == "loop":
            return self.answer(302, Location=self.path)
        if mode == "tofile":
            return self.answer(302, Location="file://" + folder + "/" + name)
        if mode == "moved":
            return self.answer(302, Location="/good/" + name)
        if mode == "noranges":
            return self.answer(200, bytes_)
        hole = mode in ("hole", "stall") and 2 * total <= 3 * first and first < total - 65536  # of the last third
        if hole and mode == "hole":
            return self.answer(404)
        if hole or mode == "silent" and not early or mode == "mute" and attempt == 1:  # until the client has enough of it
            self.note(0)
            return self.rfile.read(1)
        if mode == "flip" and not early and len(body) > 4096:
            body = body[:150] + bytes([body[150] ^ 1]) + body[151:]
        if mode == "longer" and not early:
            total += 1
        if mode == "otherbytes" and not early:
            first, last = first + 1, last + 1
        if mode == "nosize":
            return self.answer(206, body)
        if mode == "packed":
            fields["Content_Encoding"] = "gzip"
        if mode == "changed" and not early:
            fields["ETag"] = '"two"'
        if mode in ("noversion", "dated"):
            del fields["ETag"]
        if mode == "dated":
            fields["Last_Modified"] = "Mon, 30 Nov 2026 00:00:00 GMT"
        if mode == "grown" and number == 1:  # half of the file, and a quarter of that half; it is whole the next time
            body, total = bytes_[:total // 2], total // 2
            last = total - 1
        if mode == "grown" and number == 1 or mode == "cut" and not early or mode == "half" and not early and len(body) > 4096:
            self.close_connection = True
            fields["Content_Length"] = str(len(body))
            body = body[:len(body) // 2]
        if mode == "mutate":  # the same for the same number behind the mode
            body, total = mutate(random.Random(f"{key} {number}"), body, total)
        if mode == "trickle" and not early:
            fields["Content_Length"] = str(len(body))
            rest, body = body, b""
        self.answer(206, body, Content_Range=f"bytes {first}-{last}/{total}", **fields)
        if mode == "trickle" and not early:
            self.trickle(rest)

    def trickle(self, body):  # some hundred bytes a second, until the client has enough of it
        for at in range(0, len(body), 8):
            self.wfile.write(body[at:at + 8])
            self.wfile.flush()
            time.sleep(0.02)


def gather(key, n, seconds=20):  # whether n requests were there at once, before any of them was answered
    with lock:
        barrier = barriers.setdefault(key, threading.Barrier(n, timeout=seconds))
    try:
        barrier.wait()
        return True
    except threading.BrokenBarrierError:
        return False


def mutate(draw, body, total):  # one answer in three is other than it should be
    kind = draw.randrange(9)
    at = draw.randrange(len(body))
    if kind == 0:
        body = body[:at] + bytes([body[at] ^ 1 << draw.randrange(8)]) + body[at + 1:]
    if kind == 1:
        body = bytes(len(body))
    if kind == 2:
        total += draw.choice([-1, 1, 1 << 40])
    return body, total


http.server.ThreadingHTTPServer.request_queue_size = 128
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
