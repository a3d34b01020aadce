"""Reads from the kernel which addresses the packets of a socket carry, whatever its process is told."""

import ipaddress
import os
import socket
import sys


def _endpoint(text):
    address, port = text.split(":")
    words = [address[at : at + 8] for at in range(0, len(address), 8)]
    raw = b"".join(int(word, 16).to_bytes(4, sys.byteorder) for word in words)
    ip = ipaddress.ip_address(raw)
    return f"{getattr(ip, 'ipv4_mapped', None) or ip}:{int(port, 16)}"


def wire_of(sock):
    """Returns {"local", "remote"}, each as address:port, or None when the connection has ended."""
    inode = str(os.fstat(sock.fileno()).st_ino)
    with open("/proc/net/tcp6" if sock.family == socket.AF_INET6 else "/proc/net/tcp") as table:
        for line in table:
            fields = line.split()
            if len(fields) > 9 and fields[9] == inode:
                return {"local": _endpoint(fields[1]), "remote": _endpoint(fields[2])}
    return None


def endpoint_text(name):
    """Formats a socket name of either family as address:port, an IPv4-mapped address as IPv4."""
    return f"{name[0].removeprefix('::ffff:')}:{name[1]}"
