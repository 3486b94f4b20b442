# shellcheck shell=bash
# setup.sh: what sld needs, in one list, and how this machine gets it; the CPUs a job may use; the environment of
# mpirun. Sourced (bash) by jobs/local.sh and tests/run.sh, which set here to the top of the source. Nothing here ever
# asks a question.
: "${here:?the top of the source}"

# for | probe | Debian packages | environment module
#   for    build: without it nothing is built; speed: only slower without it; test: the tests want it; report: the page of a
#          study; analysis: its reading by xarray, import of images, and conversion of PyTorch's weights
#   probe  tool NAME, pc MODULE (pkg-config), header FILE, python MODULE
sld_needs=(
    "build|tool cc|gcc libc6-dev|gcc"
    "build|tool cmake|cmake|cmake (3.22 or newer)"
    "build|tool ninja|ninja-build|ninja"
    "build|tool pkg-config|pkgconf|pkgconf"
    "build|tool mpicc|libopenmpi-dev|openmpi"
    "build|tool mpirun|openmpi-bin|openmpi"
    "build|hdf5|libhdf5-openmpi-dev|hdf5, the parallel build made with the same MPI"
    "build|pc openblas|libopenblas-dev|openblas"
    "build|pc yaml-0.1|libyaml-dev|libyaml"
    "speed|header oneapi/dnnl/dnnl.h|libdnnl-dev|onednn (2.6 or newer)"
    "test|pc cmocka|libcmocka-dev|cmocka"
    "test|tool clang-format|clang-format|llvm (clang-format 14)"
    "test|tool cppcheck|cppcheck|cppcheck"
    "test|tool ccache|ccache|ccache"
    "test|tool h5dump|hdf5-tools|hdf5"
    "test|tool ncdump|netcdf-bin|netcdf-c"
    "test|python h5py|python3 python3-h5py python3-numpy|python with h5py and numpy"
    "test|tool slurmctld|slurmctld slurmd slurm-client munge iproute2 procps|slurm, as a cluster of one computer"
    "test|tool sshfs|sshfs openssh-sftp-server|sshfs"
    "test|tool chromium|chromium|chromium"
    "test|tool npm|npm|nodejs"
    "report|python h5py|python3 python3-h5py python3-numpy|python with h5py and numpy"
    "report|python scipy|python3-scipy|python with scipy"
    "report|python yaml|python3-yaml|python with PyYAML"
    "report|python pandas|python3-pandas|python with pandas"
    "report|python matplotlib|python3-matplotlib|python with matplotlib"
    "report|python sklearn|python3-sklearn|python with scikit-learn"
    "analysis|python xarray|python3-xarray|python with xarray"
    "analysis|python h5netcdf|python3-h5netcdf|python with h5netcdf"
    "analysis|python PIL|python3-pil|python with Pillow"
    "analysis|python torch|python3-torch python3-torchvision|python with torch and torchvision"
)

sld_say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# sld_mpi: whose mpirun it is: openmpi, mpich or intel; openmpi, which would be installed, where there is none.
sld_mpi() {
    case $(mpirun --version 2>/dev/null) in
    *HYDRA*) echo mpich ;;
    *Intel*) echo intel ;;
    *) echo openmpi ;;
    esac
}

# sld_have PROBE: is it there?
sld_have() {
    local kind=${1%% *} name=${1#* }
    case $kind in
    tool) PATH=$PATH:/usr/sbin:/sbin command -v "$name" >/dev/null 2>&1 ;; # daemons are not in every user's path
    pc) pkg-config --exists "$name" 2>/dev/null ;;
    hdf5) pkg-config --exists "hdf5-$(sld_mpi)" 2>/dev/null || command -v h5pcc >/dev/null 2>&1 ;;
    header) printf '#include <%s>\n' "$name" | cc -E -x c - >/dev/null 2>&1 ;;
    python) # Debian's packages serve Debian's python, which need not be the first in the path
        python3 -c "import $name" >/dev/null 2>&1 || /usr/bin/python3 -c "import $name" >/dev/null 2>&1
        ;;
    esac
}

