#!/bin/sh
export PATH="/usr/lib/postgresql/15/bin:$PATH"
until pg_basebackup -h server -U postgres -D /tmp/data -R -X stream -c fast --no-sync; do
  rm -rf /tmp/data
  sleep 0.5
done
exec postgres -D /tmp/data -c 'listen_addresses=*' -c unix_socket_directories=/tmp -c shared_buffers=32MB -c fsync=off
