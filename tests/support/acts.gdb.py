# SPDX-License-Identifier: AGPL-3.0-or-later
#
# Makes the process that gdb is attached to do system calls, as code of somebody else's would that runs in it. Reads a list of
# [number, argument...] from the JSON file $AMANA_ACTS, where an argument is a number or a text, and writes what each came to
# beside it, to FILE.done: a result, or minus the errno.

import json
import os

import gdb

# Texts lie below the stack, where nothing of the process is: no memory of it is asked for.
ROOM = 65536


def argument(value, place):
    if isinstance(value, int):
        return value, place
    data = value.encode() + b"\0"
    place -= (len(data) + 15) & ~15
    gdb.selected_inferior().write_memory(place, data)
    return place, place


def act(call):
    place = int(gdb.parse_and_eval("(unsigned long)$rsp")) - ROOM
    values = []
    for value in call:
        number, place = argument(value, place)
        values.append(str(number))
    values += ["0"] * (7 - len(values))
    result = int(gdb.parse_and_eval("((long(*)(long,long,long,long,long,long,long))syscall)(%s)" % ",".join(values)))
    if result >= 0:
        return result
    return -int(gdb.parse_and_eval("*((int*(*)(void))__errno_location)()"))


gdb.execute("set pagination off")
gdb.execute("set scheduler-locking on")
acts = os.environ["AMANA_ACTS"]
with open(acts, encoding="utf-8") as file:
    results = [act(call) for call in json.load(file)]
with open(acts + ".done", "w", encoding="utf-8") as file:
    json.dump(results, file)
