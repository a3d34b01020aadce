#!/bin/sh
# Puts /opt/boxer together: assemble.sh NODE SUPERVISOR SHIM ROOT. Runs inside Dockerfile.base.
set -eu
umask 022
node=$1 supervisor=$2 shim=$3 root=$4
to=$root/opt/boxer
mkdir -p "$to/bin" "$to/lib/chunks" "$to/share/licenses"

# Node with a loader and libraries of its own. RPATH, not RUNPATH: it wins over a guest's LD_LIBRARY_PATH.
interpreter=$(patchelf --print-interpreter "$node/bin/node")
loader=${interpreter##*/}
for library in "$interpreter" $(ldd "$node/bin/node" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p'); do
  cp -L "$library" "$to/lib/"
done
cp "$node/bin/node" "$to/bin/node"
strip "$to/bin/node" "$to"/lib/*.so.*
patchelf --set-interpreter "/opt/boxer/lib/$loader" --force-rpath --set-rpath /opt/boxer/lib "$to/bin/node"

# An image's own /etc/ld.so.preload and ld.so.cache name libraries that need not fit ours; these names are as long.
sed -i 's|/etc/ld\.so\.preload|/opt/boxer/preload|g; s|/etc/ld\.so\.cache|/opt/boxer/cache|g' "$to/lib/$loader"

musl-gcc -static -Os -Wall -Wextra -Werror -s -o "$to/bin/boxer" shim-c/launcher.c
cp "$shim/libboxer.so" "$shim/boxer.node" "$to/lib/"
cp -R "$supervisor/." images/runtime/start.cjs "$to/lib/"

cp "$node/LICENSE" "$to/share/licenses/node"
cp /usr/share/doc/libc6/copyright "$to/share/licenses/glibc"
cp /usr/share/doc/libstdc++6/copyright "$to/share/licenses/libstdc++"

# V8's byte code of the supervisor: its place is part of its key, so in place. Same seed, same bytes.
cp images/runtime/compile.mjs "$root/"
chroot "$root" /opt/boxer/bin/node --random-seed=1 --require /opt/boxer/lib/start.cjs /compile.mjs
rm "$root/compile.mjs"
# Node keeps a cache per user. Whoever else starts the supervisor goes without, which only costs time.
for user in 993 999 1000 65532; do
  for cache in "$to"/lib/cache/*-0; do ln -s "${cache##*/}" "${cache%-0}-$user"; done
done

chmod -R u=rwX,go=rX "$to"
chmod 755 "$to"/bin/* "$to"/lib/*.so*
find "$root" -depth -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
