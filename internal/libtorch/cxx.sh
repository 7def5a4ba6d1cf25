#!/bin/sh
# The C++ compiler of the cgo build. gotch's own flags (-g -O3) come last on cgo's command line; its generated wrappers
# gain nothing from them and take a minute longer, so the flags that must win are appended here.
exec g++ "$@" -O1 -g0
