# As in AWS's own images: the client takes its handler from the environment, where Lambda leaves it empty for an image.
_HANDLER=$1 exec /usr/local/bin/node /var/task/node_modules/aws-lambda-ric/index.mjs
