/* SPDX-License-Identifier: BSD-2-Clause */
#include "test/unit/fake_pte.h"

void (*fake_race)(enum fake_access access, const vmm_gpt_pte_t *ptep);
void (*fake_wrote)(const vmm_gpt_pte_t *ptep, uint64_t old, uint64_t pte);