# sld_missing FOR ...: the lines of sld_needs that are for one of these and not there.
sld_missing() {
    local need for
    for need in "${sld_needs[@]}"; do
        for for in "$@"; do
            [ "${need%%|*}" = "$for" ] || continue
            sld_have "$(cut -d'|' -f2 <<<"$need")" || printf '%s\n' "${need/hdf5-openmpi/hdf5-$(sld_mpi)}"
        done
    done
}

# sld_apt COMMAND ...: apt-get as root, silent but for its errors, waiting for another apt rather than failing.
sld_apt() {
    "${sld_as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -qq -y \
        -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@" </dev/null >/dev/null
}

# sld_may_install: Debian or a relative of it, and root or sudo without a password. Sets sld_as_root.
sld_may_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    sld_as_root=()
    [ "$(id -u)" = 0 ] && return 0
    sld_as_root=(sudo -n)
    sudo -n true >/dev/null 2>&1
}

# sld_install PACKAGE ...: all at once; package lists are fetched when there are none, or when what they name is gone;
# then one by one, so that one unknown package does not keep the others away.
sld_install() {
    local package
    compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || sld_apt update || sld_say "apt-get update failed"
    sld_apt install --no-install-recommends "$@" 2>/dev/null && return
    sld_apt update || sld_say "apt-get update failed"
    sld_apt install --no-install-recommends "$@" && return
    for package in "$@"; do
        sld_apt install --no-install-recommends "$package" || sld_say "package $package could not be installed"
    done
}

# sld_setup FOR ...: installs what is missing for these where that is allowed, lists what is still missing, goes on.
sld_setup() {
    local missing packages need
    missing=$(sld_missing "$@")
    [ -n "$missing" ] || return 0
    packages=$(cut -d'|' -f3 <<<"$missing" | tr ' ' '\n' | sort -u | tr '\n' ' ')
    if sld_may_install; then
        sld_say "installing: $packages"
        # shellcheck disable=SC2086 # one word per package
        sld_install $packages
        hash -r
        missing=$(sld_missing "$@")
        [ -n "$missing" ] || return 0
    fi
    sld_say "missing, and not to be installed from here (Debian packages; environment module):"
    while IFS='|' read -r need _ packages module; do
        sld_say "  $packages; module load ${module}$([ "$need" = speed ] && echo ' [slower without]')"
    done <<<"$missing"
    sld_say "going on with what is there"
}

