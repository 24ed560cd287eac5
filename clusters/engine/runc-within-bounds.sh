#!/bin/sh
# An OCI runtime for machines whose capability bounding set is incomplete. Docker 20.10 gives a privileged container
# every capability it knows of, and runc then fails with "unable to apply caps: operation not permitted". This takes
# out of the container's (or the exec's) process what this machine may not grant, and hands over to runc.
# MISSING is filled in when the engine is started: a JSON array of capability names.
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
