#!/bin/sh
# Starts a daemon as the current user. The client fetches the key, which is made for this run, and the name of the user
# from two other ports.
mkdir -p /tmp/ssh && cd /tmp/ssh || exit
ssh-keygen -q -t ed25519 -N '' -f host
ssh-keygen -q -t ed25519 -N '' -f client
echo 'print scalar getpwuid $<' >./who.pl
cat >sshd_config <<END
Port 2222
HostKey /tmp/ssh/host
AuthorizedKeysFile /tmp/ssh/client.pub
PidFile none
StrictModes no
UsePAM no
Subsystem sftp /usr/lib/openssh/sftp-server
END
socat TCP-LISTEN:2223,fork,reuseaddr SYSTEM:'cat /tmp/ssh/client' &
socat TCP-LISTEN:2224,fork,reuseaddr EXEC:'perl /tmp/ssh/who.pl' &
socat TCP-LISTEN:7000,fork,reuseaddr EXEC:cat &
exec /usr/sbin/sshd -D -e -f sshd_config
