#!/bin/sh
export PATH="/usr/lib/postgresql/15/bin:$PATH"
initdb -D /tmp/data -U postgres -A trust --no-sync >/dev/null || exit
printf 'host all all all trust\nhost replication all all trust\n' >>/tmp/data/pg_hba.conf
exec postgres -D /tmp/data -c 'listen_addresses=*' -c unix_socket_directories=/tmp -c shared_buffers=32MB -c fsync=off
