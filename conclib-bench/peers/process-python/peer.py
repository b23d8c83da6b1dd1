"""An actor in a process of its own, by uactor, pactor, or multiprocessing alone."""

import json
import multiprocessing
import os
import sys
import time
from statistics import median

import pactor
import uactor

BY = 1 << 40


class Adder(uactor.Actor):
    def add(self, by):
        return by


class ByUactor:
    def __init__(self):
        self.actor = Adder()

    def ask(self):
        return self.actor.add(BY)

    def close(self):
        self.actor.shutdown()


class Counting:
    """Tells of its sum through a pipe, since messages of pactor have no answers."""

    def __init__(self, pipe):
        self.sum = 0
        self.pipe = pipe

    def note(self, text):
        self.sum += len(text)

    def report(self):
        self.pipe.send(self.sum)


class ByPactor:
    def __init__(self):
        self.pipe, theirs = multiprocessing.Pipe()
        self.actor = pactor.Actor(Counting(theirs))
        self.actor.start() if hasattr(self.actor, "start") else None

    def ask(self):
        self.actor.proxy.report()
        self.pipe.recv()
        return BY

    def tell(self, number):
        for _ in range(number):
            self.actor.proxy.note("x" * 64)
        self.ask()

    def close(self):
        self.actor.close()
        self.actor.join()


def echo(pipe):
    while (value := pipe.recv()) is not None:
        pipe.send(value)


class ByPipe:
    def __init__(self):
        self.pipe, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=echo, args=(theirs,))
        self.process.start()

    def ask(self):
        self.pipe.send(BY)
        return self.pipe.recv()

    def close(self):
        self.pipe.send(None)
        self.process.join()


KINDS = {"uactor": ByUactor, "pactor": ByPactor, "multiprocessing": ByPipe}


def measure(kind, scenario, seconds):
    if scenario == "start":
        times = []
        end = time.perf_counter() + 2 * seconds
        while time.perf_counter() < end:
            begin = time.perf_counter_ns()
            child = kind()
            child.ask()
            times.append(time.perf_counter_ns() - begin)
            child.close()
        return {"ns": median(times)}
    if scenario == "tell" and not hasattr(kind, "tell"):
        return {}
    if scenario not in ("ask-1-core", "ask-2-cores", "tell"):
        return {}
    child = kind()
    step = 1000 if scenario == "tell" else 100
    done, begin = 0, time.perf_counter_ns()
    while time.perf_counter_ns() - begin < seconds * 1e9:
        if scenario == "tell":
            child.tell(step)
        else:
            for _ in range(step):
                assert child.ask() == BY
        done += step
    ns = (time.perf_counter_ns() - begin) / done
    child.close()
    return {"ns": ns}


if __name__ == "__main__":
    library, scenario, runtime, effort = sys.argv[1:]
    if runtime != "current":
        # Python has one runtime.
        print("{}")
        sys.exit()
    os.sched_setaffinity(0, {0} if scenario.endswith("-1-core") else {0, 1})
    print(json.dumps(measure(KINDS[library], scenario, int(effort.removesuffix("ms")) / 1000)))
