# shellcheck shell=sh
. /session-lib.sh
export PGUSER=postgres PGHOST=server PGCONNECT_TIMEOUT=5
await psql -c 'select 1'
expect 'select' 42 psql -qAtX -c 'select 42'
expect 'table' 1000 psql -qAtX -c 'create table t as select generate_series(1, 1000) i' -c 'select count(*) from t'
expect 'roll back' 1000 psql -qAtX -c 'begin; delete from t; rollback' -c 'select count(*) from t'
expect 'COPY in' 1500 sh -c "seq 1001 1500 | psql -qAtX -c 'copy t from stdin' -c 'select count(*) from t'"
expect 'COPY out' 1500 sh -c "psql -qAtX -c 'copy t to stdout' | wc -l"
expect 'the server sees the address of the client' "$(getent ahostsv4 "$(hostname)" | awk '{ print $1; exit }')" psql -qAtX -c 'select host(inet_client_addr())'
expect 'the server sees its own address' "$(getent ahostsv4 server | awk '{ print $1; exit }')" psql -qAtX -c 'select host(inet_server_addr())'
expect 'notification from another session' 1 sh -c \
  "(echo 'listen news;'; sleep 1; echo 'select 1;') | psql -qAtX | grep -c 'notification \"news\"' & sleep 0.5; psql -qAtX -c 'notify news'; wait"
expect 'cancelling a query' 1 sh -c "timeout -s INT 1 psql -X -c 'select pg_sleep(30)' 2>&1 | grep -c 'canceling statement'"
expect 'statement time limit' 1 sh -c "psql -X -c 'set statement_timeout = 100' -c 'select pg_sleep(30)' 2>&1 | grep -c 'statement timeout'"
expect 'a parallel query' 2000000 psql -qAtX -c 'create table large as select generate_series(1, 2000000) i; analyze large' \
  -c 'set min_parallel_table_scan_size = 0; set parallel_setup_cost = 0; set max_parallel_workers_per_gather = 2' -c 'select count(*) from large'
expect 'an unknown database' 1 sh -c "psql -d absent -c 'select 1' 2>&1 | grep -c 'does not exist'"
check 'pgbench, initialisation' pgbench -i -q -s 2 postgres
check 'pgbench, 10 clients' pgbench -c 10 -j 2 -t 50 -n postgres
check 'pgbench, a connection for each transaction' pgbench -c 5 -j 2 -t 20 -n -C -S postgres
check 'pgbench, prepared' pgbench -c 5 -j 2 -t 50 -n -M prepared -S postgres
await psql -h replica -c 'select 1'
expect 'the replica is in recovery' t psql -h replica -qAtX -c 'select pg_is_in_recovery()'
await sh -c '[ "$(psql -h replica -qAtX -c "select count(*) from t")" = 1500 ]'
expect 'the server shows the replica under its address' "$(getent ahostsv4 replica | awk '{ print $1; exit }')" \
  psql -qAtX -c 'select host(client_addr) from pg_stat_replication'
expect 'promotion' t psql -h replica -qAtX -c 'select pg_promote()'
expect 'writing to the promoted replica' INSERT sh -c "psql -h replica -c 'insert into t values (0)' | cut -d' ' -f1"
expect 'two hosts, the writable one is found' t psql -qAtX "host=nobody.invalid,server port=5432,5432 target_session_attrs=read-write" -c 'select true'
finish
