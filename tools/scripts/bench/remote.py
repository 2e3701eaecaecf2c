#!/usr/bin/env python3
# remote.py - a data set on a server: `curl`, detpipe, WebDataset, Streaming and LitData in turn
# SPDX-License-Identifier: Apache-2.0
"""Writes N rows (images of 32x32x3 and a label) as a snapshot with a seal, as tar archives (WebDataset), MDS shards
(Streaming) and chunks (LitData), serves them by nginx on 127.0.0.1, and reads an epoch of each in order, in turn, some
rounds.  Of each the best round counts: the machine may have other work.  curl and detpipe are whole processes; the
libraries are timed from the loader's first line to the last row, without their imports.  Streaming and LitData read no
http: they copy from a folder, which costs no server and no connection, into a cache that is empty.

--kind photographs: rows of 80 to 140 KB, as encoded pictures are (nobody decodes them), of the same tar archives for
detpipe, too.  --kind tokens: windows of 1,024 uint16, of a bare file for detpipe.

--delay MS: through a relay that holds every byte back so long, each way half, and lets --rate MB a second pass (the
kernel's netem does that better where it is there).

    remote.py --detpipe build/detpipe [--rows 50000] [--rounds 5] [--threads 1,2] [--delay 20 --rate 100]"""
import argparse, asyncio, json, os, shutil, socket, subprocess, sys, tempfile, time

NGINX = """daemon off; master_process off; pid {0}/pid; error_log {0}/error; events {{ worker_connections 512; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; client_body_temp_path {0}; proxy_temp_path {0};
 fastcgi_temp_path {0}; uwsgi_temp_path {0}; scgi_temp_path {0}; server {{ listen 127.0.0.1:{1}; root {2}; }} }}"""
TAR = 5000  # rows of an archive
WINDOW = 1024  # tokens
READY = 10  # seconds until nginx listens


# ---- the data ----

def rows(n):
    import numpy as np
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (n, 32, 32, 3), np.uint8), rng.integers(0, 10, n).astype(np.int32)


def blobs(a):
    """The rows of the other kinds, and labels."""
    import numpy as np
    rng = np.random.default_rng(1)
    sizes = rng.integers(80000, 140000, a.rows) if a.kind == "photographs" else np.full(a.rows, 2 * WINDOW)
    return [rng.bytes(n) for n in sizes], rng.integers(0, 10, a.rows).astype(np.int32)


def make(a):
    import io, tarfile
    import numpy as np
    from streaming import MDSWriter
    images, labels = rows(a.rows) if a.kind == "rows" else blobs(a)
    kind = "ndarray:uint8:32,32,3" if a.kind == "rows" else "bytes"
    if a.kind == "rows":
        np.save(f"{a.data}/image.npy", images)
        np.save(f"{a.data}/label.npy", labels)
    if a.kind == "tokens":
        with open(f"{a.data}/tokens.bin", "wb") as out:
            out.write(b"".join(images) + bytes(2))  # a window's last target
    for first in range(0, a.rows, TAR):
        with tarfile.open(f"{a.data}/s-{first // TAR:03d}.tar", "w") as tar:
            for i in range(first, min(first + TAR, a.rows)):
                for part, data in (("bin", bytes(images[i])), ("cls", str(labels[i]).encode())):
                    info = tarfile.TarInfo(f"{i:06d}.{part}")
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))
    with MDSWriter(out=f"{a.data}/mds", columns={"image": kind, "label": "int"}) as out:
        for image, label in zip(images, labels):
            out.write({"image": image, "label": int(label)})
    from litdata.streaming.writer import BinaryWriter
    writer = BinaryWriter(f"{a.data}/lit", chunk_bytes="64MB")
    for i in range(a.rows):
        writer[i] = {"image": images[i], "label": int(labels[i])}
    writer.done()
    writer.merge()


# ---- the libraries: rows of an epoch, in order ----

def webdataset(a):
    import webdataset as wds
    urls = [f"{a.url}/s-{i:03d}.tar" for i in range(archives(a))]
    data = wds.WebDataset(urls, shardshuffle=False, empty_check=False).to_tuple("bin", "cls")
    return wds.WebLoader(data, num_workers=a.threads, batch_size=None) if a.threads > 1 else data


