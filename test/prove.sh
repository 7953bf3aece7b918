#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# prove.sh TEST...: runs these with prove, JOBS (2) at a time, each for at most
# LIMIT (240) seconds. If prove is ended, so are they.
cd "$(dirname "$0")/.." || exit 1
export BUILD=${BUILD:-build} CMOCKA_MESSAGE_OUTPUT=TAP
exec prove --timer -j "${JOBS:-2}" \
	--exec "setpriv --pdeathsig TERM timeout --foreground -s TERM -k 5 ${LIMIT:-240}" "$@"
