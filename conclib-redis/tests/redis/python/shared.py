"""Common parts of the peers: models, and the settings of a channel."""

import datetime
import os
import sys

# The package prints as it works; the results go to the real output.
out = sys.stdout
sys.stdout = open(os.devnull, "w")

import conclib


def settings(port, inbound, outbound):
    return conclib.ConclibConfig(
        redis_port=int(port), redis_host="localhost", inbound_channel_name=inbound, outbound_channel_prefix=outbound
    )


def say(text):
    out.write(f"{text}\n")
    out.flush()


class Double(conclib.ActorMessage):
    number: int


class Doubled(conclib.ActorMessage):
    number: int


class Line(conclib.ActorMessage):
    article: str
    count: int = 1


class Place(conclib.ActorMessage):
    customer: str
    lines: list[Line]
    note: str | None = None
    placed: datetime.datetime
    weights: dict[str, float]
    express: bool


class Order(conclib.ActorMessage):
    number: int
    placed: datetime.datetime
    lines: list[Line]
    note: str | None
    first: Line | None


class Empty(conclib.ActorMessage):
    pass


class Fail(conclib.ActorMessage):
    how: str


class Value(conclib.ActorMessage):
    value: int
