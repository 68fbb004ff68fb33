#!/usr/bin/env bash
# power_cut.sh VERB PLACE: a small disk whose power can be cut.
#
#   probe          succeeds where such disks can be had: root, loop devices, ext4
#   make PLACE     PLACE/image with an ext4, mounted on PLACE/disk, with an empty folder `data`
#   copy PLACE     what the disk holds by now; whoever writes to it has to stand still
#   swap PLACE     the disk is what was copied; nobody may have a file open on it
#   remove PLACE   all of it goes
#
# The file system brings what nobody synced to its disk only every few minutes, so that a copy is
# not torn by its own writing, and a cut takes all that was not synced.
set -euo pipefail

verb=$1
place=${2:-}

mount_disk() { mount -o loop,commit=600,nodiratime,noatime "$place/image" "$place/disk"; }

unmount_disk() {
  for _ in {1..100}; do
    umount "$place/disk" 2>/dev/null && return
    sleep 0.05
  done
  umount "$place/disk"
}

make_disk() {
  truncate -s 96M "$place/image"
  mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$place/image"
  mkdir "$place/disk"
  mount_disk
  mkdir -m 700 "$place/disk/data"
  sync -f "$place/disk"
}

remove_disk() {
  unmount_disk
  rm -r "$place"
}

probe() {
  [[ $EUID == 0 && -e /dev/loop-control ]] && command -v mkfs.ext4 >/dev/null || exit 1
  place=$(mktemp -d)
  if (make_disk) 2>/dev/null; then
    remove_disk
  else
    rm -r "$place"
    exit 1
  fi
}

case $verb in
  probe) probe ;;
  make) make_disk ;;
  copy) cp --sparse=always "$place/image" "$place/copy" ;;
  swap)
    unmount_disk
    mv "$place/copy" "$place/image"
    mount_disk
    ;;
  remove) remove_disk ;;
  *)
    sed -n '2,11s/^# \?//p' "$0" >&2
    exit 2
    ;;
esac
