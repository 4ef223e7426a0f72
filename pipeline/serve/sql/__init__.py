"""SQL that anybody writes: run in a process of its own, of low priority, with little memory and little time.

`child` is that process and imports nothing but Python's own library, so that it starts in some 30 ms; `process` starts
it. Each question has a process: what one did to its memory, the next cannot feel.
"""
