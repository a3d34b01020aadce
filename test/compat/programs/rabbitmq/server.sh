#!/bin/sh
# Runs the programs themselves, because Debian's wrappers require the user rabbitmq.
export HOME=/tmp RABBITMQ_NODENAME=rabbit@server RABBITMQ_MNESIA_BASE=/tmp/mnesia RABBITMQ_LOG_BASE=/tmp/log
export RABBITMQ_ENABLED_PLUGINS_FILE=/tmp/plugins RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-setcookie compat'
export RABBITMQ_CONFIG_FILE=/tmp/rabbitmq
echo 'loopback_users = none' >/tmp/rabbitmq.conf
exec /usr/lib/rabbitmq/bin/rabbitmq-server
