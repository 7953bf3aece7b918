# SPDX-License-Identifier: BSD-2-Clause
"""An archive as Linux wants its initramfs: cpio's format "newc", Documentation/driver-api/
early-userspace/buffer-format.rst of Linux. Written here, so that nobody has to install cpio."""

import stat

TRAILER = "TRAILER!!!"


def padded(data):
    """Everything is aligned to four bytes."""
    return data + bytes(-len(data) % 4)


def entry(number, name, mode, data):
    """Owned by root, of the year 1970: the same files make the same archive."""
    links = 2 if stat.S_ISDIR(mode) else 1
    name = name.encode("ascii") + b"\0"
    fields = (number, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(name), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return padded(header + name) + padded(data)


def folders(names):
    """Those that these names lie in, outer ones first: Linux makes none by itself."""
    parents = {"/".join(parts[:n]) for parts in (name.split("/") for name in names)
               for n in range(1, len(parts))}
    return sorted(parents)


def archive(files):
    """files: names, without a slash in front, with (executable, data) each."""
    entries = [(name, stat.S_IFDIR | 0o755, b"") for name in folders(files)]
    entries += [(name, stat.S_IFREG | (0o755 if executable else 0o644), data)
                for name, (executable, data) in files.items()]
    out = [entry(number, *each) for number, each in enumerate(entries, 1)]
    return b"".join(out) + entry(0, TRAILER, 0, b"")