def streaming(a):
    from streaming import StreamingDataset
    from streaming.base.util import clean_stale_shared_memory
    clean_stale_shared_memory()
    data = StreamingDataset(remote=f"{a.data}/mds", local=a.cache, shuffle=False, batch_size=128)
    return ((row["image"], row["label"]) for row in data)


def litdata(a):
    from litdata import StreamingDataset
    data = StreamingDataset(f"local:{a.data}/lit", cache_dir=a.cache, shuffle=False)
    return ((row["image"], row["label"]) for row in data)


LIBRARIES = {"webdataset": webdataset, "streaming": streaming, "litdata": litdata}


def peer(a):
    __import__(a.peer)
    a.threads, a.cache, n = int(a.threads), tempfile.mkdtemp(), 0
    begin = time.perf_counter()
    for _ in LIBRARIES[a.peer](a):
        n += 1
    print(json.dumps({"seconds": time.perf_counter() - begin, "rows": n}))
    shutil.rmtree(a.cache, ignore_errors=True)


# ---- servers ----

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def nginx(a, folder):
    port = free_port()
    with open(f"{folder}/conf", "w", encoding="utf-8") as f:
        f.write(NGINX.format(folder, port, a.data))
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    server = subprocess.Popen([shutil.which("nginx", path=path), "-p", folder, "-c", f"{folder}/conf"], stderr=subprocess.DEVNULL)
    until = time.monotonic() + READY
    while time.monotonic() < until:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return server, port
    sys.exit("remote.py: nginx does not listen")


class Line:
    """One way through the relay: all connections share its rate."""
    def __init__(self, delay, rate):
        self.delay, self.rate, self.free = delay, rate, 0.0

    async def carry(self, reader, writer):
        held = asyncio.Queue(256)
        sender = asyncio.create_task(self.send(held, writer))
        while data := await reader.read(1 << 16):
            now = time.monotonic()
            self.free = max(self.free, now) + len(data) / self.rate
            await held.put((self.free + self.delay, data))
        await held.put(None)
        await sender

    async def send(self, held, writer):
        while item := await held.get():
            await asyncio.sleep(max(0, item[0] - time.monotonic()))
            writer.write(item[1])
            await writer.drain()
        writer.close()


def relay(a):
    port, to = map(int, a.relay.split(":"))
    ways = [Line(a.delay / 2000, a.rate * 1e6) for _ in range(2)]

    async def serve(reader, writer):
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", to, limit=1 << 20)
        await asyncio.gather(ways[0].carry(reader, far_writer), ways[1].carry(far_reader, writer), return_exceptions=True)

    async def forever():
        async with await asyncio.start_server(serve, "127.0.0.1", port, limit=1 << 20) as server:
            print("ready", flush=True)
            await server.serve_forever()
    asyncio.run(forever())


# ---- in turn ----

def timed(command, env=None):
    begin = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode != 0:
        sys.exit(f"remote.py: {' '.join(command)}: {done.stderr}")
    return seconds, done.stdout


def run(a, name):
    what, threads = name.split()[0], name.split()[-1]
    if what == "curl":
        return timed(["curl", "-s"] + [word for file in files(a) for word in ("-o", os.devnull, f"{a.url}/{file}")])[0]
    if what == "detpipe":
        text = {"rows": f"snapshot file=train.dps{f' digest={a.digest}' if 'digest=' in name else ''}",
                "photographs": f"webdataset file=s-{{000..{archives(a) - 1:03d}}}.tar fields=image:bin:bytes,label:cls",
                "tokens": f"tokens file=tokens.bin format=bare length={WINDOW}"}[a.kind]
        batch = "" if a.kind == "photographs" else " | batch batch_size=128"
        return timed([a.detpipe, "digest", f"{text}{a.order}{batch}", "--data", a.url, "--threads", threads],
                     {**os.environ, "no_proxy": "*"})[0]
    python = a.python if what == "webdataset" else a.python_streaming
    out = timed([python, "-W", "ignore", __file__, "--peer", what, "--data", a.data, "--url", a.url, "--threads", threads,
                 "--rows", str(a.rows)], {**os.environ, "no_proxy": "*"})[1]
    line = json.loads(out.strip().splitlines()[-1])
    return line["seconds"] if line["rows"] == a.rows else sys.exit(f"remote.py: {name}: {line['rows']} rows")


