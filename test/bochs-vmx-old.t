#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The kernel's own tests on this machine. A verdict that is not believed is a
# failure of the whole.
exec "$(dirname "$0")/../run.sh" --no-install --machine bochs-vmx-old
