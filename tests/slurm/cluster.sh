#!/usr/bin/env bash
# cluster.sh: a Slurm cluster of several machines on one computer, for tests. A machine here is a set of namespaces: its own
# host name, network, processes, /tmp, /dev/shm and boot id. They share the disk, as by NFS, and the cores.
#
#     cluster.sh up DIR                     brings up what is down: login with slurmctld, n1 and n2 with slurmd
#     cluster.sh as USER DIR MACHINE CMD..  runs CMD there, in the present folder; USER is tester (uid 2000) or root
#     cluster.sh off DIR MACHINE            no power: all that runs on the machine is gone at once
#     cluster.sh down DIR                   ends all machines; what they wrote stays in DIR
#
# NODES (2) and CPUS (2 each) count for `up`. Needs root and Linux namespaces, and from Debian: slurmctld slurmd slurm-client
# munge iproute2 util-linux. Nothing outside of DIR is written. DIR is short, for sockets lie in it, and readable for all.
#
# What a node has to find to be one: a cable (veth) to the bridge in login's network namespace; hosts, passwd and the
# configuration bound over those of this computer; a /dev of its own; a boot id of its own, by which programs tell machines
# apart; spool and /tmp empty when it boots, because PMIx does not start a job again where its old files lie.
# What Slurm has to do without: cgroups and accounting. It follows processes by their parents (proctrack/linuxproc) and binds
# steps to CPUs (task/affinity). Times that a site counts in minutes are seconds here; cred_expire lets a job that was put
# back into the queue begin at once.
set -eu
self=$(readlink -f "$0")
fail() { echo "cluster.sh: $*" >&2; exit 1; }

all() { echo login; for ((i = 1; i <= ${NODES:-2}; i++)); do echo "n$i"; done; }
address() { [ "$1" = login ] && echo 10.77.0.1 || echo "10.77.0.$((10 + ${1#n}))"; }
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# The number of a machine's first process. A number alone may be somebody else's by now: its start time goes with it.
first_of() {
    local pid when
    read -r pid when 2>/dev/null <"$dir/$1/first" && [ "$(start_time "$pid")" = "$when" ] && echo "$pid"
}

until_true() { # TENTHS CMD..
    local n=$1
    shift
    while ! "$@" >/dev/null 2>&1; do
        ((n-- > 0)) || return 1
        sleep 0.1
    done
}

write_configuration() {
    mkdir -p "$dir"/{etc/slurm,log,home}
    chown 2000:2000 "$dir/home"
    [ -s "$dir/etc/munge.key" ] || (umask 077 && head -c 64 /dev/urandom >"$dir/etc/munge.key")
    echo 127.0.0.1 localhost >"$dir/etc/hosts"
    for m in $(all); do echo "$(address "$m") $m" >>"$dir/etc/hosts"; done
    { grep -v '^tester:' /etc/passwd && echo "tester:x:2000:2000::$dir/home:/bin/bash"; } >"$dir/etc/passwd"
    { grep -v '^tester:' /etc/group && echo "tester:x:2000:"; } >"$dir/etc/group"
    cat >"$dir/etc/slurm/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=login(10.77.0.1)
SlurmUser=root
AuthInfo=cred_expire=5
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/affinity
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=bf_interval=2,sched_interval=1,batch_sched_delay=0
JobRequeue=1
ReturnToService=2
KillWait=10
MessageTimeout=10
SlurmdTimeout=10
NodeName=n[1-${NODES:-2}] CPUs=${CPUS:-2} CoresPerSocket=${CPUS:-2} State=UNKNOWN
SlurmdParameters=config_overrides
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=10 PriorityTier=1 State=UP
PartitionName=urgent Nodes=ALL MaxTime=INFINITE DefaultTime=1 PriorityTier=2 State=UP
CONF
}

# ---- inside a machine, as its first process ----

own_devices() { # so that what root does to /dev/null here stays here
    local d
    mount -t tmpfs dev /mnt
    for d in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "/mnt/${d%:*}" c 1 "${d#*:}"; done
    mknod -m 666 /mnt/tty c 5 0
    [ ! -c /dev/fuse ] || mknod -m 666 /mnt/fuse c 10 229
    mkdir /mnt/shm /mnt/pts
    mount -t tmpfs -o mode=1777 shm /mnt/shm
    mount -t devpts -o newinstance,ptmxmode=666 pts /mnt/pts
    ln -s pts/ptmx /mnt/ptmx
    ln -s /proc/self/fd /mnt/fd
    for d in stdin stdout stderr; do ln -s "fd/$((n++))" "/mnt/$d"; done
    mount --move /mnt /dev
}

