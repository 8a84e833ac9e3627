#!/usr/bin/env bash
# Builds the image without a Docker daemon: an OCI archive of three layers (Debian, Node with its modules, ours), of which only the last
# changes from commit to commit. image/build.sh [ARCH]
#   out    build/image/caskade.tar (another folder: $IMAGE_OUT; for `ctr images import`, `skopeo copy oci-archive:…`) and its name in build/image/name
#   cache  $CASKADE_CACHE/image, outside the checkout, keyed by what went into each layer
#   name   $IMAGE_NAME (default localhost/caskade) and, as its tag, the version, the commit, and a digest of our layer when the tree is not clean
# The Dockerfile runs the same scripts for everybody who has a daemon.
set -euo pipefail
cd "$(dirname "$0")/.."
arch=${1:-$(dpkg --print-architecture)}
cache=${CASKADE_CACHE:-$HOME/.cache/caskade}/image
out=${IMAGE_OUT:-build/image}
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
created=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
note() { echo "image: $*" >&2; }

missing=()
need() { command -v "$1" >/dev/null || missing+=("$2"); }
need mmdebstrap mmdebstrap; need umoci umoci; need skopeo skopeo; need strip binutils
if [ "$arch" != "$(dpkg --print-architecture)" ]; then # Debian's own scripts run under emulation
  need arch-test arch-test; need update-binfmts binfmt-support; need "qemu-$(case $arch in arm64) echo aarch64 ;; amd64) echo x86_64 ;; *) echo "$arch" ;; esac)-static" qemu-user-static
  [ -e /proc/sys/fs/binfmt_misc/register ] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc ||
    { note "an image for $arch needs binfmt_misc in this kernel: build it on a machine of that architecture"; exit 2; }
fi
if [ ${#missing[@]} != 0 ]; then
  note "installing ${missing[*]}"
  apt-get update -q >/dev/null && apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
fi

# layer IMAGE DIRECTORY MESSAGE: adds the directory as one layer; without times of its own, so the same content is the same layer.
layer() {
  find "$2" -exec touch --no-dereference --date=@0 {} +
  umoci insert --image "$1" --history.created="$created" --history.created_by="$3" "$2" /
}

# Made in a directory of its own and renamed when complete, so that an interrupted build leaves nothing that looks finished.
digest() { sha256sum | cut -c1-16; }
base=$cache/base-$arch-$(cat image/packages image/trim.sh image/rootfs.sh | digest)
runtime=$cache/runtime-$arch-$( (basename "$base"; cat image/modules.sh package-lock.json .npmrc) | digest)
mkdir -p "$cache" "$out"
work=$(mktemp -d "$cache/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
if [ ! -d "$base" ]; then
  note "Debian for $arch (half a minute)"
  SOURCE_DATE_EPOCH=0 image/rootfs.sh "$work/rootfs.tar" "$arch"
  mkdir "$work/base" && umoci init --layout "$work/base/oci" && umoci new --image "$work/base/oci:base"
  umoci raw add-layer --image "$work/base/oci:base" --history.created=1970-01-01T00:00:00Z "$work/rootfs.tar"
  umoci config --image "$work/base/oci:base" --architecture "$arch" --created 1970-01-01T00:00:00Z --no-history
  umoci gc --layout "$work/base/oci"
  mv "$work/base" "$base"
fi
if [ ! -d "$runtime" ]; then
  note "Node and modules for $arch (half a minute)"
  image/modules.sh "$work/modules" "$arch"
  cp -r "$base" "$work/runtime"
  layer "$work/runtime/oci:base" "$work/modules" image/modules.sh
  umoci gc --layout "$work/runtime/oci"
  mv "$work/runtime" "$runtime"
fi

image/app.sh "$work/app"
tag=$(node -p 'require("./package.json").version')-g$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
if [ -n "$(git status --porcelain -- src proto crds wasm image package.json package-lock.json 2>/dev/null)" ]; then
  tag=$tag-$( (cd "$work/app" && find . -type f -print0 | sort -z | xargs -0 sha256sum) | digest)
fi
[ "$arch" = "$(dpkg --print-architecture)" ] || tag=$tag-$arch
name=${IMAGE_NAME:-localhost/caskade}:$tag
cp -r "$runtime/oci" "$work/oci"
layer "$work/oci:base" "$work/app" image/app.sh
umoci config --image "$work/oci:base" --created "$created" --no-history --config.user 10001:10001 --config.entrypoint caskade \
  --config.env PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --config.workingdir /opt/caskade \
  --config.label org.opencontainers.image.title=caskade --config.label org.opencontainers.image.version="$tag" \
  --config.label org.opencontainers.image.licenses=Apache-2.0
rm -f "$out/caskade.tar"
skopeo copy -q --override-arch "$arch" "oci:$work/oci:base" "oci-archive:$out/caskade.tar:$name"
echo "$name" >"$out/name"
note "$name in $out/caskade.tar ($(du -h "$out/caskade.tar" | cut -f1))"
