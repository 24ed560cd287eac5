#!/bin/sh
# What the build of kind's own base image does beside copying files: it makes a Debian root file system a node. No unit
# may start that touches devices, mounts or sockets of the host.
set -eu
units=/lib/systemd/system
rm -f "$units"/sysinit.target.wants/systemd-tmpfiles-setup.service "$units"/multi-user.target.wants/* \
  /etc/systemd/system/*.wants/* "$units"/local-fs.target.wants/* "$units"/basic.target.wants/* \
  "$units"/sockets.target.wants/*udev* "$units"/sockets.target.wants/*initctl*
printf 'ReadKMsg=no\n' >>/etc/systemd/journald.conf
systemctl set-default multi-user.target
systemctl enable kubelet.service containerd.service undo-mount-hacks.service
systemctl mask systemd-binfmt.service
mkdir -p /etc/kubernetes/manifests /opt/cni/bin /etc/cni/net.d /var/lib/kubelet
for plugin in host-local loopback ptp portmap; do ln -sf "/usr/lib/cni/$plugin" "/opt/cni/bin/$plugin"; done
: >/etc/machine-id
