# shellcheck shell=sh
. /session-lib.sh
sql='mysql -u root -BN'
await $sql -h server -e 'select 1'
await $sql -h replica -e 'select 1'
expect 'select' 42 $sql -h server -e 'select 42'
expect 'table' 1000 $sql -h server -e 'create database d; use d; create table t as select seq i from seq_1_to_1000; select count(*) from t'
expect 'roll back' 1000 $sql -h server d -e 'alter table t engine=innodb; begin; delete from t; rollback; select count(*) from t'
expect 'a client is known by its address' "$(getent ahostsv4 "$(hostname)" | awk '{ print $1; exit }')" sh -c \
  "$sql -h server -e 'select user()' | cut -d@ -f2"
expect 'a grant for this address' 1 sh -c \
  "$sql -h server -e \"create user one@'\$(getent ahostsv4 \$(hostname) | cut -d' ' -f1 | head -n 1)' identified by 'p'\"; mysql -u one -pp -BN -h server -e 'select 1'"
expect '1 MB' 1000000 $sql -h server --max-allowed-packet=16M -e 'select length(repeat("x", 1000000))'
expect 'dump' 1 sh -c 'mysqldump -u root -h server d t | grep -c "INSERT INTO"'
check 'mysqlslap, 20 clients' mysqlslap -u root -h server --concurrency=20 --iterations=2 --auto-generate-sql --number-of-queries=400
expect 'KILL from another session' 1 sh -c \
  "$sql -h server -e 'select sleep(20)' 2>&1 | grep -cE 'Lost connection|gone away|interrupted|killed' & sleep 1; $sql -h server -e \"select concat('kill ', id, ';') from information_schema.processlist where info like 'select sleep%'\" | $sql -h server; wait"
check 'replica starts' $sql -h replica -e \
  "change master to master_host='server', master_user='root', master_connect_retry=1, master_log_file='bin.000001', master_log_pos=4; set global replicate_ignore_db='mysql'; start slave"
await sh -c "$sql -h replica -e 'show slave status\G' | grep -q 'Waiting for master to send'"
await sh -c "[ \"\$($sql -h replica d -e 'select count(*) from t' 2>/dev/null)\" = 1000 ]"
expect 'compression' 42 $sql -h server --compress -e 'select 42'
expect 'a wrong password' 1 sh -c 'mysql -u one -pwrong -h server -e "select 1" 2>&1 | grep -c "Access denied"'
expect 'a closed port' 1 sh -c 'mysql -u root -h server -P 1 -e "select 1" 2>&1 | grep -cE "\(111|\(115|Connection refused"'
finish
