"""Requests through the original Python package `conclib`, in its own system."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import quantiles

import conclib

PLACE = Path(os.environ["BENCH_REDIS"])
SERVES = "BENCH_SERVES"
BY = 1 << 40


class Config(conclib.ConclibConfig):
    def __init__(self):
        super().__init__(
            redis_port=int((PLACE / "port").read_text()),
            redis_host="127.0.0.1",
            inbound_channel_name="out2actor",
            outbound_channel_prefix="actor2out/",
        )


class Add(conclib.ActorMessage):
    by: int


class Sum(conclib.ActorMessage):
    by: int


class Adder(conclib.Actor):
    URN = "adder"

    def __init__(self):
        super().__init__()
        self.sum = 0

    def on_receive(self, message):
        by = message.extract(Add).by
        self.sum += by
        message.respond(Sum(by=by))


def serve():
    # The package prints every message.
    sys.stdout = open(os.devnull, "w")
    Adder.start()
    conclib.start_proxy(Config())
    print("ready", file=sys.__stdout__, flush=True)
    sys.stdin.read()
    os._exit(0)


def measure(seconds):
    out, sys.stdout = sys.stdout, open(os.devnull, "w")
    client = conclib.ProxyClient(Config())

    def ask():
        assert client.ask_actor("adder", Add(by=BY), Sum).by == BY

    # The polling thread subscribes after the proxy has started.
    time.sleep(0.5)
    for _ in range(50):
        ask()
    times, start = [], time.perf_counter()
    while time.perf_counter() - start < seconds:
        asked = time.perf_counter()
        ask()
        times.append((time.perf_counter() - asked) * 1e9)
    ns = (time.perf_counter() - start) / len(times) * 1e9
    cuts = quantiles(times, n=100)
    print(json.dumps({"ns": ns, "p50": cuts[49], "p99": cuts[98]}), file=out)


def main():
    if SERVES in os.environ:
        return serve()
    scenario, _, *effort = sys.argv[1:]
    if scenario not in ("ask-tcp", "ask-64-tcp"):
        return print("{}")
    # One client at a time: of several, some lose an answer and wait for ever.
    seconds = float(effort[0].removesuffix("ms")) / 1000
    command = [sys.executable, *sys.argv]
    pipe = subprocess.PIPE
    server = subprocess.Popen(command, env={**os.environ, SERVES: "1"}, stdin=pipe, stdout=pipe)
    try:
        assert server.stdout.readline() == b"ready\n"
        measure(seconds)
    finally:
        server.kill()
        server.wait()


main()
