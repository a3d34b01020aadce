#!/bin/sh
# Puts /opt/boxer together: assemble.sh NODE SUPERVISOR SHIM ROOT. Runs inside Dockerfile.base; inside Dockerfile.arm64 with CROSS,
# the prefix of the tools for that machine, and SYSROOT, where its libraries are: then nothing of what it makes is run.
set -eu
umask 022
node=$1 supervisor=$2 shim=$3 root=$4
sysroot=${SYSROOT-} cross=${CROSS:+$CROSS-}
to=$root/opt/boxer
mkdir -p "$to/bin" "$to/lib" "$to/share/licenses"

# Node with a loader and libraries of its own. RPATH, not RUNPATH: it wins over a guest's LD_LIBRARY_PATH.
interpreter=$(patchelf --print-interpreter "$node/bin/node")
loader=${interpreter##*/}
if [ -z "$sysroot" ]; then
  libraries=$(ldd "$node/bin/node" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p')
else
  libraries=$(patchelf --print-needed "$node/bin/node" | while read -r name; do find "$sysroot" -name "$name"; done)
fi
for library in "$sysroot$interpreter" $libraries; do
  cp -L "$library" "$to/lib/"
done
cp "$node/bin/node" "$to/bin/node"
"${cross}strip" "$to/bin/node" "$to"/lib/*.so.*
patchelf --set-interpreter "/opt/boxer/lib/$loader" --force-rpath --set-rpath /opt/boxer/lib "$to/bin/node"

# An image's own /etc/ld.so.preload and ld.so.cache name libraries that need not fit ours; these names are as long.
sed -i 's|/etc/ld\.so\.preload|/opt/boxer/preload|g; s|/etc/ld\.so\.cache|/opt/boxer/cache|g' "$to/lib/$loader"

# Nor need the image's choice of name services, whose libraries would be loaded; c-ares in Node reads the same file.
sed -i 's|/etc/nsswitch\.conf|/opt/boxer/nssconf|g' "$to/bin/node" "$to"/lib/libc.so.*
echo 'hosts: files dns' >"$to/nssconf"

launcher=musl-gcc
[ -z "$cross" ] || launcher=${cross}gcc
"$launcher" -static -Os -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -s -o "$to/bin/boxer" shim-c/launcher/*.c
cp "$shim/libboxer.so" "$shim/boxer.node" "$to/lib/"
# By a path that programs with the address sanitizer accept: see supervisor/node/runtime.ts.
mkdir "$to/lib/beside-libasan.so"
ln -s ../libboxer.so "$to/lib/beside-libasan.so/libboxer.so"
cp -R "$supervisor/." "$to/lib/"

cp "$node/LICENSE" "$to/share/licenses/node"
cp "$sysroot/usr/share/doc/libc6/copyright" "$to/share/licenses/glibc"
cp -L "$sysroot/usr/share/doc/libstdc++6/copyright" "$to/share/licenses/libstdc++"

# V8's byte code of the commands. Same seed, same bytes. Not for another machine: there the supervisor starts without.
if [ -z "$cross" ]; then
  chroot "$root" /opt/boxer/bin/node --random-seed=1 --openssl-config=/dev/null /opt/boxer/lib/precompile.cjs
fi
rm "$to/lib/precompile.cjs"

chmod -R u=rwX,go=rX "$to"
chmod 755 "$to"/bin/* "$to"/lib/*.so*
find "$root" -depth -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