own_network() {
    ip link set lo up
    if [ "$name" = login ]; then
        ip link add bridge type bridge
        ip address add "$(address login)/24" dev bridge
        ip link set bridge up
    else
        until_true 100 ip link show eth0
        ip address add "$(address "$name")/24" dev eth0
        ip link set eth0 up
    fi
}

machine() {
    local n=0 file
    hostname "$name"
    exec 9<"$dir"
    cat /proc/sys/kernel/random/uuid >"$dir/$name/boot_id"
    mount --bind "$dir/$name/boot_id" /proc/sys/kernel/random/boot_id
    mount --bind "$dir/etc/slurm" /etc/slurm
    for file in hosts passwd group; do mount --bind "$dir/etc/$file" /etc/$file; done
    mount -t tmpfs -o mode=700 munge /etc/munge
    install -m 400 "$dir/etc/munge.key" /etc/munge/munge.key
    own_devices
    mount -t tmpfs -o mode=755 run /run
    mkdir /run/munge
    mkdir -p /var/lib/munge
    mount -t tmpfs -o mode=1777 tmp /tmp
    case $dir in /tmp/*) mkdir -p "$dir" && mount -c --bind /proc/self/fd/9 "$dir" ;; esac # which /tmp has just hidden
    exec 9<&-
    own_network
    munged --force --log-file="$dir/log/munged.$name.log" --seed-file=/run/munge/seed --pid-file=/run/munge/munged.pid \
        --socket=/run/munge/munge.socket.2
    case $name in login) slurmctld ;; *) slurmd -N "$name" ;; esac
    touch "$dir/$name/ready"
    while :; do sleep 1000 & wait $! || :; done # it adopts and buries whoever is left
}

# ---- outside ----

boot() {
    local name=$1 holder pid
    first_of "$name" >/dev/null && return
    rm -rf "${dir:?}/$name" "$dir/spool/$name"
    mkdir -p "$dir/$name" "$dir/spool/$name" "$dir/state"
    NODES=${NODES:-2} setsid unshare --net --uts --mount --pid --ipc --fork --kill-child --mount-proc \
        bash "$self" machine "$dir" "$name" </dev/null >>"$dir/log/boot.$name.log" 2>&1 &
    holder=$!
    until_true 100 pgrep -P "$holder" || fail "$name does not start: $dir/log/boot.$name.log"
    pid=$(pgrep -P "$holder")
    echo "$pid $(start_time "$pid")" >"$dir/$name/first"
    if [ "$name" != login ]; then
        until_true 100 nsenter -n -t "$pid" ip link add eth0 type veth peer name "to-$name" netns "$(first_of login)"
        nsenter -n -t "$(first_of login)" ip link set "to-$name" master bridge up
    fi
    until_true 300 test -e "$dir/$name/ready" || fail "$name does not come up: $dir/log/boot.$name.log"
}

off() {
    local pid
    pid=$(first_of "$1") || return 0
    kill -KILL "$pid"
    until_true 100 test ! -e "/proc/$pid"
}

as() { # USER MACHINE CMD..
    local id=0 home=/root pid
    pid=$(first_of "$2") || fail "$2 is down"
    [ "$1" = root ] || id=2000 home=$dir/home
    set -- "$1" "${@:3}"
    # shellcheck disable=SC2016 # the inner shell's
    exec nsenter -t "$pid" -m -u -i -n -p -- setpriv --reuid $id --regid $id --clear-groups \
        env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin LANG=C.UTF-8 USER="$1" HOME="$home" \
        bash -c 'cd "$0" 2>/dev/null || cd; exec "$@"' "$PWD" "${@:2}"
}

idle() { [ "$("$self" as root "$dir" login sinfo -h -o %T)" = idle ]; }

up() {
    local m
    [ "$(id -u)" = 0 ] || fail "needs root"
    for m in slurmctld slurmd sbatch munged ip unshare nsenter setpriv; do
        command -v $m >/dev/null || fail "needs $m"
    done
    write_configuration
    first_of login >/dev/null || rm -rf "$dir/state" "$dir/spool" # else jobs of another day would go on
    for m in $(all); do boot "$m"; done
    until_true 300 idle || fail "no idle node: $dir/log"
}

case ${1-} in
machine) dir=$2 name=$3 && machine ;;
as) [ $# -ge 5 ] && dir=$(readlink -f "$3") && as "$2" "${@:4}" ;;
up) mkdir -p "$2" && dir=$(readlink -f "$2") && up ;;
off) dir=$(readlink -f "$2") && off "$3" ;;
down) dir=$(readlink -f "$2") && for m in "$dir"/*/first; do off "$(basename "$(dirname "$m")")"; done ;;
*) sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$self" >&2 && exit 2 ;;
esac