# sld_quota DIR: CPUs that the cgroup quotas from DIR up to the root allow, rounded up; nothing where there is none.
sld_quota() {
    local dir=$1 quota period
    while [ -d "$dir" ]; do
        quota=max
        if [ -r "$dir/cpu.max" ]; then
            read -r quota period <"$dir/cpu.max"
        elif [ -r "$dir/cpu.cfs_quota_us" ]; then
            read -r quota <"$dir/cpu.cfs_quota_us"
            read -r period <"$dir/cpu.cfs_period_us"
        fi
        [ "$quota" != max ] && [ "$quota" -gt 0 ] && echo $(((quota + period - 1) / period))
        case $dir in
        /sys/fs/cgroup/*) dir=${dir%/*} ;;
        *) break ;;
        esac
    done
}

# sld_cores: physical cores this process may use: its affinity, threads of one core counted once, cgroup quotas.
sld_cores() {
    local cpu cores quota path controllers
    cores=$(
        for cpu in $(sld_allowed_cpus); do
            cat "/sys/devices/system/cpu/cpu$cpu/topology/thread_siblings_list" 2>/dev/null || echo "$cpu"
        done | sort -u | wc -l
    )
    [ "$cores" -gt 0 ] || cores=$(nproc)
    while IFS=: read -r _ controllers path; do
        case ,$controllers, in
        ,,) path=/sys/fs/cgroup$path ;;
        *,cpu,*) path=/sys/fs/cgroup/cpu$path ;;
        *) continue ;;
        esac
        [ -d "$path" ] || path=/sys/fs/cgroup # a container sees its own group as the root
        for quota in $(sld_quota "${path%/}"); do
            [ "$quota" -ge "$cores" ] || cores=$quota
        done
    done </proc/self/cgroup 2>/dev/null
    echo "$cores"
}

# sld_allowed_cpus: the numbers in this process's affinity mask ("0-2,5" written out).
sld_allowed_cpus() {
    awk '/^Cpus_allowed_list/ { gsub(",", "\n", $2); print $2 }' /proc/self/status 2>/dev/null |
        while read -r range; do
            seq "${range%-*}" "${range#*-}"
        done
}

# sld_mpi_env RANKS: what Open MPI wants before it runs here: root is allowed, and shared memory lies where there is room.
sld_mpi_env() {
    local free_kib
    if [ "$(id -u)" = 0 ]; then
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    fi
    # Chroots without /sys work; hwloc need not say so on every start.
    [ -d /sys/devices/system/cpu ] || export HWLOC_HIDE_ERRORS=${HWLOC_HIDE_ERRORS:-2}
    # mpirun talks to its ranks over TCP; the loopback is enough, where it is up.
    sld_loopback || ip link set lo up >/dev/null 2>&1
    # A rank takes 4 MiB of it; where it does not fit, Open MPI goes over TCP, slowly and after a page of warnings.
    free_kib=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
    if [ ! -w /dev/shm ] || [ "${free_kib:-0}" -lt $(($1 * 5120)) ]; then
        export OMPI_MCA_btl_vader_backing_directory=${OMPI_MCA_btl_vader_backing_directory:-${TMPDIR:-/tmp}}
    fi
}

# sld_loopback: is 127.0.0.1 there, as far as one can tell?
sld_loopback() {
    [ ! -r /proc/net/fib_trie ] || grep -q '127\.0\.0\.1' /proc/net/fib_trie
}

# sld_mpirun_flags RANKS: sld places its ranks itself; ranks that share a core must not spin while they wait.
sld_mpirun_flags() {
    case $(sld_mpi) in
    mpich) echo "-bind-to none" ;;
    intel) ;;
    *) echo "--oversubscribe --bind-to none$([ "$1" -le "$(sld_cores)" ] || echo " --mca mpi_yield_when_idle 1")" ;;
    esac
}

# sld_mpirun_talk: mpirun's stderr, from stdin to stderr, without what it says of exit codes: those are handed on. The
# rest stays, such as the rank that a signal killed. mpirun's own messages stand between two lines of dashes.
sld_mpirun_talk() {
    local line box=
    trap '' INT TERM HUP USR1
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
        "mpirun: Forwarding signal"*) continue ;;
        -----*) [ -n "$box" ] || { box=$line && continue; } ;;
        esac
        [ -z "$box" ] || box+=$'\n'$line
        case $box,$line in
        ,*) printf '%s\n' "$line" >&2 ;;
        *"terminated normally, but"*,-----* | *"exited with non-zero status"*,-----*) box= ;;
        *,-----*) printf '%s\n' "$box" >&2 && box= ;;
        esac
    done
    [ -z "$box" ] || printf '%s\n' "$box" >&2
}

# sld_build PRESET [--target NAME]: configures and builds in build/PRESET, with make where there is no ninja. Quiet when
# all is well; on failure the end of the log, which stays in build/PRESET.log.
sld_build() {
    local preset=$1 log=$here/build/$1.log generator=()
    shift
    mkdir -p "$here/build" || return
    command -v ninja >/dev/null 2>&1 || generator=(-G "Unix Makefiles")
    sld_say "building ($preset), the first time some minutes; log in $log"
    (cd "$here" && cmake --preset "$preset" "${generator[@]}" && cmake --build "build/$preset" -j "$(nproc)" "$@") \
        >"$log" 2>&1 </dev/null &
    local job=$! waited=0
    while kill -0 "$job" 2>/dev/null; do
        sleep 1
        waited=$((waited + 1))
        [ $((waited % 15)) -ne 0 ] || sld_say "building ($preset): $waited s, $(grep -o '^\[ *[0-9][^]]*\]' "$log" | tail -n 1)"
    done
    if ! wait "$job"; then
        tail -n 40 "$log" >&2
        sld_say "the build failed; all of it is in $log"
        return 1
    fi
}
