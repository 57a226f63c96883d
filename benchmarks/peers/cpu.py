"""What the CPU can do."""

from __future__ import annotations

import re
from pathlib import Path

FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16")
"""Instruction sets that decide the speed of matrix products."""


def cpu_flags(cpuinfo: str | None = None) -> list[str]:
    """Returns those of `FLAGS` that the CPU has, none where the system does not tell.

    Args:
        cpuinfo: the text of /proc/cpuinfo, by default this machine's.
    """
    path = Path("/proc/cpuinfo")
    if cpuinfo is None:
        cpuinfo = path.read_text() if path.exists() else ""
    match = re.search(r"^flags\s*:(.*)$", cpuinfo, re.MULTILINE)
    have = set(match[1].split()) if match else set()
    return [flag for flag in FLAGS if flag in have]


def multiplies_bfloat16(flags: list[str]) -> bool:
    """Returns whether a CPU with these flags has instructions for products of bfloat16."""
    return bool({"avx512_bf16", "amx_bf16"} & set(flags))
