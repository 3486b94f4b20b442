#!/bin/sh
# The same file with HDF5's own tools alone. with_h5dump.sh STUDY.h5
: "${1:?with_h5dump.sh STUDY.h5}"
h5ls "$1/trials"
h5dump -d /trials/arm -d /trials/top1_last -m %.2f "$1"