def archives(a):
    return (a.rows + TAR - 1) // TAR


def files(a):
    """What detpipe reads."""
    return {"rows": ["train.dps"], "photographs": [f"s-{i:03d}.tar" for i in range(archives(a))], "tokens": ["tokens.bin"]}[a.kind]


def names(a):
    of = ["curl"]
    for threads in a.threads.split(","):
        of += [f"detpipe {threads}"] + ([f"detpipe digest= {threads}"] if a.kind == "rows" else []) + [f"webdataset {threads}"]
    of += [] if a.delay else ["streaming 1", "litdata 1"]
    return [name for name in of if a.only is None or name.split()[0] in a.only.split(",")]


def compare(a):
    best = {name: float("inf") for name in names(a)}
    for _ in range(a.rounds):
        for name in best:
            best[name] = min(best[name], run(a, name))
    size = sum(os.path.getsize(f"{a.data}/{file}") for file in files(a)) / 1e6
    print("| | rows/s | MB/s | of curl |\n|---|---|---|---|")
    for name, seconds in best.items():
        print(f"| {name} | {a.rows / seconds:,.0f} | {size / seconds:,.0f} | {best['curl'] / seconds:.2f} |")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--detpipe", default="build/detpipe", help="the program")
    p.add_argument("--python", default="build-peers/bin/python", help="one that has WebDataset")
    p.add_argument("--python-streaming", default="build-peers-streaming/bin/python", help="one that has Streaming and LitData")
    p.add_argument("--data", help="where the files are, or are written; default: a folder that is removed")
    p.add_argument("--kind", default="rows", choices=["rows", "photographs", "tokens"], help="what they are")
    p.add_argument("--rows", type=int, default=50000)
    p.add_argument("--block-size", default="1M", help="of the snapshot")
    p.add_argument("--order", default="", help="stages behind detpipe's reader: ' | shuffle block=300'")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--threads", default="1,2")
    p.add_argument("--only", help="some of curl,detpipe,webdataset,streaming,litdata: curl has to be one")
    p.add_argument("--delay", type=float, default=0, help="ms there and back")
    p.add_argument("--rate", type=float, default=100, help="MB a second, with --delay")
    for hidden in ("--peer", "--url", "--relay", "--make"):
        p.add_argument(hidden, help=argparse.SUPPRESS)
    a = p.parse_args()
    if a.peer or a.relay or a.make:
        return peer(a) if a.peer else relay(a) if a.relay else make(a)
    started = []
    with tempfile.TemporaryDirectory() as folder:
        a.data = a.data or folder + "/data"
        os.makedirs(a.data, exist_ok=True)
        try:
            if not os.path.exists(f"{a.data}/lit"):
                timed([a.python_streaming, "-W", "ignore", __file__, "--make", "yes", "--data", a.data, "--rows", str(a.rows),
                       "--kind", a.kind])
            if a.kind == "rows":
                timed([a.detpipe, "snapshot", "write", "npy file=image.npy,label.npy columns=image,label", f"{a.data}/train.dps",
                       "--data", a.data, "--block-size", a.block_size])
                a.digest = timed([a.detpipe, "snapshot", "seal", f"{a.data}/train.dps"])[1].split("digest=")[1].strip()
            server, port = nginx(a, folder)
            started.append(server)
            if a.delay:
                to, port = port, free_port()
                started.append(subprocess.Popen([sys.executable, __file__, "--relay", f"{port}:{to}", "--delay", str(a.delay),
                                                 "--rate", str(a.rate)], stdout=subprocess.PIPE))
                started[-1].stdout.readline()
            a.url = f"http://127.0.0.1:{port}"
            compare(a)
        finally:
            for process in started:
                process.terminate()


if __name__ == "__main__":
    main()
