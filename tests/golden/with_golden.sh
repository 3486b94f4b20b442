#!/bin/sh
# with_golden.sh DEFAULT_DIR FILE COMMAND...: runs COMMAND with the word @FILE@ replaced by the path of a golden file.
# A relative FILE is looked for in $SLD_GOLDEN_DIR, else in DEFAULT_DIR; missing there means a skipped test (77).
default_dir=$1
file=$2
shift 2
case $file in
/*) path=$file ;;
*)
    path=${SLD_GOLDEN_DIR:-$default_dir}/$file
    if [ ! -f "$path" ]; then
        echo "SKIP: no golden file $path; set SLD_GOLDEN_DIR to the folder that holds $file"
        exit 77
    fi
    ;;
esac
for word; do
    shift
    [ "$word" = "@FILE@" ] && word=$path
    set -- "$@" "$word"
done
exec "$@"
