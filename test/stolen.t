#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A host that steals time: machines are stopped and continued, for 0.1 to 5 s, at
# seeded moments while guests run whose verdict could depend on time. THEFTS: how
# often; SEED.
exec python3 -B "$(dirname "$0")/harness" thefts "${MACHINE:-qemu-svm}" "${THEFTS:-24}" "${SEED:-1}"
