#!/bin/sh
# Builds the Dockerfile and runs the image, without a Docker engine: buildah in a chroot, on a base from debootstrap.
# As root, with buildah and debootstrap installed:  sh test/docker/build.sh [WORKDIR]
# Not a part of npm test, because it takes minutes.
set -eu
cd -- "$(dirname -- "$0")/../.."
work=${1:-$(mktemp -d)}
port=7498
buildah() { command buildah --storage-driver vfs --root "$work/storage" --runroot "$work/run" "$@"; }

if ! buildah inspect --type image localhost/bookworm >/dev/null 2>&1; then
  [ -d "$work/bookworm" ] || debootstrap --variant=minbase bookworm "$work/bookworm" >"$work/debootstrap.log"
  base=$(buildah from scratch)
  buildah copy -q "$base" "$work/bookworm" / >/dev/null
  # A machine behind a proxy with a certificate of its own needs it in the build too.
  if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
    buildah copy -q "$base" "$NODE_EXTRA_CA_CERTS" /etc/ssl/extra.pem >/dev/null
    buildah config --env NODE_EXTRA_CA_CERTS=/etc/ssl/extra.pem --env npm_config_cafile=/etc/ssl/extra.pem "$base"
  fi
  buildah commit -q "$base" localhost/bookworm >/dev/null
  buildah rm "$base" >/dev/null
fi
buildah build --format docker --isolation chroot --build-arg BASE=localhost/bookworm -t localhost/fusescope .

container=$(buildah from --device /dev/fuse localhost/fusescope)
trap 'buildah rm "$container" >/dev/null' EXIT

# Runs the server as $1 with the rights in $rights until it has said $2 and answers, then ends it.
try() {
  user=$1 said=$2
  shift 2
  buildah run --isolation chroot $rights --user "$user" "$container" -- \
    fusescope serve --host 0.0.0.0 --port "$port" --token secret "$@" >"$work/server.log" 2>&1 &
  run=$!
  for _ in $(seq 100); do
    grep -q "$said" "$work/server.log" && break
    sleep 0.2
  done
  # The chroot has no network and no processes of its own, so both can be asked from here.
  health=$(curl -sS -H 'Authorization: Bearer secret' "http://127.0.0.1:$port/api/health")
  pid=${health#*\"pid\":}
  kill "${pid%%[,\}]*}"
  wait "$run"
  cat "$work/server.log"
  grep -q "$said" "$work/server.log"
}

echo 'as its own user:'
rights='' try fusescope ' is at '
echo 'as root, with the demo:'
rights='--cap-add CAP_SYS_ADMIN' try root 'Demo mounted on' --demo
echo 'passed'
