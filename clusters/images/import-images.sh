#!/bin/sh
# Runs in a container with /images.tar, containerd and ctr: imports the images, unpacks them, and gives each the names of
# /names ("name wanted" a line).
set -eu
mkdir -p /run/containerd
containerd >/var/log/containerd.log 2>&1 &
daemon=$!
tries=0
until ctr version >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -gt 100 ] || ! kill -0 "$daemon" 2>/dev/null; then
    tail -n 20 /var/log/containerd.log >&2
    exit 1
  fi
  sleep 0.2
done
ctr --namespace k8s.io images import --local --discard-unpacked-layers --label io.cri-containerd.image=managed /images.tar
while read -r name wanted; do
  [ "$name" = "$wanted" ] || ctr --namespace k8s.io images tag "$name" "$wanted" >/dev/null
done </names
ctr --namespace k8s.io content prune references >/dev/null
kill "$daemon"
wait "$daemon" || true
