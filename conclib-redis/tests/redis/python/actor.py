"""Serves actors of Python's conclib by the original proxy."""

import sys
import threading

from shared import *


class Doubler(conclib.Actor):
    URN = "doubler"
    told = 0

    def on_receive(self, message):
        if message.matches(Double):
            number = message.extract(Double).number
            if number < 0:
                Doubler.told += 1
            message.respond(Doubled(number=2 * number))
        elif message.matches(Empty):
            message.respond(Value(value=Doubler.told))
        else:
            raise RuntimeError("unknown message")


class Shop(conclib.Actor):
    URN = "shop"

    def on_receive(self, message):
        if message.matches(Place):
            place = message.extract(Place)
            first = place.lines[0] if place.lines else None
            message.respond(Order(number=8, placed=place.placed, lines=place.lines, note=place.note, first=first))
        else:
            message.respond(Empty())


config = settings(*sys.argv[1:4])
conclib.start_proxy(config=config)
Doubler.start()
Shop.start()
threading.Event().wait()
