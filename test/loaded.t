#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A busy host: boots beside four busy loops pinned to one CPU. BOOTS: how many.
exec python3 -B "$(dirname "$0")/harness" load "${MACHINE:-qemu-svm}" "${BOOTS:-1}"
