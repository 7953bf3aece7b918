#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The harness itself: its reader of logs, its judge, its options.
exec python3 -B "$(dirname "$0")/harness/unit"
