#!/bin/sh
# The same file with netCDF's ncdump alone. with_ncdump.sh STUDY.h5
: "${1:?with_ncdump.sh STUDY.h5}"
ncdump -h "$1" | head -40
ncdump -v /trials/arm,/trials/seed,/trials/top1_last "$1" | sed -n '/^group: trials/,/group trials/{/^  data:/,$p}'
