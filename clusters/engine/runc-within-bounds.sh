#!/bin/sh
# An OCI runtime for machines whose capability bounding set is incomplete. Docker 20.10 gives a privileged container every
# capability that it knows, and runc then fails with "unable to apply caps: operation not permitted". This script removes
# the capabilities that this machine may not grant from the container's (or the exec's) process, and then runs runc.
# The start of the engine sets MISSING: a JSON array of capability names.
set -eu
missing='@MISSING@'
filter='(.capabilities // {}) |= map_values(map(select(. as $c | $missing | index($c) | not)))'

bundle=. process= previous= command=
for argument in "$@"; do
  case $previous in
    --bundle | -b) bundle=$argument ;;
    --process | -p) process=$argument ;;
  esac
  case $argument in create | run | exec) [ -n "$command" ] || command=$argument ;; esac
  previous=$argument
done

rewrite() { # FILE JQ-FILTER
  jq --argjson missing "$missing" "$2" "$1" >"$1.within-bounds" && mv "$1.within-bounds" "$1"
}
case $command in
  create | run) rewrite "$bundle/config.json" ".process |= ($filter)" ;;
  exec) [ -z "$process" ] || rewrite "$process" "$filter" ;;
esac
exec runc "$@"
