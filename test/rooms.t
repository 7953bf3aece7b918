#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The house: arrows between rooms point down, by includes and by symbols.
cd "$(dirname "$0")/.." && make -s BUILD="${BUILD:-build}" iso && exec python3 -B test/rooms.py "${BUILD:-build}"
