# The client reads the name of its handler from _HANDLER, which Lambda leaves empty for an image. The entrypoint of
# AWS's own images sets it in the same way.
_HANDLER=$1 exec /usr/local/bin/node /var/task/node_modules/aws-lambda-ric/index.mjs
