#!/bin/sh
mysql_install_db --no-defaults --datadir=/tmp/data --auth-root-authentication-method=normal --skip-test-db >/dev/null || exit
cat >/tmp/init.sql <<END
create or replace user root@'%';
grant all on *.* to root@'%' with grant option;
END
exec mariadbd --no-defaults --datadir=/tmp/data --socket=/tmp/mysql.sock --pid-file=/tmp/mysql.pid --bind-address='*' \
  --skip-name-resolve --init-file=/tmp/init.sql --server-id="$1" --log-bin=/tmp/data/bin --innodb-buffer-pool-size=32M \
  --innodb-flush-log-at-trx-commit=0
