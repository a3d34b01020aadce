#!/bin/sh
# Starts Apache as Debian configures it, with the MPM that the argument names, on port 8000. A connection to port 9999
# restarts it gracefully. apachectl is not used, because it changes the owner of a folder, which only root may do.
cp -r /etc/apache2 /tmp/ && cd /tmp/apache2 || exit
sed -i 's#/etc/apache2#/tmp/apache2#g; s/^Listen .*/Listen 8000/' apache2.conf ports.conf
rm -f mods-enabled/mpm_*
(cd mods-enabled && ln -s ../mods-available/mpm_"$1".* .)
cat >sites-enabled/000-default.conf <<END
<VirtualHost *:8000>
  DocumentRoot /srv/www
  <Directory /srv/www>
    Require all granted
  </Directory>
</VirtualHost>
END
export APACHE_CONFDIR=/tmp/apache2
. /tmp/apache2/envvars
mkdir -p "$APACHE_RUN_DIR" "$APACHE_LOCK_DIR"
(while nc -l -p 9999 >/dev/null; do kill -USR1 "$(cat "$APACHE_PID_FILE")"; done) &
exec apache2 -d /tmp/apache2 -D FOREGROUND
