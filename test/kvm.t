#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The kernel's own tests on this computer's CPU, where that can be had.
cd "$(dirname "$0")/.." || exit 1
obstacle=$(./run.sh list | sed -n '/^  kvm /{n;s/^ *cannot run here: //p;}')
if [ -n "$obstacle" ]; then
	echo "1..0 # SKIP $obstacle"
	exit
fi
exec ./run.sh --no-install --machine kvm
