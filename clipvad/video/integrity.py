"""Tell from a file's outer structure alone whether it ends in the middle. Decodes nothing."""

from __future__ import annotations

import os
from typing import BinaryIO

MP4, MATROSKA = "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"  # FFmpeg's names of the two families


def ends_midway(file: BinaryIO, container: str) -> bool:
    """True if a `container` (FFmpeg's name) that says where it ends does so beyond the end of `file`.

    MP4: the last box is longer than what is left (ISO/IEC 14496-12, 4.2). MPEG-TS: the last packet of 188,
    192 or 204 bytes is incomplete. GIF: no trailer byte. Others (Matroska) are known by their duration.
    """
    position = file.tell()
    size = file.seek(0, os.SEEK_END)
    try:
        if container == MP4:
            return _mp4_ends_midway(file, size)
        if container == "mpegts":
            return all(size % packet for packet in (188, 192, 204))
        if container == "gif":
            file.seek(max(0, size - 64))
            return not file.read().rstrip(b"\0").endswith(b";")
        return False
    finally:
        file.seek(position)


def _mp4_ends_midway(file: BinaryIO, size: int) -> bool:
    position = 0
    while position + 8 <= size:
        file.seek(position)
        header = file.read(16)
        length = int.from_bytes(header[:4], "big")
        if length == 0:  # the last box, as long as the file
            return False
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if length < 8:  # not a box: trailing rubbish, which players ignore
            return False
        position += length
    return position > size
