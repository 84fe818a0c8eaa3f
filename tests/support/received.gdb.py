# SPDX-License-Identifier: AGPL-3.0-or-later
#
# For a debugger that is attached to amana-front: whatever TLS hands to it, decrypted, is appended to $AMANA_RECEIVED.
import os

import gdb

out = open(os.environ["AMANA_RECEIVED"], "ab", buffering=0)
gdb.execute("set pagination off")
gdb.execute("set confirm off")
gdb.execute("handle all nostop noprint pass")


class Returned(gdb.FinishBreakpoint):
    """SSL_read_ex(ssl, buffer, room, &count) has returned: 1 when it put something there."""

    def __init__(self, frame, buffer, count):
        super().__init__(frame, internal=True)
        self.buffer, self.count = buffer, count
        self.silent = True

    def stop(self):
        if int(gdb.parse_and_eval("$rax")) & 0xFFFFFFFF == 1:
            memory = gdb.selected_inferior().read_memory
            size = int.from_bytes(memory(self.count, 8).tobytes(), "little")
            out.write(memory(self.buffer, size).tobytes())
        return False

    def out_of_scope(self):
        pass


class Called(gdb.Breakpoint):
    def __init__(self):
        super().__init__("SSL_read_ex", internal=True)
        self.silent = True

    def stop(self):
        register = lambda name: int(gdb.parse_and_eval("$" + name)) & 0xFFFFFFFFFFFFFFFF
        Returned(gdb.newest_frame(), register("rsi"), register("rcx"))
        return False


Called()
print("received: listening", flush=True)
gdb.execute("continue")
