#!/bin/sh
# The wide-area link: a router between the networks of a lab. It forwards the TCP ports in $FORWARDS (space-separated) and
# drops everything else. It rewrites source addresses, so that answers need no routes.
set -eu
sysctl -q -w net.ipv4.ip_forward=1
iptables -P FORWARD DROP
iptables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
for port in $FORWARDS; do
  iptables -A FORWARD -p tcp --dport "$port" -j ACCEPT
done
iptables -t nat -A POSTROUTING -j MASQUERADE
echo 'link: forwarding'
trap 'exit 0' TERM INT
while :; do sleep 3600 & wait $!; done
