# shellcheck shell=sh
. /session-lib.sh
cat >/tmp/ask.py <<'END'
import socket, struct, sys
query = struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + b"\6compat\4test\0" + struct.pack(">2H", 1, 1)
at = socket.getaddrinfo("server", 5300, socket.AF_INET)[0][4]
if sys.argv[1] == "tcp":
    s = socket.create_connection(at, 5)
    s.sendall(struct.pack(">H", len(query)) + query)
    answer = s.recv(4096)[2:]
else:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(5)
    if sys.argv[1] == "connected":
        s.connect(at)
        s.send(query)
    else:
        s.sendto(query, at)
    answer = s.recv(4096)
print(socket.inet_ntoa(answer[-4:]))
END
listening server 5300
expect 'a query by TCP' 192.0.2.7 python3 /tmp/ask.py tcp
expect 'a query by UDP with sendto()' 192.0.2.7 python3 /tmp/ask.py sendto
expect 'a query by UDP with connect()' 192.0.2.7 python3 /tmp/ask.py connected
finish
