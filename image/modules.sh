#!/bin/sh
# Lays out under DEST what changes only with package-lock.json: Node and the production modules. image/modules.sh DEST [ARCH]
# ARCH is Debian's name; Node comes from the npm package of that architecture, so nothing of the building machine gets in.
set -eu
dest=$1
arch=${2:-$(dpkg --print-architecture)}
case $arch in
  amd64) cpu=x64 ;;
  arm64) cpu=arm64 ;;
  *) echo "image: architecture $arch has no node-linux package: use amd64 or arm64" >&2; exit 2 ;;
esac
home=$dest/opt/caskade
mkdir -p "$home" "$dest/usr/local/bin"
cp package.json package-lock.json .npmrc "$home"
npm ci --prefix "$home" --omit=dev --os=linux --cpu="$cpu" --silent
mv "$home/node_modules/node-linux-$cpu/bin/node" "$dest/usr/local/bin/node"
strip "$dest/usr/local/bin/node" 2>/dev/null || echo "image: strip does not know $arch here: node keeps its symbols (17 MB)" >&2
rm -rf "$home"/node_modules/node-linux-* "$home"/node_modules/.bin "$home/package-lock.json" "$home/.npmrc"
find "$home/node_modules" -type f \( -name '*.d.?ts' -o -name '*.d.ts' -o -name '*.map' -o -iname 'readme*' -o -iname 'changelog*' \) -delete
# Of koffi its library and what loads it: no sources, and no library for another libc.
rm -rf "$home"/node_modules/koffi/doc "$home"/node_modules/koffi/lib "$home"/node_modules/koffi/vendor "$home"/node_modules/@koromix/*/musl_*
find "$home/node_modules/koffi" -name '*.cc' -delete -o -name '*.hh' -delete -o -name '*.inc' -delete
