#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Deliberate bugs that crash the host or a guest: the run fails, says so at its end,
# and the report names what is wrong. The table is in harness/fault_rows.py.
exec python3 -B "$(dirname "$0")/harness" faults --reports
